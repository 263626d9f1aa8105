"""Numbers over time, as charts draw them. In: slices of a tally. Out: columns on one time axis; None is a gap."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from opsdeck.model import Slice, Tally, Window
from opsdeck.reports.spans import starts

NOTHING = Tally()
RANKS = {"p50": 0.50, "p95": 0.95, "p99": 0.99}


@dataclass(frozen=True, slots=True)
class Series:
    """One line of a chart: its name, its title and a value (or None) per step."""

    name: str
    title: str
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Chart:
    """Series over one axis. `kind` says how they are drawn (bars are stacked), `unit` how they are spelled;
    `limit` is what an objective asks of it, in the same unit."""

    name: str
    title: str
    kind: str
    unit: str
    times: tuple[datetime, ...]
    series: tuple[Series, ...]
    limit: float | None = None

    @property
    def empty(self) -> bool:
        """Whether there is nothing to see: no value, and in bars no height."""
        nothing = {None, 0} if self.kind == "bars" else {None}
        return nothing.issuperset(value for series in self.series for value in series.values)


def series(
    name: str,
    title: str,
    axis: Iterable[datetime],
    tallies: Mapping[datetime, Tally],
    of: Callable[[Tally], float | None],
) -> Series:
    """`of` each step's tally; a step without events has an empty one."""
    return Series(name, title, tuple(of(tallies.get(at, NOTHING)) for at in axis))


def runs(
    slices: Iterable[Slice], window: Window, step: timedelta, limits: Mapping[str, float]
) -> tuple[Chart, Chart, Chart]:
    """Operations per minute by outcome, the error rate, and the framework's percentiles of the response time (ms)."""
    axis = starts(window, step)
    tallies = {row.start: row.tally for row in slices}
    minutes = step / timedelta(minutes=1)
    counts = (
        series("success", "Succeeded", axis, tallies, lambda tally: tally.success / minutes),
        series("failure", "Failed", axis, tallies, lambda tally: tally.failure / minutes),
    )
    failed = series("error_rate", "Error rate", axis, tallies, lambda tally: tally.error_rate)
    ranks = tuple(
        series(rank, rank.upper(), axis, tallies, partial(Tally.percentile, rank=at))
        for rank, at in RANKS.items()
    )
    return (
        Chart("operations", "Operations per minute", "bars", "per_minute", axis, counts),
        Chart("errors", "Error rate", "line", "ratio", axis, (failed,), limits.get("error_rate")),
        Chart("latency", "Response time", "line", "ms", axis, ranks, limits.get("p95_latency")),
    )


def counts(slices: Iterable[Slice], window: Window, step: timedelta) -> Chart:
    """How many events there were in each step, by outcome."""
    axis = starts(window, step)
    tallies = {row.start: row.tally for row in slices}
    columns = (
        series("success", "Succeeded", axis, tallies, lambda tally: tally.success),
        series("failure", "Failed", axis, tallies, lambda tally: tally.failure),
        series("cancelled", "Cancelled", axis, tallies, lambda tally: tally.cancelled),
    )
    return Chart("events", "Events", "bars", "count", axis, columns)
