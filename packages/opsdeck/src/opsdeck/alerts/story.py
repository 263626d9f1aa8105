"""Why an alert is where it is: the rows that its path left behind, in order, with what was sent and what was held.

In: an open transaction, a service, a rule's name, now. Out: an Explanation. A read model: it decides nothing.
"""

from dataclasses import dataclass
from datetime import datetime

from opsdeck import timing
from opsdeck.errors import NotFoundError
from opsdeck.measure import figures
from opsdeck.model import AlertState, Decision, Delivery, Silence
from opsdeck.spec.model import Condition, Service
from opsdeck.stores.api import Transaction

LATEST = 200


@dataclass(frozen=True, slots=True)
class Explanation:
    """The path of one alert: where it stands, the latest steps (oldest first), its deliveries, silences on it.

    `now` says how it stands at the time of asking, "" where the spec has no such rule: steps are written when the
    reason changes, so the latest may be long ago.
    """

    service: str
    rule: str
    headline: str
    state: AlertState | None
    steps: tuple[Decision, ...]
    deliveries: tuple[Delivery, ...]
    silences: tuple[Silence, ...]
    now: str

    @property
    def lines(self) -> tuple[str, ...]:
        """The story as text, a line each: headline, steps, deliveries, and now."""
        steps = (f"{timing.iso(s.at)}  {s.stage:<11}  {s.verdict:<15}  {s.detail}" for s in self.steps)
        deliveries = (_delivered(delivery) for delivery in self.deliveries)
        return (self.headline, *steps, *deliveries, *([self.now] if self.now else []))


def explain(tx: Transaction, service: Service, rule: str, now: datetime) -> Explanation:
    """Step by step why the rule is where it is, up to now. Raises NotFoundError for an alert nobody ever looked at."""
    key = f"{service.name}/{rule}"
    state = tx.get(AlertState, key)
    steps = sorted(tx.find(Decision, alert=key), key=lambda step: (step.at, step.key))[-LATEST:]
    if state is None and not steps:
        raise NotFoundError(f"there is no alert {key}", hint="opsdeck alerts list")
    deliveries = sorted(tx.find(Delivery, alert=key), key=lambda d: (d.created_at, d.key))[-LATEST:]
    silences = [
        one for one in tx.find(Silence) if one.service in ("*", service.name) and one.rule in ("*", rule)
    ]
    condition = next((one.condition for one in service.rules if one.name == rule), None)
    return Explanation(
        service.name,
        rule,
        _headline(key, state),
        state,
        tuple(steps),
        tuple(deliveries),
        tuple(silences),
        _now(state, condition, now) if state and condition else "",
    )


def _headline(key: str, state: AlertState | None) -> str:
    if state is None:
        return f"{key}: its rule is not in the spec any more"
    said = f"{key} is {state.phase} since {timing.iso(state.since)} ({state.reason})"
    if state.phase != "firing":
        return said
    if state.inhibited_by:
        said += f", inhibited by {state.inhibited_by}"
    if state.acknowledged_by and state.acknowledged_at:
        return f"{said}, acknowledged by {state.acknowledged_by} at {timing.iso(state.acknowledged_at)}"
    return f"{said}, not acknowledged"


def _now(state: AlertState, condition: Condition, now: datetime) -> str:
    """Value, since when the condition holds, and when it fires if that goes on."""
    said = f"{timing.iso(now)}  now  {condition.indicator} {figures.say(state.value, condition.unit)}"
    if state.value is None:
        said += ", and no data decides nothing"
    if state.held_from is None:
        return f"{said}; {state.phase} since {timing.iso(state.since)}"
    said += f"; true since {timing.iso(state.held_from)}"
    if state.phase == "pending" and state.value is None:
        said += ", the hold's clock stands still"
    elif state.phase == "pending":
        due = max(now, state.held_from + condition.hold)
        said += f" ({figures.lasted(now - state.held_from)}), fires at {timing.iso(due)} if it goes on"
    else:
        said += f", firing for {figures.lasted(now - state.since)}"
    return said


def _delivered(delivery: Delivery) -> str:
    said = {
        "sent": f"sent at {timing.iso(delivery.sent_at)}" if delivery.sent_at else "sent",
        "pending": f"waits until {timing.iso(delivery.due_at)}",
        "failed": f"failed: {delivery.error}",
        "withdrawn": f"withdrawn: {delivery.error}",
    }[delivery.status]
    tries = f"{delivery.attempts} attempt{'' if delivery.attempts == 1 else 's'}"
    return f"delivery {delivery.key}  to {delivery.target} over {delivery.channel}: {said} ({tries})"
