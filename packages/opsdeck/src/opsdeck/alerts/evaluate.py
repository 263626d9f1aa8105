"""The alert tick: every rule of every service looked at once, each change one row in the log.

In: the state and event stores, services, now. Out: how many changes were logged. The event store is asked before the
state's transaction begins; states and their log rows are then written together, so that neither exists without the
other. Two decks that tick at once take turns there, and the second finds nothing left to decide.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime

from opsdeck.alerts.machine import ACTOR, KIND, Look, Step, decide, figures_of, fresh
from opsdeck.alerts.path import note
from opsdeck.measure.indicators import HOST_WIDE, read
from opsdeck.measure.query import Memo
from opsdeck.model import AlertState, Change, Window
from opsdeck.spec.model import Condition, Rule, Service
from opsdeck.stores.api import Query, StateStore, Transaction

INHIBITION = "inhibition"


def tick(state: StateStore, events: Query, services: Iterable[Service], now: datetime) -> int:
    """Evaluate every rule once; returns the number of log rows. The same `now` again changes nothing."""
    once = Memo(events)
    looked = [(service, _looks(once, service, rules, now)) for service, rules in _shared_out(services)]
    with state.begin() as tx:
        return sum(
            _settle(tx, service, looks) + _forget(tx, service, looks, now) for service, looks in looked
        )


def _shared_out(services: Iterable[Service]) -> Iterator[tuple[Service, list[Rule]]]:
    """Whose rules are looked at: all, but a condition on the deck's host only for the first service that has it."""
    taken: set[Condition] = set()
    for service in services:
        rules = [rule for rule in service.rules if rule.condition not in taken]
        taken |= {rule.condition for rule in rules if rule.condition.indicator in HOST_WIDE}
        yield service, rules


def _looks(query: Query, service: Service, rules: Iterable[Rule], now: datetime) -> list[Look]:
    return [
        Look(
            rule, read(query, service, rule.condition.indicator, Window.last(rule.condition.window, now)), now
        )
        for rule in rules
    ]


def _settle(tx: Transaction, service: Service, looks: Sequence[Look]) -> int:
    """Decide and write. A rule's phase never depends on inhibition, so the firing ones are known before anything
    is written."""
    before = [
        tx.get(AlertState, f"{service.name}/{look.rule.name}")
        or fresh(service.name, look.rule.name, look.now)
        for look in looks
    ]
    firing = [
        look.rule
        for look, old in zip(looks, before, strict=True)
        if decide(look.rule, old, look.reading, look.now).state.phase == "firing"
    ]
    rows = 0
    for look, old in zip(looks, before, strict=True):
        inhibitor = next((rule.name for rule in firing if look.rule.name in rule.inhibits), "")
        step = decide(look.rule, old, look.reading, look.now, inhibitor)
        if step.reason != "stale":
            rows += _write(tx, look, old, step)
    return rows


def _write(tx: Transaction, look: Look, old: AlertState, step: Step) -> int:
    new, rows = step.state, 0
    seq = new.fired_seq
    if step.change is not None:
        seq = tx.append(step.change, look.now)
        rows += 1
        if new.phase == "firing":
            new = replace(new, fired_seq=seq)
    if step.reason != old.reason:
        note(tx, new.key, look.now, "evaluate", step.reason, detail=figures_of(look, new), seq=seq)
    if new.phase == "firing" and new.inhibited_by != (old.inhibited_by if old.phase == "firing" else ""):
        rows += _inhibition(tx, look, old, new)
    tx.put(new)
    return rows


def _inhibition(tx: Transaction, look: Look, old: AlertState, new: AlertState) -> int:
    """An alert that fires inhibited says so in its own row; one that changes while it fires gets a row for it."""
    if new.inhibited_by:
        verdict, detail = "inhibited", f"{new.inhibited_by} fires and silences this alert"
    else:
        verdict, detail = "released", f"{old.inhibited_by} does not fire any more and this alert still does"
    note(tx, new.key, look.now, "inhibit", verdict, detail=detail, seq=new.fired_seq)
    if old.phase != "firing":
        return 0
    data = {"fired_seq": new.fired_seq, "tier": look.rule.tier, "severity": look.rule.severity}
    tx.append(Change(INHIBITION, new.key, old.inhibited_by, new.inhibited_by, verdict, ACTOR, data), look.now)
    return 1


def _forget(tx: Transaction, service: Service, looks: Sequence[Look], now: datetime) -> int:
    """Rules that are not looked at any more: what they left pending or firing ends, and the log says why."""
    rows, looked_at = 0, {look.rule.name for look in looks}
    known = {rule.name for rule in service.rules}
    for left in tx.find(AlertState, service=service.name):
        if left.rule in looked_at:
            continue
        reason, detail = (
            ("host_wide", "the condition is about the deck's host and is looked at for another service")
            if left.rule in known
            else ("rule_removed", "the spec has no such rule any more")
        )
        if left.phase != "inactive":
            new = "resolved" if left.phase == "firing" else "inactive"
            data = {"fired_seq": left.fired_seq}
            tx.append(Change(KIND, left.key, left.phase, new, reason, ACTOR, data), now)
            rows += 1
        note(tx, left.key, now, "evaluate", reason, detail=detail)
        tx.drop(AlertState, left.key)
    return rows
