"""When the CLI was down: probe minutes in, outages out.

A probe minute is a minute with at least one run of the real CLI by a probe; it is bad if one of them failed.
An outage runs from its first bad minute to the next good one. Minutes without probes are unknown: they neither
start nor end an outage. It must not know objectives.

A year has half a million minutes, so only those after trouble are read:
1. ask for the bad minutes of the window, which are few;
2. read all probe minutes of a stretch from the first bad one on, and note where outages begin and end;
3. go on with the next stretch while an outage is open, else skip to the next bad minute.
"""

from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from opsdeck.measure.population import cli_probes
from opsdeck.measure.query import Query
from opsdeck.model import Clause, Window
from opsdeck.spec.model import Service

MINUTE = timedelta(minutes=1)
STRETCH = timedelta(days=1)
FAILED = Clause("outcome", "=", "failure")


@dataclass(frozen=True, slots=True)
class Outage:
    """A span without service: first bad minute to next good one; `open` if none has come yet (end is then now)."""

    start: datetime
    end: datetime
    open: bool = False

    @property
    def span(self) -> timedelta:
        return self.end - self.start


def whole_minutes(window: Window) -> Window:
    """The window moved to end with the minute that is running, its span rounded to minutes."""
    end = (window.end - timedelta.resolution).replace(second=0, microsecond=0) + MINUTE
    return Window(end - max(MINUTE, round(window.span / MINUTE) * MINUTE), end)


def probe_minutes(query: Query, service: Service, window: Window) -> tuple[int, int]:
    """Bad probe minutes and all probe minutes of the window's whole minutes."""
    minutes = whole_minutes(window)
    match = cli_probes(service)
    return query.distinct("minute", match.also(FAILED), minutes), query.distinct("minute", match, minutes)


def outages(query: Query, service: Service, window: Window) -> list[Outage]:
    """Outages that begin in the window, in time order. The last may be open: it then lasts until the window's end."""
    whole, found = whole_minutes(window), list[Outage]()
    bad_minutes = [s.start for s in query.tally(cli_probes(service).also(FAILED), whole, step=MINUTE)]
    at, start = next(iter(bad_minutes), None), None
    while at is not None and at < whole.end:
        stretch = Window(at, min(at + STRETCH, whole.end))
        for minute, bad in _minutes(query, service, stretch):
            if bad and start is None:
                start = minute
            elif not bad and start is not None:
                found.append(Outage(start, minute))
                start = None
        rest = bad_minutes[bisect_left(bad_minutes, stretch.end) :]
        at = stretch.end if start is not None else next(iter(rest), None)
    if start is not None:
        found.append(Outage(start, max(start, window.end - timedelta.resolution), open=True))
    return found


def _minutes(query: Query, service: Service, stretch: Window) -> Iterator[tuple[datetime, bool]]:
    for found in query.tally(cli_probes(service), stretch, step=MINUTE):
        if found.tally.runs:
            yield found.start, found.tally.failure > 0
