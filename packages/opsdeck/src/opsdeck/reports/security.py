"""Security on one screen: what was detected, what waits for a verdict, who is restricted, who may use what.

In: a transaction, a query, a service, now. Out: rows as pages, API and commands show them. Nothing is changed here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TypeVar

from opsdeck.detect import Rule, habits
from opsdeck.errors import NotFoundError
from opsdeck.model import Clause, Detection, Entitlement, Match, Restriction, Transition, Window
from opsdeck.respond.enforce.decide import measures, stands
from opsdeck.respond.enforce.policy import holds
from opsdeck.spec.framework import Baseline, SecurityEvent
from opsdeck.stores.api import Query, Transaction

Named = TypeVar("Named", Detection, Restriction)
REVIEW = "review"
DAY = timedelta(days=1)
HISTORY = 50
EVIDENCE = 50
LONGEST_LOOK = 500
"""Rows of the log that are looked through for one subject's history."""
LEARNED = {
    "unusual_volume": "More generations than is usual for this user",
    "unusual_mix": "Other templates than is usual for this user",
    "first_seen_templates": "Templates that this user never used before",
}


@dataclass(frozen=True, slots=True)
class Board:
    """One service: detections and the queue (newest first), restrictions that stand (longest first), entitlements,
    how many entries carried secrets in the last day, and whom there is something to know about."""

    service: str
    detections: tuple[Detection, ...]
    queue: tuple[Detection, ...]
    restrictions: tuple[Restriction, ...]
    restricted: int
    """How many stand in all; the list is cut, or one sender could make a page of any size."""
    entitlements: tuple[Entitlement, ...]
    secrets: int
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Story:
    """One detection: the rule in words, its evidence (event ids), what it led to, what was said about it."""

    detection: Detection
    title: str
    description: str
    awaits_review: bool
    evidence: tuple[str, ...]
    figures: Mapping[str, str]
    restrictions: tuple[Restriction, ...]
    history: tuple[Transition, ...]


@dataclass(frozen=True, slots=True)
class Person:
    """One user of one service: habits, detections, restrictions that stand and past ones, entitlements."""

    service: str
    user: str
    profile: habits.Profile
    detections: tuple[Detection, ...]
    restrictions: tuple[Restriction, ...]
    past: tuple[Restriction, ...]
    entitlements: tuple[Entitlement, ...]


def board(
    tx: Transaction,
    query: Query,
    service: str,
    events: Mapping[str, SecurityEvent],
    *,
    limit: int,
    now: datetime,
) -> Board:
    """Everything about one service; `limit` is the most in each list."""
    found = detections(tx, service)
    standing = restrictions(tx, service, now)
    users = dict.fromkeys(one.subject for one in found if one.subject_kind == "user")
    return Board(
        service,
        found[:limit],
        queue(tx, service, events)[:limit],
        standing[:limit],
        len(standing),
        entitlements(tx, service, now),
        secrets(query, service, now),
        tuple(users)[:limit],
    )


def detections(tx: Transaction, service: str, **equals: str) -> tuple[Detection, ...]:
    """Newest first; `equals` filters on fields, "" for any."""
    wanted = {name: value for name, value in {"service": service, **equals}.items() if value}
    return tuple(sorted(tx.find(Detection, **wanted), key=lambda one: (one.at, one.key), reverse=True))


def detection(tx: Transaction, key: str) -> Detection:
    """By its id or the id's beginning, where only one begins so. Raises NotFoundError."""
    return _one(tx, Detection, key, "opsdeck security events")


def restriction(tx: Transaction, key: str) -> Restriction:
    """By its id or the id's beginning, where only one begins so. Raises NotFoundError."""
    return _one(tx, Restriction, key, "opsdeck security blocks")


def queue(tx: Transaction, service: str, events: Mapping[str, SecurityEvent]) -> tuple[Detection, ...]:
    """What waits for a verdict, oldest first: who waits longest comes first."""
    asked = [name for name, event in events.items() if REVIEW in measures(event.action)]
    waiting = [one for name in asked for one in tx.find(Detection, service=service, event=name, verdict="")]
    return tuple(sorted(waiting, key=lambda one: (one.at, one.key)))


def restrictions(
    tx: Transaction, service: str, now: datetime, *, ended: bool = False
) -> tuple[Restriction, ...]:
    """Those that stand, the one that lasts longest first; with `ended` also those that are over, newest first."""
    if ended:
        every = tx.find(Restriction, service=service)
        return tuple(sorted(every, key=lambda one: (one.since, one.key), reverse=True))
    standing = (one for one in tx.find(Restriction, service=service, lifted_at=None) if stands(one, now))
    return tuple(sorted(standing, key=lambda one: (one.until, one.key), reverse=True))


def of_subject(tx: Transaction, service: str, subject: str, now: datetime) -> tuple[Restriction, ...]:
    """What stands against one user or address, the one that lasts longest first."""
    return tuple(one for one in restrictions(tx, service, now) if one.subject == subject)


def entitlements(tx: Transaction, service: str, now: datetime, subject: str = "") -> tuple[Entitlement, ...]:
    """Those that hold, by user and feature."""
    wanted = {"service": service} | ({"subject": subject} if subject else {})
    held = (one for one in tx.find(Entitlement, **wanted) if holds(one, now))
    return tuple(sorted(held, key=lambda one: (one.subject, one.feature)))


def secrets(query: Query, service: str, now: datetime) -> int:
    """How many entries of the last day carried secrets, which were taken out."""
    match = Match.of(service=service).also(Clause("redactions", ">", 0))
    return sum(group.count for group in query.groups(match, Window.last(DAY, now), by=("service",)))


def story(tx: Transaction, found: Detection, rules: Iterable[Rule]) -> Story:
    """One detection in full."""
    rule = next((one for one in rules if one.name == found.rule), None)
    evidence = found.data.get("events", ())
    led_to = tx.find(Restriction, detection=found.key)
    return Story(
        detection=found,
        title=rule.title if rule else LEARNED.get(found.rule, found.rule),
        description=rule.description if rule else "",
        awaits_review=REVIEW in measures(found.action) and not found.verdict,
        evidence=tuple(str(one) for one in evidence)[:EVIDENCE] if isinstance(evidence, list | tuple) else (),
        figures={
            name: _figure(value)
            for name, value in found.data.items()
            if name != "events" and isinstance(value, int | float | str | list | tuple)
        },
        restrictions=tuple(led_to),
        history=_history(tx, found, led_to),
    )


def person(
    tx: Transaction, query: Query, service: str, user: str, *, baseline: Baseline, now: datetime
) -> Person:
    """One user: what is usual for them, and what is known about them."""
    verdicts = tx.find(Detection, service=service)
    every = [one for one in restrictions(tx, service, now, ended=True) if one.subject == user]
    mine = [one for one in verdicts if one.subject == user]
    return Person(
        service,
        user,
        habits.profile(query, verdicts, service, user, baseline, now),
        tuple(sorted(mine, key=lambda one: (one.at, one.key), reverse=True)),
        of_subject(tx, service, user, now),
        tuple(one for one in every if not stands(one, now))[:HISTORY],
        entitlements(tx, service, now, user),
    )


def _one(tx: Transaction, kind: type[Named], key: str, hint: str) -> Named:
    exact = tx.get(kind, key)
    if exact is not None:
        return exact
    found = [one for one in tx.find(kind) if key and one.key.startswith(key)]
    if not found:
        raise NotFoundError(f"there is no {kind.__name__.lower()} {key[:80]!r}", hint=hint)
    if len(found) > 1:
        few = ", ".join(sorted(one.key for one in found)[:3])
        raise NotFoundError(f"{len(found)} ids begin with {key[:80]!r}", hint=f"write more of the id: {few}")
    return found[0]


def _figure(value: float | str | list[object] | tuple[object, ...]) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value[:EVIDENCE]))
    return f"{value:g}" if isinstance(value, int | float) else value


def _history(tx: Transaction, found: Detection, led_to: Iterable[Restriction]) -> tuple[Transition, ...]:
    """Newest first: the detection, its verdicts, its restrictions and their ends."""
    subjects: dict[str, tuple[str, ...]] = {f"{found.service}/{found.event}": ("security", "review")}
    subjects |= {f"{one.service}/{one.subject}": ("restriction",) for one in led_to}
    rows = [
        row
        for subject, kinds in subjects.items()
        for kind in kinds
        for row in tx.recent(LONGEST_LOOK, kind=kind, subject=subject)
        if row.change.data.get("detection") == found.key
    ]
    return tuple(sorted(rows, key=lambda row: row.seq, reverse=True))[:HISTORY]
