"""What the deck's own runs showed: the last of each, and each minute of the last hour."""

from datetime import timedelta
from typing import Any

from opsdeck.reports.probes import Probe, Probes, probes
from opsdeck.reports.spans import grid
from opsdeck.testing import Story, failing
from opsdeck.testing import probes as probing

HOUR = timedelta(hours=1)


def seen(story: Story) -> Probes:
    now = story.clock.now()
    return probes(story.events, story.service, *grid(HOUR, now), now)


def named(story: Story, name: str) -> Probe:
    return next(probe for probe in seen(story).probes if probe.name == name)


def test_probes_of_the_spec_are_there_before_they_run(story: Any) -> None:
    told = story()
    found = {probe.name: probe for probe in seen(told).probes}
    assert set(found) == {probe.name for probe in told.service.probes}
    assert all(probe.runs == () for probe in found.values())
    assert found["version"].command == "unjucks --version"


def test_the_last_runs_newest_first_and_at_most_a_dozen(story: Any) -> None:
    found = named(story(probing(every="1 minute", until="12:30")), "cli_startup")
    assert len(found.runs) == 12
    assert [run.at.minute for run in found.runs][:3] == [29, 28, 27]


def test_a_run_says_how_it_went(story: Any) -> None:
    run = named(story(probing(failing, at="12:29", duration=41.5)), "cli_startup").runs[0]
    assert (run.duration, run.outcome, run.version) == (41.5, "failure", "1.0.0")
    assert run.message == "PROBE_FAILED of a story"


def test_a_probe_that_the_spec_no_longer_has_is_shown_while_its_runs_are_recent(story: Any) -> None:
    told = story(probing(at="12:29"))
    assert named(told, "cli_startup").command == ""
    told.jump("13:31")
    assert "cli_startup" not in {probe.name for probe in seen(told).probes}


def test_minutes_of_the_last_hour(story: Any) -> None:
    told = story(probing(every="1 minute", at="12:10", until="12:20"), probing(failing, at="12:15"))
    minutes = {at.minute: state for at, state in seen(told).minutes}
    assert len(minutes) == 60
    assert (minutes[14], minutes[15], minutes[16], minutes[25]) == ("good", "bad", "good", "unknown")


def test_dependency_checks_do_not_make_a_minute(story: Any) -> None:
    told = story(probing(failing, every="1 minute", until="12:30", operation="health_check"))
    assert {state for _, state in seen(told).minutes} == {"unknown"}


def test_the_chart_has_the_median_of_each_probe(busy: Story) -> None:
    chart = seen(busy).chart
    assert [(one.name, one.values[-2]) for one in chart.series] == [("cli_startup", 100.0)]
    assert chart.series[0].values[-1] is None


def test_no_chart_without_probes(story: Any) -> None:
    assert seen(story()).chart.empty
