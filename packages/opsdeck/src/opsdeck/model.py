"""The glossary: every value that crosses a border of the house, a sentence each.

Frozen, validated at the edges before it gets here, free of behaviour beyond arithmetic on itself.
Times are aware datetimes in UTC; durations in events are milliseconds, sizes bytes, ratios 0 to 1.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

Outcome = Literal["success", "failure", "cancelled"]
Verdict = Literal["ok", "breach", "unknown"]
AlertPhase = Literal["inactive", "pending", "firing"]
Unit = Literal["ratio", "ms", "bytes", "count", "per_minute", "per_hour"]
Comparison = Literal["<", "<=", ">", ">="]

CANCELLED = "CANCELLED"
ABANDONED = "ABANDONED"

# What may be filtered and grouped by. `generator` is not here: its values are unbounded (design, section 2).
DIMENSIONS = (
    "service",
    "version",
    "environment",
    "user_type",
    "category",
    "operation",
    "template",
    "command",
    "kind",
    "outcome",
    "error_code",
    "error_category",
)
# What may be filtered by only in single entries: too many values for a rollup.
DETAILS = (
    "event_id",
    "request_id",
    "user_id",
    "session_id",
    "level",
    "exit_code",
    "signal",
    "duration",
    "error_message",
    "generator",
    "address",
    "fingerprint",
    "received",
    "redactions",
)


@dataclass(frozen=True, slots=True)
class Window:
    """A span of time, start included, end excluded."""

    start: datetime
    end: datetime

    @classmethod
    def last(cls, span: timedelta, now: datetime) -> "Window":
        """The span that ends now. An event stamped exactly `now` belongs to it: the end is one tick later."""
        return cls(now - span, now + timedelta(microseconds=1))

    @property
    def span(self) -> timedelta:
        return self.end - self.start


@dataclass(frozen=True, slots=True)
class Clause:
    """One test on an event: a name of DIMENSIONS or DETAILS, an operator, one value or several (`in`)."""

    field: str
    op: Literal["=", "!=", "<", "<=", ">", ">=", "~", "in", "not in"]
    value: str | float | tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Match:
    """Which events are meant: all clauses hold. No clause matches everything."""

    clauses: tuple[Clause, ...] = ()

    @classmethod
    def of(cls, **equals: str | tuple[str, ...]) -> "Match":
        """`Match.of(service="x", user_type=("human", "ci"))`: equality, or membership for a tuple."""
        return cls(tuple(Clause(k, "in" if isinstance(v, tuple) else "=", v) for k, v in equals.items()))

    def also(self, *clauses: Clause, **equals: str | tuple[str, ...]) -> "Match":
        return Match((*self.clauses, *clauses, *Match.of(**equals).clauses))


@dataclass(frozen=True, slots=True)
class Bar:
    """One bucket of a latency histogram: how many runs, and the sum of their durations in ms."""

    count: int
    total: float


@dataclass(frozen=True, slots=True)
class Tally:
    """Counts of runs by outcome, and the histogram of durations of those that ended by themselves (not cancelled)."""

    success: int = 0
    failure: int = 0
    cancelled: int = 0
    bars: Mapping[int, Bar] = field(default_factory=dict)

    @property
    def runs(self) -> int:
        return self.success + self.failure

    @property
    def error_rate(self) -> float | None:
        return self.failure / self.runs if self.runs else None

    def percentile(self, rank: float) -> float | None:
        """Duration in ms at `rank` (0 to 1), nearest rank over the bars; None where no run has a duration.

        A bar answers with the mean of its members: within its width (2%) of the exact value.
        """
        measured = sum(bar.count for bar in self.bars.values())
        left = max(1, -(-int(rank * 1_000_000) * measured // 1_000_000))
        for _, bar in sorted(self.bars.items()):
            left -= bar.count
            if left <= 0:
                return bar.total / bar.count
        return None


@dataclass(frozen=True, slots=True)
class Slice:
    """One row of an answer: the start of its step (the window's start without steps), its group, its tally."""

    start: datetime
    group: tuple[str, ...]
    tally: Tally


@dataclass(frozen=True, slots=True)
class Group:
    """One row of `groups`: the values that its events share, how many they are, how many different values of the asked
    field they have, when the first and the last of them happened, and the id of the last."""

    start: datetime
    key: tuple[str, ...]
    count: int
    distinct: int
    first: datetime
    last: datetime
    newest: str


@dataclass(frozen=True, slots=True)
class Turn:
    """The first minute of a stretch of minutes that all had a failure (`bad`) or all had none."""

    minute: datetime
    bad: bool


@dataclass(frozen=True, slots=True)
class Sample:
    """One reading of something that is not an event (cpu_usage, journal bytes): a gauge at a time."""

    name: str
    at: datetime
    value: float
    service: str = ""


@dataclass(frozen=True, slots=True)
class Position:
    """How far a journal stream (category and day) has been loaded: the byte offset after the last frame."""

    stream: str
    offset: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Journal payloads to load in one transaction: NDJSON of stamped entries, and where the streams then stand."""

    lines: bytes
    positions: tuple[Position, ...]


@dataclass(frozen=True, slots=True)
class Entry:
    """One stored log entry: its id, its time and the whole entry as collected."""

    event_id: str
    at: datetime
    body: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What an indicator measured: value in `unit`, with numerator and denominator where it is a share.

    `value` is None where there is no data: unknown, never zero, never NaN.
    """

    indicator: str
    value: float | None
    unit: str
    part: float = 0
    whole: float = 0
    note: str = ""


# ---- rows of the state store ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Change:
    """A change of state about to be logged: what, from, to, why, by whom."""

    kind: str
    subject: str
    old: str
    new: str
    reason: str
    actor: str
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Transition:
    """A logged change: its gapless sequence number and its time beside the change itself."""

    seq: int
    at: datetime
    change: Change


@dataclass(frozen=True, slots=True)
class AlertState:
    """Where one rule of one service stands. `since` is when the phase began, `held_from` when it turned true.

    `inhibited_by` names the firing rule that silences this one while it fires.
    """

    key: str
    service: str
    rule: str
    phase: AlertPhase
    since: datetime
    held_from: datetime | None
    value: float | None
    reason: str
    checked_at: datetime
    fired_seq: int = 0
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    inhibited_by: str = ""


@dataclass(frozen=True, slots=True)
class Silence:
    """Notifications of matching alerts are muted until a time, by somebody, for a reason."""

    key: str
    service: str
    rule: str
    until: datetime
    reason: str
    actor: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Decision:
    """One step of an alert's path that `explain` shows: the stage, the named reason and the figures it saw."""

    key: str
    alert: str
    seq: int
    at: datetime
    stage: str
    verdict: str
    detail: str


@dataclass(frozen=True, slots=True)
class Delivery:
    """One notification to one target over one channel; `key` is its stable idempotency key.

    `withdrawn`: it was held and is not wanted any more (the alert resolved before it was due).
    """

    key: str
    seq: int
    alert: str
    channel: str
    target: str
    payload: Mapping[str, Any]
    status: Literal["pending", "sent", "failed", "withdrawn"]
    due_at: datetime
    attempts: int
    error: str
    created_at: datetime
    sent_at: datetime | None = None
    claimed_by: str = ""
    claimed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class Cursor:
    """How far a named reader of the log has come."""

    key: str
    seq: int


@dataclass(frozen=True, slots=True)
class TickRun:
    """When a tick is due next and who is running it."""

    key: str
    due_at: datetime
    last_at: datetime | None = None
    last_result: int = 0
    error: str = ""
    claimed_by: str = ""
    claimed_until: datetime | None = None


@dataclass(frozen=True, slots=True)
class IngestKey:
    """A key that may write events: only its SHA-256 is kept. `service` is one service, or `*` for the local deck's own."""

    key: str
    service: str
    user_type: str
    label: str
    created_at: datetime
    revoked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Access:
    """A credential of a person or the local CLI: kind `link` (single use), `session` or `token`; hash only."""

    key: str
    kind: Literal["link", "session", "token"]
    actor: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Setting:
    """A named value that the deck itself needs to remember (spec digest, daily address key)."""

    key: str
    value: str


# ---- faults: failures with one cause ----------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Fault:
    """An error group: failures of one service with the same code, template and user type, and the same fingerprint.

    `title` is the parameterized message, `place` the innermost frame of the tool. A resolved fault comes back only by
    an event of `resolved_in` or a later version of the same line; "" never comes back by itself.
    """

    key: str
    service: str
    code: str
    template: str
    user_type: str
    title: str
    place: str
    status: Literal["open", "resolved", "ignored"]
    first_seen: datetime
    last_seen: datetime
    first_version: str
    last_version: str
    resolved_in: str = ""
    resolved_by: str = ""
    resolved_at: datetime | None = None
    regressed_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class FaultMember:
    """Which fault the events of one fingerprint belong to. `reason`: first of its kind, known by an older
    fingerprint, merged or split by a person.

    `key` is a digest of service, code, template, user type and fingerprint.
    """

    key: str
    service: str
    code: str
    template: str
    user_type: str
    fingerprint: str
    fault: str
    reason: str
    at: datetime


# ---- security ---------------------------------------------------------------------------------------------------

SubjectKind = Literal["user", "address", "service"]


@dataclass(frozen=True, slots=True)
class Detection:
    """A rule found something: one security event about one subject, with its evidence, and what people made of it.

    `event` is the framework's security event, `rule` the detector, `subject` a userId, an address hash or a service.
    `verdict` is "" until somebody reviewed it.
    """

    key: str
    service: str
    event: str
    rule: str
    subject_kind: SubjectKind
    subject: str
    action: str
    at: datetime
    first_at: datetime
    last_at: datetime
    count: int
    detail: str
    data: Mapping[str, Any]
    verdict: Literal["", "fine", "suspicious", "confirmed"] = ""
    reviewed_by: str = ""
    reviewed_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Restriction:
    """What a subject may not do until a time: `rate_limit` or `block`. `step` counts repetitions from 1."""

    key: str
    service: str
    kind: Literal["rate_limit", "block"]
    subject_kind: SubjectKind
    subject: str
    since: datetime
    until: datetime
    step: int
    reason: str
    detection: str
    lifted_by: str = ""
    lifted_at: datetime | None = None
    lift_reason: str = ""


@dataclass(frozen=True, slots=True)
class Entitlement:
    """A subject (userId) may use a restricted feature of a service, such as `template:infra/vault`,
    `template:*`, `allow-outside`, `untrusted-shell`. `until` None: until it is revoked."""

    key: str
    service: str
    subject: str
    feature: str
    actor: str
    reason: str
    at: datetime
    until: datetime | None = None


# ---- vulnerabilities --------------------------------------------------------------------------------------------

VulnerabilitySeverity = Literal["critical", "high", "medium", "low", "none", "unknown"]


@dataclass(frozen=True, slots=True)
class Scan:
    """One imported scan: which tool and format, of what (`source`), when it was made and imported, what it held."""

    key: str
    service: str
    tool: str
    format: str
    source: str
    digest: str
    made_at: datetime | None
    imported_at: datetime
    actor: str
    findings: int
    critical: int


@dataclass(frozen=True, slots=True)
class Finding:
    """One vulnerability in one version of one package, whichever tools and names reported it.

    `package` is a purl without its version; `ids` holds all its names, `id` the one shown (CVE before GHSA before
    others); `tools` which tools said so. `status` is what a VEX statement, an accepted risk or the newest scans say.
    """

    key: str
    service: str
    package: str
    version: str
    id: str
    ids: Mapping[str, Any]
    severity: VulnerabilitySeverity
    score: float | None
    title: str
    fixed_in: str
    tools: Mapping[str, Any]
    status: Literal["open", "not_affected", "fixed", "accepted", "gone"]
    first_seen: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True)
class Waiver:
    """Why a vulnerability does not count: a VEX statement, or a risk that somebody accepted until a time.

    `package` "" means every package of the service; `vulnerability` is any of its names.
    """

    key: str
    service: str
    vulnerability: str
    package: str
    kind: Literal["vex", "accepted"]
    status: str
    justification: str
    source: str
    actor: str
    at: datetime
    until: datetime | None = None


# ---- the audit log ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Tile:
    """Up to 256 hashes of the Merkle tree over the log, in hex; at level 0 with the salts of their rows.

    The key is `LEVEL/INDEX`; a salt is what opens the commitment of its row.
    """

    key: str
    hashes: str
    salts: str


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What the deck signed of its log: how many rows, their root; `tile` is the index of the tile the last is in."""

    key: str
    size: int
    tile: int
    note: str
    at: datetime
