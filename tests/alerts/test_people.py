"""Acknowledging and silencing: by name, with a reason, one row in the log each."""

from datetime import timedelta

import pytest

from opsdeck import alerts, spec
from opsdeck.errors import ConflictError, UsageError
from opsdeck.model import Silence, Transition
from opsdeck.testing import START, Story, failing, given, inactive, ok, runs, told

SPEC = spec.load(None)
RULE = "high_error_rate"
HOUR = timedelta(hours=1)


def fired() -> Story:
    each = {"every": "1 minute", "until": "16:00"}
    return given(SPEC, runs(1, failing, **each), runs(2, ok, **each)).at("12:05")


def quiet() -> Story:
    """Nothing but failures from noon to one, nothing but good runs from then on."""
    bad, good = (
        {"every": "1 minute", "until": "13:00"},
        {"at": "13:00", "every": "4 minutes", "until": "16:00"},
    )
    return given(SPEC, runs(1, failing, **bad), runs(1, ok, **good)).at("12:00")


def acknowledge(story: Story, actor: str = "ada", note: str = "on it", rule: str = RULE) -> None:
    with story.state.begin() as tx:
        alerts.acknowledge(tx, story.service.name, rule, actor, note, story.clock.now())


def silence(story: Story, rule: str = RULE, reason: str = "upgrade", span: timedelta = HOUR) -> Silence:
    now = story.clock.now()
    with story.state.begin() as tx:
        return alerts.silence(
            tx, story.service.name, rule, until=now + span, reason=reason, actor="ada", now=now
        )


def log(story: Story, kind: str) -> list[Transition]:
    with story.state.begin(write=False) as tx:
        return tx.log(kind=kind)


def test_an_acknowledgement_is_kept_with_name_and_time() -> None:
    story = fired()
    acknowledge(story)
    state = story.alert(RULE)
    assert state is not None
    assert (state.acknowledged_by, state.acknowledged_at) == ("ada", story.clock.now())


def test_an_acknowledgement_is_a_row_in_the_log() -> None:
    story = fired()
    acknowledge(story)
    [row] = log(story, "acknowledgement")
    assert (row.change.actor, row.change.reason, row.change.new) == ("ada", "on it", "acknowledged")


def test_the_next_look_does_not_take_an_acknowledgement_away() -> None:
    story = fired()
    acknowledge(story)
    state = story.at("12:06").alert(RULE)
    assert state is not None
    assert state.acknowledged_by == "ada"


def test_saying_it_twice_is_saying_it_once() -> None:
    story = fired()
    acknowledge(story)
    acknowledge(story)
    assert len(log(story, "acknowledgement")) == 1


def test_the_second_person_hears_who_was_first() -> None:
    story = fired()
    acknowledge(story)
    with pytest.raises(ConflictError, match="already acknowledged by ada"):
        acknowledge(story, actor="grace")


@pytest.mark.parametrize("rule", ["elevated_errors", "no_such_rule"], ids=["quiet", "unknown"])
def test_what_does_not_fire_cannot_be_acknowledged(rule: str) -> None:
    with pytest.raises(UsageError, match="does not fire"):
        acknowledge(fired(), rule=rule)


def test_a_silence_is_a_row_in_the_log_with_its_end() -> None:
    story = fired()
    silence(story)
    [row] = log(story, "silence")
    assert (row.change.actor, row.change.reason) == ("ada", "upgrade")
    assert row.change.data["until"] == "2025-09-09T13:05:00.000Z"


def test_a_silenced_alert_fires_but_nobody_is_told() -> None:
    story = quiet()
    silence(story)
    story.at("12:05").expect(told(RULE, times=0))


def test_what_still_fires_when_the_silence_ends_is_told_then() -> None:
    story = quiet()
    silence(story, span=timedelta(minutes=30))
    story.at("12:29:45").expect(told(RULE, times=0)).at("12:30").expect(told(RULE))


def test_what_ended_during_the_silence_is_never_told() -> None:
    story = quiet()
    silence(story, span=timedelta(hours=2))
    story.at("14:30").expect(inactive(RULE), told(RULE, times=0), told(RULE, "resolved", times=0))


def test_the_end_of_an_alert_that_was_told_is_told_after_the_silence() -> None:
    story = quiet().at("12:10").expect(told(RULE))
    silence(story, span=timedelta(hours=2))
    story.at("13:10").expect(inactive(RULE), told(RULE, "resolved", times=0)).at("14:10").expect(
        told(RULE, "resolved")
    )


@pytest.mark.parametrize(("service", "rule"), [("*", "*"), ("*", RULE), ("unjucks-cli", "*")])
def test_a_star_matches_all(service: str, rule: str) -> None:
    story = quiet()
    with story.state.begin() as tx:
        alerts.silence(tx, service, rule, until=START + HOUR, reason="move", actor="ada", now=START)
    story.at("12:05").expect(told(RULE, times=0))


def test_another_rule_is_not_silenced() -> None:
    story = quiet()
    silence(story, rule="elevated_errors")
    story.at("12:05").expect(told(RULE))


def test_of_two_silences_the_longer_counts() -> None:
    story = fired()
    silence(story, span=2 * HOUR)
    silence(story, span=HOUR, rule="*")
    with story.state.begin(write=False) as tx:
        found = alerts.silenced(tx, story.service.name, RULE, story.clock.now())
    assert found is not None
    assert found.until == story.clock.now() + 2 * HOUR


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"span": timedelta()}, "ends in the future"),
        ({"reason": "  "}, "needs a reason"),
        ({"rule": "no_such_rule"}, "there is no alert"),
    ],
    ids=["already over", "no reason", "no such alert"],
)
def test_a_silence_that_makes_no_sense_is_refused(change: dict[str, timedelta | str], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        silence(fired(), **change)  # type: ignore[arg-type]
