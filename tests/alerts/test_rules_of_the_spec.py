"""The shipped rules on a manual clock with their real durations: one step before the line nothing, on the line it fires."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from opsdeck import spec
from opsdeck.testing import (
    START,
    Load,
    Story,
    detections,
    failing,
    firing,
    gauge,
    given,
    inactive,
    ok,
    pending,
    probes,
    runs,
    told,
    unknown,
)

SPEC = spec.load(None)
EACH = {"every": "1 minute", "until": "14:00"}
SELDOM = {"every": "5 minutes", "until": "14:00"}
# No detection is a figure: zero.
DETECTED = ("privilege_escalation_attempt", "multiple_failed_operations", "secret_in_event")
WEEK_AGO = START - timedelta(days=7)
SCANNED = gauge("scan_imported", 1, host=False)
CODES = [f"CODE_{n}" for n in range(11)]


@dataclass(frozen=True, slots=True)
class Case:
    """A rule, what turns it true at noon, what stays exactly on its threshold, and when it fires."""

    rule: str
    over: tuple[Load, ...]
    at_the_line: tuple[Load, ...]
    fires: str
    just_before: str = ""

    def __str__(self) -> str:
        return self.rule


CASES = [
    Case(
        "service_down",
        over=(probes(failing, count=2), probes(ok)),
        at_the_line=(probes(failing, count=2), probes(ok, count=2)),
        fires="12:00",
    ),
    Case(
        "high_error_rate",
        over=(runs(6, failing, **EACH), runs(94, **EACH)),
        at_the_line=(runs(5, failing, **EACH), runs(95, **EACH)),
        fires="12:05",
        just_before="12:04:45",
    ),
    Case(
        "performance_degraded",
        over=(runs(6, duration=5001, **EACH), runs(94, **EACH)),
        at_the_line=(runs(6, duration=5000, **EACH), runs(94, **EACH)),
        fires="12:10",
        just_before="12:09:45",
    ),
    Case(
        "elevated_errors",
        over=(runs(3, failing, **SELDOM), runs(97, **SELDOM)),
        at_the_line=(runs(2, failing, **SELDOM), runs(98, **SELDOM)),
        fires="12:15",
        just_before="12:14:45",
    ),
    Case(
        "security_scan_failure",
        over=(SCANNED, gauge("critical_vulnerabilities", 1, host=False)),
        at_the_line=(SCANNED, gauge("critical_vulnerabilities", 0, host=False)),
        fires="12:00",
    ),
    Case(
        "high_resource_usage",
        over=(gauge("cpu_usage", 0.81, **EACH),),
        at_the_line=(gauge("cpu_usage", 0.8, **EACH),),
        fires="12:30",
        just_before="12:29:45",
    ),
    Case(
        "error_rate_threshold",
        over=(runs(6, failing), runs(94)),
        at_the_line=(runs(5, failing), runs(95)),
        fires="12:00",
    ),
    Case(
        "unique_errors",
        over=tuple(runs(1, failing, code=code) for code in CODES),
        at_the_line=tuple(runs(1, failing, code=code) for code in CODES[:10]),
        fires="12:00",
    ),
    Case(
        "critical_errors",
        over=(runs(1, failing, category="critical_errors"), runs(99)),
        at_the_line=(runs(1, failing, category="system_errors"), runs(99)),
        fires="12:00",
    ),
    Case(
        "system_errors",
        over=(runs(5, failing, category="system_errors"), runs(9)),
        at_the_line=(runs(4, failing, category="system_errors"), runs(9)),
        fires="12:00",
    ),
    *(Case(event, over=(detections(event),), at_the_line=(runs(9),), fires="12:00") for event in DETECTED),
    Case(
        "scan_overdue",
        over=(gauge("scan_imported", 1, host=False, at=WEEK_AGO - timedelta(milliseconds=1)),),
        at_the_line=(gauge("scan_imported", 1, host=False, at=WEEK_AGO),),
        fires="12:00",
    ),
]


def story(*loads: Load) -> Story:
    return given(SPEC, *loads)


def test_every_rule_of_the_spec_has_its_case() -> None:
    service = next(iter(SPEC.services.values()))
    assert [case.rule for case in CASES] == [rule.name for rule in service.rules]


@pytest.mark.parametrize("case", CASES, ids=str)
def test_exactly_on_the_threshold_nothing_happens(case: Case) -> None:
    story(*case.at_the_line).at(case.fires).expect(inactive(case.rule))


@pytest.mark.parametrize("case", [case for case in CASES if case.just_before], ids=str)
def test_one_step_before_the_hold_is_over_it_only_waits(case: Case) -> None:
    story(*case.over).at(case.just_before).expect(pending(case.rule), told(case.rule, times=0))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_on_the_line_it_fires_and_tells_one_person_once(case: Case) -> None:
    story(*case.over).at(case.fires).expect(firing(case.rule), told(case.rule))


@pytest.mark.parametrize("case", CASES, ids=str)
def test_looking_again_tells_nobody_again(case: Case) -> None:
    told_once = story(*case.over).at(case.fires)
    told_once.at(told_once.clock.now()).expect(firing(case.rule), told(case.rule))


# What makes each rule good again, and how long after 13:00 the last bad reading has left its window.
RECOVERIES = {
    "service_down": ((probes(failing, count=9),), probes(ok, at="13:00", **EACH), "13:05:15"),
    "high_error_rate": ((runs(1, failing, **EACH | {"until": "13:00"}),), runs(1, at="13:00", **EACH), "13:04:15"),
    "performance_degraded": (
        (runs(1, duration=9000, **EACH | {"until": "13:00"}),),
        runs(30, at="13:00", **EACH),
        "13:09:15",
    ),
    "elevated_errors": (
        (runs(3, failing, **SELDOM | {"until": "13:00"}), runs(97, **SELDOM)),
        runs(1, at="13:00", **EACH),
        "13:10:15",
    ),
    "security_scan_failure": (
        (SCANNED, gauge("critical_vulnerabilities", 2, host=False)),
        gauge("critical_vulnerabilities", 0, at="13:00", host=False),
        "13:00",
    ),
    "high_resource_usage": (
        (gauge("cpu_usage", 0.9, **EACH | {"until": "13:00"}),),
        gauge("cpu_usage", 0.1, at="13:00", **EACH),
        "13:30",
    ),
    "error_rate_threshold": ((runs(1, failing),), runs(1, at="12:59", **EACH), "13:00"),
    "unique_errors": (tuple(runs(1, failing, code=code) for code in CODES), runs(1, at="12:30", **EACH), "13:00:15"),
    "critical_errors": ((runs(1, failing, code="PATH_ESCAPE"),), runs(1, at="12:59", **EACH), "12:59"),
    "system_errors": ((runs(5, failing, code="RENDER_FAILED"),), runs(1, at="12:30", **EACH), "13:00:15"),
}  # fmt: skip


@pytest.mark.parametrize("rule", RECOVERIES)
def test_recovery_resolves_and_says_so_once(rule: str) -> None:
    bad, good, over = RECOVERIES[rule]
    story(*bad, good).at("12:40").expect(firing(rule)).at(over).expect(
        inactive(rule), told(rule), told(rule, "resolved")
    )


@pytest.mark.parametrize("rule", RECOVERIES)
def test_silence_of_the_data_never_resolves(rule: str) -> None:
    bad, _, _ = RECOVERIES[rule]
    fired = story(*bad).at("12:40").expect(firing(rule))
    fired.jump("2025-09-30T12:00:00Z").at("2025-09-30T12:01:00Z")
    fired.expect(firing(rule), unknown(rule), told(rule, "resolved", times=0))


@pytest.mark.parametrize("rule", [case.rule for case in CASES if case.rule not in DETECTED])
def test_without_any_data_every_rule_is_unknown_and_quiet(rule: str) -> None:
    story().at("12:30").expect(inactive(rule), unknown(rule), told(rule, times=0))


def test_two_probes_are_too_few_to_call_a_service_down() -> None:
    story(probes(failing, count=2)).at("12:01").expect(inactive("service_down"), unknown("service_down"))


def test_three_failures_of_three_runs_fire_high_error_rate() -> None:
    story(runs(1, failing, every="2 minutes", until="12:06")).at("12:05").expect(firing("high_error_rate"))


def test_a_gap_in_the_data_stops_the_hold() -> None:
    gap = story(runs(1, failing), runs(1, failing, at="12:30", every="1 minute", until="13:00"))
    # True from 12:00 to 12:05, when the only run leaves the window: the hold is one look short, and frozen until 12:30.
    gap.at("12:04:45").expect(pending("high_error_rate"))
    gap.at("12:29:45").expect(firing("high_error_rate"))


def test_cancelled_runs_are_in_neither_side_of_the_rate() -> None:
    story(runs(1, "cancelled", **EACH)).at("12:10").expect(
        inactive("high_error_rate"), unknown("high_error_rate")
    )


def test_a_probe_that_fails_is_no_failed_run() -> None:
    story(probes(failing, **EACH), runs(1, **EACH)).at("12:20").expect(
        inactive("high_error_rate", "elevated_errors", "system_errors"), firing("service_down")
    )
