"""What the fault tick writes: faults that are new, faults that go on, faults that are back.

In: an open transaction, sightings (oldest first), now. Out: the number of log rows. It must not know the event store.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from opsdeck import fingerprint
from opsdeck.faults.members import (
    ANY,
    KIND,
    MOST_CAUSES,
    MOST_OF_SERVICE,
    Cause,
    causes,
    fresh_id,
    kept,
    member_of,
)
from opsdeck.faults.resolution import latest, said
from opsdeck.faults.sight import Room, Sighting
from opsdeck.model import Change, Entry, Fault, FaultMember
from opsdeck.stores.api import Transaction

ACTOR = "faults"
FIRST = "first of its kind"
OLDER = "known by an older fingerprint"
OTHERS = "one of too many"


@dataclass(slots=True)
class _Page:
    """What one transaction knows and has changed."""

    tx: Transaction
    now: datetime
    members: dict[str, FaultMember]
    room: Room
    faults: dict[str, Fault] = field(default_factory=dict)
    changed: dict[str, Fault] = field(default_factory=dict)
    rows: int = 0

    def fault(self, key: str) -> Fault | None:
        if key not in self.faults and (found := self.tx.get(Fault, key)):
            self.faults[key] = found
        return self.faults.get(key)

    def keep(self, fault: Fault) -> None:
        if self.faults.get(fault.key) != fault:
            self.faults[fault.key] = self.changed[fault.key] = fault

    def log(self, fault: Fault, old: str, new: str, reason: str, data: dict[str, Any]) -> None:
        self.tx.append(Change(KIND, fault.key, old, new, reason, ACTOR, data), self.now)
        self.rows += 1


def write(tx: Transaction, sightings: Iterable[Sighting], now: datetime) -> int:
    """Place every sighting."""
    sightings = list(sightings)
    services = sorted({one.cause.service for one in sightings})
    members = causes(member for service in services for member in tx.find(FaultMember, service=service))
    page = _Page(tx, now, members, Room(members.values()))
    for one in sightings:
        member = member_of(one.cause, members.get)
        if member is None or (one.entry and member.key != one.cause.key):
            member = _enter(page, one, member)
        if fault := page.fault(member.fault):
            _bring_up(page, fault, one)
    tx.put_all(page.changed.values())
    return page.rows


def _enter(page: _Page, one: Sighting, wider: FaultMember | None) -> FaultMember:
    """A member for a cause that has none: of a fault that knows it by an older name, of its own, or of the others'."""
    if one.entry and (older := _older(page, one.cause, one.entry)):
        return _member(page, one.cause, older.fault, f"{OLDER} {older.fingerprint}")
    if one.entry and page.room.takes(one.cause):
        return _found(page, one, one.cause, FIRST, told(one.entry))
    if wider:
        return wider
    instead = page.room.instead(one.cause) or replace(one.cause, fingerprint=ANY)
    return _found(page, one, instead, OTHERS, (_many(instead), ""))


def _older(page: _Page, cause: Cause, entry: Entry) -> FaultMember | None:
    """Whom the same failure belongs to under another version of the fingerprint."""
    message, stack = _said(entry)
    for version in fingerprint.VERSIONS:
        before = replace(cause, fingerprint=fingerprint.fingerprint(message, stack, version))
        if before != cause and (found := page.members.get(before.key)):
            return found
    return None


def _found(page: _Page, one: Sighting, cause: Cause, reason: str, told: tuple[str, str]) -> FaultMember:
    title, place = told
    key = fresh_id(cause.key, lambda key: page.fault(key) is not None or bool(page.tx.recent(1, subject=key)))
    fault = Fault(
        key=key,
        service=cause.service,
        code=cause.code,
        template=cause.template,
        user_type=cause.user_type,
        title=title,
        place=place,
        status="open",
        first_seen=one.group.first,
        last_seen=one.group.last,
        first_version=one.version,
        last_version=one.version,
    )
    page.keep(fault)
    data = {
        "service": cause.service,
        "code": cause.code,
        "fingerprint": cause.fingerprint,
        "version": one.version,
    }
    page.log(fault, "", "open", reason, data)
    return _member(page, cause, key, reason)


def _member(page: _Page, cause: Cause, fault: str, reason: str) -> FaultMember:
    made = FaultMember(
        key=cause.key,
        service=cause.service,
        code=cause.code,
        template=cause.template,
        user_type=cause.user_type,
        fingerprint=cause.fingerprint,
        fault=fault,
        reason=reason,
        at=page.now,
    )
    page.members[made.key] = made
    page.tx.put(made)
    return made


def _bring_up(page: _Page, fault: Fault, one: Sighting) -> None:
    """First and last, times and versions; and open again where it is back."""
    group = one.group
    new = replace(
        fault,
        last_version=latest(fault.last_version, one.version, b_is_later=group.last > fault.last_seen),
        first_version=one.version if group.first < fault.first_seen else fault.first_version,
        first_seen=min(fault.first_seen, group.first),
        last_seen=max(fault.last_seen, group.last),
    )
    if fault.status == "resolved" and one.back is not None and one.back == fault.resolved_at:
        new = replace(new, status="open", regressed_at=page.now)
        data = {"version": one.version, "resolved_in": fault.resolved_in, "event": group.newest}
        page.log(
            fault, "resolved", "regressed", f"seen on {one.version}, but {said(fault.resolved_in)}", data
        )
    page.keep(new)


def told(entry: Entry) -> tuple[str, str]:
    """Title and place, without what a store cannot keep."""
    message, stack = _said(entry)
    return kept(fingerprint.title(message)), kept(fingerprint.place(stack))


def _said(entry: Entry) -> tuple[str, str]:
    error = entry.body.get("error") or {}
    return str(error.get("message", "")), str(error.get("stack", ""))


def _many(cause: Cause) -> str:
    if cause.code == ANY:
        return f"others: more than {MOST_OF_SERVICE:,} causes in this service"
    return f"others: more than {MOST_CAUSES} causes with this code, template and user type"
