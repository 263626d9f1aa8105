"""One rule, one reading at a time: every step of the machine by its named reason."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from opsdeck.alerts.machine import Look, Step, decide, figures_of, fresh
from opsdeck.model import AlertState, Reading
from opsdeck.spec.model import Condition, Rule

NOON = datetime(2025, 9, 9, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


def rule(hold: timedelta = 5 * MINUTE, minimum: int = 0) -> Rule:
    text = "error_rate > 5% for 5 minutes"
    condition = Condition(text, "error_rate", ">", 0.05, "ratio", 5 * MINUTE, hold, minimum)
    return Rule("high_error_rate", 1, condition, "critical", 15 * MINUTE, ("on-call engineer",))


def reading(value: float | None, whole: float = 10) -> Reading:
    return Reading("error_rate", value, "ratio", (value or 0) * whole, whole, "3 of 10 runs")


BAD, GOOD, NONE = reading(0.3), reading(0.0), reading(None, 0)


def walk(*readings: Reading, of: Rule | None = None) -> list[Step]:
    """A reading a minute, from noon on."""
    state, steps = fresh("cli", "high_error_rate", NOON), []
    for minute, one in enumerate(readings):
        steps.append(decide(of or rule(), state, one, NOON + minute * MINUTE))
        state = steps[-1].state
    return steps


def phases(*readings: Reading, of: Rule | None = None) -> list[str]:
    return [step.state.phase for step in walk(*readings, of=of)]


def firing() -> AlertState:
    return walk(*[BAD] * 6)[-1].state


def test_a_true_condition_is_pending_first() -> None:
    assert phases(GOOD, BAD) == ["inactive", "pending"]


def test_one_step_before_the_hold_is_over_it_is_still_pending() -> None:
    assert phases(*[BAD] * 5)[-1] == "pending"


def test_it_fires_when_the_hold_is_over() -> None:
    assert phases(*[BAD] * 6)[-1] == "firing"


def test_without_a_hold_it_fires_at_once() -> None:
    assert phases(BAD, of=rule(hold=timedelta())) == ["firing"]


def test_a_good_reading_clears_a_pending_rule() -> None:
    steps = walk(BAD, BAD, GOOD)
    assert (steps[-1].state.phase, steps[-1].reason, steps[-1].state.held_from) == (
        "inactive",
        "cleared",
        None,
    )


def test_the_hold_begins_anew_after_a_good_reading() -> None:
    assert phases(*[BAD] * 4, GOOD, *[BAD] * 5)[-1] == "pending"


def test_a_good_reading_resolves_a_firing_rule() -> None:
    step = decide(rule(), firing(), GOOD, NOON + 6 * MINUTE)
    assert step.change is not None
    assert (step.change.old, step.change.new, step.state.phase) == ("firing", "resolved", "inactive")


def test_the_end_names_the_fire_that_it_ends() -> None:
    step = decide(rule(), replace(firing(), fired_seq=7), GOOD, NOON + 6 * MINUTE)
    assert step.change is not None
    assert (step.change.data["fired_seq"], step.state.fired_seq) == (7, 0)


def test_an_end_takes_the_acknowledgement_away() -> None:
    state = replace(firing(), acknowledged_by="ada", acknowledged_at=NOON)
    assert decide(rule(), state, GOOD, NOON + 6 * MINUTE).state.acknowledged_by == ""


def test_no_data_never_resolves() -> None:
    step = decide(rule(), firing(), NONE, NOON + 60 * MINUTE)
    assert (step.state.phase, step.reason, step.change) == ("firing", "firing_unknown", None)


def test_no_data_keeps_a_quiet_rule_quiet_and_says_so() -> None:
    assert [step.reason for step in walk(NONE, NONE)] == ["no_data", "no_data"]


def test_no_data_stops_the_clock_of_a_pending_rule() -> None:
    unknown_for_an_hour = [BAD, BAD, *[NONE] * 60]
    assert phases(*unknown_for_an_hour, *[BAD] * 3)[-1] == "pending"
    assert phases(*unknown_for_an_hour, *[BAD] * 4)[-1] == "firing"


def test_a_frozen_rule_says_that_it_is_frozen() -> None:
    assert [step.reason for step in walk(BAD, NONE, BAD)] == ["holding", "frozen", "holding"]


def test_too_few_data_points_are_no_data() -> None:
    assert walk(reading(0.9, 2), of=rule(minimum=3))[0].reason == "no_data"
    assert walk(reading(0.9, 3), of=rule(minimum=3))[0].reason == "holding"


@pytest.mark.parametrize("earlier", [timedelta(), MINUTE], ids=["the same moment", "an earlier moment"])
def test_a_look_that_is_not_newer_changes_nothing(earlier: timedelta) -> None:
    state = firing()
    step = decide(rule(), state, GOOD, state.checked_at - earlier)
    assert (step.state, step.change, step.reason) == (state, None, "stale")


def test_a_phase_that_stays_has_nothing_to_log() -> None:
    changes = [step.change for step in walk(GOOD, GOOD, BAD, BAD)]
    assert [bool(change) for change in changes] == [False, False, True, False]


def test_since_is_when_the_phase_began() -> None:
    steps = walk(GOOD, BAD, BAD)
    assert (steps[-1].state.since, steps[-1].state.checked_at) == (NOON + MINUTE, NOON + 2 * MINUTE)


def test_the_change_carries_the_figures() -> None:
    change = walk(BAD)[0].change
    assert change is not None
    seen = {key: change.data[key] for key in ("value", "threshold", "condition", "severity", "tier")}
    assert seen == {
        "value": 0.3, "threshold": 0.05, "condition": "error_rate > 5% for 5 minutes", "severity": "critical", "tier": 1,
    }  # fmt: skip


def test_inhibition_does_not_change_the_phase() -> None:
    step = decide(rule(hold=timedelta()), fresh("cli", "elevated_errors", NOON), BAD, NOON, "high_error_rate")
    assert (step.state.phase, step.state.inhibited_by) == ("firing", "high_error_rate")


@pytest.mark.parametrize(
    ("readings", "said"),
    [
        ([BAD, BAD], "error_rate 30% (3 of 10 runs) over 5 minutes; the line is > 5% for 5 minutes; held for 1 minute so far"),
        ([BAD] * 6, "error_rate 30% (3 of 10 runs) over 5 minutes; the line is > 5% for 5 minutes; firing since 2025-09-09T12:05:00.000Z"),
        ([NONE], "error_rate unknown (3 of 10 runs) over 5 minutes; the line is > 5% for 5 minutes"),
    ],
    ids=["pending says how long", "firing says since when", "no data says unknown"],
)  # fmt: skip
def test_the_figures_in_a_sentence(readings: list[Reading], said: str) -> None:
    last = len(readings) - 1
    look = Look(rule(), readings[-1], NOON + last * MINUTE)
    assert figures_of(look, walk(*readings)[-1].state) == said


def test_the_sentence_says_when_data_is_too_thin() -> None:
    look = Look(rule(minimum=3), reading(0.9, 2), NOON)
    assert "unknown (3 of 10 runs), at least 3 wanted" in figures_of(look, fresh("cli", "x", NOON))
