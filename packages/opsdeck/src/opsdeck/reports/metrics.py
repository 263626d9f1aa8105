"""What /metrics tells a scraper: operations, budgets and alerts of the services, and how the deck itself is doing.

In: a running deck, its spec, when it started, now. Out: metric families. Counters and histograms count from the
start of the process, as scrapers expect; what is unknown is left out.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from importlib.metadata import version

from opsdeck.measure.objectives import ObjectiveStatus
from opsdeck.measure.population import people
from opsdeck.model import AlertState, Delivery, Tally, TickRun, Window
from opsdeck.reports import services, slo
from opsdeck.reports.doctor import Running
from opsdeck.reports.openmetrics import Family, Sample, number
from opsdeck.spec.model import Spec
from opsdeck.stores.api import Transaction

PHASES = ("inactive", "pending", "firing")
STATUSES = ("pending", "sent", "failed", "withdrawn")


def metrics(deck: Running, spec: Spec, started: datetime, now: datetime) -> Iterator[Family]:
    """Every family, the deck's own last."""
    names = services.names(deck.events, spec, now)
    yield from _operations(deck, spec, names, Window(started, now))
    yield from _objectives(
        [row for name in names for row in slo.objectives(deck.events, spec.service(name), now)]
    )
    with deck.state.begin(write=False) as tx:
        yield _alerts(tx)
        yield _deliveries(tx)
        yield from _ticks(tx)
    yield from _flow(deck)
    yield Family(
        "opsdeck", "info", "The deck's version.", (Sample("_info", {"version": version("opsdeck")}, 1),)
    )


def _operations(deck: Running, spec: Spec, names: tuple[str, ...], window: Window) -> Iterator[Family]:
    rows = [
        ({"service": name, "operation": row.group[0]}, row.tally)
        for name in names
        for row in deck.events.tally(people(spec.service(name)), window, by=("operation",))
    ]
    counts = tuple(
        Sample("_total", labels | {"outcome": outcome}, getattr(tally, outcome))
        for labels, tally in rows
        for outcome in ("success", "failure", "cancelled")
    )
    yield Family(
        "opsdeck_operations", "counter", "Operations of people and CI since the deck started.", counts
    )
    bars = tuple(sample for labels, tally in rows for sample in _histogram(labels, tally, spec.edges))
    yield Family(
        "opsdeck_operation_duration_seconds", "histogram", "How long those operations took.", bars, "seconds"
    )


def _histogram(labels: Mapping[str, str], tally: Tally, edges: tuple[float, ...]) -> Iterator[Sample]:
    """Buckets at the spec's thresholds: the store keeps an edge at each of them, so the counts are exact."""
    bars = tally.bars.values()
    for edge in (*sorted(edges), float("inf")):
        count = sum(bar.count for bar in bars if bar.count and bar.total / bar.count <= edge)
        yield Sample("_bucket", {**labels, "le": number(edge / 1000)}, count)
    yield Sample("_count", labels, sum(bar.count for bar in bars))
    yield Sample("_sum", labels, sum(bar.total for bar in bars) / 1000)


def _objectives(rows: list[ObjectiveStatus]) -> Iterator[Family]:
    def family(name: str, about: str, values: list[float | None]) -> Family:
        samples = tuple(
            Sample("", {"service": row.service, "objective": row.name}, value)
            for row, value in zip(rows, values, strict=True)
            if value is not None
        )
        return Family(name, "gauge", about, samples)

    met = [None if row.verdict == "unknown" else float(row.verdict == "ok") for row in rows]
    yield family("opsdeck_objective_met", "1 where the objective is met, 0 where it is missed.", met)
    yield family(
        "opsdeck_objective_value",
        "What the objective measured, ratios 0 to 1, times in ms.",
        [row.value for row in rows],
    )
    yield family(
        "opsdeck_error_budget_left",
        "Share of the error budget that is left; below 0 it is overspent.",
        [row.budget_left for row in rows],
    )
    yield family(
        "opsdeck_burn_rate",
        "How fast the last hour spent the budget; 1 spends it over its window.",
        [row.burn_rate for row in rows],
    )


def _alerts(tx: Transaction) -> Family:
    samples = tuple(
        Sample(
            "",
            {"service": state.service, "rule": state.rule, "opsdeck_alert_phase": phase},
            state.phase == phase,
        )
        for state in tx.find(AlertState)
        for phase in PHASES
    )
    return Family("opsdeck_alert_phase", "stateset", "The phase of each alert rule.", samples)


def _deliveries(tx: Transaction) -> Family:
    samples = tuple(
        Sample("", {"status": status}, len(tx.find(Delivery, status=status))) for status in STATUSES
    )
    return Family("opsdeck_notifications", "gauge", "Notifications by status.", samples)


def _ticks(tx: Transaction) -> Iterator[Family]:
    runs = [run for run in tx.find(TickRun) if run.last_at]
    last = tuple(Sample("", {"tick": run.key}, run.last_at.timestamp()) for run in runs if run.last_at)
    failed = tuple(Sample("", {"tick": run.key}, bool(run.error)) for run in runs)
    yield Family(
        "opsdeck_tick_last_run_timestamp_seconds",
        "gauge",
        "When each periodic work last ran.",
        last,
        "seconds",
    )
    yield Family("opsdeck_tick_failed", "gauge", "1 where the last run of a periodic work failed.", failed)


def _flow(deck: Running) -> Iterator[Family]:
    counts, standing = deck.door.counts(), deck.journal.standing()
    yield Family(
        "opsdeck_events_accepted", "counter", "Events accepted.", (Sample("_total", {}, counts.accepted),)
    )
    yield Family(
        "opsdeck_events_redacted",
        "counter",
        "Events that secrets were taken out of.",
        (Sample("_total", {}, counts.redacted),),
    )
    yield _by_code("opsdeck_events_refused", "Events refused, by code.", counts.refused_events)
    yield _by_code("opsdeck_requests_refused", "Ingest requests refused, by code.", counts.refused_requests)
    yield Family(
        "opsdeck_journal_bytes",
        "gauge",
        "Bytes that the journal keeps.",
        (Sample("", {}, standing.kept),),
        "bytes",
    )
    yield Family(
        "opsdeck_journal_waiting_bytes",
        "gauge",
        "Bytes that wait for the disk.",
        (Sample("", {}, standing.waiting),),
        "bytes",
    )
    yield Family(
        "opsdeck_journal_failing",
        "gauge",
        "1 where the journal cannot be written.",
        (Sample("", {}, bool(standing.trouble)),),
    )
    yield Family(
        "opsdeck_loader_lag_bytes",
        "gauge",
        "Bytes that are durable but not yet in the event store.",
        (Sample("", {}, deck.loader.lag()),),
        "bytes",
    )


def _by_code(name: str, about: str, counts: Mapping[str, int]) -> Family:
    return Family(
        name,
        "counter",
        about,
        tuple(Sample("_total", {"code": code}, count) for code, count in counts.items()),
    )
