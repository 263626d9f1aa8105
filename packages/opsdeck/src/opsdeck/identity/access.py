"""Credentials of people and of the local command line: sign-in links, sessions, operator tokens.

In: a transaction, a secret, the moment. Out: secrets (shown once) and Access records. Only digests are kept, every
new credential is a row in the log. A link works once, for five minutes. It must not know HTTP or pages.
"""

from dataclasses import replace
from datetime import datetime, timedelta
from hmac import compare_digest
from typing import Literal

from opsdeck.identity import secret as secrets
from opsdeck.identity.secret import Kind
from opsdeck.model import Access, Change
from opsdeck.stores.api import Transaction

LINK = timedelta(minutes=5)
SESSION = timedelta(hours=12)
TOKEN = timedelta(days=365)

_KINDS: dict[Kind, Literal["link", "session", "token"]] = {"odl": "link", "ods": "session", "odt": "token"}


def link(tx: Transaction, actor: str, now: datetime) -> str:
    """A sign-in link's secret. Credentials that have expired are cleared away on this occasion."""
    for old in tx.find(Access):
        if old.expires_at <= now:
            tx.drop(Access, old.key)
    return _grant(tx, "odl", actor, now, LINK)


def sign_in(tx: Transaction, link: str, now: datetime) -> str | None:
    """A session's secret for a link's; None where the link is unknown, expired or was used before.

    Transactions that write run one at a time, so of two that bring the same link one gets the session.
    """
    found = _valid(tx, link, now, "odl")
    if found is None or found.used_at is not None:
        return None
    tx.put(replace(found, used_at=now))
    return _grant(tx, "ods", found.actor, now, SESSION)


def token(tx: Transaction, actor: str, now: datetime) -> str:
    """An operator token; the actor's earlier one ends."""
    for old in tx.find(Access, actor=actor):
        if old.kind == "token":
            tx.drop(Access, old.key)
    return _grant(tx, "odt", actor, now, TOKEN)


def who(tx: Transaction, secret: str, now: datetime) -> Access | None:
    """Whose session or token this is; None for anything else."""
    return _valid(tx, secret, now, "ods", "odt")


def end(tx: Transaction, secret: str, now: datetime) -> None:
    """Sign out: the session or token is worth nothing from now on."""
    found = _valid(tx, secret, now, "ods", "odt")
    if found is not None:
        tx.drop(Access, found.key)
        _log(tx, found, "active", "ended", now)


def _grant(tx: Transaction, kind: Kind, actor: str, now: datetime, span: timedelta) -> str:
    secret = secrets.mint(kind)
    granted = Access(secrets.digest(secret), _KINDS[kind], actor, now, now + span)
    tx.put(granted)
    _log(tx, granted, "", "active", now)
    return secret


def _valid(tx: Transaction, secret: str, now: datetime, *kinds: Kind) -> Access | None:
    if not secrets.well_formed(secret, *kinds):
        return None
    digest = secrets.digest(secret)
    found = tx.get(Access, digest)
    if found is None or not compare_digest(found.key, digest) or now >= found.expires_at:
        return None
    return found if found.kind in {_KINDS[kind] for kind in kinds} else None


def _log(tx: Transaction, access: Access, old: str, new: str, now: datetime) -> None:
    data = {"expires_at": access.expires_at.isoformat()}
    tx.append(
        Change("access", f"{access.kind}/{access.key[:12]}", old, new, access.kind, access.actor, data), now
    )
