"""Every indicator over known events: the figure a person would work out by hand."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from opsdeck import spec
from opsdeck.errors import UsageError
from opsdeck.measure import indicators
from opsdeck.model import Sample, Window
from opsdeck.spec.model import Service
from opsdeck.testing import START, Load, cancelled, failing, gauge, given, ok, probes, reading, runs

SPEC = spec.load(None)
MIXED = (runs(7, ok), runs(3, failing))
SCANNED = gauge("scan_imported", 1, host=False)
SLOW = (runs(90, duration=100), runs(10, duration=4000))

# indicator → what happened, and the figure over the last five minutes
FIGURES: dict[str, tuple[str, tuple[Load, ...], float]] = {
    "seven good and three failing runs": ("cli_command_success_rate", MIXED, 0.7),
    "the same seen from the other side": ("error_rate", MIXED, 0.3),
    "user errors are no system errors": (
        "system_error_rate",
        (runs(1, failing, category="system_errors"), runs(1, failing, category="user_errors"), runs(8)),
        0.1,
    ),
    "cancelled runs do not count": ("error_rate", (*MIXED, runs(50, cancelled)), 0.3),
    "ci counts like a person": ("error_rate", (runs(1, failing, user_type="ci"), runs(1)), 0.5),
    "probes are no runs": ("error_rate", (*MIXED, probes(failing, count=9)), 0.3),
    "a run with a service's key is no person's": ("error_rate", (*MIXED, runs(9, failing, user_type="service")), 0.3),
    "start-ups are no operations": ("error_rate", (*MIXED, runs(9, failing, operation="cli_startup")), 0.3),
    "the median": ("p50_latency", SLOW, 100),
    "the 95th percentile": ("p95_latency", SLOW, 4000),
    "the 99th percentile": ("p99_latency", (runs(98, duration=100), runs(2, duration=4000)), 4000),
    "one slow run of a hundred is beyond P95": ("p95_latency", (runs(99, duration=100), runs(1, duration=4000)), 100),
    "generation only": (
        "template_generation_latency",
        (runs(9, duration=300), runs(9, duration=9000, operation="template_discovery")),
        300,
    ),
    "downloads": (
        "binary_download_success_rate",
        (runs(3, operation="binary_download"), runs(1, failing, operation="binary_download")),
        0.75,
    ),
    "all probes make the health": (
        "health_check_success_rate",
        (probes(count=2), probes(failing, operation="health_check"), probes(failing)),
        0.5,
    ),
    "how long a health check takes": ("health_check_response_time", (probes(duration=250),), 250),
    "half of the probe minutes were good": (
        "availability",
        (probes(at="12:00"), probes(at="12:01"), probes(failing, at="12:00")),
        0.5,
    ),
    "a dependency that is down is no outage": (
        "availability",
        (probes(), probes(failing, operation="health_check")),
        1.0,
    ),
    "no outage": ("recovery_time", (probes(),), 0),
    "an outage of two minutes": ("recovery_time", (probes(failing), probes(at="12:02")), 120_000),
    "the mean of the host": (
        "cpu_usage",
        (gauge("cpu_usage", 0.2), gauge("cpu_usage", 0.6, at="12:01")),
        0.4,
    ),
    "the newest scan": (
        "critical_vulnerabilities",
        (SCANNED, gauge("critical_vulnerabilities", 9, host=False), gauge("critical_vulnerabilities", 2, at="12:01", host=False)),
        2,
    ),
    "a count that an old scan left, and a scan since": (
        "critical_vulnerabilities",
        (SCANNED, gauge("critical_vulnerabilities", 3, at=START - timedelta(days=30), host=False)),
        3,
    ),
    "errors of one group are one": (
        "unique_errors",
        (runs(3, failing, code="A"), runs(1, failing, code="B"), runs(1, failing, code="B", template="x/y"), runs(1)),
        3,
    ),
    "no failure, no unique error": ("unique_errors", (runs(1),), 0),
    "critical errors": ("critical_errors", (runs(2, failing, category="critical_errors"), runs(1, failing)), 2),
    "system errors": ("system_errors", (runs(2, failing, code="RENDER_FAILED"), runs(5, failing, code="USAGE")), 2),
    "operations a minute": ("operations_per_minute", (runs(10),), 2),
    "sessions": ("active_users", (runs(2, session="a"), runs(1, session="b"), probes()), 2),
    "users": ("daily_active_users", (runs(2, user="a", session="a"), runs(1, user="a", session="b")), 1),
    "good generations": (
        "templates_generated",
        (runs(3), runs(1, failing), runs(1, operation="template_discovery")),
        3,
    ),
    "nobody came, and that is a figure": ("active_users", (), 0),
}  # fmt: skip


@pytest.mark.parametrize(("name", "happened", "value"), FIGURES.values(), ids=FIGURES)
def test_figures(name: str, happened: tuple[Load, ...], value: float) -> None:
    given(SPEC, *happened).jump("12:04").expect(reading(name, value))


ACTIVITY = {
    "operations_per_minute", "active_users", "daily_active_users", "templates_generated", *indicators.SECURITY_EVENTS,
}  # fmt: skip


@pytest.mark.parametrize("name", [name for name in indicators.INDICATORS if name not in ACTIVITY])
def test_no_data_is_unknown(name: str) -> None:
    given(SPEC).jump("12:04").expect(reading(name, None))


@pytest.mark.parametrize("name", indicators.INDICATORS)
def test_what_is_older_than_the_window_does_not_count(name: str) -> None:
    everything = [load for _, loads, _ in FIGURES.values() for load in loads]
    empty = given(SPEC).jump("12:30")
    value = indicators.read(empty.events, empty.service, name, Window.last(timedelta(minutes=5), START)).value
    given(SPEC, *everything).jump("12:30").expect(reading(name, value))


def test_every_indicator_of_the_spec_can_be_measured() -> None:
    assert set(SPEC.indicators) == set(indicators.INDICATORS)


def test_every_indicator_is_measured_in_the_spec_s_unit() -> None:
    story = given(SPEC).jump("12:04")
    window = Window.last(timedelta(minutes=5), story.clock.now())
    units = {
        name: measure(story.events, story.service, window).unit
        for name, measure in indicators.INDICATORS.items()
    }
    assert units == {name: one.unit for name, one in SPEC.indicators.items()}


def test_a_share_says_of_what() -> None:
    story = given(SPEC, *MIXED).jump("12:04")
    found = indicators.read(
        story.events, story.service, "error_rate", Window.last(timedelta(minutes=5), START)
    )
    assert (found.part, found.whole, found.note) == (3, 10, "3 of 10 runs failed")


def test_an_indicator_that_is_none_says_which_there_are() -> None:
    story = given(SPEC)
    with pytest.raises(UsageError, match="no indicator 'error_rat'") as caught:
        indicators.read(story.events, story.service, "error_rat", Window.last(timedelta(minutes=5), START))
    assert "error_rate" in caught.value.hint


def busy(cpu: float) -> Load:
    """Two runs of 100 ms that spent so much processor time each, in ms."""
    plain = runs(2, duration=100)

    def make(service: Service, at: datetime) -> dict[str, Any] | Sample:
        entry = plain.make(service, at)
        assert isinstance(entry, dict)
        return entry | {"cpuMs": cpu}

    return replace(plain, make=make)


def test_the_processor_time_of_runs_over_their_wall_time() -> None:
    given(SPEC, busy(80)).jump("12:04").expect(reading("run_cpu_usage", 0.8))


def test_runs_that_do_not_tell_their_processor_time_are_left_out() -> None:
    given(SPEC, busy(80), runs(1, duration=10_000)).jump("12:04").expect(reading("run_cpu_usage", 0.8))


def test_several_processors_at_once_are_more_than_one() -> None:
    given(SPEC, busy(300)).jump("12:04").expect(reading("run_cpu_usage", 3))


def test_counts_without_a_scan_in_the_window_are_unknown() -> None:
    old = (gauge(name, 1, at="11:50", host=False) for name in ("scan_imported", "critical_vulnerabilities"))
    given(SPEC, *old).jump("12:04").expect(reading("critical_vulnerabilities", None))


def test_the_age_of_the_newest_scan() -> None:
    given(SPEC, gauge("scan_imported", 1, at="12:01", host=False)).jump("12:04").expect(
        reading("scan_age", 180_000)
    )
