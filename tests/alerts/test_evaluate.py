"""The tick: rows and states written together, once, whoever ticks."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest

from opsdeck import alerts, spec
from opsdeck.model import AlertState, Decision, Transition
from opsdeck.spec.model import Service
from opsdeck.testing import START, Story, failing, firing, gauge, given, inactive, nobody_told, ok, runs, told

SPEC = spec.load(None)
EACH = {"every": "1 minute", "until": "14:00"}
BAD = (runs(3, failing, **EACH), runs(7, ok, **EACH))


def log(story: Story, kind: str = "alert", rule: str = "high_error_rate") -> list[Transition]:
    with story.state.begin(write=False) as tx:
        return tx.log(kind=kind, subject=f"{story.service.name}/{rule}")


def phases(story: Story, rule: str = "high_error_rate") -> list[tuple[str, str]]:
    return [(row.change.old, row.change.new) for row in log(story, rule=rule)]


def decisions(story: Story, rule: str) -> list[str]:
    with story.state.begin(write=False) as tx:
        found = tx.find(Decision, alert=f"{story.service.name}/{rule}")
    return [one.verdict for one in found if one.stage == "evaluate"]


def test_every_change_is_one_row_in_the_log() -> None:
    story = given(SPEC, runs(3, failing, every="1 minute", until="12:20"), runs(7, at="12:20", **EACH)).at(
        "12:30"
    )
    assert phases(story) == [("inactive", "pending"), ("pending", "firing"), ("firing", "resolved")]


def test_the_state_names_the_row_of_its_fire() -> None:
    story = given(SPEC, *BAD).at("12:05")
    state = story.alert("high_error_rate")
    assert state is not None
    assert state.fired_seq == log(story)[-1].seq


def test_the_same_moment_again_changes_nothing() -> None:
    story = given(SPEC, *BAD).at("12:05")
    before = story.alert("high_error_rate"), len(log(story))
    assert alerts.tick(story.state, story.events, [story.service], story.clock.now()) == 0
    assert (story.alert("high_error_rate"), len(log(story))) == before


def test_a_late_tick_of_an_earlier_moment_changes_nothing() -> None:
    story = given(SPEC, *BAD).at("12:05")
    assert alerts.tick(story.state, story.events, [story.service], START) == 0


def test_two_decks_that_tick_at_once_log_each_change_once() -> None:
    story = given(SPEC, *BAD).jump("12:00")
    together = threading.Barrier(4)

    def deck() -> None:
        for second in range(0, 301, 60):
            together.wait()
            alerts.tick(story.state, story.events, [story.service], START + timedelta(seconds=second))

    decks = [threading.Thread(target=deck) for _ in range(4)]
    story.happens(*BAD).jump("12:06")
    for one in decks:
        one.start()
    for one in decks:
        one.join()
    assert phases(story) == [("inactive", "pending"), ("pending", "firing")]


def test_a_crash_before_the_commit_leaves_neither_row_nor_state() -> None:
    story = given(SPEC, *BAD).jump("12:00")
    with pytest.raises(RuntimeError), story.state.begin() as tx:  # noqa: PT012  the block is the transaction
        tx.put(AlertState("a/b", "a", "b", "inactive", START, None, None, "", START))
        raise RuntimeError
    assert story.alert("high_error_rate") is None


def test_steps_are_written_only_when_the_reason_changes() -> None:
    story = given(SPEC, *BAD).at("12:10")
    assert decisions(story, "high_error_rate") == ["holding", "fired", "firing"]


def test_a_rule_without_data_says_so_once() -> None:
    assert decisions(given(SPEC).at("12:10"), "high_error_rate") == ["no_data"]


def test_services_do_not_share_alerts() -> None:
    story = given(SPEC, *BAD, service="another-cli").at("12:05").expect(firing("high_error_rate"))
    alerts.tick(story.state, story.events, SPEC.services.values(), story.clock.now())
    with story.state.begin(write=False) as tx:
        states = tx.find(AlertState, rule="high_error_rate")
    assert {state.service: state.phase for state in states} == {
        "another-cli": "firing",
        "unjucks-cli": "inactive",
    }


def without(rule: str) -> Callable[[Story], None]:
    def drop(story: Story) -> None:
        story.service = replace(story.service, rules=tuple(r for r in story.service.rules if r.name != rule))

    return drop


def test_a_rule_that_leaves_the_spec_ends_its_alert() -> None:
    story = given(SPEC, *BAD).at("12:05")
    without("high_error_rate")(story)
    alerts.tick(story.state, story.events, [story.service], START + timedelta(minutes=6))
    assert phases(story)[-1] == ("firing", "resolved")
    assert log(story)[-1].change.reason == "rule_removed"


# ---- the deck's host: one for all services ------------------------------------------------------------------------

HOT = gauge("cpu_usage", 0.95, every="1 minute", until="14:00")
OTHER = SPEC.service("another-cli")


def busy_hosts(story: Story, *services: Service) -> dict[str, str]:
    for minute in (0, 30):
        story.jump(START + timedelta(minutes=minute))
        alerts.tick(story.state, story.events, services, story.clock.now())
    with story.state.begin(write=False) as tx:
        return {one.service: one.phase for one in tx.find(AlertState, rule="high_resource_usage")}


def test_one_busy_host_is_one_alert() -> None:
    story = given(SPEC, HOT)
    assert busy_hosts(story, story.service, OTHER) == {"unjucks-cli": "firing"}


def test_a_condition_of_its_own_is_looked_at_for_its_service() -> None:
    story = given(SPEC, HOT)
    own = [replace(r, condition=replace(r.condition, threshold=0.5)) for r in OTHER.rules]
    found = busy_hosts(story, story.service, replace(OTHER, rules=tuple(own)))
    assert found == {"unjucks-cli": "firing", "another-cli": "firing"}


def test_what_fired_for_one_service_ends_when_another_takes_it_over() -> None:
    story = given(SPEC, HOT)
    busy_hosts(story, story.service)
    story.jump("12:31")
    alerts.tick(story.state, story.events, [OTHER, story.service], story.clock.now())
    last = log(story, rule="high_resource_usage")[-1].change
    assert (last.old, last.new, last.reason) == ("firing", "resolved", "host_wide")


# ---- inhibition: high_error_rate silences elevated_errors ---------------------------------------------------------

WORSE = (runs(3, failing, every="1 minute", until="12:20"), runs(7, every="1 minute", until="12:20"))
STILL_BAD = (runs(1, failing, at="12:20", every="1 minute", until="13:10"), runs(19, at="12:20", every="1 minute", until="13:10"))  # fmt: skip


def test_an_inhibited_alert_is_still_evaluated_but_nobody_is_told() -> None:
    given(SPEC, *WORSE).at("12:15").expect(
        firing("high_error_rate", "elevated_errors"), told("elevated_errors", times=0)
    )


def test_its_row_names_the_inhibitor() -> None:
    story = given(SPEC, *WORSE).at("12:15")
    assert log(story, rule="elevated_errors")[-1].change.data["inhibited_by"] == "high_error_rate"


def test_when_the_inhibitor_ends_first_the_inhibited_one_is_told() -> None:
    story = given(SPEC, *WORSE, *STILL_BAD).at("12:20").expect(told("elevated_errors", times=0))
    story.at("12:25").expect(inactive("high_error_rate"), firing("elevated_errors"), told("elevated_errors"))
    assert [(row.change.old, row.change.new) for row in log(story, "inhibition", "elevated_errors")] == [("high_error_rate", "")]  # fmt: skip


def test_when_both_end_together_nothing_is_said_of_the_inhibited_one() -> None:
    story = given(SPEC, *WORSE).at("12:20").jump("12:40").happens(runs(9, at="12:40")).at("12:40")
    story.expect(
        inactive("high_error_rate", "elevated_errors"),
        told("elevated_errors", times=0),
        told("elevated_errors", "resolved", times=0),
    )


def test_an_alert_that_was_told_before_it_was_inhibited_is_not_told_again() -> None:
    mild = (runs(1, failing, every="5 minutes", until="12:20"), runs(24, every="5 minutes", until="12:20"))
    grave = (runs(9, failing, at="12:20", every="5 minutes", until="12:40"), runs(9, at="12:20", every="5 minutes", until="12:40"))  # fmt: skip
    after = (runs(1, failing, at="12:40", every="5 minutes", until="13:00"), runs(24, at="12:40", every="5 minutes", until="13:00"))  # fmt: skip
    story = given(SPEC, *mild, *grave, *after).at("12:15").expect(told("elevated_errors"))
    story.at("12:55").expect(inactive("high_error_rate"), firing("elevated_errors"), told("elevated_errors"))


def test_nothing_wrong_nobody_told() -> None:
    given(SPEC, runs(10, **EACH)).at("13:00").expect(nobody_told())
