"""When the CLI was down: probe minutes in, outages out.

A probe minute is a minute with at least one run of the real CLI by a probe; it is bad if one of them failed.
An outage runs from its first bad minute to the next good one. Minutes without probes are unknown: they neither
start nor end an outage. It must not know objectives.

A year has half a million minutes: the store says only where good ones turn bad and bad ones good.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from opsdeck.measure.population import cli_probes
from opsdeck.model import Clause, Window
from opsdeck.spec.model import Service
from opsdeck.stores.api import Query

MINUTE = timedelta(minutes=1)
FAILED = Clause("outcome", "=", "failure")
ENDED = Clause("outcome", "!=", "cancelled")


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
    turns = query.turns(cli_probes(service).also(ENDED), whole_minutes(window))
    ended = [Outage(bad.minute, good.minute) for bad, good in pairwise(turns) if bad.bad]
    if turns and turns[-1].bad:
        start = turns[-1].minute
        ended.append(Outage(start, max(start, window.end - timedelta.resolution), open=True))
    return ended
