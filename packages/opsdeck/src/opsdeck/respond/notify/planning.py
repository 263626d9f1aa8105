"""From the log to deliveries: what each alert's rows mean for people, in one transaction with the cursor.

In: the state store, the spec, now. Out: how many deliveries were planned. Rules:

1. A fire is planned once per channel; its key is made of the fire's sequence number, the channel and the target.
2. An inhibited fire is not planned; it is when the inhibition ends and the alert still fires.
3. A fire that is still held when its alert resolves, or is inhibited, is withdrawn.
4. A resolve goes where its fire went, and nowhere else. Pending is not a message.

It must not know how channels deliver.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from opsdeck.alerts.evaluate import INHIBITION
from opsdeck.alerts.machine import KIND
from opsdeck.alerts.path import note
from opsdeck.alerts.people import silenced
from opsdeck.model import AlertState, Cursor, Delivery, Transition
from opsdeck.respond.notify import route
from opsdeck.respond.notify.text import payload
from opsdeck.spec.model import Channel, Rule, Spec
from opsdeck.stores.api import StateStore, Transaction

CURSOR = "notify"
MAIL = "smtp"


@dataclass(frozen=True, slots=True)
class Plan:
    """One row being planned: where to write, by which spec, when, and for which rule of it."""

    tx: Transaction
    spec: Spec
    now: datetime
    row: Transition
    rule: Rule

    @property
    def alert(self) -> str:
        return self.row.change.subject

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
        planned = sum(_row(tx, spec, now, row) for row in rows)
        if rows:
            tx.put(Cursor(CURSOR, rows[-1].seq))
        return planned


def _read_so_far(tx: Transaction) -> int:
    cursor = tx.get(Cursor, CURSOR)
    return cursor.seq if cursor else 0


def _row(tx: Transaction, spec: Spec, now: datetime, row: Transition) -> int:
    step = _meaning(row)
    if step is None:
        return 0
    service, _, name = row.change.subject.rpartition("/")
    rule = next((rule for rule in spec.service(service).rules if rule.name == name), None)
    if rule is None:
        note(
            tx,
            row.change.subject,
            now,
            "route",
            "rule_removed",
            detail="the spec has no such rule",
            seq=row.seq,
        )
        return 0
    return step(Plan(tx, spec, now, row, rule))


def _meaning(row: Transition) -> Callable[[Plan], int] | None:
    change = row.change
    if change.kind == KIND and change.new == "firing":
        return _fired
    if change.kind == KIND and change.old == "firing":
        return _resolved
    if change.kind == INHIBITION:
        return _inhibited if change.new else _released
    return None


def _fired(at: Plan) -> int:
    inhibitor = at.row.change.data.get("inhibited_by")
    if inhibitor:
        at.note("inhibited", f"not sent while {inhibitor} fires")
        return 0
    return _notify(at, at.row)


def _released(at: Plan) -> int:
    fired_seq = int(at.row.change.data["fired_seq"])
    state = at.tx.get(AlertState, at.alert)
    fire = next(iter(at.tx.log(after=fired_seq - 1, limit=1)), None)
    if fire is None or state is None or state.fired_seq != fired_seq:
        at.note("over", "the alert ended before it could be sent")
        return 0
    return _notify(at, fire)


def _notify(at: Plan, fire: Transition) -> int:
    """Plan the fire over every channel that does not have it yet."""
    who = route.person(at.spec, at.rule)
    moment = _when(at)
    planned = []
    channels = route.channels(at.spec, at.alert.rpartition("/")[0])
    for channel in channels:
        known = at.tx.get(Delivery, f"{fire.seq}/{channel.name}/{who.address}")
        if known is None or known.status == "withdrawn":
            at.tx.put(_delivery(at, fire, fire, channel=channel.name, who=who, due=moment.due))
            planned.append(channel.name)
    if planned:
        at.note(moment.verdict, f"to {who.address} ({who.role}) over {', '.join(planned)}: {moment.why}")
        _say_if_not_mailed(at, who, channels)
    elif channels:
        at.note("already_sent", f"{who.address} has heard of this one")
    else:
        at.note("no_channel", "the spec has no channel to send it over")
    return len(planned)


def _say_if_not_mailed(at: Plan, who: route.Person, channels: Iterable[Channel]) -> None:
    if all(channel.kind != MAIL for channel in channels):
        at.note("not_mailed", f"nothing is mailed to {who.address}: no smtp channel is configured", "/mail")


def _inhibited(at: Plan) -> int:
    for fire in _fires(at):
        if _held(fire, at.now):
            _withdraw(at, fire, f"{at.row.change.new} fires and silences it")
    return 0


def _resolved(at: Plan) -> int:
    fire = next(iter(at.tx.log(after=int(at.row.change.data["fired_seq"]) - 1, limit=1)), at.row)
    planned = 0
    for sent in _fires(at):
        if _held(sent, at.now):
            _withdraw(at, sent, "the alert resolved before it was due")
        elif sent.status in ("sent", "pending"):
            moment = _when(at)
            who = route.Person(str(sent.payload["role"]), sent.target)
            at.tx.put(_delivery(at, fire, at.row, channel=sent.channel, who=who, due=moment.due))
            at.note(
                moment.verdict,
                f"the end, to {sent.target} over {sent.channel}: {moment.why}",
                f"/{sent.channel}",
            )
            planned += 1
    if not planned:
        at.note("no_fire_sent", "nobody was told of the fire, so nobody is told of its end")
    return planned


def _when(at: Plan) -> route.When:
    service, _, name = at.alert.rpartition("/")
    return route.when(at.spec, at.rule.tier, silenced(at.tx, service, name, at.now), at.now)


def _fires(at: Plan) -> list[Delivery]:
    return at.tx.find(Delivery, alert=at.alert, seq=int(at.row.change.data["fired_seq"]))


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
    at: Plan, fire: Transition, row: Transition, *, channel: str, who: route.Person, due: datetime
) -> Delivery:
    message: Mapping[str, object] = payload(fire, row, at.rule, who)
    return Delivery(
        key=f"{row.seq}/{channel}/{who.address}",
        seq=row.seq,
        alert=at.alert,
        channel=channel,
        target=who.address,
        payload=message,
        status="pending",
        due_at=due,
        attempts=0,
        error="",
        created_at=row.at,
    )
