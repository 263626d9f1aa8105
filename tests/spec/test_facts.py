"""The table of facts: every leaf of the operational framework has its place in the shipped spec.

FACTS is written by hand from the document, in its order and under its headings, not from the YAML:

    id = value     the framework's own figure, enumeration, name or phrase, to the letter
    id ~ words     a description, which the spec says in other words; these carry the framework's fact
"""

import re
from collections import Counter
from typing import Any

import pytest

from opsdeck import spec

FACTS = """
## Head of the document
document.version = 1.0
document.last_updated = 2025-09-09
document.owner = Operations Team
document.classification = Internal

## Operational overview: Service Level Objectives
objectives.availability.target = 99.9% uptime (8.76 hours downtime/year)
objectives.performance.target = P95 response time < 2 seconds
objectives.error_rate.target = < 1% of all operations
objectives.recovery_time.target = < 4 hours for any outage

## Operational overview: Service Level Indicators
indicators.cli_command_success_rate.title = CLI command success rate
indicators.cli_command_success_rate.sli = true
indicators.template_generation_latency.title = Template generation latency
indicators.template_generation_latency.sli = true
indicators.binary_download_success_rate.title = Binary download success rate
indicators.binary_download_success_rate.sli = true
indicators.health_check_response_time.title = Health check response time
indicators.health_check_response_time.sli = true

## Monitoring & alerting: Tier 1, critical alerts (immediate response)
tiers.tier_1.title ~ critical alerts
tiers.tier_1.goes_out = immediately
alerts.service_down.tier = 1
alerts.service_down.condition = health_check_success_rate < 50%
alerts.service_down.severity = critical
alerts.service_down.response_time = 5 minutes
alerts.service_down.escalation = on-call engineer -> team lead -> manager
alerts.high_error_rate.tier = 1
alerts.high_error_rate.condition = error_rate > 5% for 5 minutes
alerts.high_error_rate.severity = critical
alerts.high_error_rate.response_time = 15 minutes
alerts.high_error_rate.escalation = on-call engineer -> team lead
alerts.performance_degraded.tier = 1
alerts.performance_degraded.condition = p95_latency > 5 seconds for 10 minutes
alerts.performance_degraded.severity = high
alerts.performance_degraded.response_time = 30 minutes
alerts.performance_degraded.escalation = on-call engineer

## Monitoring & alerting: Tier 2, warning alerts (business hours)
tiers.tier_2.title ~ warning alerts
tiers.tier_2.goes_out = business hours
alerts.elevated_errors.tier = 2
alerts.elevated_errors.condition = error_rate > 2% for 15 minutes
alerts.elevated_errors.severity = warning
alerts.elevated_errors.response_time = 2 hours
alerts.security_scan_failure.tier = 2
alerts.security_scan_failure.condition = critical_vulnerabilities > 0
alerts.security_scan_failure.severity = high
alerts.security_scan_failure.response_time = 24 hours
alerts.high_resource_usage.tier = 2
alerts.high_resource_usage.condition = cpu_usage > 80% for 30 minutes
alerts.high_resource_usage.severity = warning
alerts.high_resource_usage.response_time = 4 hours

## Monitoring & alerting: dashboard requirements
dashboard.real_time.active_users ~ current CLI sessions
dashboard.real_time.operations_per_minute ~ templates generated minute
dashboard.real_time.error_rate ~ percentage failed operations
dashboard.real_time.response_time ~ P50 P95 P99 latencies
dashboard.business.daily_active_users ~ users day
dashboard.business.templates_generated ~ total templates created
dashboard.business.popular_templates ~ most used generators
dashboard.business.feature_usage ~ command popularity
dashboard.operational.system_health ~ all dependencies status
dashboard.operational.security_status ~ vulnerabilities count
dashboard.operational.performance_trends ~ latency over time
dashboard.operational.error_trends ~ error patterns

## Logging & observability: structured logging format
logging.entry.timestamp.example = 2025-09-09T12:00:00.000Z
logging.entry.level.values = INFO|WARN|ERROR|FATAL
logging.entry.service.example = unjucks-cli
logging.entry.version.example = 2025.9.8
logging.entry.environment.values = production|staging|development
logging.entry.requestId.example = req_12345
logging.entry.userId.example = user_abc123
logging.entry.sessionId.example = sess_xyz789
logging.entry.operation.type.example = template_generation
logging.entry.operation.template.example = component/react
logging.entry.operation.generator.example = Button
logging.entry.operation.duration.example = 1250
logging.entry.operation.success.example = true
logging.entry.metadata.fileCount.example = 3
logging.entry.metadata.outputSize.example = 2048
logging.entry.metadata.workingDirectory.example = /projects/myapp
logging.entry.error.code.example = TEMPLATE_NOT_FOUND
logging.entry.error.message.example = Template 'component/angular' not found
logging.entry.error.stack.example = detailed stack trace
logging.entry.error.context.example = additional error context

## Logging & observability: log categories & retention
logging.categories.audit_logs.description ~ user system change
logging.categories.audit_logs.retention = 7 years (compliance requirement)
logging.categories.audit_logs.format = structured JSON
logging.categories.application_logs.description ~ application behaved errors
logging.categories.application_logs.retention = 90 days
logging.categories.application_logs.format = structured JSON
logging.categories.performance_logs.description ~ performance measurements traces
logging.categories.performance_logs.retention = 30 days
logging.categories.performance_logs.format = metrics format
logging.categories.security_logs.description ~ security events violations
logging.categories.security_logs.retention = 2 years
logging.categories.security_logs.format = structured JSON

## Logging & observability: error tracking
errors.categories.user_errors.description ~ input not valid templates not exist
errors.categories.user_errors.severity = low
errors.categories.user_errors.auto_retry = false
errors.categories.user_errors.user_notification = true
errors.categories.system_errors.description ~ file system loading modules
errors.categories.system_errors.severity = medium
errors.categories.system_errors.auto_retry = true
errors.categories.system_errors.alert_threshold = 5 errors/hour
errors.categories.critical_errors.description ~ security data corrupted
errors.categories.critical_errors.severity = high
errors.categories.critical_errors.auto_retry = false
errors.categories.critical_errors.immediate_alert = true
errors.aggregation.group_by.0 = error_code
errors.aggregation.group_by.1 = template
errors.aggregation.group_by.2 = user_type
errors.aggregation.time_window = 5 minutes
errors.aggregation.alert_thresholds.error_rate = > 5%
errors.aggregation.alert_thresholds.unique_errors = > 10/hour
errors.aggregation.alert_thresholds.critical_errors = > 0

## Security & compliance: security monitoring
security.events.suspicious_template_access.trigger ~ unusual template used pattern
security.events.suspicious_template_access.action = log and review
security.events.multiple_failed_operations.trigger ~ failures user address
security.events.multiple_failed_operations.limit = > 10 failures from same user/IP
security.events.multiple_failed_operations.action = rate limit and alert
security.events.privilege_escalation_attempt.trigger ~ attempts restricted features
security.events.privilege_escalation_attempt.action = block and immediate alert
security.events.data_exfiltration_risk.trigger ~ large number template generations
security.events.data_exfiltration_risk.action = rate limit and review

## Security & compliance: compliance requirements
compliance.SOX.requirements.audit_trail ~ audit trail modification template
compliance.SOX.requirements.access ~ user authenticated authorized
compliance.SOX.requirements.change_management ~ management changes documented
compliance.SOX.implementation_status = not_implemented
compliance.GDPR.requirements.consent ~ user consent data processing
compliance.GDPR.requirements.retention ~ data retain policies
compliance.GDPR.requirements.erasure ~ right be forgotten
compliance.GDPR.implementation_status = not_implemented
compliance.HIPAA.applies_when ~ healthcare templates used
compliance.HIPAA.requirements.encryption ~ sensitive templates encrypted
compliance.HIPAA.requirements.access_logging ~ access logged monitored
compliance.HIPAA.requirements.agreements ~ business associate agreements
compliance.HIPAA.implementation_status = not_applicable

## Performance management: performance baselines
performance.cli_startup.p50 = < 200ms
performance.cli_startup.p95 = < 500ms
performance.cli_startup.p99 = < 1000ms
performance.template_discovery.p50 = < 300ms
performance.template_discovery.p95 = < 1000ms
performance.template_discovery.p99 = < 2000ms
performance.template_generation.single_file.p50 = < 500ms
performance.template_generation.single_file.p95 = < 1500ms
performance.template_generation.multiple_files.p50 = < 1000ms
performance.template_generation.multiple_files.p95 = < 3000ms
performance.memory_usage.baseline = < 50MB
performance.memory_usage.peak = < 200MB
performance.memory_usage.leak_threshold = 10% increase over 24 hours

## Performance management: capacity planning
capacity.current_usage.daily_operations = unknown (needs instrumentation)
capacity.current_usage.peak_concurrent_users = unknown
capacity.current_usage.storage_requirements = < 1GB (templates)
capacity.projected_growth.user_growth = 20% monthly
capacity.projected_growth.operations_growth = 25% monthly
capacity.projected_growth.storage_growth = 15% monthly
capacity.scaling_triggers.operations.metric = operations_per_minute > 1000
capacity.scaling_triggers.operations.action ~ template caching
capacity.scaling_triggers.errors.metric = error_rate > 2%
capacity.scaling_triggers.errors.action ~ fix root cause
capacity.scaling_triggers.latency.metric = response_time p95 > 3s
capacity.scaling_triggers.latency.action ~ performance

## Incident response: severity classification
incidents.severities.P0_Critical.description ~ service completely fails data lost
incidents.severities.P0_Critical.response_time = 5 minutes
incidents.severities.P0_Critical.resolution_target = 2 hours
incidents.severities.P0_Critical.communication = every 30 minutes
incidents.severities.P0_Critical.escalation = immediate C-level notification
incidents.severities.P1_High.description ~ major function broken
incidents.severities.P1_High.affects = > 50% users
incidents.severities.P1_High.response_time = 30 minutes
incidents.severities.P1_High.resolution_target = 8 hours
incidents.severities.P1_High.communication = hourly updates
incidents.severities.P1_High.escalation = director level after 4 hours
incidents.severities.P2_Medium.description ~ feature degraded
incidents.severities.P2_Medium.affects = < 50% users
incidents.severities.P2_Medium.response_time = 2 hours
incidents.severities.P2_Medium.resolution_target = 24 hours
incidents.severities.P2_Medium.communication = daily updates
incidents.severities.P2_Medium.escalation = manager level after 1 day
incidents.severities.P3_Low.description ~ minor issue worked around
incidents.severities.P3_Low.response_time = next business day
incidents.severities.P3_Low.resolution_target = 1 week
incidents.severities.P3_Low.communication = weekly updates
incidents.severities.P3_Low.escalation = team lead notification

## Incident response: playbook
incidents.playbook.detection.title ~ detection alert
incidents.playbook.detection.time = 0-5 minutes
incidents.playbook.detection.items.detect ~ monitoring anomaly
incidents.playbook.detection.items.alert ~ automatically alerted on-call engineer
incidents.playbook.detection.items.triage ~ triage severity
incidents.playbook.detection.items.ticket ~ incident ticket created
incidents.playbook.response.title ~ initial response
incidents.playbook.response.time = 5-30 minutes
incidents.playbook.response.items.acknowledge ~ acknowledge alert investigate
incidents.playbook.response.items.assess ~ assess impact scope affected users
incidents.playbook.response.items.workaround ~ workarounds
incidents.playbook.response.items.notify ~ notify stakeholders severity
incidents.playbook.mitigation.title ~ investigation mitigation
incidents.playbook.mitigation.time = 30 minutes - 4 hours
incidents.playbook.mitigation.items.cause ~ root cause logs metrics
incidents.playbook.mitigation.items.fix ~ temporary fixes restore service
incidents.playbook.mitigation.items.document ~ document findings actions
incidents.playbook.mitigation.items.monitor ~ monitor improvement
incidents.playbook.recovery.title ~ resolution recovery
incidents.playbook.recovery.time = Varies by severity
incidents.playbook.recovery.items.fix ~ permanent fix
incidents.playbook.recovery.items.validate ~ validate full service restored
incidents.playbook.recovery.items.update ~ update monitoring alerting if needed
incidents.playbook.recovery.items.communicate ~ communicate resolution stakeholders
incidents.playbook.review.title ~ post-incident review
incidents.playbook.review.time = Within 5 business days
incidents.playbook.review.items.post_mortem ~ blameless post-mortem
incidents.playbook.review.items.lessons ~ document lessons learned
incidents.playbook.review.items.actions ~ action items prevent
incidents.playbook.review.items.runbooks ~ update runbooks documentation

## Operational runbooks: daily and weekly checklists
checklists.daily.automated = true
checklists.daily.items.health ~ service health check passes
checklists.daily.items.error_rates ~ error rates within SLA < 1%
checklists.daily.items.performance ~ performance within targets
checklists.daily.items.security ~ security scans no critical issue
checklists.daily.items.logs ~ log aggregation functions
checklists.daily.items.backups ~ backups completed successfully
checklists.weekly.items.performance ~ review performance trends
checklists.weekly.items.errors ~ analyze error patterns
checklists.weekly.items.capacity ~ check capacity utilized
checklists.weekly.items.security ~ review security alerts
checklists.weekly.items.baselines ~ update performance baselines
checklists.weekly.items.adjustments ~ plan capacity adjustments

## Operational runbooks: emergency procedures
contacts.primary_on_call = engineer@company.com
contacts.secondary_on_call = backup@company.com
contacts.team_lead = lead@company.com
contacts.manager = manager@company.com
rollback.cli_binary.steps.identify ~ last known good version
rollback.cli_binary.steps.update ~ distribution channels
rollback.cli_binary.steps.notify ~ users rollback
rollback.cli_binary.steps.monitor ~ improvement
rollback.cli_binary.estimated_time = 30 minutes
rollback.template_changes.steps.revert ~ template repository changes
rollback.template_changes.steps.clear ~ template caches
rollback.template_changes.steps.validate ~ templates discovered
rollback.template_changes.steps.test ~ core functions
rollback.template_changes.estimated_time = 15 minutes

## Success metrics & KPIs: operational KPIs
kpis.availability.target = 99.9%
kpis.availability.measurement = uptime monitoring
kpis.availability.reporting = monthly SLA reports
kpis.performance.target = P95 < 2 seconds
kpis.performance.measurement = response time tracking
kpis.performance.reporting = weekly performance reports
kpis.quality.target = < 1% error rate
kpis.quality.measurement = error tracking
kpis.quality.reporting = daily quality metrics
kpis.security.target = 0 critical vulnerabilities
kpis.security.measurement = security scanning
kpis.security.reporting = weekly security reports

## Success metrics & KPIs: business impact metrics
business.user_adoption.daily_active_users ~ CLI used sessions
business.user_adoption.feature_adoption ~ command usage distribution
business.user_adoption.user_satisfaction ~ support ticket volume
business.productivity_impact.time_saved ~ developer time saved automation
business.productivity_impact.templates_generated ~ total output produced
business.productivity_impact.error_reduction ~ fewer errors coding hand
business.cost_efficiency.infrastructure_cost ~ hosting monitoring cost
business.cost_efficiency.support_cost ~ user support overhead
business.cost_efficiency.development_cost ~ feature investment

## Foot of the document
document.approvals.operations_team_lead = pending
document.approvals.engineering_manager = pending
document.approvals.security_team = pending
document.approvals.compliance_officer = pending
document.next_review = Monthly or after major incidents
document.version_control ~ change tracked git approved
"""

# Every number of the document and how often it stands there (numbers of headings left out).
FIGURES = {
    "0": 5,
    "00": 1,
    "00.000": 1,
    "1": 8,
    "1.0": 1,
    "2": 10,
    "3": 3,
    "4": 4,
    "5": 11,
    "7": 1,
    "8": 1,
    "8.76": 1,
    "09": 4,
    "10": 4,
    "12": 1,
    "15": 4,
    "20": 1,
    "24": 3,
    "25": 1,
    "30": 8,
    "50": 9,
    "80": 1,
    "90": 1,
    "95": 9,
    "99": 3,
    "99.9": 2,
    "123": 1,
    "200": 2,
    "300": 1,
    "500": 2,
    "789": 1,
    "1000": 4,
    "1250": 1,
    "1500": 1,
    "2000": 1,
    "2025": 2,
    "2025.9.8": 1,
    "2048": 1,
    "3000": 1,
    "12345": 1,
}

ROWS = [line.partition(" = ")[::2] for line in FACTS.splitlines() if " = " in line]
PROSE = [line.partition(" ~ ")[::2] for line in FACTS.splitlines() if " ~ " in line]
NUMBER = re.compile(r"\d+(?:\.\d+)*")


@pytest.fixture(scope="module")
def shipped() -> spec.Spec:
    return spec.load(None)


@pytest.fixture(scope="module")
def facts(shipped: spec.Spec) -> dict[str, Any]:
    return {fact.path: fact.value for fact in spec.rows(shipped)}


def written(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def test_the_table_has_every_leaf_of_the_document() -> None:
    assert len(ROWS) + len(PROSE) == 263


@pytest.mark.parametrize(("path", "value"), ROWS, ids=[path for path, _ in ROWS])
def test_a_figure_stands_in_the_spec_as_in_the_framework(
    facts: dict[str, Any], path: str, value: str
) -> None:
    assert written(facts[path]) == value


@pytest.mark.parametrize(("path", "words"), PROSE, ids=[path for path, _ in PROSE])
def test_a_description_carries_the_framework_s_fact(facts: dict[str, Any], path: str, words: str) -> None:
    said = facts[path].lower()
    assert [word for word in words.lower().split() if word not in said] == []


def test_the_loaded_sections_are_what_the_rows_print(shipped: spec.Spec, facts: dict[str, Any]) -> None:
    for path, value in ROWS:
        node: Any = shipped.sections
        for step in steps(path, node):
            node = node[int(step)] if isinstance(node, list | tuple) else node[step]
        assert written(node) == value == written(facts[path])


def steps(path: str, node: Any) -> list[str]:
    """The path cut at its dots, except where a key itself holds one (`operation.type`)."""
    section, _, rest = path.partition(".")
    if path.startswith("logging.entry."):
        name, _, leaf = rest.removeprefix("entry.").rpartition(".")
        return [section, "entry", name, leaf]
    return [section, *rest.split(".")]


def test_no_figure_of_the_document_is_without_a_row() -> None:
    covered = Counter(NUMBER.findall(" ".join(" ".join(row) for row in (*ROWS, *PROSE))))
    assert Counter(FIGURES) - covered == Counter()


def test_no_fact_is_listed_twice() -> None:
    assert [path for path, count in Counter(path for path, _ in (*ROWS, *PROSE)).items() if count > 1] == []


def test_the_sections_of_the_spec_are_those_of_the_document_and_ours(shipped: spec.Spec) -> None:
    ours = {
        "spec",
        "evaluation",
        "routing",
        "fields",
        "operations",
        "success_exit_codes",
        "roles",
        "calendar",
    }
    ours |= {"channels", "services"}
    theirs = {path.partition(".")[0] for path, _ in (*ROWS, *PROSE)}
    assert set(shipped.sections) == theirs | ours
