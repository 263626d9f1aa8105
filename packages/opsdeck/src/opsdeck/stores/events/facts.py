"""From a stored entry to the facts that are counted: JSON of one entry in, one `Fact` out.

PATHS says once where each field of the model stands in an entry; the memory store reads it here, SQL stores build
their column list from it. Outcome and kind are the two facts that are computed (see `outcome`, `kind`).
Collection has validated the entry before it was journaled, so this module checks only what it cannot do without:
an object with an `eventId` and a readable time. Must not know how facts are kept.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from opsdeck.model import CANCELLED, Entry

PATHS: Mapping[str, tuple[str, ...]] = {
    "service": ("service",),
    "version": ("version",),
    "environment": ("environment",),
    "user_type": ("userType",),
    "category": ("category",),
    "operation": ("operation", "type"),
    "template": ("operation", "template"),
    "command": ("command",),
    "error_code": ("error", "code"),
    "error_category": ("error", "category"),
    "event_id": ("eventId",),
    "request_id": ("requestId",),
    "user_id": ("userId",),
    "session_id": ("sessionId",),
    "level": ("level",),
    "exit_code": ("exitCode",),
    "signal": ("signal",),
    "duration": ("operation", "duration"),
    "error_message": ("error", "message"),
    "generator": ("operation", "generator"),
    "address": ("addressHash",),
    "fingerprint": ("error", "fingerprint"),
    "received": ("receivedAt",),
    "redactions": ("metadata", "redactions"),
}
# Compared as numbers, and absent (None) where the entry has none; every other field is text, absent is "".
NUMBERS = frozenset({"exit_code", "duration", "received", "redactions"})
# Times in the entry that are milliseconds since 1970 as facts.
TIMES = frozenset({"received"})
# What is longer is no entry that collection let in; a store would need several times its length in memory.
LONGEST_LINE = 4 * 1024 * 1024
# Flags of collection that say: the entry's own time is not to be trusted, go by the time of receipt.
DISTRUSTED = frozenset({"late", "ahead"})

Value = str | float | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One event as it is counted: the time it counts at, every DIMENSION and DETAIL by name, and the entry itself."""

    at: datetime
    values: Mapping[str, Value]
    entry: Entry


def fact(line: bytes) -> Fact | None:
    """The fact in one line of a batch; None for a line that is no entry (no JSON object, no id, no time, too long)."""
    if len(line) > LONGEST_LINE:
        return None
    try:
        body = json.loads(line)
        at = effective_time(body)
    except (ValueError, TypeError, KeyError, AttributeError):
        return None
    values: dict[str, Value] = {name: _value(body, name) for name in PATHS}
    if not values["event_id"]:
        return None
    values |= {"outcome": outcome(body), "kind": kind(body)}
    return Fact(at, values, Entry(str(values["event_id"]), at, body))


def effective_time(body: Mapping[str, Any]) -> datetime:
    """When the event counts: its start, or its receipt where collection found the start too late or ahead."""
    distrusted = DISTRUSTED.intersection(body.get("flags") or ())
    at = datetime.fromisoformat(body["receivedAt" if distrusted else "timestamp"])
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)


def outcome(body: Mapping[str, Any]) -> str:
    """success, failure or cancelled; a cancelled run (SIGINT, SIGTERM) is in neither side of a rate."""
    if (body.get("error") or {}).get("code") == CANCELLED:
        return "cancelled"
    return "success" if (body.get("operation") or {}).get("success") is True else "failure"


def kind(body: Mapping[str, Any]) -> str:
    """single_file or multiple_files by the number of files written; "" where none were."""
    count = (body.get("metadata") or {}).get("fileCount") or 0
    return "" if count < 1 else "single_file" if count == 1 else "multiple_files"


def _value(body: Mapping[str, Any], name: str) -> Value:
    found: Any = body
    for step in PATHS[name]:
        found = found.get(step) if isinstance(found, Mapping) else None
    if name in TIMES:
        return _milliseconds(found)
    if name in NUMBERS:
        return float(found) if found is not None and isfinite(float(found)) else None
    return "" if found is None else str(found)


def _milliseconds(text: Any) -> float | None:
    try:
        return datetime.fromisoformat(text).timestamp() * 1000
    except (ValueError, TypeError):
        return None
