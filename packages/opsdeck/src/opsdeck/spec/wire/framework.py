"""The sections of the framework that belong to the whole house: document, logging, security, incidents, KPIs.

In: plain values. Out: their wire form. It must not know what any of them is used for.
"""

from typing import Annotated, Literal

from pydantic import Field

from opsdeck.spec.wire.base import (
    Box,
    Cadence,
    Day,
    Deadline,
    Duration,
    Failures,
    Name,
    Notice,
    Strict,
    Text,
    Users,
)

Items = dict[Name, Text]
Action = Literal[
    "log and review",
    "rate limit and alert",
    "block and immediate alert",
    "rate limit and review",
    "log and alert",
]
Steps = Annotated[tuple[Duration, ...], Field(min_length=1, max_length=20)]
Share = Annotated[float, Field(ge=0, le=1)]
Status = Literal["not_implemented", "partially_implemented", "implemented", "not_applicable"]


class DocumentControl(Strict):
    """Version, owner and approvals of the framework document."""

    version: Text
    last_updated: Day
    owner: Text
    classification: Text
    approvals: dict[Name, Text]
    next_review: Cadence
    version_control: Text


class Immediate(Strict):
    """Tier 1: alerts that go out at once, day and night."""

    title: Text
    goes_out: Literal["immediately"]


class Scheduled(Strict):
    """Tier 2: alerts that wait for business hours."""

    title: Text
    goes_out: Literal["business hours"]


class Tiers(Strict):
    """The two tiers of alerts."""

    tier_1: Immediate
    tier_2: Scheduled


class Dashboard(Strict):
    """What the dashboard shows."""

    real_time: Items
    business: Items
    operational: Items


class EntryField(Strict):
    """One field of the standard log entry."""

    values: Text | None = None
    example: Text | None = None
    unit: Literal["ms", "bytes"] | None = None


class LogCategory(Strict):
    """How long logs of one category are kept, and in which format."""

    description: Text
    retention: Duration
    format: Literal["structured JSON", "metrics format"]


class Logging(Strict):
    """The log entry and the log categories."""

    entry: dict[Name, EntryField]
    categories: dict[Name, LogCategory]


class SecurityEvent(Strict):
    """What is watched for, and what is done about it."""

    trigger: Text
    action: Action
    limit: Failures | None = None
    distinct: Failures | None = None
    window: Duration | None = None
    restricted: tuple[Text, ...] = ()


class Enforcement(Strict):
    """How long limits and blocks last, and how long a tool may rely on what the deck said."""

    validity: Duration
    rate_limit: Steps
    block: Steps
    forget: Duration
    intake: Failures


class Baseline(Strict):
    """What is usual for a user is learned from, and how far from it is unusual."""

    days: Duration
    enough: Duration
    deviations: Annotated[float, Field(gt=0, le=1000)]
    least_deviation: Annotated[float, Field(gt=0, le=1000)]
    divergence: Share
    at_least: Annotated[int, Field(ge=1, le=1_000_000)]
    newcomers: Annotated[int, Field(ge=1, le=1_000_000)]
    peers: Annotated[int, Field(ge=1, le=1_000_000)]


class Security(Strict):
    """Security monitoring."""

    events: dict[Name, SecurityEvent]
    enforcement: Enforcement
    baseline: Baseline
    rules: tuple[Text, ...] = ()


class ComplianceFramework(Strict):
    """One regulation, what it asks for, and its declared status."""

    requirements: Items
    implementation_status: Status
    applies_when: Text | None = None


class SeverityLevel(Strict):
    """One severity of incidents and its deadlines."""

    description: Text
    response_time: Deadline
    resolution_target: Deadline
    communication: Cadence
    escalation: Notice
    affects: Users | None = None


class Phase(Strict):
    """One phase of the playbook."""

    title: Text
    time: Box
    items: Items


class Incidents(Strict):
    """Incident response."""

    severities: dict[Name, SeverityLevel]
    playbook: dict[Name, Phase]


class Checklist(Strict):
    """What is gone through regularly."""

    automated: bool
    items: Items


class Checklists(Strict):
    """The daily and the weekly checklist."""

    daily: Checklist
    weekly: Checklist


class Procedure(Strict):
    """A rollback, step by step."""

    steps: Items
    estimated_time: Duration


class Kpi(Strict):
    """A key figure, how it is measured and when it is reported."""

    indicator: Name
    target: Text
    measurement: Text
    reporting: Cadence


class Business(Strict):
    """Business impact metrics."""

    user_adoption: Items
    productivity_impact: Items
    cost_efficiency: Items
