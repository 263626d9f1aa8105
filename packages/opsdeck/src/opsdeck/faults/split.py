"""A person takes one fingerprint out of a fault: it becomes a fault of its own.

In: the stores, which fault and fingerprint, who, why, now. Out: the new fault, one row in the log. What its events say
is looked up before the transaction; whoever was quicker wins, and the other is told.
"""

from dataclasses import dataclass, replace
from datetime import datetime

from opsdeck import timing
from opsdeck.collect.stamp import AHEAD, LATE
from opsdeck.errors import ConflictError, NotFoundError, UsageError
from opsdeck.faults.members import ANY, CAUSE, FAILURES, KIND, find, fresh_id, members_of
from opsdeck.faults.people import needed
from opsdeck.faults.write import told
from opsdeck.model import Change, Entry, Fault, FaultMember, Group, Window
from opsdeck.stores.api import Query, StateStore

SPLIT = "split"


@dataclass(frozen=True, slots=True)
class _Part:
    """The members that leave, and what is known of their events: by version, and the newest one."""

    fault: Fault
    leaving: tuple[FaultMember, ...]
    groups: tuple[Group, ...]
    newest: Entry | None


def split(
    state: StateStore, query: Query, name: str, fingerprint: str, *, actor: str, reason: str, now: datetime
) -> Fault:
    """Raises NotFoundError where the fault has no such fingerprint, UsageError where nothing else would be left,
    ConflictError where somebody moved it meanwhile."""
    needed(reason)
    part = _look(state, query, name, fingerprint, now)
    with state.begin() as tx:
        if any(tx.get(FaultMember, member.key) != member for member in part.leaving):
            raise ConflictError(f"{fingerprint} has just been moved", hint=f"opsdeck errors show {name}")
        key = fresh_id(
            f"{part.leaving[0].key}@{timing.iso(now)}", lambda key: bool(tx.recent(1, kind=KIND, subject=key))
        )
        made = _made(part, key)
        said = f"split from {part.fault.key} by {actor}: {reason}"
        tx.put_all([made, *(replace(member, fault=key, reason=said, at=now) for member in part.leaving)])
        data = {"from": part.fault.key, "fingerprint": part.leaving[0].fingerprint}
        tx.append(Change(KIND, key, "", SPLIT, reason, actor, data), now)
    return made


def _look(state: StateStore, query: Query, name: str, fingerprint: str, now: datetime) -> _Part:
    with state.begin(write=False) as tx:
        fault = find(tx, name)
        members = members_of(tx, fault.key)
    known = {member.fingerprint for member in members}
    fits = [one for one in known if fingerprint and fingerprint in (one, one.partition(":")[2])]
    if not fits or ANY in fits:
        raise NotFoundError(
            f"{fault.key} has no fingerprint {fingerprint!r}", hint=f"opsdeck errors show {fault.key}"
        )
    leaving = tuple(member for member in members if member.fingerprint == fits[0])
    if len(leaving) == len(members):
        raise UsageError(f"{fits[0]} is all that {fault.key} has", hint="a split leaves something behind")
    groups = tuple(group for member in leaving for group in _groups(query, member, now))
    last = max(groups, key=lambda group: group.last, default=None)
    found = (
        query.find(FAILURES.also(event_id=last.newest), Window.last(AHEAD + LATE, last.last), 1)
        if last
        else []
    )
    return _Part(fault, leaving, groups, found[0] if found else None)


def _groups(query: Query, member: FaultMember, now: datetime) -> list[Group]:
    values = (member.service, member.code, member.template, member.user_type, member.fingerprint)
    period = Window(now - LATE, now + AHEAD)
    return query.groups(FAILURES.also(**dict(zip(CAUSE, values, strict=True))), period, ("version",))


def _made(part: _Part, key: str) -> Fault:
    """From its own events of the last 30 days; without any, from the fault it comes from."""
    first = min(part.groups, key=lambda group: group.first, default=None)
    last = max(part.groups, key=lambda group: group.last, default=None)
    title, place = told(part.newest) if part.newest else (part.fault.title, part.fault.place)
    one, old = part.leaving[0], part.fault
    return Fault(
        key=key,
        service=one.service,
        code=one.code,
        template=one.template,
        user_type=one.user_type,
        title=title,
        place=place,
        status="open",
        first_seen=first.first if first else old.first_seen,
        last_seen=last.last if last else old.last_seen,
        first_version=first.key[0] if first else old.first_version,
        last_version=last.key[0] if last else old.last_version,
    )
