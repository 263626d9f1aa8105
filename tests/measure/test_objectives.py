"""Objectives on a month of known events in DuckDB: every figure is one that a person works out by hand."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from opsdeck import spec, timing
from opsdeck.measure.objectives import ObjectiveStatus, status
from opsdeck.stores.events import open_events
from opsdeck.testing import Load, Story, breach, failing, given, met, ok, probes, runs

SPEC = spec.load(None)
NOW = timing.parse_iso("2025-09-09T12:00:00Z")
DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
MONTH_AGO = NOW - 30 * DAY + MINUTE  # the running minute is the last of 43,200
OUTAGE = NOW - 60 * DAY


def in_spells(down: int) -> list[Load]:
    """A month of a probe a minute, `down` of them failing: one minute each, seven hours apart."""
    spells = [MONTH_AGO + n * timedelta(hours=7) for n in range(down)]
    good = probes(ok, at=MONTH_AGO, every=MINUTE, until=NOW + MINUTE)
    return [good, *(probes(failing, at=spell) for spell in spells)]


def outage(span: timedelta) -> list[Load]:
    """An hour of good probes, an outage of that span, a good hour again, sixty days ago."""
    over = OUTAGE + span
    return [
        probes(ok, at=OUTAGE - timedelta(hours=1), every=MINUTE, until=OUTAGE),
        probes(failing, at=OUTAGE, every=MINUTE, until=over),
        probes(ok, at=over, every=MINUTE, until=over + timedelta(hours=1)),
    ]


def operations() -> list[Load]:
    """1,000 runs five days ago: 12 fail, 4 of them with a system error; 60 take 2.1 s, the others 300 ms."""
    at = NOW - 5 * DAY
    return [
        runs(928, ok, at=at, duration=300),
        runs(60, ok, at=at, duration=2100),
        runs(8, failing, at=at, duration=300, code="TEMPLATE_NOT_FOUND"),
        runs(4, failing, at=at, duration=300, code="RENDER_FAILED"),
    ]


@pytest.fixture(scope="module")
def bad_month(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Story]:
    folder = tmp_path_factory.mktemp("month")
    events = open_events(f"duckdb:///{folder / 'events.duckdb'}", SPEC.edges)
    loads = [*in_spells(44), *outage(timedelta(hours=4, minutes=1)), *operations()]
    yield given(SPEC, *loads, start=OUTAGE - DAY, events=events).jump(NOW)
    events.close()


def of(story: Story, name: str) -> ObjectiveStatus:
    [found] = [one for one in status(story.events, story.service, story.clock.now()) if one.name == name]
    return found


def test_all_four_are_breached(bad_month: Story) -> None:
    bad_month.expect(breach("availability", "performance", "error_rate", "recovery_time"))


def test_availability(bad_month: Story) -> None:
    found = of(bad_month, "availability")
    assert found.value == pytest.approx(1 - 44 / 43_200)
    assert (found.target, found.budget) == (0.999, 0.001)
    # 44 minutes of a budget of 43.2
    assert found.budget_left == pytest.approx(1 - 44 / 43.2)
    assert found.figures["allowed"] == pytest.approx(43.2)


def test_availability_shows_the_budget_of_a_month_and_of_a_year(bad_month: Story) -> None:
    found = of(bad_month, "availability")
    assert found.figures["month_allowed_ms"] == pytest.approx(43.2 * 60_000)
    assert found.figures["year_allowed_ms"] == pytest.approx(8.76 * 3_600_000)
    assert found.figures["year_bad"] == 44 + 241


def test_availability_in_a_sentence(bad_month: Story) -> None:
    assert of(bad_month, "availability").note == (
        "99.89% over 30 days: 44 of 43,200 probe minutes were bad, 43.2 allowed; "
        "a full month allows 43.2 minutes, a year 8.76 hours (285 minutes spent)"
    )


def test_error_rate(bad_month: Story) -> None:
    found = of(bad_month, "error_rate")
    assert (found.value, found.target, found.budget) == (0.012, 0.01, 0.01)
    assert found.budget_left == pytest.approx(-0.2)
    assert found.note == (
        "1.2% over 30 days: 12 of 1,000 runs were bad, 10 allowed; system errors only: 0.4% (4)"
    )


def test_performance(bad_month: Story) -> None:
    found = of(bad_month, "performance")
    assert (found.value, found.target) == (2100, 2000)
    # 60 of 1,000 runs took 2 s or longer, 50 may
    assert (found.budget, found.budget_left) == (pytest.approx(0.05), pytest.approx(-0.2))
    assert found.note == "P95 2.1 s over 30 days, target < 2 s: 60 of 1,000 runs were bad, 50 allowed"


def test_recovery_time(bad_month: Story) -> None:
    found = of(bad_month, "recovery_time")
    assert found.value == timedelta(hours=4, minutes=1) / timedelta(milliseconds=1)
    assert (found.budget, found.budget_left, found.burn_rate) == (None, None, None)
    assert found.note == (
        "1 of 45 outages in 1 year missed < 4 hours: the longest took 4 hours 1 minute from 2025-07-11T12:00:00.000Z"
    )


def test_the_last_hour_was_quiet_so_nothing_burns(bad_month: Story) -> None:
    assert of(bad_month, "availability").burn_rate == 0


def test_without_runs_in_the_last_hour_the_burn_rate_is_unknown(bad_month: Story) -> None:
    assert of(bad_month, "error_rate").burn_rate is None


# ---- on the line --------------------------------------------------------------------------------------------------


def test_43_minutes_down_are_within_the_month() -> None:
    given(SPEC, *in_spells(43), start=MONTH_AGO).jump(NOW).expect(met("availability"))


def test_four_hours_are_one_minute_too_long() -> None:
    given(SPEC, *outage(timedelta(hours=4)), start=OUTAGE - DAY).jump(NOW).expect(breach("recovery_time"))


def test_three_hours_59_minutes_are_not() -> None:
    given(SPEC, *outage(timedelta(hours=3, minutes=59)), start=OUTAGE - DAY).jump(NOW).expect(
        met("recovery_time")
    )


SMALL = {
    "one failure of a hundred is too many": ("error_rate", (runs(1, failing), runs(99)), "breach"),
    "one failure of 101 is not": ("error_rate", (runs(1, failing), runs(100)), "ok"),
    "P95 of exactly 2 s is too slow": ("performance", (runs(10, duration=2000),), "breach"),
    "P95 just below is not": ("performance", (runs(10, duration=1999),), "ok"),
    "no runs": ("error_rate", (), "unknown"),
    "no durations": ("performance", (), "unknown"),
    "no probes": ("availability", (), "unknown"),
    "no probes, no outage to speak of": ("recovery_time", (), "unknown"),
    "probes and no outage": ("recovery_time", (probes(),), "ok"),
    "only checks of dependencies": ("availability", (probes(operation="health_check"),), "unknown"),
}


@pytest.mark.parametrize(("name", "loads", "verdict"), SMALL.values(), ids=SMALL)
def test_verdicts(name: str, loads: tuple[Load, ...], verdict: str) -> None:
    assert of(given(SPEC, *loads).jump("12:10"), name).verdict == verdict


@pytest.mark.parametrize("name", ["availability", "error_rate", "performance", "recovery_time"])
def test_unknown_has_no_figure_and_says_why(name: str) -> None:
    found = of(given(SPEC).jump("12:10"), name)
    assert (found.value, found.budget_left, found.burn_rate) == (None, None, None)
    assert found.note.startswith("unknown: no ")


def test_seven_good_and_three_failing_runs_burn_thirty_times_too_fast() -> None:
    found = of(given(SPEC, runs(7, ok), runs(3, failing)).jump("12:10"), "error_rate")
    assert found.burn_rate == pytest.approx(30)


def test_a_share_of_another_indicator_has_a_budget_too() -> None:
    story = given(SPEC, runs(8, ok), runs(2, failing)).jump("12:10")
    [error_rate] = [one for one in story.service.objectives if one.name == "error_rate"]
    success = replace(
        error_rate, name="success", indicator="cli_command_success_rate", comparison=">=", target=0.9
    )
    story.service = replace(story.service, objectives=(success,))
    found = of(story, "success")
    assert (found.verdict, found.budget, found.budget_left) == ("breach", 0.1, pytest.approx(-1))
    assert found.note == "80% over 30 days: 2 of 10 runs were bad, 1 allowed"


def test_an_open_outage_counts_until_now() -> None:
    found = of(given(SPEC, probes(failing, every=MINUTE, until="18:00")).jump("16:30"), "recovery_time")
    assert found.verdict == "breach"
    assert "4 hours 30 minutes so far" in found.note


def test_a_full_budget_is_one() -> None:
    assert of(given(SPEC, runs(10)).jump("12:10"), "error_rate").budget_left == 1
