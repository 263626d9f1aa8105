"""The framework's sections as the rest of the house sees them, from document control to KPIs: frozen, parsed values.

Ratios are 0 to 1, latencies milliseconds, sizes bytes. `source` in brackets names the framework's section.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta

from opsdeck.spec.phrases import Box, Cadence, Condition, Deadline, Growth, Notice, Quantity, Threshold, Unit

Items = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class DocumentControl:
    """Who owns the framework, who approved it, when it is reviewed next (head and foot of the document)."""

    version: str
    last_updated: date
    owner: str
    classification: str
    approvals: Items
    next_review: Cadence
    version_control: str


@dataclass(frozen=True, slots=True)
class EntryField:
    """A field of the standard log entry: the values it may take, or an example (Structured Logging Format)."""

    name: str
    values: tuple[str, ...]
    example: str
    unit: Unit | None


@dataclass(frozen=True, slots=True)
class LogCategory:
    """How long entries of a category are kept (Log Categories & Retention)."""

    name: str
    description: str
    retention: timedelta
    format: str


@dataclass(frozen=True, slots=True)
class Aggregation:
    """How errors are grouped: dimensions and time window (Error Tracking Implementation)."""

    group_by: tuple[str, ...]
    window: timedelta


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """What is watched for and what is done about it (Security Monitoring)."""

    name: str
    trigger: str
    action: str
    limit: Threshold | None
    distinct: Threshold | None
    window: timedelta | None
    restricted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Enforcement:
    """How long limits and blocks last by repetition, when repetitions are forgotten, how long a policy may be relied
    on, and what a restricted subject may still hand in (Security Monitoring)."""

    validity: timedelta
    rate_limit: tuple[timedelta, ...]
    block: tuple[timedelta, ...]
    forget: timedelta
    intake: Threshold


@dataclass(frozen=True, slots=True)
class Baseline:
    """How unusual use is told from usual use (Security Monitoring).

    `days` are learned from, once a user has been seen on `enough` of them. Unusual is a daily count more than
    `deviations` median absolute deviations above the median (in logarithms, each of `least_deviation` or more), a
    template mix whose Jensen-Shannon distance (0 to 1) from the usual one is above `divergence`, both from `at_least`
    runs on, or `newcomers` templates in a day that the user never used and fewer than `peers` others took up lately.
    """

    days: timedelta
    enough: timedelta
    deviations: float
    least_deviation: float
    divergence: float
    at_least: int
    newcomers: int
    peers: int


@dataclass(frozen=True, slots=True)
class Retrying:
    """Which error codes a tool tries again, how often, and how long it waits (Error Tracking Implementation)."""

    codes: frozenset[str]
    attempts: int
    first_wait: timedelta
    longest_wait: timedelta
    budget: timedelta


@dataclass(frozen=True, slots=True)
class ComplianceFramework:
    """A regulation, what it asks for and its declared status (Compliance Requirements)."""

    name: str
    requirements: Items
    status: str
    applies_when: str


@dataclass(frozen=True, slots=True)
class Target:
    """A performance target: a percentile of an operation's duration (Performance Baselines)."""

    name: str
    operation: str
    kind: str
    rank: float
    limit: Threshold


@dataclass(frozen=True, slots=True)
class Performance:
    """All performance targets of a service, the memory limits, and the window they are compared over."""

    window: timedelta
    targets: tuple[Target, ...]
    memory_baseline: Threshold
    memory_peak: Threshold
    leak: Growth


@dataclass(frozen=True, slots=True)
class Trigger:
    """What to do when a figure crosses its line (Capacity Planning)."""

    name: str
    condition: Condition
    action: str


@dataclass(frozen=True, slots=True)
class Capacity:
    """What is used, what grows how fast, and what follows from it (Capacity Planning)."""

    usage: Mapping[str, Quantity]
    growth: Mapping[str, Growth]
    triggers: tuple[Trigger, ...]


@dataclass(frozen=True, slots=True)
class SeverityLevel:
    """A severity of incidents and its deadlines (Incident Severity Classification)."""

    name: str
    description: str
    affects: Threshold | None
    response: Deadline
    resolution: Deadline
    communication: Cadence
    escalation: Notice


@dataclass(frozen=True, slots=True)
class Phase:
    """A phase of the playbook: its time box and its items (Incident Response Playbook)."""

    name: str
    title: str
    time: Box
    items: Items


@dataclass(frozen=True, slots=True)
class Checklist:
    """What is gone through daily or weekly (Daily Operations Checklist)."""

    name: str
    automated: bool
    items: Items


@dataclass(frozen=True, slots=True)
class Procedure:
    """A rollback, step by step (Emergency Procedures)."""

    name: str
    steps: Items
    estimated: timedelta


@dataclass(frozen=True, slots=True)
class Kpi:
    """A key figure, how it is measured and reported (Operational KPIs)."""

    name: str
    indicator: str
    target: Threshold
    measurement: str
    reporting: Cadence


@dataclass(frozen=True, slots=True)
class Framework:
    """Every section that belongs to the house and not to one service."""

    document: DocumentControl
    tiers: Mapping[int, str]
    """Titles of the tiers: 1 goes out at once, 2 in business hours."""
    dashboard: Mapping[str, Items]
    entry: tuple[EntryField, ...]
    log_categories: Mapping[str, LogCategory]
    security_events: Mapping[str, SecurityEvent]
    enforcement: Enforcement
    baseline: Baseline
    rule_files: tuple[str, ...]
    """Detection rules besides the shipped ones: paths as the spec names them."""
    compliance: Mapping[str, ComplianceFramework]
    severities: Mapping[str, SeverityLevel]
    playbook: tuple[Phase, ...]
    checklists: Mapping[str, Checklist]
    rollback: Mapping[str, Procedure]
    kpis: Mapping[str, Kpi]
    business: Mapping[str, Items]
