"""From the log to deliveries: what each alert's rows mean for people, in one transaction with the cursor.

In: the state store, the spec, now. Out: how many deliveries were planned. Rules:

1. A fire is planned once per channel; its key is made of the fire's sequence number, the channel and the target.
2. An inhibited fire is not planned; it is when the inhibition ends and the alert still fires.
3. A fire that is still held when its alert resolves, or is inhibited, is withdrawn.
4. A resolve goes where its fire went, and nowhere else. Pending is not a message.

It must not know how channels deliver.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from opsdeck.alerts.evaluate import INHIBITION
from opsdeck.alerts.machine import KIND
from opsdeck.alerts.path import note
from opsdeck.alerts.people import silenced
from opsdeck.model import AlertState, Cursor, Delivery, Transition
from opsdeck.respond.notify.route import When, channels, person, when
from opsdeck.respond.notify.text import fired, resolved
from opsdeck.spec.model import Spec
from opsdeck.stores.api import StateStore, Transaction

CURSOR = "notify"
MAIL = "smtp"


@dataclass(frozen=True, slots=True)
class Plan:
    """One row being planned: where to write, by which spec, when."""

    tx: Transaction
    spec: Spec
    now: datetime
    row: Transition

    @property
    def alert(self) -> str:
        return self.row.change.subject

    @property
    def fired_seq(self) -> int:
        """The sequence number of the fire that this row is about."""
        return int(self.row.change.data["fired_seq"])

    def note(self, verdict: str, detail: str, part: str = "") -> None:
        note(
            self.tx, self.alert, self.now, "route", verdict,
            detail=detail, seq=self.row.seq, part=f"/{self.row.seq}{part}",
        )  # fmt: skip


def plan(state: StateStore, spec: Spec, now: datetime) -> int:
    """Read the log from where the last plan ended and write deliveries; returns how many."""
    with state.begin(write=False) as tx:
        if not tx.log(after=_read_so_far(tx), limit=1):
            return 0
    with state.begin() as tx:
        rows = tx.log(after=_read_so_far(tx))
        planned = sum(_row(Plan(tx, spec, now, row)) for row in rows)
        if rows:
            tx.put(Cursor(CURSOR, rows[-1].seq))
        return planned


def _read_so_far(tx: Transaction) -> int:
    cursor = tx.get(Cursor, CURSOR)
    return cursor.seq if cursor else 0


def _row(at: Plan) -> int:
    change = at.row.change
    if change.kind == KIND and change.new == "firing":
        return _fired(at)
    if change.kind == KIND and change.old == "firing":
        return _resolved(at)
    if change.kind == INHIBITION:
        return _inhibited(at) if change.new else _released(at)
    return 0


def _fired(at: Plan) -> int:
    inhibitor = at.row.change.data.get("inhibited_by")
    if inhibitor:
        at.note("inhibited", f"not sent while {inhibitor} fires")
        return 0
    return _notify(at, at.row)


def _released(at: Plan) -> int:
    state = at.tx.get(AlertState, at.alert)
    fire = next(iter(at.tx.log(after=at.fired_seq - 1, limit=1)), None)
    if fire is None or state is None or state.fired_seq != at.fired_seq:
        at.note("over", "the alert ended before it could be sent")
        return 0
    return _notify(at, fire)


def _notify(at: Plan, fire: Transition) -> int:
    """Plan the fire over every channel that does not have it yet."""
    service, _, name = at.alert.rpartition("/")
    rule = next((rule for rule in at.spec.service(service).rules if rule.name == name), None)
    ways = channels(at.spec, service)
    if rule is None:
        at.note("rule_removed", "the spec has no such rule any more")
    if not ways:
        at.note("no_channel", "the spec has no channel to send it over")
    if rule is None or not ways:
        return 0
    who, moment = person(at.spec, rule), _when(at, rule.tier)
    message = fired(fire, rule, who)
    planned = [
        channel.name
        for channel in ways
        if _add(at, _delivery(at.alert, fire, channel.name, who.address, message=message, due=moment.due))
    ]
    if planned:
        at.note(moment.verdict, f"to {who.address} ({who.role}) over {', '.join(planned)}: {moment.why}")
    else:
        at.note("already_sent", f"{who.address} has heard of this one")
    if planned and all(channel.kind != MAIL for channel in ways):
        at.note("not_mailed", f"nothing is mailed to {who.address}: no smtp channel is configured", "/mail")
    return len(planned)


def _add(at: Plan, delivery: Delivery) -> bool:
    """Write the delivery unless it is there already; one that was withdrawn may come again."""
    known = at.tx.get(Delivery, delivery.key)
    if known is not None and known.status != "withdrawn":
        return False
    at.tx.put(delivery)
    return True


def _inhibited(at: Plan) -> int:
    for fire in _fires(at):
        if _held(fire, at.now):
            _withdraw(at, fire, f"{at.row.change.new} fires and silences it")
    return 0


def _resolved(at: Plan) -> int:
    planned, fires = 0, _fires(at)
    for fire in fires:
        if _held(fire, at.now):
            _withdraw(at, fire, "the alert resolved before it was due")
        elif fire.status in ("sent", "pending"):
            moment = _when(at, int(fire.payload["tier"]))
            message = resolved(fire.payload, at.row)
            _add(at, _delivery(at.alert, at.row, fire.channel, fire.target, message=message, due=moment.due))
            at.note(
                moment.verdict,
                f"the end, to {fire.target} over {fire.channel}: {moment.why}",
                f"/{fire.channel}",
            )
            planned += 1
    if not fires:
        at.note("no_fire_sent", "nobody was told of the fire, so nobody is told of its end")
    return planned


def _when(at: Plan, tier: int) -> When:
    service, _, name = at.alert.rpartition("/")
    return when(at.spec, tier, silenced(at.tx, service, name, at.now), at.now)


def _fires(at: Plan) -> list[Delivery]:
    return at.tx.find(Delivery, alert=at.alert, seq=at.fired_seq)


def _held(delivery: Delivery, now: datetime) -> bool:
    """Still waiting for its time, and surely not out: nobody ever took it to send it."""
    return (
        delivery.status == "pending"
        and delivery.due_at > now
        and not delivery.attempts
        and delivery.claimed_until is None
    )


def _withdraw(at: Plan, delivery: Delivery, why: str) -> None:
    at.tx.put(replace(delivery, status="withdrawn", error=why))
    at.note("withdrawn", f"to {delivery.target} over {delivery.channel}: {why}", f"/{delivery.channel}")


def _delivery(
    alert: str, row: Transition, channel: str, target: str, *, message: Mapping[str, Any], due: datetime
) -> Delivery:
    return Delivery(
        key=f"{row.seq}/{channel}/{target}",
        seq=row.seq,
        alert=alert,
        channel=channel,
        target=target,
        payload=message,
        status="pending",
        due_at=due,
        attempts=0,
        error="",
        created_at=row.at,
    )
