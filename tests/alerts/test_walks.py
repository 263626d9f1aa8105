"""Random walks of readings: what holds for the machine whatever comes, against a second telling of the rules."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdeck.alerts.machine import Step, decide, fresh
from opsdeck.model import AlertState, Reading
from opsdeck.spec.model import Condition, Rule

NOON = datetime(2025, 9, 9, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)

GAPS = st.integers(1, 120)
VALUES = st.sampled_from([None, 0.0, 0.05, 0.051, 1.0])
WALKS = st.lists(st.tuples(GAPS, VALUES), min_size=1, max_size=60)
HOLDS = st.sampled_from([0, 15, 60, 300])


@dataclass(frozen=True, slots=True)
class Walked:
    """One look of a walk: what was read, and the step that followed from it."""

    at: datetime
    value: float | None
    before: AlertState
    step: Step


def walk(hold: int, looks: list[tuple[int, float | None]]) -> list[Walked]:
    condition = Condition("x > 5%", "x", ">", 0.05, "ratio", 60 * SECOND, hold * SECOND)
    rule = Rule("x", 1, condition, "high", 60 * SECOND, ("on-call engineer",))
    state, now, walked = fresh("cli", "x", NOON), NOON, []
    for gap, value in looks:
        now += gap * SECOND
        step = decide(rule, state, Reading("x", value, "ratio", 0, 1), now)
        walked.append(Walked(now, value, state, step))
        state = step.state
    return walked


def held(walked: list[Walked]) -> timedelta:
    """How long the condition has been true at the last look: known stretches only, back to the last false one."""
    total, last_true = timedelta(), False
    for before, look in zip([None, *walked], walked, strict=False):
        if look.value is None:
            continue
        if look.value > 0.05:
            total += (look.at - before.at) if last_true and before else timedelta()
            last_true = True
        else:
            total, last_true = timedelta(), False
    return total


def check(hold: int, looks: list[tuple[int, float | None]]) -> None:
    walked = walk(hold, looks)
    logged = [look.step.change for look in walked if look.step.change]
    for change, following in pairwise(logged):
        assert (change.new if change.new != "resolved" else "inactive") == following.old
    for number, look in enumerate(walked, 1):
        before, after, value = look.before.phase, look.step.state.phase, look.value
        if value is None:
            assert (before, look.step.change) == (after, None)
        elif value <= 0.05:
            assert after == "inactive"
        else:
            assert after == (
                "firing" if before == "firing" or held(walked[:number]) >= hold * SECOND else "pending"
            )
        again = decide_again(hold, look)
        assert (again.state, again.change) == (look.step.state, None)


def decide_again(hold: int, look: Walked) -> Step:
    condition = Condition("x > 5%", "x", ">", 0.05, "ratio", 60 * SECOND, hold * SECOND)
    rule = Rule("x", 1, condition, "high", 60 * SECOND, ("on-call engineer",))
    return decide(rule, replace(look.step.state), Reading("x", look.value, "ratio", 0, 1), look.at)


@settings(max_examples=500, deadline=None)
@given(HOLDS, WALKS)
def test_invariants_of_random_walks(hold: int, looks: list[tuple[int, float | None]]) -> None:
    check(hold, looks)


@pytest.mark.soak
@settings(max_examples=10_000, deadline=None)
@given(HOLDS, WALKS)
def test_invariants_of_ten_thousand_random_walks(hold: int, looks: list[tuple[int, float | None]]) -> None:
    check(hold, looks)
