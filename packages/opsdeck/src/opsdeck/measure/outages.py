"""When the CLI was down: probe minutes in, outages out.

A probe minute is a minute with at least one run of the real CLI by a probe; it is bad if one of them failed.
An outage runs from its first bad minute to the next good one. Minutes without probes are unknown: they neither
start nor end an outage. The window is walked day by day, so that a year costs one question per day with trouble.
It must not know objectives.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from opsdeck.measure.population import cli_probes
from opsdeck.measure.query import Query
from opsdeck.model import Clause, Window
from opsdeck.spec.model import Service

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)
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
    end = (window.end - timedelta(microseconds=1)).replace(second=0, microsecond=0) + MINUTE
    return Window(end - max(MINUTE, round(window.span / MINUTE) * MINUTE), end)


def probe_minutes(query: Query, service: Service, window: Window) -> tuple[int, int]:
    """Bad probe minutes and all probe minutes of the window's whole minutes."""
    minutes = whole_minutes(window)
    match = cli_probes(service)
    return query.distinct("minute", match.also(FAILED), minutes), query.distinct("minute", match, minutes)


def outages(query: Query, service: Service, window: Window) -> list[Outage]:
    """Outages that begin in the window, in time order. The last may be open: it then lasts until the window's end."""
    found: list[Outage] = []
    start: datetime | None = None
    bad_days = _bad_days(query, service, window)
    for day in _days(window):
        if start is None and day.start not in bad_days:
            continue
        for minute, bad in _minutes(query, service, day):
            if bad and start is None:
                start = minute
            elif not bad and start is not None:
                found.append(Outage(start, minute))
                start = None
    if start is not None:
        found.append(Outage(start, max(start, window.end - timedelta(microseconds=1)), open=True))
    return found


def _days(window: Window) -> Iterator[Window]:
    whole = whole_minutes(window)
    start = whole.start
    while start < whole.end:
        yield Window(start, min(start + DAY, whole.end))
        start += DAY


def _bad_days(query: Query, service: Service, window: Window) -> frozenset[datetime]:
    slices = query.tally(cli_probes(service).also(FAILED), whole_minutes(window), step=DAY)
    return frozenset(s.start for s in slices)


def _minutes(query: Query, service: Service, day: Window) -> Iterator[tuple[datetime, bool]]:
    for found in query.tally(cli_probes(service), day, step=MINUTE):
        if found.tally.runs:
            yield found.start, found.tally.failure > 0
