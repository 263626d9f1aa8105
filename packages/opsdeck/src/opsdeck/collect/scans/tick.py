"""The scans' tick: waivers whose time has come end, and the indicators get what they miss. In: both stores, now."""

from datetime import datetime

from opsdeck.collect.scans import gauge, keep, waivers
from opsdeck.stores.api import EventStore, StateStore


def tick(state: StateStore, events: EventStore, now: datetime) -> int:
    """Returns how many waivers ended and how many samples were recorded. The same `now` again does nothing."""
    with state.begin(write=False) as tx:
        due = waivers.due(tx, now)
    ended = 0
    if due:
        with state.begin() as tx:
            over = waivers.expire(tx, now)
            ended = len(over)
            for service in sorted({one.service for one in over}):
                keep.settle(tx, service, now)
    return ended + gauge.publish(state, events, now)
