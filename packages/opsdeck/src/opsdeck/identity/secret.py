"""Secrets: a kind in, a random text out that says what it is and whether it was copied whole; and its digest.

`odk_` + 43 characters of 256 random bits + 6 characters of CRC-32, as GitHub's tokens have it: a mistyped or truncated
secret is refused without a look into the store, and a secret scanner can find a lost one. Only the SHA-256 is ever
kept; a slow hash is for passwords that people choose, not for 256 random bits. It must not know stores.
"""

import hmac
import secrets
import zlib
from base64 import urlsafe_b64encode
from hashlib import sha256
from typing import Literal

Kind = Literal["odk", "odl", "ods", "odt"]
"""Ingest key, sign-in link, session, operator token."""

BYTES = 32
CHECK = 6
LENGTH = 4 + 43 + CHECK


def mint(kind: Kind) -> str:
    """A new secret."""
    body = f"{kind}_{_text(secrets.token_bytes(BYTES))}"
    return body + _check(body)


def digest(secret: str) -> str:
    """What is kept in the secret's place: SHA-256, hexadecimal."""
    return sha256(secret.encode()).hexdigest()


def well_formed(secret: str, *kinds: Kind) -> bool:
    """Whether it can be a secret of one of the kinds at all."""
    if len(secret) != LENGTH or not secret.isascii() or secret[:4] not in {f"{kind}_" for kind in kinds}:
        return False
    return hmac.compare_digest(secret[-CHECK:], _check(secret[:-CHECK]))


def _check(body: str) -> str:
    return _text(zlib.crc32(body.encode()).to_bytes(4, "big"))


def _text(raw: bytes) -> str:
    return urlsafe_b64encode(raw).rstrip(b"=").decode()
