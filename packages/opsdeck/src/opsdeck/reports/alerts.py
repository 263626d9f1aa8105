"""Every alert rule and where it stands, and the whole story of one. In: alert states, the spec. Out: rows and stories.

`standing` is what a person asks for: firing, pending, quiet, or unknown where there is no data to judge by.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from opsdeck.alerts import Explanation, explain, silenced
from opsdeck.errors import NotFoundError
from opsdeck.measure.indicators import HOST_WIDE
from opsdeck.model import AlertState, Transition
from opsdeck.spec.model import Rule, Service
from opsdeck.stores.api import Transaction

Standing = Literal["firing", "pending", "unknown", "quiet"]

ORDER: tuple[Standing, ...] = ("firing", "pending", "unknown", "quiet")
REASONS = {
    "": "not evaluated yet",
    "quiet": "the condition is false",
    "holding": "the condition is true, but not for long enough yet",
    "fired": "the condition held for long enough",
    "firing": "the condition is still true",
    "resolved": "the condition turned false",
    "cleared": "the condition turned false before it had held for long enough",
    "no_data": "there is no data to judge by",
    "frozen": "there is no data: the hold waits",
    "firing_unknown": "there is no data: it fires until some says otherwise",
}
HISTORY = 50


@dataclass(frozen=True, slots=True)
class AlertRow:
    """One rule of one service as it stands: since when, by which value, and who knows about it."""

    service: str
    rule: str
    tier: int
    severity: str
    summary: str
    condition: str
    standing: Standing
    since: datetime | None
    value: float | None
    unit: str
    reason: str
    checked_at: datetime | None
    acknowledged_by: str
    inhibited_by: str
    silenced_until: datetime | None


@dataclass(frozen=True, slots=True)
class AlertStory:
    """One rule with its whole path: what the spec asks, each step, and every change, newest first."""

    row: AlertRow
    rule: Rule
    explanation: Explanation | None
    history: tuple[Transition, ...]


def board(tx: Transaction, services: Iterable[Service], now: datetime) -> tuple[AlertRow, ...]:
    """All rules of the services, what needs a person first."""
    rows = [_row(tx, service, rule, now) for service in services for rule in service.rules]
    return tuple(sorted(rows, key=lambda row: (ORDER.index(row.standing), row.tier)))


def story(tx: Transaction, service: Service, name: str, now: datetime) -> AlertStory:
    """Everything about one rule. Raises NotFoundError where the service has no such rule."""
    rule = next((rule for rule in service.rules if rule.name == name), None)
    if rule is None:
        known = ", ".join(rule.name for rule in service.rules)
        raise NotFoundError(f"{service.name} has no alert rule {name!r}", hint=f"rules: {known}")
    row = _row(tx, service, rule, now)
    return AlertStory(
        row,
        rule,
        explain(tx, service, name, now) if row.checked_at else None,
        tuple(tx.recent(HISTORY, subject=f"{service.name}/{name}")),
    )


def firing(tx: Transaction) -> int:
    """How many alerts fire now, in all services."""
    return len(tx.find(AlertState, phase="firing"))


def _row(tx: Transaction, service: Service, rule: Rule, now: datetime) -> AlertRow:
    state = tx.get(AlertState, f"{service.name}/{rule.name}")
    mute = silenced(tx, service.name, rule.name, now)
    return AlertRow(
        service=service.name,
        rule=rule.name,
        tier=rule.tier,
        severity=rule.severity,
        summary=rule.summary,
        condition=rule.condition.text,
        standing=_standing(state),
        since=state.since if state else None,
        value=state.value if state else None,
        unit=rule.condition.unit,
        reason=_reason(rule, state),
        checked_at=state.checked_at if state else None,
        acknowledged_by=state.acknowledged_by if state else "",
        inhibited_by=state.inhibited_by if state else "",
        silenced_until=mute.until if mute else None,
    )


def _reason(rule: Rule, state: AlertState | None) -> str:
    name = state.reason if state else ""
    if state is None and rule.condition.indicator in HOST_WIDE:
        return "it is about the deck's host: looked at once, for the first service that has the condition"
    if name == "fired" and not rule.condition.hold:
        return "the condition is true"
    return REASONS.get(name, name)


def _standing(state: AlertState | None) -> Standing:
    if state is None or state.reason in ("", "no_data"):
        return "unknown"
    return "quiet" if state.phase == "inactive" else state.phase
