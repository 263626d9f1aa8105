"""The deck on one screen: services with their budgets, what fires, when the last event came, what is unwell.

In: a running deck's parts, the spec, now. Out: a Status. Unknown is said as unknown.
"""

from dataclasses import dataclass
from datetime import datetime

from opsdeck.measure.objectives import ObjectiveStatus
from opsdeck.measure.query import Memo
from opsdeck.reports import alerts, services, slo
from opsdeck.reports.alerts import AlertRow
from opsdeck.reports.doctor import Check, Running, State, doctor, worst
from opsdeck.reports.services import ServiceRow
from opsdeck.spec.model import Spec


@dataclass(frozen=True, slots=True)
class ServiceStatus:
    """One service and how its objectives stand."""

    service: ServiceRow
    objectives: tuple[ObjectiveStatus, ...]


@dataclass(frozen=True, slots=True)
class Status:
    """`health` is the gravest state of the deck's own checks; `trouble` holds those that are not ok."""

    at: datetime
    health: State
    services: tuple[ServiceStatus, ...]
    alerts: tuple[AlertRow, ...]
    last_event: datetime | None
    checks: int
    trouble: tuple[Check, ...]


def status(deck: Running, spec: Spec, now: datetime) -> Status:
    """How everything stands now."""
    query, checks = Memo(deck.events), doctor(deck, now)
    with deck.state.begin(write=False) as tx:
        rows = services.services(deck.events, tx, spec, now)
        board = alerts.board(tx, (spec.service(row.name) for row in rows), now)
    return Status(
        at=now,
        health=worst(checks),
        services=tuple(
            ServiceStatus(row, slo.objectives(query, spec.service(row.name), now)) for row in rows
        ),
        alerts=tuple(row for row in board if row.standing in ("firing", "pending")),
        last_event=max((row.last_event for row in rows if row.last_event), default=None),
        checks=len(checks),
        trouble=tuple(check for check in checks if check.state != "ok"),
    )
