"""The framework's phrases as the rest of the house gets them: parsed, in base units, hand-computed here."""

from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Any

import pytest

from opsdeck.spec import Spec
from opsdeck.spec.model import Objective, Rule
from opsdeck.spec.phrases import Box, Cadence, Deadline, Growth, Notice, Threshold

MINUTE = 60 * 1000
HOUR = 60 * MINUTE


def rule(spec: Spec, name: str) -> Rule:
    return next(one for one in spec.service("unjucks-cli").rules if one.name == name)


def objective(spec: Spec, name: str) -> Objective:
    return next(one for one in spec.service("unjucks-cli").objectives if one.name == name)


# name: (indicator, comparison, threshold, unit, window, hold), (tier, severity, response minutes, chain)
ONCALL, LEAD, MANAGER = "on-call engineer", "team lead", "manager"
RULES: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "service_down": (
        ("health_check_success_rate", "<", 0.5, "ratio", 5, 0),
        (1, "critical", 5, (ONCALL, LEAD, MANAGER)),
    ),
    "high_error_rate": (("error_rate", ">", 0.05, "ratio", 5, 5), (1, "critical", 15, (ONCALL, LEAD))),
    "performance_degraded": (("p95_latency", ">", 5000, "ms", 10, 10), (1, "high", 30, (ONCALL,))),
    "elevated_errors": (("error_rate", ">", 0.02, "ratio", 15, 15), (2, "warning", 120, (ONCALL,))),
    "security_scan_failure": (
        ("critical_vulnerabilities", ">", 0, "count", 7 * 24 * 60, 0),
        (2, "high", 24 * 60, (ONCALL,)),
    ),
    "high_resource_usage": (("cpu_usage", ">", 0.8, "ratio", 30, 30), (2, "warning", 240, (ONCALL,))),
    "error_rate_threshold": (("error_rate", ">", 0.05, "ratio", 5, 0), (2, "warning", 120, (ONCALL,))),
    "unique_errors": (("unique_errors", ">", 10, "count", 60, 0), (2, "warning", 120, (ONCALL,))),
    "critical_errors": (("critical_errors", ">", 0, "count", 5, 0), (1, "high", 5, (ONCALL, LEAD))),
    "system_errors": (("system_errors", ">=", 5, "count", 60, 0), (2, "medium", 120, (ONCALL,))),
    "privilege_escalation_attempt": (
        ("privilege_escalation_attempt", ">", 0, "count", 5, 0),
        (1, "critical", 5, (ONCALL, LEAD)),
    ),
    "multiple_failed_operations": (
        ("multiple_failed_operations", ">", 0, "count", 5, 0),
        (1, "warning", 30, (ONCALL,)),
    ),
    "secret_in_event": (("secret_in_event", ">", 0, "count", 60, 0), (2, "high", 240, (ONCALL,))),
    "scan_overdue": (
        ("scan_age", ">", 7 * 86_400_000, "ms", 90 * 24 * 60, 0),
        (2, "warning", 24 * 60, (ONCALL,)),
    ),
}


@pytest.mark.parametrize("name", RULES)
def test_a_rule_watches_what_the_framework_says(shipped: Spec, name: str) -> None:
    indicator, comparison, threshold, unit, window, hold = RULES[name][0]
    one = rule(shipped, name).condition
    assert (one.indicator, one.comparison, one.threshold, one.unit) == (
        indicator,
        comparison,
        threshold,
        unit,
    )
    assert (one.window, one.hold) == (timedelta(minutes=window), timedelta(minutes=hold))


@pytest.mark.parametrize("name", RULES)
def test_a_rule_reaches_whom_the_framework_says(shipped: Spec, name: str) -> None:
    one = rule(shipped, name)
    got = (one.tier, one.severity, one.response_time / timedelta(minutes=1), one.escalation)
    assert got == RULES[name][1]


def test_there_are_six_rules_four_thresholds_and_four_of_ours(shipped: Spec) -> None:
    assert [one.name for one in shipped.service("unjucks-cli").rules] == list(RULES)


def test_service_down_needs_three_probes_and_no_other_rule_a_minimum(shipped: Spec) -> None:
    rules = shipped.service("unjucks-cli").rules
    assert {one.name: one.condition.minimum for one in rules if one.condition.minimum} == {"service_down": 3}


def test_high_error_rate_inhibits_elevated_errors_and_nothing_else_inhibits(shipped: Spec) -> None:
    rules = shipped.service("unjucks-cli").rules
    assert {one.name: one.inhibits for one in rules if one.inhibits} == {
        "high_error_rate": ("elevated_errors",)
    }


def test_a_rule_that_follows_a_threshold_says_so_in_a_phrase(shipped: Spec) -> None:
    one = rule(shipped, "system_errors")
    assert one.condition.text == "system_errors >= 5 over 1 hour"
    assert one.source == "errors.categories.system_errors.alert_threshold"


def test_alerts_open_the_incidents_of_the_readings(shipped: Spec) -> None:
    opened = {one.name: one.incident for one in shipped.service("unjucks-cli").rules if one.incident}
    assert opened == {
        "service_down": "P0_Critical",
        "high_error_rate": "P1_High",
        "performance_degraded": "P1_High",
    }
    worse = rule(shipped, "high_error_rate").incident_when["P0_Critical"]
    assert worse.holds(1.0)
    assert not worse.holds(0.99)


OBJECTIVES: dict[str, tuple[Any, ...]] = {
    "availability": ("budget", "availability", ">=", 0.999, "ratio", 30, None),
    "performance": ("percentile", "p95_latency", "<", 2000, "ms", 30, 0.95),
    "error_rate": ("budget", "error_rate", "<", 0.01, "ratio", 30, None),
    "recovery_time": ("limit", "recovery_time", "<", 4 * HOUR, "ms", 365, None),
}


@pytest.mark.parametrize("name", OBJECTIVES)
def test_an_objective_promises_what_the_framework_says(shipped: Spec, name: str) -> None:
    one = objective(shipped, name)
    got = (one.kind, one.indicator, one.comparison, one.target, one.unit, one.window.days, one.rank)
    assert got == OBJECTIVES[name]


TARGETS = {
    "cli_startup.p50": 200,
    "cli_startup.p95": 500,
    "cli_startup.p99": 1000,
    "template_discovery.p50": 300,
    "template_discovery.p95": 1000,
    "template_discovery.p99": 2000,
    "template_generation.single_file.p50": 500,
    "template_generation.single_file.p95": 1500,
    "template_generation.multiple_files.p50": 1000,
    "template_generation.multiple_files.p95": 3000,
}


def test_performance_targets_are_limits_in_ms(shipped: Spec) -> None:
    targets = shipped.service("unjucks-cli").performance.targets
    assert {one.name: one.limit.value for one in targets} == TARGETS
    assert {one.limit.comparison for one in targets} == {"<"}


def test_memory_is_in_decimal_bytes_and_a_leak_is_a_growth(shipped: Spec) -> None:
    one = shipped.service("unjucks-cli").performance
    assert (one.memory_baseline.value, one.memory_peak.value) == (50_000_000, 200_000_000)
    assert one.leak == Growth(0.1, timedelta(hours=24))


def test_every_latency_that_is_compared_with_is_a_bucket_edge(shipped: Spec) -> None:
    assert shipped.edges == (200, 300, 500, 1000, 1500, 2000, 3000, 5000, 7 * 86_400_000)


def test_capacity_is_known_growing_and_triggering(shipped: Spec) -> None:
    one = shipped.service("unjucks-cli").capacity
    assert [name for name, amount in one.usage.items() if amount.limit is None] == [
        "daily_operations",
        "peak_concurrent_users",
    ]
    assert one.usage["daily_operations"].note == "needs instrumentation"
    assert [growth.ratio for growth in one.growth.values()] == [0.2, 0.25, 0.15]
    lines = [(t.condition.indicator, t.condition.threshold) for t in one.triggers]
    assert lines == [("operations_per_minute", 1000), ("error_rate", 0.02), ("p95_latency", 3000)]


def test_logs_are_kept_as_long_as_the_framework_says(shipped: Spec) -> None:
    kept = {name: one.retention.days for name, one in shipped.framework.log_categories.items()}
    assert kept == {
        "audit_logs": 7 * 365,
        "application_logs": 90,
        "performance_logs": 30,
        "security_logs": 2 * 365,
    }


def test_errors_are_grouped_by_three_dimensions_within_five_minutes(shipped: Spec) -> None:
    one = shipped.service("unjucks-cli").aggregation
    assert one.group_by == ("error_code", "template", "user_type")
    assert one.window == timedelta(minutes=5)


SEVERITIES: dict[str, tuple[Deadline, Deadline, timedelta, Notice]] = {
    "P0_Critical": (
        Deadline(timedelta(minutes=5)),
        Deadline(timedelta(hours=2)),
        timedelta(minutes=30),
        Notice("C-level"),
    ),
    "P1_High": (
        Deadline(timedelta(minutes=30)),
        Deadline(timedelta(hours=8)),
        timedelta(hours=1),
        Notice("director", timedelta(hours=4)),
    ),
    "P2_Medium": (
        Deadline(timedelta(hours=2)),
        Deadline(timedelta(hours=24)),
        timedelta(days=1),
        Notice("manager", timedelta(days=1)),
    ),
    "P3_Low": (
        Deadline(business_days=1),
        Deadline(timedelta(weeks=1)),
        timedelta(weeks=1),
        Notice("team lead"),
    ),
}


@pytest.mark.parametrize("name", SEVERITIES)
def test_a_severity_has_the_framework_s_deadlines(shipped: Spec, name: str) -> None:
    one = shipped.framework.severities[name]
    assert (one.response, one.resolution, one.communication.every, one.escalation) == SEVERITIES[name]


def test_half_of_the_users_divides_p1_from_p2(shipped: Spec) -> None:
    levels = shipped.framework.severities
    assert levels["P1_High"].affects == Threshold(">", 0.5, "ratio", subject="users")
    assert levels["P2_Medium"].affects == Threshold("<", 0.5, "ratio", subject="users")


def test_the_playbook_has_five_phases_with_their_time_boxes(shipped: Spec) -> None:
    boxes = [phase.time for phase in shipped.framework.playbook]
    assert boxes == [
        Box(timedelta(), Deadline(timedelta(minutes=5))),
        Box(timedelta(minutes=5), Deadline(timedelta(minutes=30))),
        Box(timedelta(minutes=30), Deadline(timedelta(hours=4))),
        Box(),
        Box(end=Deadline(business_days=5)),
    ]
    assert [len(phase.items) for phase in shipped.framework.playbook] == [4, 4, 4, 4, 4]


def test_the_document_is_reviewed_monthly_or_after_a_major_incident(shipped: Spec) -> None:
    one = shipped.framework.document
    assert one.last_updated == date(2025, 9, 9)
    assert one.next_review == Cadence(timedelta(days=30), after="major incidents")
    assert set(one.approvals.values()) == {"pending"}


def test_kpis_have_their_targets_and_reports(shipped: Spec) -> None:
    kpis = shipped.framework.kpis
    assert {name: (one.target.comparison, one.target.value) for name, one in kpis.items()} == {
        "availability": (">=", 0.999),
        "performance": ("<", 2000),
        "quality": ("<", 0.01),
        "security": ("<=", 0),
    }
    assert [one.reporting.every.days for one in kpis.values()] == [30, 7, 1, 7]


LENGTHS: dict[str, tuple[Callable[[Spec], Any], int]] = {
    "three dashboards": (lambda s: s.framework.dashboard, 3),
    "twenty fields of an entry": (lambda s: s.framework.entry, 20),
    "four security events and one of ours": (lambda s: s.framework.security_events, 5),
    "three regulations": (lambda s: s.framework.compliance, 3),
    "two checklists": (lambda s: s.framework.checklists, 2),
    "six daily items": (lambda s: s.framework.checklists["daily"].items, 6),
    "six weekly items": (lambda s: s.framework.checklists["weekly"].items, 6),
    "two rollbacks": (lambda s: s.framework.rollback, 2),
    "three groups of business metrics": (lambda s: s.framework.business, 3),
    "three error categories": (lambda s: s.error_categories, 3),
    "four contacts": (lambda s: s.contacts, 4),
    "two tiers": (lambda s: s.framework.tiers, 2),
}


@pytest.mark.parametrize("sentence", LENGTHS)
def test_the_framework_has(shipped: Spec, sentence: str) -> None:
    get, count = LENGTHS[sentence]
    assert len(get(shipped)) == count


def test_security_events_have_limits_where_the_readings_give_them(shipped: Spec) -> None:
    events = shipped.framework.security_events
    failures, exfiltration = events["multiple_failed_operations"], events["data_exfiltration_risk"]
    assert failures.limit == Threshold(">", 10, "count", subject="failures from same user / ip")
    assert failures.window == timedelta(minutes=5)
    assert exfiltration.limit == Threshold(">", 500, "count", timedelta(hours=1), subject="generations")
    assert exfiltration.distinct == Threshold(">", 100, "count", timedelta(days=1), subject="templates")


def test_business_time_is_monday_to_friday_nine_to_five_in_utc(shipped: Spec) -> None:
    one = shipped.calendar
    assert (one.days, one.opens, one.closes) == (frozenset(range(5)), time(9), time(17))
    assert (one.zone.key, one.holidays) == ("UTC", frozenset())


def test_probes_stand_for_the_four_operations_of_the_real_cli(shipped: Spec) -> None:
    probes = {one.name: (one.operation, one.kind) for one in shipped.service("unjucks-cli").probes}
    assert probes == {
        "version": ("cli_startup", ""),
        "discovery": ("template_discovery", ""),
        "single_file": ("template_generation", "single_file"),
        "multiple_files": ("template_generation", "multiple_files"),
    }


def test_the_on_call_role_is_the_primary_and_then_the_secondary(shipped: Spec) -> None:
    assert shipped.addresses("on-call engineer") == ("engineer@company.com", "backup@company.com")
    assert shipped.addresses("director") == ()


def test_only_listed_fields_may_be_kept(shipped: Spec) -> None:
    fields = shipped.service("unjucks-cli").fields
    assert {"operation.type", "error.stack", "metadata.workingDirectory"} <= fields
    assert "metadata.arguments" not in fields


def test_what_a_page_shows_over_a_span_of_its_own(shipped: Spec) -> None:
    spans = {name: one.shown_over for name, one in shipped.indicators.items() if one.shown_over}
    assert spans == {
        "availability": timedelta(days=30),
        "scan_age": timedelta(days=90),
        "operations_per_minute": timedelta(minutes=5),
        "active_users": timedelta(minutes=5),
        "daily_active_users": timedelta(days=1),
        "templates_generated": timedelta(days=1),
    }
