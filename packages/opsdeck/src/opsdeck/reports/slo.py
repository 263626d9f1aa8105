"""Objectives and indicators of one service. In: events, the spec, now. Out: how each stands, in the spec's order."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from opsdeck.errors import NotFoundError
from opsdeck.measure import figures
from opsdeck.measure.indicators import INDICATORS, read
from opsdeck.measure.objectives import COMPARE, ObjectiveStatus, status
from opsdeck.measure.query import Memo
from opsdeck.model import Verdict, Window
from opsdeck.spec.model import Service, Spec
from opsdeck.stores.api import Query


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """One indicator over a window: value None is unknown, and `note` says why; `target` is "" without one."""

    service: str
    name: str
    title: str
    definition: str
    value: float | None
    unit: str
    target: str
    verdict: Verdict
    sli: bool
    note: str
    window: timedelta


def objectives(query: Query, service: Service, now: datetime) -> tuple[ObjectiveStatus, ...]:
    """Every objective of the service."""
    return tuple(status(Memo(query), service, now))


def objective(query: Query, service: Service, name: str, now: datetime) -> ObjectiveStatus:
    """One objective of the service. Raises NotFoundError for a name that is none."""
    found = next((one for one in objectives(query, service, now) if one.name == name), None)
    if found is None:
        known = ", ".join(one.name for one in service.objectives)
        raise NotFoundError(f"{service.name} has no objective {name!r}", hint=f"objectives: {known}")
    return found


def indicators(
    query: Query, spec: Spec, service: Service, span: timedelta, now: datetime
) -> tuple[IndicatorRow, ...]:
    """Every indicator of the spec over the last `span`, the framework's four SLIs first."""
    once = Memo(query)
    rows = [
        _row(once, spec, service, name, Window.last(span, now))
        for name in spec.indicators
        if name in INDICATORS
    ]
    return tuple(sorted(rows, key=lambda row: not row.sli))


def _row(query: Query, spec: Spec, service: Service, name: str, window: Window) -> IndicatorRow:
    about, reading = spec.indicators[name], read(query, service, name, window)
    target = about.target
    met = reading.value is not None and (
        target is None or COMPARE[target.comparison](reading.value, target.value)
    )
    return IndicatorRow(
        service=service.name,
        name=name,
        title=about.title,
        definition=about.definition,
        value=reading.value,
        unit=reading.unit,
        target=figures.limit(target.comparison, target.value, target.unit) if target else "",
        verdict="unknown" if reading.value is None else "ok" if met else "breach",
        sli=about.sli,
        note=reading.note,
        window=timedelta(seconds=round(window.span.total_seconds())),
    )
