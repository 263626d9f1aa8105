"""The story kit that users get: it moves as told, and says clearly what was not as expected."""

import doctest
from datetime import timedelta

import pytest

from opsdeck import spec, testing, timing
from opsdeck.errors import UsageError
from opsdeck.model import Match, Window
from opsdeck.testing import (
    START,
    Story,
    breach,
    cancelled,
    failing,
    firing,
    gauge,
    given,
    inactive,
    met,
    nobody_told,
    ok,
    pending,
    probes,
    reading,
    runs,
    told,
    unknown,
)

SPEC = spec.load(None)
EACH = {"every": "1 minute", "until": "12:30"}


def test_the_example_of_the_docstring_runs() -> None:
    assert doctest.testmod(testing).failed == 0


def test_the_readme_of_a_story() -> None:
    story = given(SPEC, runs(7, ok, **EACH), runs(3, failing, code="RENDER_FAILED", **EACH))
    story.at("12:04:45").expect(pending("high_error_rate"))
    story.at("12:05").expect(firing("high_error_rate"), reading("error_rate", 0.3), told("high_error_rate"))


def count(story: Story) -> int:
    [whole] = story.events.tally(Match(), Window(START - timedelta(days=400), START + timedelta(days=400)))
    return whole.tally.runs + whole.tally.cancelled


@pytest.mark.parametrize(
    ("load", "times"),
    [
        (runs(3), ["12:00"] * 3),
        (runs(1, at="12:07"), ["12:07"]),
        (runs(2, every="1 minute", until="12:02"), ["12:00", "12:00", "12:01", "12:01"]),
        (runs(1, at="12:01", every="10 minutes", until="12:20"), ["12:01", "12:11"]),
        (runs(1, at=timedelta(minutes=9)), ["12:09"]),
        (runs(1, at="2025-09-09T12:03:00Z"), ["12:03"]),
        (probes(at=START + timedelta(hours=1)), ["13:00"]),
    ],
    ids=["at the start", "once", "each minute", "until before", "a span", "a timestamp", "a datetime"],
)
def test_when_things_happen(load: testing.Load, times: list[str]) -> None:
    assert [f"{moment:%H:%M}" for moment in load.moments(START)] == times


def test_what_is_still_to_come_has_not_happened() -> None:
    story = given(SPEC, runs(1), runs(1, at="12:10"))
    assert (count(story.jump("12:09:59")), count(story.jump("12:10"))) == (1, 2)


def test_more_can_happen_later() -> None:
    story = given(SPEC, runs(1)).at("12:05").happens(runs(1, cancelled, at="12:06"))
    assert count(story.at("12:06")) == 2


def test_a_story_does_not_go_back() -> None:
    with pytest.raises(UsageError, match="does not go back"):
        given(SPEC).at("12:05").at("12:04")


def test_a_jump_looks_at_nothing() -> None:
    given(SPEC, runs(1, failing, **EACH)).jump("12:20").expect(inactive("high_error_rate"), nobody_told())


def test_a_story_may_begin_at_any_time() -> None:
    start = timing.parse_iso("2026-02-03T08:00:00Z")
    story = given(SPEC, runs(1, at="08:10"), start=start).at("08:10")
    assert (repr(story), count(story)) == ("<Story at 2026-02-03T08:10:00.000Z>", 1)


def test_a_story_may_be_about_a_service_that_nobody_declared() -> None:
    story = (
        given(SPEC, runs(1, failing, **EACH), service="mine").at("12:05").expect(firing("high_error_rate"))
    )
    assert story.path("high_error_rate")[0].startswith("mine/high_error_rate is firing")


def test_a_code_has_the_category_of_the_spec() -> None:
    happened = (
        runs(1, failing, code="PATH_ESCAPE"),
        runs(2, failing, code="USAGE"),
        runs(3, failing, code="NEW"),
    )
    given(SPEC, *happened).jump("12:01").expect(reading("critical_errors", 1), reading("system_errors", 3))


def test_a_gauge_is_the_host_s_or_the_service_s() -> None:
    story = given(SPEC, gauge("cpu_usage", 0.5), gauge("cpu_usage", 0.9, host=False)).jump("12:01")
    assert story.expect(reading("cpu_usage", 0.5)) is story


FAILED = {
    "a phase": (
        firing("high_error_rate"),
        "high_error_rate is not firing\n    unjucks-cli/high_error_rate is pending",
    ),
    "another phase": (inactive("high_error_rate"), "high_error_rate is not inactive"),
    "data where none was expected": (unknown("high_error_rate"), "high_error_rate has data"),
    "a reading": (reading("error_rate", 0.5), "error_rate is 100%, not 50% (5 of 5 runs failed)"),
    "a reading that is unknown": (reading("cpu_usage", 0.5), "cpu_usage is unknown, not 50% (no samples)"),
    "nobody told": (told("high_error_rate"), "0 messages say firing, not 1"),
    "somebody told": (nobody_told(), "engineer@company.com was told: FIRING warning: error_rate_threshold"),
    "an objective": (met("error_rate"), "error_rate is breach, not ok: 100% over 30 days"),
    "another objective": (
        breach("availability"),
        "availability is unknown, not breach: unknown: no probe minutes",
    ),
}


@pytest.mark.parametrize(("expectation", "said"), FAILED.values(), ids=FAILED)
def test_what_is_not_as_expected_is_said(expectation: testing.Expectation, said: str) -> None:
    story = given(SPEC, runs(1, failing, **EACH)).at("12:04")
    with pytest.raises(AssertionError, match=r"at 2025-09-09T12:04:00\.000Z:") as caught:
        story.expect(expectation)
    assert said in str(caught.value)


def test_all_that_is_wrong_is_said_at_once() -> None:
    story = given(SPEC, runs(1, failing, **EACH)).at("12:04")
    with pytest.raises(AssertionError) as caught:
        story.expect(firing("high_error_rate"), met("error_rate"))
    assert "is not firing" in str(caught.value)
    assert "is breach, not ok" in str(caught.value)


def test_a_misspelled_rule_is_an_error_not_a_quiet_one() -> None:
    with pytest.raises(UsageError, match="no rule 'high_eror_rate'"):
        given(SPEC).at("12:01").expect(inactive("high_eror_rate"))


def test_a_misspelled_objective_is_an_error_too() -> None:
    with pytest.raises(UsageError, match="no objective 'uptime'"):
        given(SPEC).at("12:01").expect(met("uptime"))
