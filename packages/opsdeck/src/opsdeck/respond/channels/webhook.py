"""A webhook: one JSON POST per notification, signed. Settings: `url`, `secret_file`, `timeout`.

Headers: `Idempotency-Key` and `Webhook-Id` (the same for every attempt), `Webhook-Timestamp`, `Webhook-Signature`
(Standard Webhooks, standardwebhooks.com: `v1,` and the base64 of HMAC-SHA256 over id, timestamp and body). A receiver
refuses old timestamps, and an id that it has seen.

The URL comes from the spec, which only operators write: it may name an internal address on purpose, so no address is
refused. What a receiver answers can lead nowhere else: redirects are not followed, the answer's body is not read.
"""

import base64
import binascii
import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import httpx

from opsdeck.errors import DeliveryError, UsageError
from opsdeck.model import Delivery
from opsdeck.respond.channels.api import identity
from opsdeck.respond.channels.settings import needed, seconds, secret

SECRET_PREFIX = "whsec_"  # noqa: S105  the prefix that Standard Webhooks gives to secrets in base64, not a secret
# Answers of the 4xx kind that mean "later", not "never": request timeout, too early, too many requests.
LATER = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Webhook:
    """POSTs to one URL; `timeout` in seconds applies to connecting, sending and the answer each."""

    url: str
    key: bytes
    timeout: float

    def deliver(self, delivery: Delivery, now: datetime) -> None:
        body = json.dumps({"id": identity(delivery), "delivery": delivery.key, **delivery.payload}).encode()
        try:
            with httpx.stream(
                "POST",
                self.url,
                content=body,
                headers=self._headers(identity(delivery), body, now),
                timeout=self.timeout,
                follow_redirects=False,
            ) as answer:
                status = answer.status_code
        except httpx.TimeoutException:
            raise DeliveryError(f"webhook: no answer within {self.timeout:g} s", permanent=False) from None
        except httpx.HTTPError as error:
            raise DeliveryError(f"webhook: {error}", permanent=False) from error
        refuse(status)

    def _headers(self, message: str, body: bytes, now: datetime) -> dict[str, str]:
        timestamp = str(int(now.timestamp()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "opsdeck",
            "Idempotency-Key": message,
            "Webhook-Id": message,
            "Webhook-Timestamp": timestamp,
        }
        return headers | ({"Webhook-Signature": sign(self.key, message, timestamp, body)} if self.key else {})


def refuse(status: int) -> None:
    """Raise DeliveryError for an HTTP status that is no success, permanent unless it may change by itself."""
    if 200 <= status < 300:  # noqa: PLR2004  the class of status codes that means success
        return
    permanent = status < 500 and status not in LATER  # noqa: PLR2004  the class that means the server's fault
    redirect = " (redirects are not followed)" if 300 <= status < 400 else ""  # noqa: PLR2004  the class of redirects
    raise DeliveryError(f"webhook: the receiver answered {status}{redirect}", permanent=permanent)


def sign(key: bytes, message: str, timestamp: str, body: bytes) -> str:
    """The signature header's value (Standard Webhooks, symmetric scheme)."""
    signed = b".".join((message.encode(), timestamp.encode(), body))
    return "v1," + base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()


def build(settings: Mapping[str, str], home: Path) -> Webhook:
    """Raises UsageError without a usable URL or with a secret file that cannot be read."""
    url = needed(settings, "url")
    if not url.startswith(("https://", "http://")):
        raise UsageError(f"webhook: {url!r} is neither http:// nor https://", hint="opsdeck spec check")
    return Webhook(url, _key(secret(settings, "secret_file", home)), seconds(settings))


def _key(text: str) -> bytes:
    if not text.startswith(SECRET_PREFIX):
        return text.encode()
    try:
        return base64.b64decode(text.removeprefix(SECRET_PREFIX), validate=True)
    except binascii.Error:
        raise UsageError(f"webhook: what follows {SECRET_PREFIX} in the secret file is not base64") from None
