"""Who signs: an Ed25519 key with a name, the notes it signs and the checkpoints it cosigns (c2sp.org/signed-note).

In: a text. Out: the text with one more signature. Reading and verifying is the verifier's.
"""

import base64
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from opsdeck.merkle.verifier import COSIGNATURE, ED25519, HASH, Broken, Key, cosigned, unbase64

_SECRET = "PRIVATE+KEY+"  # noqa: S105  how the text of every key begins
TIME = 8  # bytes of a cosignature's time


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key and what it is known as. Its text form is a secret."""

    key: Key
    private: Ed25519PrivateKey

    @classmethod
    def make(cls, name: str, type_: int = ED25519) -> "Signer":
        return cls._of(name, type_, Ed25519PrivateKey.generate())

    @classmethod
    def read(cls, text: str) -> "Signer":
        """From its text form. Raises Broken, without the secret in the message."""
        name, _, rest = text.strip().removeprefix(_SECRET).partition("+")
        said, _, material = rest.partition("+")
        try:
            decoded = unbase64(material)
        except Broken:
            decoded = b""
        if (
            not text.startswith(_SECRET)
            or len(decoded) != 1 + HASH
            or decoded[0] not in (ED25519, COSIGNATURE)
        ):
            raise Broken("not an Ed25519 signing key")
        signer = cls._of(name, decoded[0], Ed25519PrivateKey.from_private_bytes(decoded[1:]))
        if said != signer.key.id.hex():
            raise Broken("a signing key whose id is not its own")
        return signer

    @classmethod
    def _of(cls, name: str, type_: int, private: Ed25519PrivateKey) -> "Signer":
        public = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        return cls(Key.of(name, type_, public), private)

    def secret(self) -> str:
        seed = self.private.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
        material = base64.b64encode(bytes([self.key.type]) + seed).decode()
        return f"{_SECRET}{self.key.name}+{self.key.id.hex()}+{material}"

    def sign(self, text: str) -> str:
        """A note: the text and the signature of this key."""
        return f"{text}\n{self._line(self.private.sign(text.encode()))}"

    def cosign(self, text: str, time: int) -> str:
        """The line that a witness adds to the note with this text, at a time in seconds since 1970."""
        return self._line(time.to_bytes(TIME, "big") + self.private.sign(cosigned(text, time)))

    def _line(self, signature: bytes) -> str:
        return f"\u2014 {self.key.name} {base64.b64encode(self.key.id + signature).decode()}\n"
