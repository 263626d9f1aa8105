"""Why an alert is where it is: the rows that its path left behind, in order, with what was sent and what was held.

In: an open transaction, the alert's name. Out: an Explanation. A read model: it decides nothing.
"""

from dataclasses import dataclass

from opsdeck import timing
from opsdeck.errors import NotFoundError
from opsdeck.model import AlertState, Decision, Delivery, Silence
from opsdeck.stores.api import Transaction

LATEST = 200


@dataclass(frozen=True, slots=True)
class Explanation:
    """The path of one alert: where it stands, the latest steps (oldest first), its deliveries, silences on it."""

    service: str
    rule: str
    headline: str
    state: AlertState | None
    steps: tuple[Decision, ...]
    deliveries: tuple[Delivery, ...]
    silences: tuple[Silence, ...]

    @property
    def lines(self) -> tuple[str, ...]:
        """The story as text, a line each: headline, steps, deliveries."""
        steps = (f"{timing.iso(s.at)}  {s.stage:<11}  {s.verdict:<15}  {s.detail}" for s in self.steps)
        return (self.headline, *steps, *(_delivered(delivery) for delivery in self.deliveries))


def explain(tx: Transaction, service: str, rule: str) -> Explanation:
    """Step by step why `service/rule` is where it is. Raises NotFoundError for an alert nobody ever looked at."""
    key = f"{service}/{rule}"
    state = tx.get(AlertState, key)
    steps = sorted(tx.find(Decision, alert=key), key=lambda step: (step.at, step.key))[-LATEST:]
    if state is None and not steps:
        raise NotFoundError(f"there is no alert {key}", hint="opsdeck alerts list")
    deliveries = sorted(tx.find(Delivery, alert=key), key=lambda d: (d.created_at, d.key))[-LATEST:]
    silences = [one for one in tx.find(Silence) if one.service in ("*", service) and one.rule in ("*", rule)]
    return Explanation(
        service, rule, _headline(key, state), state, tuple(steps), tuple(deliveries), tuple(silences)
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


def _delivered(delivery: Delivery) -> str:
    said = {
        "sent": f"sent at {timing.iso(delivery.sent_at)}" if delivery.sent_at else "sent",
        "pending": f"waits until {timing.iso(delivery.due_at)}",
        "failed": f"failed: {delivery.error}",
        "withdrawn": f"withdrawn: {delivery.error}",
    }[delivery.status]
    tries = f"{delivery.attempts} attempt{'' if delivery.attempts == 1 else 's'}"
    return f"delivery {delivery.key}  to {delivery.target} over {delivery.channel}: {said} ({tries})"
