"""What the deck's own runs of a service's real CLI showed. In: events of the service. Out: the last runs per probe,
and for each minute whether the CLI worked.

A minute without a probe is unknown: neither good nor bad (readings: availability).
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from opsdeck.measure.outages import MINUTE
from opsdeck.measure.population import cli_probes
from opsdeck.measure.population import probes as all_probes
from opsdeck.model import Entry, Window
from opsdeck.reports.charts import Chart, Series
from opsdeck.reports.spans import grid, starts
from opsdeck.spec.model import Service
from opsdeck.stores.api import Query
from opsdeck.stores.events.facts import outcome

Minute = Literal["good", "bad", "unknown"]

RECENT = 12
STRIP = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class ProbeRun:
    """One run of a probe: how long it took in ms and how it ended; `message` is what it said when it failed."""

    event_id: str
    at: datetime
    duration: float
    outcome: str
    version: str
    message: str


@dataclass(frozen=True, slots=True)
class Probe:
    """One probe with its last runs, newest first. `command` is what the deck types, "" for dependency checks."""

    name: str
    command: str
    operation: str
    runs: tuple[ProbeRun, ...]


@dataclass(frozen=True, slots=True)
class Probes:
    """All probes of a service, the last hour minute by minute, and the median duration of each over the window."""

    every: timedelta
    probes: tuple[Probe, ...]
    minutes: tuple[tuple[datetime, Minute], ...]
    chart: Chart


def probes(query: Query, service: Service, window: Window, step: timedelta, now: datetime) -> Probes:
    """The probes of the service as they stand now."""
    last = query.find(all_probes(service), Window.last(STRIP, now), RECENT * (len(service.probes) + 1))
    by_name: dict[str, list[ProbeRun]] = defaultdict(list)
    operations: dict[str, str] = {}
    for entry in last:
        name = str(entry.body.get("command", ""))
        by_name[name].append(_run(entry))
        operations.setdefault(name, _text(entry, "operation", "type"))
    commands = {probe.name: " ".join(probe.command) for probe in service.probes}
    operations = {probe.name: probe.operation for probe in service.probes} | operations
    found = tuple(
        Probe(name, commands.get(name, ""), operation, tuple(by_name[name][:RECENT]))
        for name, operation in operations.items()
    )
    return Probes(
        service.probe_every, found, _minutes(query, service, now), _chart(query, service, window, step)
    )


def _run(entry: Entry) -> ProbeRun:
    return ProbeRun(
        entry.event_id,
        entry.at,
        float(entry.body.get("operation", {}).get("duration", 0)),
        outcome(entry.body),
        str(entry.body.get("version", "")),
        _text(entry, "error", "message"),
    )


def _text(entry: Entry, part: str, name: str) -> str:
    return str((entry.body.get(part) or {}).get(name, ""))


def _minutes(query: Query, service: Service, now: datetime) -> tuple[tuple[datetime, Minute], ...]:
    window, _ = grid(STRIP, now)
    failures = {row.start: row.tally.failure for row in query.tally(cli_probes(service), window, step=MINUTE)}
    return tuple(
        (at, "unknown" if at not in failures else "bad" if failures[at] else "good")
        for at in starts(window, MINUTE)
    )


def _chart(query: Query, service: Service, window: Window, step: timedelta) -> Chart:
    axis = starts(window, step)
    medians: dict[str, dict[datetime, float | None]] = defaultdict(dict)
    for row in query.tally(cli_probes(service), window, by=("command",), step=step):
        medians[row.group[0]][row.start] = row.tally.percentile(0.5)
    lines = tuple(Series(name, name, tuple(map(at.get, axis))) for name, at in medians.items())
    return Chart("probes", "Probe duration (median)", "line", "ms", axis, lines)
