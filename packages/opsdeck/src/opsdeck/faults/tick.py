"""The fault tick: failures that came in since the last one, each with the fault it belongs to.

In: the state and event stores, the services, now. Out: how many rows were logged. Idempotent: what a tick that died
or another deck's tick has seen is seen again, and nothing comes of it.

1. for each category of entries: how far its events are loaded, which failures came since (the categories' journals
   are loaded one after the other, so each has a cursor of its own)
2. look up what the events of unknown causes say (Sightings); the event store is done with
3. in one transaction: found or find the faults, bring them up to date, reopen what came back, move the cursors
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from opsdeck.faults.members import CAUSE, FAILURES, Cause, causes, kept, member_of
from opsdeck.faults.news import EPOCH, MILLISECOND, news
from opsdeck.faults.resolution import came_back
from opsdeck.faults.sight import Room, Sighting
from opsdeck.faults.write import write
from opsdeck.model import Clause, Cursor, Entry, Fault, FaultMember, Group, Match, Window
from opsdeck.spec.model import Service
from opsdeck.stores.api import Query, StateStore
from opsdeck.versions import Regression

CATEGORIES = ("application", "audit", "performance", "security")
AT_ONCE = 100
PORTIONS = 20  # in one tick; what is left waits for the next one


def tick(state: StateStore, query: Query, services: Iterable[Service], now: datetime) -> int:
    """Sort what came in; returns the number of log rows."""
    names, rows = tuple(service.name for service in services), 0
    for _ in range(PORTIONS if names else 0):
        more, behind = _portion(state, query, names, now)
        rows += more
        if not behind:
            break
    return rows


def _portion(state: StateStore, query: Query, services: tuple[str, ...], now: datetime) -> tuple[int, bool]:
    """The number of log rows, and whether there is more to sort."""
    with state.begin(write=False) as tx:
        cursors = [tx.get(Cursor, f"faults/{one}") or Cursor(f"faults/{one}", 0) for one in CATEGORIES]
    found = [one for cursor in cursors if (one := news(query, cursor, services, now))]
    if not found:
        return 0, False
    sightings = _sightings(state, query, [group for one in found for group in one.groups])
    with state.begin() as tx:
        rows = write(tx, sightings, now)
        tx.put_all(one.cursor for one in found if one.cursor.seq > _stored(tx.get(Cursor, one.cursor.key)))
    return rows, any(one.behind for one in found)


def _stored(cursor: Cursor | None) -> int:
    return cursor.seq if cursor else -1


def _sightings(state: StateStore, query: Query, groups: Sequence[Group]) -> list[Sighting]:
    """Each group with what has to be known to place it, oldest first."""
    grouped = sorted(groups, key=lambda group: (group.first, group.key))
    of = {group.key[0] for group in grouped}
    with state.begin(write=False) as tx:
        known = causes(member for service in sorted(of) for member in tx.find(FaultMember, service=service))
        resolved = {fault.key: fault for fault in tx.find(Fault, status="resolved")}
    room, sightings = Room(known.values()), []
    for group in grouped:
        one = Sighting(Cause.of(group.key[:-1]), kept(group.key[-1]), group)
        member = member_of(one.cause, known.get)
        back = _back(query, resolved.get(member.fault), one.version, group) if member else None
        new = (member is None or member.key != one.cause.key) and room.takes(one.cause)
        sightings.append(replace(one, new=new, back=back))
    entries = _entries(query, [one.group for one in sightings if one.new])
    return [replace(one, entry=entries.get(one.group.newest)) for one in sightings]


def _entries(query: Query, groups: Sequence[Group]) -> dict[str, Entry]:
    """The newest entry of each group, some at a time: one may be as large as a request lets it be."""
    found: dict[str, Entry] = {}
    for at in range(0, len(groups), AT_ONCE):
        some = groups[at : at + AT_ONCE]
        times = [group.last for group in some]
        match = Match.of(event_id=tuple(group.newest for group in some))
        period = Window(min(times), max(times) + MILLISECOND)
        found |= {entry.event_id: entry for entry in query.find(match, period, len(some))}
    return found


def _back(query: Query, fault: Fault | None, version: str, group: Group) -> datetime | None:
    """When the fault was resolved that is back: only what was received after it counts."""
    if fault is None or fault.resolved_at is None:
        return None
    if came_back(fault.resolved_in, version) is not Regression.BACK:
        return None
    later = Clause("received", ">", (fault.resolved_at - EPOCH) / MILLISECOND)
    match = FAILURES.also(later, **dict(zip((*CAUSE, "version"), group.key, strict=True)))
    period = Window(group.first, group.last + MILLISECOND)
    return fault.resolved_at if query.find(match, period, 1) else None
