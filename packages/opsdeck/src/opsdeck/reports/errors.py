"""Error groups: the list of faults, one fault in full, why two events are or are not together.

In: events, faults, the spec, now. Out: rows and stories, read-only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from opsdeck import faults
from opsdeck.errors import NotFoundError, UsageError
from opsdeck.faults.members import KIND
from opsdeck.faults.resolution import said
from opsdeck.model import Entry, Fault, FaultMember, Transition, Window
from opsdeck.reports import alerts, logs
from opsdeck.reports.error_windows import RECENT, grid, thresholds
from opsdeck.reports.fault_figures import Figures, Sorter, VersionFigures, figures, of_members, of_services
from opsdeck.reports.spans import starts
from opsdeck.spec.model import ErrorCategory, Service, Spec
from opsdeck.stores.api import Query, Transaction

Standing = Literal["open", "regressed", "resolved", "ignored"]

STATUSES = ("open", "regressed", "resolved", "ignored", "all")
SORTS = ("last", "first", "count", "users")
MOST = 1_000
HISTORY = 100


@dataclass(frozen=True, slots=True)
class ErrorRow:
    """One fault at a glance: what it is, where it stands, and its figures in the window that was asked for."""

    id: str
    service: str
    code: str
    template: str
    user_type: str
    title: str
    place: str
    standing: Standing
    resolution: str
    category: str
    severity: str
    treatment: tuple[str, ...]
    count: int
    users: int
    sessions: int
    versions: tuple[str, ...]
    templates: tuple[str, ...]
    trend: tuple[int, ...]
    newest: str
    first_seen: datetime
    last_seen: datetime
    first_version: str
    last_version: str


@dataclass(frozen=True, slots=True)
class Errors:
    """The list: rows, how many more there are, and which thresholds of error tracking fire."""

    window: Window
    step: timedelta
    rows: tuple[ErrorRow, ...]
    more: int
    alerts: tuple[alerts.AlertRow, ...]


@dataclass(frozen=True, slots=True)
class ErrorStory:
    """One fault in full; `sample` is its newest entry."""

    row: ErrorRow
    window: Window
    step: timedelta
    note: str
    versions: tuple[VersionFigures, ...]
    templates: tuple[tuple[str, int], ...]
    user_types: tuple[tuple[str, int], ...]
    members: tuple[FaultMember, ...]
    history: tuple[Transition, ...]
    sample: Entry | None


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which faults, of how far back, in which order."""

    status: str = "open"
    category: str = ""
    text: str = ""
    span: timedelta = timedelta(days=1)
    sort: str = "last"
    limit: int = 100

    def check(self, spec: Spec) -> None:
        """Raises UsageError for a value that there is not."""
        choices = {"status": STATUSES, "sort": SORTS, "category": ("", *spec.error_categories)}
        for name, values in choices.items():
            if (value := getattr(self, name)) not in values:
                known = ", ".join(filter(None, values))
                raise UsageError(f"{name}: there is no {value!r}", hint=f"one of: {known}")
        if not 1 <= self.limit <= MOST:
            raise UsageError(f"limit: {self.limit} is not between 1 and {MOST:,}", hint="narrow the filter")


def errors(
    query: Query, tx: Transaction, spec: Spec, services: Sequence[Service], wanted: Wanted, now: datetime
) -> Errors:
    """Faults that happened in the window. Raises UsageError for a filter that there is not."""
    wanted.check(spec)
    names = tuple(service.name for service in services)
    window, step = grid(wanted.span, min((s.aggregation.window for s in services), default=RECENT), now)
    sorter = Sorter(member for name in names for member in tx.find(FaultMember, service=name))
    found = figures(query, of_services(names), sorter, window, step)
    known = (fault for name in names for fault in tx.find(Fault, service=name) if fault.key in found)
    rows = [_row(spec, fault, found[fault.key]) for fault in known]
    shown = sorted((row for row in rows if _fits(row, wanted)), key=lambda row: _place(row, wanted.sort))
    return Errors(
        window,
        step,
        tuple(shown[: wanted.limit]),
        max(0, len(shown) - wanted.limit),
        thresholds(tx, services, now),
    )


def story(query: Query, tx: Transaction, spec: Spec, name: str, span: timedelta, now: datetime) -> ErrorStory:
    """Everything about one fault. Raises NotFoundError, UsageError as faults.find does."""
    fault = faults.find(tx, name)
    members = faults.members_of(tx, fault.key)
    window, step = grid(span, spec.service(fault.service).aggregation.window, now)
    sorter = Sorter(tx.find(FaultMember, service=fault.service))
    found = figures(query, of_members(members), sorter, window, step).get(fault.key, Figures())
    return ErrorStory(
        row=_row(spec, fault, found, points=len(starts(window, step))),
        window=window,
        step=step,
        note=fault.note,
        versions=found.versions,
        templates=tuple(found.templates.items()),
        user_types=tuple(found.user_types.items()),
        members=tuple(members),
        history=_history(tx, fault.key, members),
        sample=logs.entry(query, found.newest, now) if found.newest else None,
    )


def explain(query: Query, tx: Transaction, a: str, b: str, now: datetime) -> faults.Explanation:
    """Why two events are or are not in one fault. Raises NotFoundError for an id that no event has."""
    return faults.explain(tx, *(_entry(query, one.strip(), now) for one in (a, b)))


def treatment(category: ErrorCategory | None, *, retried: bool) -> tuple[str, ...]:
    """What the framework does about errors of a category, in words."""
    if category is None:
        return ()
    retry = "the tool tries it again" if retried else "its category is retried, this code is not"
    return (
        f"severity {category.severity}",
        retry if category.auto_retry else "not retried",
        *(["the user is told"] if category.notify_user else []),
        *([f"alert from {category.threshold} on"] if category.threshold else []),
        *(["alert at once"] if category.immediate_alert else []),
    )


def _entry(query: Query, event_id: str, now: datetime) -> Entry:
    found = logs.entry(query, event_id, now) if event_id else None
    if found is None:
        raise NotFoundError(
            f"there is no event {event_id!r}",
            hint="opsdeck logs --json --where outcome=failure shows eventIds",
        )
    return found


def _row(spec: Spec, fault: Fault, found: Figures, points: int = 0) -> ErrorRow:
    service = spec.service(fault.service)
    category = service.error_codes.get(fault.code) or found.category
    treated = spec.error_categories.get(category)
    regressed = fault.status == "open" and fault.regressed_at is not None
    return ErrorRow(
        id=fault.key,
        service=fault.service,
        code=fault.code,
        template=fault.template,
        user_type=fault.user_type,
        title=fault.title,
        place=fault.place,
        standing="regressed" if regressed else fault.status,
        resolution=said(fault.resolved_in) if fault.status == "resolved" else "",
        category=category,
        severity=treated.severity if treated else "",
        treatment=treatment(treated, retried=fault.code in service.retry.codes),
        count=found.count,
        users=found.users,
        sessions=found.sessions,
        versions=tuple(one.version for one in found.versions),
        templates=tuple(filter(None, found.templates)),
        trend=found.trend or (0,) * points,
        newest=found.newest,
        first_seen=fault.first_seen,
        last_seen=fault.last_seen,
        first_version=fault.first_version,
        last_version=fault.last_version,
    )


def _fits(row: ErrorRow, wanted: Wanted) -> bool:
    open_too = wanted.status == "open" and row.standing == "regressed"
    if wanted.status not in ("all", row.standing) and not open_too:
        return False
    if wanted.category and wanted.category != row.category:
        return False
    said_in = " ".join((row.id, row.code, row.title, row.place, row.template, *row.templates))
    return wanted.text.casefold() in said_in.casefold()


def _place(row: ErrorRow, sort: str) -> tuple[float, str]:
    first = {
        "last": row.last_seen.timestamp(),
        "first": row.first_seen.timestamp(),
        "count": row.count,
        "users": row.users,
    }[sort]
    return -first, row.id


def _history(tx: Transaction, key: str, members: Iterable[FaultMember]) -> tuple[Transition, ...]:
    """Every change of the fault and of those that were merged into it, newest first."""
    before = {m.reason.split()[2] for m in members if m.reason.startswith("merged from ")}
    rows = [row for one in {key, *before} for row in tx.recent(HISTORY, kind=KIND, subject=one)]
    return tuple(sorted(rows, key=lambda row: row.seq, reverse=True)[:HISTORY])
