"""The board of rules and the story of one."""

from datetime import timedelta
from typing import Any

import pytest

from opsdeck import alerts as alerting
from opsdeck.errors import NotFoundError
from opsdeck.reports import alerts
from opsdeck.reports.alerts import AlertRow, AlertStory
from opsdeck.testing import Story, failing, given, probes, runs


def board(story: Story) -> dict[str, AlertRow]:
    with story.state.begin(write=False) as tx:
        return {row.rule: row for row in alerts.board(tx, [story.service], story.clock.now())}


def one(story: Story, rule: str) -> AlertStory:
    with story.state.begin(write=False) as tx:
        return alerts.story(tx, story.service, rule, story.clock.now())


def test_every_rule_of_the_service_has_a_row(busy: Story) -> None:
    assert set(board(busy)) == {rule.name for rule in busy.service.rules}


def test_a_rule_that_was_never_looked_at_is_unknown(shipped: Any) -> None:
    row = board(given(shipped))["high_error_rate"]
    assert (row.standing, row.value, row.checked_at) == ("unknown", None, None)
    assert row.reason == "not evaluated yet"


def test_a_rule_about_the_host_says_that_it_is_looked_at_once(shipped: Any) -> None:
    assert "about the deck's host" in board(given(shipped))["high_resource_usage"].reason


def test_no_data_is_unknown_and_not_quiet(story: Any) -> None:
    row = board(story())["high_error_rate"]
    assert (row.standing, row.reason) == ("unknown", "there is no data to judge by")


def test_a_false_condition_is_quiet(story: Any) -> None:
    row = board(story(runs(5, every="1 minute", until="12:30")))["high_error_rate"]
    assert (row.standing, row.value, row.reason) == ("quiet", 0.0, "the condition is false")


def test_a_condition_that_has_not_held_long_enough_is_pending(story: Any) -> None:
    row = board(story(runs(1, failing, every="1 minute", at="12:27", until="12:30")))["high_error_rate"]
    assert row.standing == "pending"
    assert row.reason == "the condition is true, but not for long enough yet"


def test_a_firing_alert(busy: Story) -> None:
    row = board(busy)["high_error_rate"]
    assert (row.standing, row.tier, row.severity) == ("firing", 1, "critical")
    assert row.value == pytest.approx(0.3)
    assert row.condition == "error_rate > 5% for 5 minutes"


@pytest.mark.parametrize(
    ("rule", "at", "reason"),
    [
        ("error_rate_threshold", "12:00", "the condition is true"),
        ("high_error_rate", "12:05", "the condition held for long enough"),
    ],
    ids=["it has no hold", "it has one"],
)
def test_a_fire_says_whether_its_rule_waited(shipped: Any, rule: str, at: str, reason: str) -> None:
    told = given(shipped, runs(3, failing, every="1 minute", until="12:10")).at(at)
    assert board(told)[rule].reason == reason


def test_an_inhibited_alert_fires_and_says_by_what_it_is_silenced(busy: Story) -> None:
    assert board(busy)["elevated_errors"].inhibited_by == "high_error_rate"


def test_a_firing_alert_without_data_goes_on_firing_and_says_so(mine: Story) -> None:
    mine.jump("12:50").at("12:50:15")
    row = board(mine)["high_error_rate"]
    assert (row.standing, row.value) == ("firing", None)
    assert row.reason == "there is no data: it fires until some says otherwise"


def test_what_needs_a_person_comes_first_and_tier_one_before_tier_two(busy: Story) -> None:
    rows = list(board(busy).values())
    keys = [(alerts.ORDER.index(row.standing), row.tier) for row in rows]
    assert keys == sorted(keys)


def test_who_knows_about_it(mine: Story) -> None:
    with mine.state.begin() as tx:
        alerting.acknowledge(tx, "unjucks-cli", "high_error_rate", "ann", "on it", mine.clock.now())
    assert board(mine)["high_error_rate"].acknowledged_by == "ann"


def test_until_when_it_is_silenced(mine: Story) -> None:
    now = mine.clock.now()
    with mine.state.begin() as tx:
        until = now + timedelta(hours=2)
        alerting.silence(tx, "unjucks-cli", "*", until=until, reason="upgrade", actor="ann", now=now)
    assert {row.silenced_until for row in board(mine).values()} == {until}
    mine.clock.advance(hours=2)
    assert {row.silenced_until for row in board(mine).values()} == {None}


def test_a_story_has_the_rule_its_path_and_its_history(busy: Story) -> None:
    told = one(busy, "high_error_rate")
    assert told.rule.escalation == ("on-call engineer", "team lead")
    assert told.explanation is not None
    assert told.explanation.steps[0].verdict == "holding"
    assert [row.change.new for row in told.history] == ["firing", "pending"]


def test_history_has_what_people_did(mine: Story) -> None:
    with mine.state.begin() as tx:
        alerting.acknowledge(tx, "unjucks-cli", "high_error_rate", "ann", "on it", mine.clock.now())
    assert one(mine, "high_error_rate").history[0].change.kind == "acknowledgement"


def test_a_rule_without_a_past_has_no_path(shipped: Any) -> None:
    told = one(given(shipped), "service_down")
    assert (told.explanation, told.history) == (None, ())


def test_a_rule_that_is_none(busy: Story) -> None:
    with pytest.raises(NotFoundError, match="no alert rule 'nope'") as caught:
        one(busy, "nope")
    assert "service_down" in caught.value.hint


def test_firing_alerts_of_all_services_are_counted(story: Any) -> None:
    told = story(probes(failing, every="1 minute", until="12:30"))
    with told.state.begin(write=False) as tx:
        assert alerts.firing(tx) == 1
