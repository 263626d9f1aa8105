"""Detections as entries: rows of the log in, entries of category `security` handed in at collect's door.

In: the state store, the door, now. Out: how many were handed in. It reads the log by a cursor of its own and moves it
after the door has answered: a crash between the two repeats an entry, under the same id and the same time, which the
event store keeps once. Alert rules count these entries. It must not know how detections are made.
"""

import json
import uuid
from datetime import datetime
from hashlib import blake2b
from typing import Any, Protocol

from opsdeck import timing
from opsdeck.collect.codes import NoneAcceptableError
from opsdeck.detect.ticking import ACTOR, KIND
from opsdeck.model import Change, Cursor, Detection, IngestKey, Transition
from opsdeck.stores.api import StateStore

NAME = "announce"
BATCH = 500
VERSION = "unknown"


class Accept(Protocol):
    """Collect's door."""

    def __call__(self, body: bytes, key: IngestKey) -> object: ...


def announce(state: StateStore, accept: Accept, now: datetime) -> int:
    """Hand in an entry for each detection that has none yet; returns how many."""
    with state.begin(write=False) as tx:
        seen = tx.get(Cursor, NAME) or Cursor(NAME, 0)
        rows = tx.log(seen.seq, BATCH, kind=KIND)
        found = [(row, tx.get(Detection, str(row.change.data.get("detection", "")))) for row in rows]
    if not rows:
        return 0
    entries = [entry(one, row) for row, one in found if one is not None]
    trouble = _handed_in(entries, accept, now)
    with state.begin() as tx:
        reached = tx.get(Cursor, NAME) or seen
        tx.put(Cursor(NAME, max(rows[-1].seq, reached.seq)))
        if trouble:
            tx.append(Change("trouble", NAME, "", trouble, trouble, ACTOR), now)
    return 0 if trouble else len(entries)


def _handed_in(entries: list[dict[str, Any]], accept: Accept, now: datetime) -> str:
    """Nothing, or why the door will never take them: waiting would hold up those that come after."""
    try:
        if entries:
            key = IngestKey("detect", "*", "service", "detect", now)
            accept(b"\n".join(json.dumps(one).encode() for one in entries), key)
    except NoneAcceptableError as error:
        return error.message
    return ""


def entry(detection: Detection, row: Transition) -> dict[str, Any]:
    """The detection as a log entry. `operation.type` is the security event, `command` the rule."""
    operation: dict[str, Any] = {"type": detection.event, "duration": 0, "success": True}
    if template := detection.data.get("template"):
        operation["template"] = template
    found: dict[str, Any] = {
        "timestamp": timing.iso(row.at),
        "level": "WARN",
        "service": detection.service,
        "version": VERSION,
        "environment": "production",
        "requestId": detection.key,
        "operation": operation,
        "eventId": event_id(detection.key, row.at),
        "category": "security",
        "command": detection.rule,
    }
    if detection.subject_kind == "user":
        found["userId"] = detection.subject
    return found


def event_id(key: str, at: datetime) -> str:
    """A UUID of version 8: the time in ms, then a hash of the detection's key."""
    digest = int.from_bytes(blake2b(key.encode(), digest_size=10).digest(), "big")
    bits = (int(at.timestamp() * 1000) & (1 << 48) - 1) << 80 | digest
    bits = bits & ~(0xF << 76) | 8 << 76
    return str(uuid.UUID(int=bits & ~(3 << 62) | 2 << 62))
