"""What every format is read into. In: nothing. Out: values. They must not know formats, stores or decks."""

from dataclasses import dataclass
from datetime import datetime

from opsdeck.model import VulnerabilitySeverity

# Worst first.
SEVERITIES: tuple[VulnerabilitySeverity, ...] = ("critical", "high", "medium", "low", "none", "unknown")


@dataclass(frozen=True, slots=True)
class Found:
    """One line of a scan: a vulnerability by all its names in one version of a package ("" where the file names none).

    `severity` is the tool's own level, or that of `score` where it gives none.
    """

    package: str
    version: str
    ids: tuple[str, ...]
    severity: VulnerabilitySeverity = "unknown"
    score: float | None = None
    title: str = ""
    fixed_in: str = ""


@dataclass(frozen=True, slots=True)
class Statement:
    """What somebody says about a vulnerability: `status` not_affected, fixed, affected, under_investigation or withdrawn.

    `package` is a purl, with or without a version; "" means every package.
    """

    vulnerability: str
    package: str
    status: str
    justification: str
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A scan file as read. `source` is what was scanned, as far as the file says; `looked`: somebody looked at packages,
    so that what is not listed is not there (a VEX document only speaks about what others found)."""

    tool: str
    format: str
    source: str = ""
    made_at: datetime | None = None
    found: tuple[Found, ...] = ()
    statements: tuple[Statement, ...] = ()
    looked: bool = True
