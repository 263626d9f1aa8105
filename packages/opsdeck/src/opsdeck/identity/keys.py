"""Ingest keys: who may write events for which service, and as whom.

In: a transaction, a secret. Out: IngestKey records, and for the hot path a Keyring that asks the store rarely.
A key's id is the SHA-256 of its secret; every mint and revocation is a row in the log. It must not know HTTP.
"""

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from hmac import compare_digest

from opsdeck.errors import UsageError
from opsdeck.identity import secret as secrets
from opsdeck.model import Change, IngestKey
from opsdeck.stores.api import StateStore, Transaction

ANY_SERVICE = "*"
USER_TYPES = ("", "human", "ci", "service")
# How long another process may go on using a key that was revoked here.
FRESH_SECONDS = 5.0
REMEMBERED = 10_000
ID_SHOWN = 12

SERVICE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,63}")


def mint(
    tx: Transaction, service: str, user_type: str, label: str, now: datetime, *, actor: str = "operator"
) -> str:
    """A new key's secret, shown this once. `user_type` overrides what clients say; "" leaves it to them.

    Raises UsageError for a service or user type that cannot be.
    """
    if service != ANY_SERVICE and not SERVICE_NAME.fullmatch(service):
        raise UsageError(f"{service!r} is not a service's name", hint="opsdeck services list")
    if user_type not in USER_TYPES:
        raise UsageError(f"{user_type!r} is not a user type", hint="one of: human, ci, service; or none")
    secret = secrets.mint("odk")
    key = IngestKey(secrets.digest(secret), service, user_type, label, now)
    tx.put(key)
    tx.append(_change(key, "", "active", actor), now)
    return secret


def find(tx: Transaction, secret: str) -> IngestKey | None:
    """The key of this secret, unless there is none or it is revoked."""
    if not secrets.well_formed(secret, "odk"):
        return None
    digest = secrets.digest(secret)
    found = tx.get(IngestKey, digest)
    if found is None or found.revoked_at is not None or not compare_digest(found.key, digest):
        return None
    return found


def listed(tx: Transaction) -> list[IngestKey]:
    """Every key, revoked ones included, oldest first."""
    return sorted(tx.find(IngestKey), key=lambda key: key.created_at)


def revoke(tx: Transaction, key_id: str, now: datetime, *, actor: str = "operator") -> IngestKey:
    """End a key by its id or the id's first characters. Raises UsageError where that names no key or several."""
    found = [key for key in tx.find(IngestKey) if key_id and key.key.startswith(key_id)]
    if len(found) != 1:
        raise UsageError(
            f"{len(found)} keys have an id that begins with {key_id!r}", hint="opsdeck keys list"
        )
    if found[0].revoked_at is not None:
        return found[0]
    ended = replace(found[0], revoked_at=now)
    tx.put(ended)
    tx.append(_change(ended, "active", "revoked", actor), now)
    return ended


def _change(key: IngestKey, old: str, new: str, actor: str) -> Change:
    data = {"service": key.service, "user_type": key.user_type, "label": key.label}
    return Change("key", key.key[:ID_SHOWN], old, new, "revoked" if old else "minted", actor, data)


@dataclass(frozen=True, slots=True)
class _Known:
    key: IngestKey | None
    until: float


class Keyring:
    """Keys by secret without a query per request: an answer holds for `FRESH_SECONDS`. Thread-safe."""

    def __init__(self, state: StateStore, elapsed: Callable[[], float] = time.monotonic) -> None:
        """`elapsed` is a monotonic clock in seconds."""
        self._state = state
        self._elapsed = elapsed
        self._lock = threading.Lock()
        self._known: dict[str, _Known] = {}

    def cached(self, secret: str) -> tuple[bool, IngestKey | None]:
        """Whether the answer is known without asking the store, and the answer."""
        if not secrets.well_formed(secret, "odk"):
            return True, None
        known = self._known.get(secrets.digest(secret))
        fresh = known is not None and self._elapsed() < known.until
        return fresh, known.key if known and fresh else None

    def find(self, secret: str) -> IngestKey | None:
        """As `keys.find`, from memory where it is fresh."""
        fresh, key = self.cached(secret)
        if fresh:
            return key
        until = (
            self._elapsed() + FRESH_SECONDS
        )  # before the look, so that a revocation meanwhile is not outlived
        with self._state.begin(write=False) as tx:
            key = find(tx, secret)
        with self._lock:
            if len(self._known) >= REMEMBERED:
                self._known.clear()
            self._known[secrets.digest(secret)] = _Known(key, until)
        return key

    def forget(self) -> None:
        """Ask the store again for every key: call it after a change, so that the change holds here at once."""
        with self._lock:
            self._known.clear()
