"""What the indicators read, put right: `scan_imported` when somebody looked, `critical_vulnerabilities` as they stand.

In: the summaries in the state store. Out: samples in the event store, as many as are missing there. Asked after every
change and by the tick, so that a crash between the two stores leaves nothing wrong for longer than a tick.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta

from opsdeck.collect.scans import summary
from opsdeck.collect.scans.summary import Summary
from opsdeck.model import Sample, Window
from opsdeck.stores.api import EventStore, StateStore

IMPORTED = "scan_imported"
CRITICAL = "critical_vulnerabilities"
LOOK_BACK = timedelta(days=366)


def publish(state: StateStore, events: EventStore, now: datetime) -> int:
    """Record what is missing; returns how many samples that were."""
    with state.begin(write=False) as tx:
        known = summary.every(tx)
    missing = [sample for one in known for sample in _missing(events, one, now)]
    if missing:
        events.record(missing)
    return len(missing)


def _missing(events: EventStore, one: Summary, now: datetime) -> Iterator[Sample]:
    looked = one.looked_at
    if looked is None:
        return
    span = Window.last(LOOK_BACK, max(now, looked))
    imports = events.samples(IMPORTED, one.service, span)
    if not imports or imports[-1].at < looked:
        yield Sample(IMPORTED, looked, one.findings_open, one.service)
    counts = events.samples(CRITICAL, one.service, span)
    if not counts or counts[-1].at < looked or counts[-1].value != one.open_critical:
        yield Sample(CRITICAL, max(now, looked), one.open_critical, one.service)
