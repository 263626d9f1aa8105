"""What a phrase of the framework means: the values that the grammar gives and takes.

Frozen, knows neither text nor YAML. `text` is the phrase as written and takes no part in comparisons.
Ratios are 0 to 1, times in thresholds milliseconds, sizes bytes.
"""

from dataclasses import dataclass, field
from datetime import timedelta

from opsdeck.model import Comparison as Comparison  # noqa: PLC0414  re-exported: part of a phrase
from opsdeck.model import Unit as Unit  # noqa: PLC0414  re-exported: part of a phrase


@dataclass(frozen=True, slots=True)
class Condition:
    """`error_rate > 5% for 5 minutes`: an indicator, a comparison, a threshold in `unit`, a window and a hold.

    The window defaults to the `for` duration; the hold is the `for` duration (readings: Terms). `text` is the phrase
    as written. No data is unknown: it neither fires nor resolves.
    """

    text: str
    indicator: str
    comparison: Comparison
    threshold: float
    unit: Unit
    window: timedelta
    hold: timedelta
    minimum: int = 0
    """Fewest data points that count as data (service_down: 3 probes)."""

    def holds(self, value: float) -> bool:
        return {
            "<": value < self.threshold,
            "<=": value <= self.threshold,
            ">": value > self.threshold,
            ">=": value >= self.threshold,
        }[self.comparison]

    def reached_before(self, other: "Condition") -> bool:
        """Whether this can hold while the other, in the same direction, does not: a nearer line, or an earlier look."""
        if self.threshold == other.threshold:
            return self.hold < other.hold or self.window != other.window
        return (self.threshold < other.threshold) == (self.comparison[0] == ">")


@dataclass(frozen=True, slots=True)
class Threshold:
    """`< 200ms`, `> 10/hour`, `P95 < 2 seconds`: a limit without its indicator; `per` is the period of a rate."""

    comparison: Comparison
    value: float
    unit: Unit
    per: timedelta | None = None
    rank: float | None = None
    subject: str = ""
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Growth:
    """`20% monthly`, `10% increase over 24 hours`: a share of growth over a span."""

    ratio: float
    over: timedelta
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Deadline:
    """`2 hours`, `next business day`, `within 5 business days`: a span of time, or a number of business days."""

    span: timedelta = timedelta()
    business_days: int = 0
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Box:
    """The time box of a playbook phase: `5-30 minutes`, `within 5 business days`; both None: varies by severity."""

    start: timedelta = timedelta()
    end: Deadline | None = None
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Cadence:
    """`every 30 minutes`, `weekly updates`, `monthly or after major incidents`: how often something is due."""

    every: timedelta
    of: str = ""
    after: str = ""
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Notice:
    """`director level after 4 hours`: which role is told, and how long after the start (zero: at once)."""

    role: str
    after: timedelta = timedelta()
    text: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Quantity:
    """A declared amount: a threshold, or None for `unknown`; `note` is what stood in brackets."""

    limit: Threshold | None
    note: str = ""
    text: str = field(default="", compare=False)
