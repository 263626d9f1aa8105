"""Vulnerabilities as pages, API and CLI show them. In: a transaction, a service, filters, now. Out: frozen answers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, replace
from datetime import datetime
from itertools import islice

from opsdeck.collect.scans import summary
from opsdeck.collect.scans.keep import stated_only
from opsdeck.collect.scans.shape import SEVERITIES
from opsdeck.collect.scans.summary import Summary
from opsdeck.collect.scans.unite import names
from opsdeck.collect.scans.waive import about, by_name, standing, taken_back
from opsdeck.errors import NotFoundError, UsageError
from opsdeck.model import Finding, Scan, Transition, Waiver
from opsdeck.stores.api import Transaction

STATUSES = ("open", "accepted", "not_affected", "fixed", "gone")
EVERY = ("any", "all")
WAIVED = ("accepted", "not_affected")
MOST = 1_000
HISTORY = 50
REASONS = {
    "not_reported": "no scan reports it any more",
    "vex": "a VEX statement says so",
    "withdrawn": "its advisory was withdrawn",
    "accepted": "the risk is accepted",
    "reported": "a scan reports it",
}


@dataclass(frozen=True, slots=True)
class Filter:
    """Which findings are asked for; "" is any, as `any` and `all` are of the status. `text` is looked for in names, package and title."""

    severity: str = ""
    status: str = "open"
    text: str = ""

    def __post_init__(self) -> None:
        if self.status in EVERY:
            object.__setattr__(self, "status", "")
        for what, value, known in (
            ("severity", self.severity, SEVERITIES),
            ("status", self.status, STATUSES),
        ):
            if value and value not in known:
                more = ", any" if what == "status" else ""
                raise UsageError(f"there is no {what} {value!r}", hint=f"one of: {', '.join(known)}{more}")


@dataclass(frozen=True, slots=True)
class Listing:
    """Findings worst first, how many there are of each status and severity, and whether more match.

    `hidden`: how many accepted and not affected ones match but for their status, where only open ones are asked for.
    """

    service: str
    counts: Mapping[str, Mapping[str, int]]
    open: int
    looked_at: datetime | None
    findings: tuple[Finding, ...]
    more: bool
    hidden: int


@dataclass(frozen=True, slots=True)
class FindingStory:
    """One finding with the waivers that speak about it and why it stands where it stands."""

    finding: Finding
    reason: str
    waivers: tuple[Waiver, ...]
    history: tuple[Transition, ...]


@dataclass(frozen=True, slots=True)
class Brought(Scan):
    """An import; `stated_only`: it brought statements, and nobody looked at packages."""

    stated_only: bool


def listing(tx: Transaction, service: str, wanted: Filter, limit: int, offset: int = 0) -> Listing:
    """The findings that are wanted, `limit` (1 to 1,000) of them after the first `offset`."""
    if not 1 <= limit <= MOST:
        raise UsageError(f"limit: {limit} is not between 1 and {MOST:,}", hint="for example: limit=100")
    kept = summary.get(tx, service)
    rows = tuple(islice(_wanted(tx, service, wanted), max(offset, 0), max(offset, 0) + limit + 1))
    return Listing(
        service, kept.counts, kept.findings_open, kept.looked_at, rows[:limit],
        more=len(rows) > limit, hidden=_hidden(tx, kept, wanted),
    )  # fmt: skip


def story(
    tx: Transaction, service: str, name: str, now: datetime, package: str = ""
) -> tuple[FindingStory, ...]:
    """The findings with that key or any such name, each with its story. Raises NotFoundError where there is none."""
    found = tx.get(Finding, name)
    same = [found] if found and found.service == service else []
    same = same or [one for one in tx.find(Finding, service=service) if name in names(one)]
    same = [one for one in same if package in ("", one.package, f"{one.package}@{one.version}")]
    if not same:
        raise NotFoundError(
            f"{service} has no finding {name[:80]!r}", hint=f"opsdeck scan list --service {service}"
        )
    named = by_name(tx.find(Waiver, service=service))
    return tuple(
        FindingStory(
            one,
            REASONS[standing(one, named, now)[1]],
            tuple(waiver for waiver in about(one, named) if not taken_back(waiver)),
            tuple(tx.recent(HISTORY, subject=f"{service}/{one.id}")),
        )
        for one in same
    )


def scans(tx: Transaction, service: str = "", limit: int = 50) -> tuple[Brought, ...]:
    """The newest imports first."""
    found = tx.find(Scan, service=service) if service else tx.find(Scan)
    newest = sorted(found, key=lambda one: (one.imported_at, one.key), reverse=True)[:limit]
    return tuple(
        Brought(
            **{field.name: getattr(one, field.name) for field in fields(one)}, stated_only=stated_only(one)
        )
        for one in newest
    )


def waivers(tx: Transaction, service: str = "", limit: int = MOST) -> tuple[Waiver, ...]:
    """Waivers in force, accepted risks first, then those that end soonest and the newest statements."""
    found = tx.find(Waiver, service=service) if service else tx.find(Waiver)
    found = [one for one in found if not taken_back(one)]
    return tuple(sorted(found, key=lambda one: (one.kind, one.until or one.at, one.key))[:limit])


def _hidden(tx: Transaction, kept: Summary, wanted: Filter) -> int:
    if wanted.status != "open":
        return 0
    if wanted.text:
        waived = (replace(wanted, status=status) for status in WAIVED)
        return sum(1 for asked in waived for _ in _wanted(tx, kept.service, asked))
    levels = (wanted.severity,) if wanted.severity else SEVERITIES
    return sum(kept.count(status, level) for status in WAIVED for level in levels)


def _wanted(tx: Transaction, service: str, wanted: Filter) -> Iterator[Finding]:
    asked = {"status": wanted.status} if wanted.status else {}
    for severity in (wanted.severity,) if wanted.severity else SEVERITIES:
        rows = tx.find(Finding, service=service, severity=severity, **asked)
        yield from (one for one in sorted(rows, key=_order) if _matches(one, wanted.text.lower()))


def _order(one: Finding) -> tuple[float, str, str, str]:
    return -(one.score or 0), one.id, one.package, one.version


def _matches(one: Finding, text: str) -> bool:
    return not text or any(text in said.lower() for said in (*names(one), one.package, one.title))
