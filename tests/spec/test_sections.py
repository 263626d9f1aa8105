"""Every section can be overridden, and what was written arrives in the model."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest

from opsdeck.spec import Spec
from opsdeck.spec.phrases import Box, Cadence, Deadline, Growth, Notice, Quantity, Threshold

Load = Callable[[str], Spec]

OVERRIDES: dict[str, tuple[str, Callable[[Spec], Any], Any]] = {
    "document.version": ("document: {version: 2.10}", lambda s: s.framework.document.version, "2.10"),
    "document.last_updated": (
        "document: {last_updated: 2026-11-23}",
        lambda s: s.framework.document.last_updated,
        date(2026, 11, 23),
    ),
    "document.owner": ("document: {owner: Tools}", lambda s: s.framework.document.owner, "Tools"),
    "document.approvals": (
        "document: {approvals: {security_team: 2026-11-23}}",
        lambda s: s.framework.document.approvals["security_team"],
        "2026-11-23",
    ),
    "document.next_review": (
        "document: {next_review: yearly}",
        lambda s: s.framework.document.next_review,
        Cadence(timedelta(days=365)),
    ),
    "tiers": (
        "tiers: {tier_1: {title: Pages}}",
        lambda s: dict(s.framework.tiers),
        {1: "Pages", 2: "Warning alerts"},
    ),
    "objectives": (
        "objectives: {error_rate: {target: < 0.5% of all operations, window: 7 days}}",
        lambda s: [(o.target, o.window.days) for o in s.undeclared.objectives if o.name == "error_rate"],
        [(0.005, 7)],
    ),
    "a new objective": (
        (
            "objectives: {downloads: {title: D, kind: budget, indicator: binary_download_success_rate,"
            " target: '> 99%', window: 30 days}}"
        ),
        lambda s: [(o.name, o.comparison, o.target) for o in s.undeclared.objectives][-1],
        ("downloads", ">", 0.99),
    ),
    "indicators.title": (
        "indicators: {error_rate: {title: Failures}}",
        lambda s: s.indicators["error_rate"].title,
        "Failures",
    ),
    "indicators.target": (
        "indicators: {health_check_response_time: {target: P99 < 5 seconds}}",
        lambda s: s.indicators["health_check_response_time"].target,
        Threshold("<", 5000, "ms", rank=0.99),
    ),
    "alerts.severity": (
        "alerts: {service_down: {severity: medium}}",
        lambda s: s.undeclared.rules[0].severity,
        "medium",
    ),
    "alerts.tier": ("alerts: {service_down: {tier: 2}}", lambda s: s.undeclared.rules[0].tier, 2),
    "alerts.minimum": (
        "alerts: {service_down: {minimum: 7}}",
        lambda s: s.undeclared.rules[0].condition.minimum,
        7,
    ),
    "alerts.window": (
        "alerts: {service_down: {window: 20 minutes}}",
        lambda s: s.undeclared.rules[0].condition.window,
        timedelta(minutes=20),
    ),
    "alerts.escalation": (
        "alerts: {service_down: {escalation: manager -> team lead}}",
        lambda s: s.undeclared.rules[0].escalation,
        ("manager", "team lead"),
    ),
    "alerts.summary": (
        "alerts: {service_down: {summary: gone}}",
        lambda s: s.undeclared.rules[0].summary,
        "gone",
    ),
    "alerts.inhibits": (
        "alerts: {service_down: {inhibits: [performance_degraded]}}",
        lambda s: s.undeclared.rules[0].inhibits,
        ("performance_degraded",),
    ),
    "alerts.incident": (
        "alerts: {service_down: {incident: P2_Medium}}",
        lambda s: s.undeclared.rules[0].incident,
        "P2_Medium",
    ),
    "evaluation.every": (
        "evaluation: {every: 1 minute}",
        lambda s: s.evaluate_every,
        timedelta(minutes=1),
    ),
    "routing.without_chain": (
        "routing: {without_chain: team lead}",
        lambda s: [one.escalation for one in s.undeclared.rules if one.name == "elevated_errors"],
        [("team lead",)],
    ),
    "routing.channels": (
        "routing: {channels: [console]}",
        lambda s: s.undeclared.channels,
        ("console",),
    ),
    "dashboard": (
        "dashboard: {real_time: {active_users: who is on}}",
        lambda s: s.framework.dashboard["real_time"]["active_users"],
        "who is on",
    ),
    "logging.entry": (
        "logging: {entry: {level: {values: DEBUG|INFO}}}",
        lambda s: next(one.values for one in s.framework.entry if one.name == "level"),
        ("DEBUG", "INFO"),
    ),
    "logging.categories": (
        "logging: {categories: {audit_logs: {retention: 10 years}}}",
        lambda s: s.framework.log_categories["audit_logs"].retention,
        timedelta(days=3650),
    ),
    "fields": (
        "fields: {error.message: drop}",
        lambda s: "error.message" in s.undeclared.fields,
        False,
    ),
    "errors.categories": (
        "errors: {categories: {user_errors: {auto_retry: true, severity: medium}}}",
        lambda s: (s.error_categories["user_errors"].auto_retry, s.error_categories["user_errors"].severity),
        (True, "medium"),
    ),
    "errors.codes": (
        "errors: {codes: {LOCKED: critical_errors}}",
        lambda s: s.undeclared.error_codes["LOCKED"],
        "critical_errors",
    ),
    "errors.aggregation.group_by": (
        "errors: {aggregation: {group_by: [error_code, version]}}",
        lambda s: s.undeclared.aggregation.group_by,
        ("error_code", "version"),
    ),
    "errors.aggregation.time_window": (
        "errors: {aggregation: {time_window: 7 minutes}}",
        lambda s: {one.condition.window for one in s.undeclared.rules if one.name == "critical_errors"},
        {timedelta(minutes=7)},
    ),
    "security.events": (
        "security: {events: {multiple_failed_operations: {limit: '> 20 failures from same user/IP', window: 1 hour}}}",
        lambda s: (
            s.framework.security_events["multiple_failed_operations"].limit,
            s.framework.security_events["multiple_failed_operations"].window,
        ),
        (Threshold(">", 20, "count", subject="failures from same user / ip"), timedelta(hours=1)),
    ),
    "compliance": (
        "compliance: {GDPR: {implementation_status: implemented}}",
        lambda s: s.framework.compliance["GDPR"].status,
        "implemented",
    ),
    "performance.targets": (
        "performance: {cli_startup: {p50: < 150ms}}",
        lambda s: s.undeclared.performance.targets[0].limit.value,
        150,
    ),
    "performance.memory": (
        "performance: {memory_usage: {peak: < 1GB}}",
        lambda s: s.undeclared.performance.memory_peak.value,
        10**9,
    ),
    "performance.leak": (
        "performance: {memory_usage: {leak_threshold: 5% increase over 12 hours}}",
        lambda s: s.undeclared.performance.leak,
        Growth(0.05, timedelta(hours=12)),
    ),
    "capacity.current_usage": (
        "capacity: {current_usage: {daily_operations: '5000'}}",
        lambda s: s.undeclared.capacity.usage["daily_operations"],
        Quantity(Threshold("<=", 5000, "count")),
    ),
    "capacity.projected_growth": (
        "capacity: {projected_growth: {user_growth: 5% weekly}}",
        lambda s: s.undeclared.capacity.growth["user_growth"],
        Growth(0.05, timedelta(days=7)),
    ),
    "capacity.scaling_triggers": (
        "capacity: {scaling_triggers: {busy: {metric: cpu_usage > 90%, action: buy}}}",
        lambda s: [
            (one.condition.threshold, one.action)
            for one in s.undeclared.capacity.triggers
            if one.name == "busy"
        ],
        [(0.9, "buy")],
    ),
    "incidents.severities": (
        "incidents: {severities: {P3_Low: {response_time: 3 days, escalation: manager level after 2 days}}}",
        lambda s: (
            s.framework.severities["P3_Low"].response,
            s.framework.severities["P3_Low"].escalation,
        ),
        (Deadline(timedelta(days=3)), Notice("manager", timedelta(days=2))),
    ),
    "incidents.playbook": (
        "incidents: {playbook: {detection: {time: 0-10 minutes}}}",
        lambda s: s.framework.playbook[0].time,
        Box(timedelta(), Deadline(timedelta(minutes=10))),
    ),
    "checklists": (
        "checklists: {daily: {items: {coffee: there is coffee}}}",
        lambda s: list(s.framework.checklists["daily"].items)[-1],
        "coffee",
    ),
    "contacts": (
        "contacts: {manager: m@example.com}",
        lambda s: s.addresses("manager"),
        ("m@example.com",),
    ),
    "roles": (
        "roles: {team lead: [manager]}",
        lambda s: s.addresses("team lead"),
        ("manager@company.com",),
    ),
    "rollback": (
        "rollback: {cli_binary: {estimated_time: 5 minutes}}",
        lambda s: s.framework.rollback["cli_binary"].estimated,
        timedelta(minutes=5),
    ),
    "kpis": (
        "kpis: {availability: {target: 99.99%, reporting: weekly}}",
        lambda s: (s.framework.kpis["availability"].target.value, s.framework.kpis["availability"].reporting),
        (0.9999, Cadence(timedelta(days=7))),
    ),
    "business": (
        "business: {cost_efficiency: {support_cost: hours}}",
        lambda s: s.framework.business["cost_efficiency"]["support_cost"],
        "hours",
    ),
    "calendar.hours": ("calendar: {hours: 10:00-16:00}", lambda s: s.calendar.opens.hour, 10),
    "operations": (
        "operations: [template_generation]",
        lambda s: s.undeclared.operations,
        frozenset({"template_generation"}),
    ),
    "success_exit_codes": (
        "success_exit_codes: [0, 1]",
        lambda s: s.undeclared.success_exit_codes,
        frozenset({0, 1}),
    ),
}


@pytest.mark.parametrize("section", OVERRIDES)
def test_an_override_arrives_in_the_model(load: Load, section: str) -> None:
    text, get, expected = OVERRIDES[section]
    assert get(load(text)) == expected


@pytest.mark.parametrize("section", OVERRIDES)
def test_an_override_changes_the_digest(load: Load, shipped: Spec, section: str) -> None:
    assert load(OVERRIDES[section][0]).digest != shipped.digest


def test_every_section_has_an_override_here(shipped: Spec) -> None:
    elsewhere = {"spec", "channels", "services"}
    assert {text.partition(":")[0] for text, _, _ in OVERRIDES.values()} == set(shipped.sections) - elsewhere
