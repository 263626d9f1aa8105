"""The overview of a service: figures, charts, how it stands and why."""

from datetime import timedelta
from typing import Any

import pytest

from opsdeck.model import AlertState
from opsdeck.reports.charts import Chart
from opsdeck.reports.overview import Figure, Overview, overview, stand
from opsdeck.reports.probes import Probe, ProbeRun, Probes
from opsdeck.testing import START, Story, cancelled, failing, probes, runs

HOUR = timedelta(hours=1)


def seen(story: Story, span: timedelta = HOUR) -> Overview:
    with story.state.begin(write=False) as tx:
        return overview(story.events, tx, story.spec, story.service, span=span, now=story.clock.now())


def figure(shown: Overview, name: str) -> Any:
    return next(one for one in (*shown.realtime, *shown.business) if one.name == name)


def test_without_data_figures_are_unknown_and_say_why(story: Any) -> None:
    shown = seen(story())
    assert {one.name: one.text for one in shown.realtime} == {
        "active_users": "0", "operations_per_minute": "0", "error_rate": "unknown",
        "p50_latency": "unknown", "p95_latency": "unknown", "p99_latency": "unknown",
    }  # fmt: skip
    assert figure(shown, "error_rate").note == "no runs"
    assert figure(shown, "error_rate").verdict == "unknown"


def test_the_real_time_metrics_of_the_framework(busy: Story) -> None:
    shown = seen(busy)
    assert figure(shown, "active_users").value == 2
    assert figure(shown, "operations_per_minute").value == pytest.approx(10, rel=0.01)
    assert figure(shown, "error_rate").value == pytest.approx(0.3)
    assert figure(shown, "p50_latency").text == "100 ms"
    assert figure(shown, "p99_latency").text == "900 ms"


def test_figures_are_measured_by_their_objective(busy: Story) -> None:
    shown = seen(busy)
    assert (figure(shown, "error_rate").target, figure(shown, "error_rate").verdict) == ("< 1%", "breach")
    assert (figure(shown, "p95_latency").target, figure(shown, "p95_latency").verdict) == ("< 2 s", "ok")
    assert (figure(shown, "p50_latency").target, figure(shown, "p50_latency").verdict) == ("", "ok")


def test_figures_say_over_which_time(busy: Story) -> None:
    shown = seen(busy, timedelta(days=7))
    assert figure(shown, "error_rate").over == "last 7 days"
    assert figure(shown, "active_users").over == "last 5 minutes"
    assert figure(shown, "daily_active_users").over == "last day"
    assert figure(seen(busy), "error_rate").over == "last hour"


def test_only_sessions_of_the_last_five_minutes_are_active(story: Any) -> None:
    told = story(runs(1, at="12:24", session="gone"), runs(1, at="12:26", session="here"))
    assert figure(seen(told), "active_users").value == 1
    assert figure(seen(told), "daily_active_users").value == 1


def test_business_metrics(busy: Story) -> None:
    shown = seen(busy)
    assert figure(shown, "daily_active_users").value == 2
    assert figure(shown, "templates_generated").value == 210
    assert figure(shown, "availability").text == "93.3%"


def test_probes_are_outside_of_peoples_figures(story: Any) -> None:
    shown = seen(story(probes(failing, every="1 minute", until="12:30")))
    assert figure(shown, "error_rate").value is None
    assert all(chart.empty for chart in shown.charts)


def test_cancelled_runs_are_no_failures(story: Any) -> None:
    shown = seen(story(runs(9, at="12:10"), runs(5, cancelled, at="12:10")))
    assert figure(shown, "error_rate").value == 0
    assert shown.errors == ()


def test_most_used_templates(busy: Story) -> None:
    rows = [(row.name, row.runs, row.failures) for row in seen(busy).templates]
    assert rows == [("component/react", 210, 0), ("component/vue", 90, 90)]


def test_at_most_five_of_a_kind_the_most_frequent_first(story: Any) -> None:
    loads = [runs(n, failing, at="12:10", code=f"E{n}", template=f"t{n}") for n in range(1, 8)]
    shown = seen(story(*loads))
    assert [row.name for row in shown.errors] == ["E7", "E6", "E5", "E4", "E3"]
    assert [row.name for row in shown.templates] == ["t7", "t6", "t5", "t4", "t3"]


def test_charts_have_one_axis_and_the_objectives_limits(busy: Story) -> None:
    operations, errors, latency = seen(busy).charts
    assert operations.times == errors.times == latency.times
    assert (operations.limit, errors.limit, latency.limit) == (None, 0.01, 2_000)
    assert [one.name for one in latency.series] == ["p50", "p95", "p99"]


def test_bars_are_runs_per_minute(busy: Story) -> None:
    operations = seen(busy).charts[0]
    assert operations.times[-1] == START + timedelta(minutes=30)
    assert [one.values[-2] for one in operations.series] == [7, 3]


def test_alerts_that_are_not_quiet_come_along(busy: Story) -> None:
    shown = seen(busy)
    assert "high_error_rate" in {state.rule for state in shown.alerts}
    assert {state.phase for state in shown.alerts} <= {"firing", "pending"}


# ---- how a service stands ---------------------------------------------------------------------------------------


def alert(rule: str, phase: Any = "firing") -> AlertState:
    return AlertState(f"s/{rule}", "s", rule, phase, START, None, 1.0, "fired", START)


def probed(*outcomes: str, operation: str = "cli_startup") -> Probes:
    runs_of = tuple(
        Probe(f"p{n}", "", operation, (ProbeRun("1", START, 1.0, outcome, "1", ""),))
        for n, outcome in enumerate(outcomes)
    )
    return Probes(timedelta(minutes=1), runs_of, (), Chart("", "", "line", "ms", (), ()))


def error_rate(value: float | None, verdict: Any, target: str = "< 1%") -> Figure:
    return Figure("error_rate", "Error rate", value, "ratio", "last hour", target, verdict, "")


NO_RUNS = error_rate(None, "unknown")
STANDINGS = {
    "all is well": ((), ("success", "success"), "healthy", "all 2 probes passed when they last ran"),
    "nothing was probed": (
        (),
        (),
        "unknown",
        "nothing runs its CLI: give the service probes in operations.yaml",
    ),
    "a probe failed": ((), ("success", "failure"), "degraded", "1 of 2 probes failed when they last ran"),
    "an alert": ((alert("elevated_errors"),), ("success",), "degraded", "an alert is firing"),
    "two alerts": ((alert("a"), alert("b")), ("success",), "degraded", "2 alerts are firing"),
    "one that is only pending": (
        (alert("a", "pending"),),
        ("success",),
        "healthy",
        "the one probe passed when it last ran",
    ),
    "the service is down": (
        (alert("a"), alert("service_down")),
        ("failure",),
        "down",
        "service_down is firing",
    ),
}


@pytest.mark.parametrize(("alerts", "outcomes", "standing", "reason"), STANDINGS.values(), ids=STANDINGS)
def test_standing(
    alerts: tuple[AlertState, ...], outcomes: tuple[str, ...], standing: str, reason: str
) -> None:
    assert stand(alerts, probed(*outcomes), NO_RUNS) == (standing, reason)


def test_a_probe_that_has_not_run_says_nothing_about_the_service() -> None:
    waiting = Probe("p", "", "", ())
    seen = Probes(HOUR, (waiting,), (), Chart("", "", "line", "ms", (), ()))
    reason = "no probe has run its CLI in the last hour (see: opsdeck doctor)"
    assert stand((), seen, NO_RUNS) == ("unknown", reason)


PEOPLE = {
    "few runs failed": (error_rate(0.0, "ok"), "healthy", "error rate 0%, target < 1%"),
    "many runs failed": (error_rate(0.3, "breach"), "degraded", "error rate 30%, target < 1%"),
    "nobody ran it": (NO_RUNS, "unknown", "give the service probes in operations.yaml"),
    "no objective says what is too much": (error_rate(0.3, "ok", ""), "unknown", "give the service probes"),
}


@pytest.mark.parametrize(("errors", "standing", "reason"), PEOPLE.values(), ids=PEOPLE)
def test_without_probes_of_the_cli_people_decide(errors: Figure, standing: str, reason: str) -> None:
    found = stand((), probed("success", operation="health_check"), errors)
    assert found[0] == standing
    assert reason in found[1]


def test_a_dependency_that_is_unwell_degrades_the_service_even_so() -> None:
    found = stand((), probed("failure", operation="health_check"), error_rate(0.0, "ok"))
    assert found[0] == "degraded"
