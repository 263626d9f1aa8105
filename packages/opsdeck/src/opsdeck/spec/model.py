"""The spec as the rest of the house sees it: frozen values, every phrase parsed, every default filled in.

The wire form (what YAML may say) lives in wire.py and is mapped here by one mapper. Nothing in this module
knows YAML. Ratios are 0 to 1, latencies milliseconds, sizes bytes.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any, Literal

from opsdeck.spec.framework import Aggregation, Capacity, Framework, Performance, Retrying
from opsdeck.spec.phrases import Comparison, Threshold, Unit
from opsdeck.spec.phrases import Condition as Condition  # noqa: PLC0414  re-exported: part of the model
from opsdeck.timing import Calendar as Calendar  # noqa: PLC0414  re-exported: readers of the spec need it

Severity = Literal["critical", "high", "warning", "medium", "low"]


@dataclass(frozen=True, slots=True)
class Rule:
    """An alert rule. Tier decides when a notification goes out, severity labels, `inhibits` names rules it silences."""

    name: str
    tier: Literal[1, 2]
    condition: Condition
    severity: Severity
    response_time: timedelta
    escalation: tuple[str, ...]
    inhibits: tuple[str, ...] = ()
    incident: str = ""
    """Severity level of the incident that it opens; empty: it offers one."""
    incident_when: Mapping[str, Condition] = field(default_factory=dict)
    """Severity levels that replace `incident` while their condition holds."""
    summary: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Objective:
    """A service level objective over an indicator.

    kind `budget`: a share of good (availability, error rate) with an error budget over `window`;
    kind `percentile`: a latency percentile against a limit, its budget the share of runs allowed over it;
    kind `limit`: each single occurrence (an outage) against a limit, no budget.
    """

    name: str
    title: str
    kind: Literal["budget", "percentile", "limit"]
    indicator: str
    comparison: Comparison
    target: float
    unit: Unit
    window: timedelta
    rank: float | None = None
    text: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Indicator:
    """A service level indicator: its name, title, unit and what it is computed from."""

    name: str
    title: str
    unit: Unit
    definition: str
    sli: bool = False
    target: Threshold | None = None
    shown_over: timedelta | None = None
    """Over how much time a page shows it, where that is not the page's own span."""


@dataclass(frozen=True, slots=True)
class Probe:
    """One scheduled run of the real CLI: what to type, which operation it stands for, how long it may take."""

    name: str
    command: tuple[str, ...]
    operation: str
    timeout: timedelta
    kind: Literal["", "single_file", "multiple_files"] = ""


@dataclass(frozen=True, slots=True)
class ErrorCategory:
    """How errors of a category are treated (framework: Error Tracking Implementation)."""

    name: str
    description: str
    severity: Severity
    auto_retry: bool
    notify_user: bool
    threshold: str = ""
    immediate_alert: bool = False


@dataclass(frozen=True, slots=True)
class Channel:
    """Where notifications go: kind `console`, `webhook` or `smtp`, with that channel's own settings."""

    name: str
    kind: str
    settings: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Service:
    """One operated CLI with everything it inherits already filled in."""

    name: str
    title: str
    description: str
    objectives: tuple[Objective, ...]
    rules: tuple[Rule, ...]
    probes: tuple[Probe, ...]
    probe_every: timedelta
    operations: frozenset[str]
    """operation.type values that count as an operation."""
    success_exit_codes: frozenset[int]
    fields: frozenset[str]
    """Dotted names of the fields that may be kept; everything else is dropped at collection."""
    error_codes: Mapping[str, str]
    """Error code → error category name."""
    retry: Retrying
    channels: tuple[str, ...]
    """Names of the channels that its notifications go to; none named: all of them."""
    performance: Performance
    capacity: Capacity
    aggregation: Aggregation


@dataclass(frozen=True, slots=True)
class Spec:
    """The whole operational framework as values. `sections` is every section as plain data, for `spec show` and readers to come."""

    version: str
    services: Mapping[str, Service]
    undeclared: Service
    """What a service that nobody declared gets: the defaults under its own name (use `service()`)."""
    indicators: Mapping[str, Indicator]
    error_categories: Mapping[str, ErrorCategory]
    contacts: Mapping[str, str]
    channels: tuple[Channel, ...]
    calendar: Calendar
    evaluate_every: timedelta
    sections: Mapping[str, Any]
    digest: str
    """SHA-256 of the sections: equal for specs that say the same."""
    roles: Mapping[str, tuple[str, ...]]
    """Role of a chain → keys of `contacts`, the second where the first does not answer."""
    edges: tuple[float, ...]
    """Every latency in ms that is compared with somewhere: where histograms need a bucket edge."""
    framework: Framework

    def service(self, name: str) -> Service:
        """The service of that name; one that nobody declared gets the defaults."""
        return self.services.get(name) or replace(self.undeclared, name=name, title=name)

    def addresses(self, role: str) -> tuple[str, ...]:
        """The contacts that stand for a role, in order; empty where the spec names none."""
        return tuple(self.contacts[key] for key in self.roles.get(role, ()) if key in self.contacts)
