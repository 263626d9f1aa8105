"""What one rule does next: a pure step from (rule, state, reading, now) to the new state and the change to log.

    inactive ──true──► pending ──held for `hold`──► firing ──false──► inactive (logged as `resolved`)
                          └──false──► inactive

Window and hold are two things: the reading looks back over the window, the hold counts how long the condition has
been true at each look. No data is unknown: it stops the clock of a pending rule, and it never resolves a firing one.
Nothing here reads a store or a clock; `now` is given, the state is a value.

Reasons: `quiet` the condition is false · `holding` true, not for long enough yet · `fired` · `firing` still true ·
`resolved` · `cleared` it was pending and turned false · `no_data` unknown while inactive · `frozen` unknown while
pending · `firing_unknown` unknown while firing · `stale` this look is not newer than the last one.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from opsdeck import timing
from opsdeck.measure import figures
from opsdeck.model import AlertPhase, AlertState, Change, Reading
from opsdeck.spec.model import Rule

ACTOR = "opsdeck"
KIND = "alert"


@dataclass(frozen=True, slots=True)
class Look:
    """One look of a rule at its indicator."""

    rule: Rule
    reading: Reading
    now: datetime

    @property
    def value(self) -> float | None:
        """The reading's value, or None where too few data points make it unknown."""
        return self.reading.value if self.reading.whole >= self.rule.condition.minimum else None


@dataclass(frozen=True, slots=True)
class Step:
    """What follows from one look: the state to keep, the change to log if the phase changed, and why."""

    state: AlertState
    change: Change | None
    reason: str


def fresh(service: str, rule: str, now: datetime) -> AlertState:
    """The state of a rule that has never been looked at."""
    return AlertState(
        key=f"{service}/{rule}",
        service=service,
        rule=rule,
        phase="inactive",
        since=now,
        held_from=None,
        value=None,
        reason="",
        checked_at=now - timedelta(microseconds=1),
    )


def decide(rule: Rule, state: AlertState, reading: Reading, now: datetime, inhibited_by: str = "") -> Step:
    """One step of the machine. Looking twice at the same `now`, or at an earlier one, changes nothing."""
    if now <= state.checked_at:
        return Step(state, None, "stale")
    look = Look(rule, reading, now)
    value = look.value
    state = replace(state, value=value, inhibited_by=inhibited_by)
    if value is None:
        return _unknown(look, state)
    return _true(look, state) if rule.condition.holds(value) else _false(look, state)


def _unknown(look: Look, state: AlertState) -> Step:
    reasons = {"inactive": "no_data", "pending": "frozen", "firing": "firing_unknown"}
    held_from = state.held_from
    if state.phase == "pending" and held_from is not None:
        held_from += look.now - state.checked_at
    return _stay(look, replace(state, held_from=held_from), reasons[state.phase])


def _false(look: Look, state: AlertState) -> Step:
    if state.phase == "inactive":
        return _stay(look, state, "quiet")
    logged, reason = ("resolved", "resolved") if state.phase == "firing" else ("inactive", "cleared")
    over = replace(
        state,
        phase="inactive",
        since=look.now,
        held_from=None,
        acknowledged_by="",
        acknowledged_at=None,
        inhibited_by="",
        fired_seq=0,
    )
    return Step(_stay(look, over, reason).state, _change(look, state, logged, reason), reason)


def _true(look: Look, state: AlertState) -> Step:
    if state.phase == "firing":
        return _stay(look, state, "firing")
    held = replace(state, held_from=state.held_from or look.now)
    if look.now - (held.held_from or look.now) >= look.rule.condition.hold:
        return _enter(look, held, "firing", "fired")
    if state.phase == "pending":
        return _stay(look, held, "holding")
    return _enter(look, held, "pending", "holding")


def _stay(look: Look, state: AlertState, reason: str) -> Step:
    return Step(replace(state, reason=reason, checked_at=look.now), None, reason)


def _enter(look: Look, state: AlertState, phase: AlertPhase, reason: str) -> Step:
    entered = replace(state, phase=phase, since=look.now)
    return Step(_stay(look, entered, reason).state, _change(look, state, phase, reason), reason)


def _change(look: Look, state: AlertState, new: str, reason: str) -> Change:
    condition = look.rule.condition
    data = {
        "condition": condition.text,
        "indicator": condition.indicator,
        "value": state.value,
        "threshold": condition.threshold,
        "unit": condition.unit,
        "note": look.reading.note,
        "severity": look.rule.severity,
        "tier": look.rule.tier,
        "held_from": timing.iso(state.held_from) if state.held_from else "",
        "inhibited_by": state.inhibited_by,
        "fired_seq": state.fired_seq,
    }
    return Change(KIND, state.key, state.phase, new, reason, ACTOR, data)


def figures_of(look: Look, state: AlertState) -> str:
    """The figures that a look saw, in a sentence: value, counts, window, threshold, how long it has held."""
    condition, reading = look.rule.condition, look.reading
    said = f"{condition.indicator} {figures.say(look.value, condition.unit)}"
    if reading.note:
        said += f" ({reading.note})"
    if look.value is None and reading.value is not None:
        said += f", at least {condition.minimum} wanted"
    limit = figures.limit(condition.comparison, condition.threshold, condition.unit)
    said += f" over {timing.say(condition.window)}; the line is {limit}"
    if condition.hold:
        said += f" for {timing.say(condition.hold)}"
    if state.phase == "pending" and state.held_from is not None:
        said += f"; held for {timing.say(look.now - state.held_from)} so far"
    elif state.phase == "firing":
        said += f"; firing since {timing.iso(state.since)}"
    return said
