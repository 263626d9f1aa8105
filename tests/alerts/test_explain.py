"""Why an alert is where it is: the whole path, also of what was not sent."""

from datetime import timedelta

import pytest

from opsdeck import alerts, spec, timing
from opsdeck.errors import DeliveryError, UsageError
from opsdeck.testing import START, Story, failing, given, ok, runs

SPEC = spec.load(None)
EACH = {"every": "1 minute", "until": "14:00"}
BAD = (runs(3, failing, **EACH), runs(7, ok, **EACH))
SATURDAY = timing.parse_iso("2025-09-13T12:00:00Z")


def steps(story: Story, rule: str = "high_error_rate") -> list[tuple[str, str, str]]:
    with story.state.begin(write=False) as tx:
        found = alerts.explain(tx, story.service, rule, story.clock.now())
    return [(f"{step.at:%H:%M:%S}", step.stage, step.verdict) for step in found.steps]


def test_the_whole_path_in_order() -> None:
    assert steps(given(SPEC, *BAD).at("12:05:15")) == [
        ("12:00:00", "evaluate", "holding"),
        ("12:05:00", "evaluate", "fired"),
        ("12:05:00", "route", "at_once"),
        ("12:05:00", "route", "not_mailed"),
        ("12:05:00", "deliver", "sent"),
        ("12:05:15", "evaluate", "firing"),
    ]


def test_a_step_holds_figures_window_threshold_and_hold() -> None:
    path = given(SPEC, *BAD).at("12:05").path("high_error_rate")
    assert path[2].endswith(
        "error_rate 30% (18 of 60 runs failed) over 5 minutes; the line is > 5% for 5 minutes; "
        "firing since 2025-09-09T12:05:00.000Z"
    )


def test_the_headline_says_where_it_stands() -> None:
    story = given(SPEC, *BAD).at("12:06")
    assert story.path("high_error_rate")[0] == (
        "unjucks-cli/high_error_rate is firing since 2025-09-09T12:05:00.000Z (firing), not acknowledged"
    )


def test_the_headline_says_who_took_it_on() -> None:
    story = given(SPEC, *BAD).at("12:06")
    with story.state.begin() as tx:
        alerts.acknowledge(tx, story.service.name, "high_error_rate", "ada", "on it", story.clock.now())
    assert story.path("high_error_rate")[0].endswith("acknowledged by ada at 2025-09-09T12:06:00.000Z")


def test_it_says_to_whom_over_what_and_in_how_many_attempts() -> None:
    story = given(SPEC, *BAD).at("12:04")
    story.outbox.failures = [DeliveryError("the line is busy", permanent=False)]
    last = story.at("12:06").path("high_error_rate")[-2]
    assert "to engineer@company.com over console: sent at 2025-09-09T12:05:15.000Z (2 attempts)" in last


def test_it_says_what_failed_and_when_it_tries_again() -> None:
    story = given(SPEC, *BAD).at("12:04")
    story.outbox.failures = [DeliveryError("the line is busy", permanent=False)]
    [retry] = [line for line in story.at("12:05").path("high_error_rate") if " retry " in line]
    assert "attempt 1: the line is busy; again at 2025-09-09T12:05:0" in retry


def test_it_says_who_inhibits() -> None:
    story = given(SPEC, *BAD).at("12:15")
    assert ("12:15:00", "inhibit", "inhibited") in steps(story, "elevated_errors")
    assert ("12:15:00", "route", "inhibited") in steps(story, "elevated_errors")
    assert "inhibited by high_error_rate" in story.path("elevated_errors")[0]


def test_it_says_until_when_a_warning_is_held() -> None:
    story = given(SPEC, runs(1, failing), start=SATURDAY).at("12:00")
    [held] = [line for line in story.path("error_rate_threshold") if " held " in line]
    assert "business hours, they open at 2025-09-15T09:00:00.000Z" in held


def test_it_says_who_silenced_it_and_why() -> None:
    story = given(SPEC, *BAD).at("12:00")
    with story.state.begin() as tx:
        until = START + timedelta(hours=2)
        alerts.silence(tx, "*", "*", until=until, reason="upgrade", actor="ada", now=START)
    [muted] = [line for line in story.at("12:05").path("high_error_rate") if " muted " in line]
    assert "silenced until 2025-09-09T14:00:00.000Z by ada: upgrade" in muted


def test_unknown_is_explained_too() -> None:
    path = given(SPEC).at("12:00").path("service_down")
    assert "health_check_success_rate unknown (no probes) over 5 minutes; the line is < 50%" in path[1]


NOW = {
    "pending": (
        "12:03:20",
        (
            "error_rate 30%; true since 2025-09-09T12:00:00.000Z (3 minutes 20 seconds), "
            "fires at 2025-09-09T12:05:00.000Z if it goes on"
        ),
    ),
    "firing": (
        "12:07",
        "error_rate 30%; true since 2025-09-09T12:00:00.000Z, firing for 2 minutes",
    ),
}


@pytest.mark.parametrize(("at", "line"), NOW.values(), ids=NOW)
def test_it_ends_with_how_things_stand_at_the_time_of_asking(at: str, line: str) -> None:
    story = given(SPEC, *BAD).at(at)
    assert story.path("high_error_rate")[-1] == f"{timing.iso(story.clock.now())}  now  {line}"


def test_the_time_of_asking_is_not_that_of_the_latest_look() -> None:
    story = given(SPEC, *BAD).at("12:03").jump("12:04")
    assert "(4 minutes), fires at 2025-09-09T12:05:00.000Z" in story.path("high_error_rate")[-1]


def test_now_without_data_nothing_is_decided() -> None:
    last = given(SPEC).at("12:01").path("service_down")[-1]
    assert "health_check_success_rate unknown, and no data decides nothing; inactive since" in last


def test_what_was_never_looked_at_says_so() -> None:
    story = given(SPEC).at("12:00")
    with pytest.raises(UsageError, match="there is no alert unjucks-cli/nonsense"), story.state.begin() as tx:
        alerts.explain(tx, story.service, "nonsense", story.clock.now())
