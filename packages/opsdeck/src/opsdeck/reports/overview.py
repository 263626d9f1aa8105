"""The overview of one service: the framework's real-time metrics, their history, and what the probes saw.

In: events, the alerts' states, the spec, a service, a span and now. Out: an Overview. It must not know pages or the terminal.
Source: framework, Monitoring Dashboard Requirements (realTime, businessMetrics, operationalMetrics).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from opsdeck.measure import figures, indicators
from opsdeck.measure.objectives import COMPARE
from opsdeck.measure.population import HEALTH_CHECK, people
from opsdeck.measure.query import Memo
from opsdeck.model import AlertState, Slice, Verdict, Window
from opsdeck.reports import charts, words
from opsdeck.reports.charts import Chart
from opsdeck.reports.probes import Probes, probes
from opsdeck.reports.spans import grid
from opsdeck.spec.model import Service, Spec
from opsdeck.stores.api import Query, Transaction

Standing = Literal["healthy", "degraded", "down", "unknown"]

REALTIME = (
    "active_users",
    "operations_per_minute",
    "error_rate",
    "p50_latency",
    "p95_latency",
    "p99_latency",
)
BUSINESS = ("availability", "daily_active_users", "templates_generated")
TOP = 5


@dataclass(frozen=True, slots=True)
class Figure:
    """One number with its label: value None is unknown, and then `note` says why. `target` is "" without one."""

    name: str
    title: str
    value: float | None
    unit: str
    over: str
    target: str
    verdict: Verdict
    note: str

    @property
    def text(self) -> str:
        # A title that says "per minute" need not be followed by a number that says it again.
        return words.value(self.value, "count" if self.unit == "per_minute" else self.unit)


@dataclass(frozen=True, slots=True)
class Count:
    """How often something was used: runs of it, and how many of them failed."""

    name: str
    runs: int
    failures: int


@dataclass(frozen=True, slots=True)
class Overview:
    """Everything that the first page shows of one service."""

    service: str
    title: str
    at: datetime
    window: Window
    standing: Standing
    reason: str
    realtime: tuple[Figure, ...]
    business: tuple[Figure, ...]
    charts: tuple[Chart, ...]
    probes: Probes
    alerts: tuple[AlertState, ...]
    templates: tuple[Count, ...]
    errors: tuple[Count, ...]


def overview(
    query: Query, tx: Transaction, spec: Spec, service: Service, *, span: timedelta, now: datetime
) -> Overview:
    """The service's overview over the last `span`."""
    window, step = grid(span, now)
    once = Memo(query)
    seen = probes(once, service, window, step, now)
    alerts = tuple(state for state in tx.find(AlertState, service=service.name) if state.phase != "inactive")
    used = once.tally(people(service), window, by=("template", "error_code"))
    shown = [_figure(once, spec, service, name, span, now) for name in (*REALTIME, *BUSINESS)]
    standing, reason = stand(alerts, seen, next(one for one in shown if one.name == "error_rate"))
    return Overview(
        service=service.name,
        title=service.title,
        at=now,
        window=window,
        standing=standing,
        reason=reason,
        realtime=tuple(shown[: len(REALTIME)]),
        business=tuple(shown[len(REALTIME) :]),
        charts=_charts(once, service, window, step),
        probes=seen,
        alerts=alerts,
        templates=_top(used, 0),
        errors=_top(used, 1),
    )


def stand(alerts: Iterable[AlertState], seen: Probes, errors: Figure) -> tuple[Standing, str]:
    """How the service stands, and why. Pure: from its alerts that are not inactive, its probes, people's error rate.

    A check of the deck's own dependencies that passes says nothing about the service's CLI: where nothing ran the CLI,
    people's runs are asked, and where nobody did either, the standing is unknown.
    """
    firing = [state for state in alerts if state.phase == "firing"]
    if any(state.rule == "service_down" for state in firing):
        return "down", "service_down is firing"
    if firing:
        return "degraded", "an alert is firing" if len(firing) == 1 else f"{len(firing)} alerts are firing"
    latest = [probe.runs[0] for probe in seen.probes if probe.runs]
    failed = sum(run.outcome == "failure" for run in latest)
    if failed:
        return "degraded", f"{failed} of {len(latest)} probes failed when they last ran"
    cli = [probe for probe in seen.probes if probe.operation != HEALTH_CHECK]
    if not any(probe.runs for probe in cli):
        return _by_runs(errors, probed=bool(cli))
    passed = "the one probe passed when it last ran"
    return "healthy", passed if len(latest) == 1 else f"all {len(latest)} probes passed when they last ran"


def _by_runs(errors: Figure, *, probed: bool) -> tuple[Standing, str]:
    """The standing of a service whose CLI no probe has run: what people's runs say, measured by the objective."""
    if errors.target and errors.verdict != "unknown":
        standing: Standing = "healthy" if errors.verdict == "ok" else "degraded"
        return (
            standing,
            f"no probe ran its CLI; people's runs: error rate {errors.text}, target {errors.target}",
        )
    if probed:
        return "unknown", "no probe has run its CLI in the last hour (see: opsdeck doctor)"
    return "unknown", "nothing runs its CLI: give the service probes in operations.yaml"


def _figure(query: Query, spec: Spec, service: Service, name: str, span: timedelta, now: datetime) -> Figure:
    window = Window.last(spec.indicators[name].shown_over or span, now)
    reading = indicators.read(query, service, name, window)
    objective = next((o for o in service.objectives if o.indicator == name), None)
    met = objective is None or (
        reading.value is not None and COMPARE[objective.comparison](reading.value, objective.target)
    )
    return Figure(
        name=name,
        title=spec.indicators[name].title,
        value=reading.value,
        unit=reading.unit,
        over=words.last(window),
        target=figures.limit(objective.comparison, objective.target, objective.unit) if objective else "",
        verdict="unknown" if reading.value is None else "ok" if met else "breach",
        note=reading.note if reading.value is None else "",
    )


def _charts(query: Query, service: Service, window: Window, step: timedelta) -> tuple[Chart, ...]:
    limits = {objective.indicator: objective.target for objective in service.objectives}
    return charts.runs(query.tally(people(service), window, step=step), window, step, limits)


def _top(rows: Iterable[Slice], dimension: int) -> tuple[Count, ...]:
    """The most frequent values of one dimension of the groups, without the empty one and those of cancelled runs only."""
    runs: Counter[str] = Counter()
    failures: Counter[str] = Counter()
    for row in rows:
        runs[row.group[dimension]] += row.tally.runs
        failures[row.group[dimension]] += row.tally.failure
    names = sorted((name for name in runs if name and runs[name]), key=lambda name: (-runs[name], name))
    return tuple(Count(name, runs[name], failures[name]) for name in names[:TOP])
