"""Waivers: VEX statements as they come in, risks that people accept, and their end. Each change is a row in the log.

In: a transaction, words, now. Out: the waiver. Who calls decides anew where the findings stand (keep.settle).
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from opsdeck.collect.scans import purl, text
from opsdeck.collect.scans.shape import Report, Statement
from opsdeck.collect.scans.unite import names
from opsdeck.collect.scans.waive import WITHDRAWN, in_force, taken_back
from opsdeck.errors import NotFoundError, UsageError
from opsdeck.model import Change, Finding, Waiver
from opsdeck.stores.api import Transaction

ACCEPTED = "accepted"
LONGEST_REASON = 500
Changed = Sequence[tuple[Waiver, str]]


@dataclass(frozen=True, slots=True)
class Stated:
    """All waivers of the service, those that are new with the status before, and those that stay withdrawn."""

    waivers: Sequence[Waiver]
    changed: Changed
    stay: Sequence[Waiver]


def stated(tx: Transaction, report: Report, service: str, actor: str, now: datetime) -> Stated:
    """Keep the report's statements: the newest of a source about a vulnerability and package stays.

    One that a person withdrew comes back only by a statement that is newer than that, or says something else.
    """
    known = {one.key: one for one in tx.find(Waiver, service=service)}
    source = text.plain(f"{report.tool} {report.source}")
    changed: list[tuple[Waiver, str]] = []
    stay: list[Waiver] = []
    for new, dated in _newest(report.statements, service, source, actor, now):
        old = known.get(new.key)
        if old is None or _supersedes(new, old, dated=dated):
            known[new.key] = new
            changed.append((new, _status(old) if old else ""))
        elif taken_back(old):
            stay.append(old)
    tx.put_all(one for one, _ in changed)
    return Stated(tuple(known.values()), tuple(changed), tuple(stay))


def _newest(
    statements: Iterable[Statement], service: str, source: str, actor: str, now: datetime
) -> list[tuple[Waiver, bool]]:
    """The last word of a file about each vulnerability and package, and whether it has a time that has come."""
    last: dict[str, tuple[Waiver, bool]] = {}
    for one in statements:
        new = _waiver(one, service, source, actor, now)
        if new.key not in last or new.at >= last[new.key][0].at:
            last[new.key] = (new, one.at is not None and one.at <= now)
    return list(last.values())


def _supersedes(new: Waiver, old: Waiver, *, dated: bool) -> bool:
    if _said(new) != _said(old):
        return new.at >= old.at
    return taken_back(old) and dated and old.until is not None and new.at > old.until


def _status(one: Waiver) -> str:
    return WITHDRAWN if taken_back(one) else one.status


def tell(tx: Transaction, changed: Changed, now: datetime) -> None:
    """A row for each."""
    for one, old in changed:
        _log(tx, one, old, one.status, one.justification or "stated", one.actor, now)


def accept(
    tx: Transaction,
    service: str,
    vulnerability: str,
    package: str,
    *,
    until: datetime,
    reason: str,
    actor: str,
    now: datetime,
) -> Waiver:
    """Accept the risk of a vulnerability until a time. Raises NotFoundError where no finding has that name."""
    reason = text.plain(reason, LONGEST_REASON)
    if not reason:
        raise UsageError("why is the risk acceptable?", hint='--reason "not reachable from outside"')
    if until <= now:
        raise UsageError("a risk is accepted until a time to come", hint='--until "30 days"')
    package = _package(package)
    _found(tx, service, vulnerability, package)
    key = _key(service, ACCEPTED, vulnerability, package)
    old = tx.get(Waiver, key)
    new = Waiver(key, service, vulnerability, package, "accepted", ACCEPTED, reason, actor, actor, now, until)
    tx.put(new)
    _log(tx, new, old.status if old else "", ACCEPTED, reason, actor, now)
    return new


def _found(tx: Transaction, service: str, vulnerability: str, package: str) -> None:
    """Raises NotFoundError where nothing is called so there: a waiver for it would wait for ever unseen."""
    for one in tx.find(Finding, service=service):
        if vulnerability in names(one) and package in ("", one.package, f"{one.package}@{one.version}"):
            return
    where = f" in {package}" if package else ""
    raise NotFoundError(
        f"no finding of {service} is {text.plain(vulnerability, text.SHOWN)}{where}",
        hint=f"opsdeck scan list --service {service}",
    )


def withdraw(tx: Transaction, key: str, actor: str, reason: str, now: datetime) -> Waiver:
    """End a waiver, named by the first characters of its key. Raises NotFoundError, UsageError where two begin so.

    A statement is kept as withdrawn: who and when.
    """
    reason = text.plain(reason, LONGEST_REASON)
    if not reason:
        raise UsageError("why does the waiver end?", hint='--reason "it is reachable after all"')
    found = [one for one in tx.find(Waiver) if key and one.key.startswith(key) and not taken_back(one)]
    if len(found) != 1:
        what = f"{len(found)} waivers begin with" if found else "no waiver is"
        kind = UsageError if found else NotFoundError
        raise kind(f"{what} {text.plain(key, text.SHOWN)!r}", hint="opsdeck scan waivers")
    one = found[0]
    if one.kind == ACCEPTED:
        tx.drop(Waiver, one.key)
    else:
        tx.put(replace(one, actor=actor, until=now))
    _log(tx, one, one.status, WITHDRAWN, reason, actor, now)
    return one


def due(tx: Transaction, now: datetime) -> list[Waiver]:
    """The accepted risks whose time has come."""
    return [one for one in tx.find(Waiver) if one.kind == ACCEPTED and not in_force(one, now)]


def expire(tx: Transaction, now: datetime) -> list[Waiver]:
    """End the accepted risks whose time has come."""
    over = due(tx, now)
    for one in over:
        tx.drop(Waiver, one.key)
        _log(tx, one, one.status, "expired", "its time has come", "scans", now)
    return over


def _waiver(one: Statement, service: str, source: str, actor: str, now: datetime) -> Waiver:
    at = min(one.at or now, now)  # a statement from the future must not outlive every later one
    key = _key(service, source, one.vulnerability, one.package)
    return Waiver(
        key, service, one.vulnerability, one.package, "vex", one.status, one.justification, source, actor, at
    )


def _said(one: Waiver) -> tuple[str, str]:
    return one.status, one.justification


def _package(given: str) -> str:
    """A purl as findings spell it; "" for all."""
    if not given.startswith("pkg:"):
        if given:
            raise UsageError(
                f"{text.plain(given, text.SHOWN)!r} is no package URL",
                hint="as `opsdeck scan show` prints it: pkg:pypi/django",
            )
        return ""
    package, version = purl.parsed(given, "package")
    return f"{package}@{version}" if version else package


def _log(tx: Transaction, one: Waiver, old: str, new: str, reason: str, actor: str, now: datetime) -> None:
    until = one.until.isoformat() if one.until else ""
    data = {"waiver": one.key, "package": one.package, "kind": one.kind, "source": one.source, "until": until}
    tx.append(Change("waiver", f"{one.service}/{one.vulnerability}", old, new, reason, actor, data), now)


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]
