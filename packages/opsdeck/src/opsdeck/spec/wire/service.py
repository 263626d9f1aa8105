"""The sections that every service inherits and may override: objectives, alerts, errors, fields, probes.

In: plain values. Out: the wire form of one service. It must not know how sections are merged.
"""

from typing import Annotated, Literal

from pydantic import Field

from opsdeck.spec.wire.base import (
    Chain,
    Code,
    Condition,
    Count,
    Duration,
    Growth,
    Latency,
    Name,
    Role,
    Size,
    Storage,
    Strict,
    Text,
)

Severity = Literal["critical", "high", "warning", "medium", "low"]
Followed = Literal[
    "errors.aggregation.alert_thresholds.error_rate",
    "errors.aggregation.alert_thresholds.unique_errors",
    "errors.aggregation.alert_thresholds.critical_errors",
    "errors.categories.system_errors.alert_threshold",
]
Dimension = Literal[
    "error_code", "error_category", "template", "user_type", "version", "environment", "operation", "command"
]


class Objective(Strict):
    """A promise about an indicator."""

    title: Text
    kind: Literal["budget", "percentile", "limit"]
    indicator: Name
    target: Text = Field(
        examples=["99.9% uptime (8.76 hours downtime/year)", "P95 response time < 2 seconds"]
    )
    window: Duration


class Alert(Strict):
    """An alert rule: either a condition, or the threshold it follows."""

    tier: Annotated[int, Field(ge=1, le=2)]
    summary: Text = ""
    condition: Condition | None = None
    follows: Followed | None = None
    window: Duration | None = None
    minimum: Annotated[int, Field(ge=0, le=1_000_000)] = 0
    severity: Severity
    response_time: Duration
    escalation: Chain | None = None
    inhibits: tuple[Name, ...] = ()
    incident: Name | None = None
    incident_when: dict[Name, Condition] = Field(default_factory=dict)


class Evaluation(Strict):
    """How often conditions are evaluated, and over which window where they name none."""

    every: Duration
    window: Duration


class Routing(Strict):
    """Whom a rule without a chain reaches, over which channels (none named: all)."""

    without_chain: Role
    channels: tuple[Name, ...] = ()


class Category(Strict):
    """How errors of one category are treated."""

    description: Text
    severity: Severity
    auto_retry: bool = False
    user_notification: bool = False
    immediate_alert: bool = False
    alert_threshold: Text | None = None


class AlertThresholds(Strict):
    """The thresholds of error aggregation."""

    error_rate: Text
    unique_errors: Text
    critical_errors: Text


class Aggregation(Strict):
    """How errors are grouped, and when groups alert."""

    group_by: tuple[Dimension, ...]
    time_window: Duration
    alert_thresholds: AlertThresholds


class Retry(Strict):
    """What a tool tries again by itself, how often, and how long it waits in between."""

    codes: tuple[Code, ...]
    attempts: Annotated[int, Field(ge=1, le=10)]
    first_wait: Duration
    longest_wait: Duration
    budget: Duration


class Errors(Strict):
    """Error tracking."""

    categories: dict[Name, Category]
    retry: Retry
    aggregation: Aggregation
    codes: dict[Code, Name]


class Run(Strict):
    """One run of the real CLI."""

    command: Text
    operation: Name
    kind: Literal["single_file", "multiple_files"] | None = None
    timeout: Duration | None = None


class Probes(Strict):
    """The runs of the real CLI that stand for availability."""

    every: Duration
    timeout: Duration
    runs: dict[Name, Run] = Field(default_factory=dict)


class Percentiles(Strict):
    """Limits on the percentiles of a duration."""

    p50: Latency | None = None
    p95: Latency | None = None
    p99: Latency | None = None


class Generation(Strict):
    """Limits on template generation, by how many files a run writes."""

    single_file: Percentiles
    multiple_files: Percentiles


class Memory(Strict):
    """Limits on memory, and the growth that counts as a leak."""

    baseline: Size
    peak: Size
    leak_threshold: Growth


class Performance(Strict):
    """Performance targets, compared over a window."""

    window: Duration
    cli_startup: Percentiles
    template_discovery: Percentiles
    template_generation: Generation
    memory_usage: Memory


class Usage(Strict):
    """What is used today, as far as it is known."""

    daily_operations: Count
    peak_concurrent_users: Count
    storage_requirements: Storage


class GrowthRates(Strict):
    """What is expected to grow how fast."""

    user_growth: Growth
    operations_growth: Growth
    storage_growth: Growth


class Trigger(Strict):
    """What to do when a figure crosses its line."""

    metric: Condition
    action: Text


class Capacity(Strict):
    """Capacity planning."""

    current_usage: Usage
    projected_growth: GrowthRates
    scaling_triggers: dict[Name, Trigger]


class Inherited(Strict):
    """What a service has of its own or from the sections above."""

    objectives: dict[Name, Objective]
    alerts: dict[Name, Alert]
    evaluation: Evaluation
    routing: Routing
    errors: Errors
    performance: Performance
    capacity: Capacity
    fields: dict[Name, Literal["keep", "drop"]]
    operations: tuple[Name, ...]
    success_exit_codes: tuple[Annotated[int, Field(ge=0, le=255)], ...]


class Service(Inherited):
    """One operated CLI."""

    title: Text = ""
    description: Text = ""
    probes: Probes | None = None
