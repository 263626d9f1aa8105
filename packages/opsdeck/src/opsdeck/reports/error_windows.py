"""The framework's own grouping of errors: by the fields and over the windows of error tracking, and its thresholds.

In: events, alert states, services, now. Out: counts per window, the alert rules that watch them. It must not know faults.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from opsdeck.faults.members import FAILURES
from opsdeck.model import Window
from opsdeck.reports import alerts
from opsdeck.reports.spans import MOST_POINTS, starts
from opsdeck.spec.model import Service
from opsdeck.stores.api import Query, Transaction

RECENT = timedelta(hours=1)
MOST = 200
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class WindowRow:
    """Failures alike in the framework's sense: a count per window (the last is the one that is running), and how many
    different causes are among them."""

    service: str
    group: tuple[str, ...]
    counts: tuple[int, ...]
    causes: int
    last: datetime


@dataclass(frozen=True, slots=True)
class Windows:
    """The framework's grouping: by which fields, over windows of which length, from when to when."""

    group_by: tuple[str, ...]
    step: timedelta
    window: Window
    rows: tuple[WindowRow, ...]


def windows(query: Query, service: Service, now: datetime, span: timedelta = RECENT) -> Windows:
    """Failures by the fields and over the windows that the framework names (errors.aggregation), most recent first."""
    by, step = service.aggregation.group_by, service.aggregation.window
    window, _ = grid(span, step, now)
    axis = starts(window, step)
    match = FAILURES.also(service=service.name)
    counts: dict[tuple[str, ...], list[int]] = defaultdict(lambda: [0] * len(axis))
    for group in query.groups(match, window, by, step=step):
        counts[group.key][(group.start - window.start) // step] += group.count
    rows = [
        WindowRow(service.name, group.key, tuple(counts[group.key]), group.distinct, group.last)
        for group in query.groups(match, window, by, distinct="fingerprint")
    ]
    latest = sorted(rows, key=lambda row: (row.last, row.group), reverse=True)
    return Windows(by, step, window, tuple(latest[:MOST]))


def thresholds(tx: Transaction, services: Iterable[Service], now: datetime) -> tuple[alerts.AlertRow, ...]:
    """Where the alert rules stand whose figures are those of error tracking."""
    services = list(services)
    rules = {(s.name, rule.name) for s in services for rule in s.rules if rule.source.startswith("errors.")}
    return tuple(row for row in alerts.board(tx, services, now) if (row.service, row.rule) in rules)


def grid(span: timedelta, window: timedelta, now: datetime) -> tuple[Window, timedelta]:
    """A span that ends with the running window, in steps of one or several whole windows: at most 96 of them."""
    step = window * max(1, -(-span // (window * MOST_POINTS)))
    end = _EPOCH + ((now - _EPOCH) // step + 1) * step
    return Window(end - max(1, -(-span // step)) * step, end), step
