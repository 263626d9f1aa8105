"""From the log to restrictions: what each detection leads to, and the end of what has run out.

In: the state store, the spec's framework, now. Out: how many changes were logged. Cursor, restrictions and their rows
in the log are written together, so two decks that tick at once take turns and the second finds nothing left. It must
not know how detections come about nor who obeys.
"""

from dataclasses import replace
from datetime import datetime

from opsdeck import timing
from opsdeck.model import Change, Cursor, Detection, Restriction, Transition
from opsdeck.respond.enforce.decide import decide
from opsdeck.spec.framework import Enforcement, Framework
from opsdeck.stores.api import StateStore, Transaction

CURSOR = "enforce"
ACTOR = "enforce"
KIND = "restriction"
SECURITY = "security"
DETECTED = "detected"
EXPIRED = "expired"


def tick(state: StateStore, framework: Framework, now: datetime) -> int:
    """Read the log from where the last tick ended; returns the number of log rows. The same `now` changes nothing."""
    with state.begin(write=False) as tx:
        if not tx.log(after=_read_so_far(tx), limit=1) and not _over(tx, now):
            return 0
    with state.begin() as tx:
        rows = tx.log(after=_read_so_far(tx))
        changed = sum(_row(tx, row, framework.enforcement, now) for row in rows)
        changed += sum(_expire(tx, one, now) for one in _over(tx, now))
        if rows:
            tx.put(Cursor(CURSOR, rows[-1].seq))
        return changed


def record(tx: Transaction, made: Restriction, old: str, new: str, actor: str, now: datetime) -> None:
    """The restriction and its row in the log."""
    reason = made.lift_reason if old else made.reason
    data = {
        "restriction": made.key,
        "restricts": made.kind,
        "subject_kind": made.subject_kind,
        "until": timing.iso(made.until),
        "step": made.step,
        "detection": made.detection,
    }
    tx.put(made)
    tx.append(Change(KIND, f"{made.service}/{made.subject}", old, new, reason, actor, data), now)


def _read_so_far(tx: Transaction) -> int:
    cursor = tx.get(Cursor, CURSOR)
    return cursor.seq if cursor else 0


def _row(tx: Transaction, row: Transition, enforcement: Enforcement, now: datetime) -> int:
    if row.change.kind != SECURITY or row.change.new != DETECTED:
        return 0
    found = tx.get(Detection, str(row.change.data.get("detection", "")))
    if found is None:
        return 0
    earlier = tx.find(Restriction, service=found.service, subject=found.subject)
    made = decide(found, earlier, enforcement, now).restriction
    if made is None or tx.get(Restriction, made.key) is not None:
        return 0
    record(tx, made, "", made.kind, ACTOR, now)
    return 1


def _over(tx: Transaction, now: datetime) -> list[Restriction]:
    return [one for one in tx.find(Restriction, lifted_at=None) if one.until <= now]


def _expire(tx: Transaction, over: Restriction, now: datetime) -> int:
    ended = replace(over, lifted_at=over.until, lift_reason=EXPIRED)
    record(tx, ended, over.kind, EXPIRED, ACTOR, now)
    return 1
