"""Whether a detection leads to a restriction, and to which: pure, with a named reason.

In: a detection, the restrictions that its subject had before, the spec's steps. Out: a Verdict.

1. The action's words say what is done: `rate limit and …` or `block and …`; other actions restrict nobody.
2. Each new detection about a subject is a step up, the last step repeats; after `forget` without one it starts anew.
   What a person put there or took back is no step.
3. It counts from the moment of the detection, however late the log is read.
4. An address is known by a hash that means nothing tomorrow, so its restriction ends with the day (UTC).
5. While one that a detection led to stands, another adds nothing: what is refused already is no repetition, and nobody
   is driven up the steps by a burst. One that a person put there counts where it lasts as long.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from typing import Literal

from opsdeck.model import Detection, Restriction
from opsdeck.spec.framework import Enforcement

Kind = Literal["rate_limit", "block"]
Reason = Literal["restricted", "not_enforced", "no_subject", "already_over", "stands"]

KINDS: dict[str, Kind] = {"rate limit": "rate_limit", "block": "block"}
DAY = timedelta(days=1)
ID_BYTES = 6
REASON_LENGTH = 200


@dataclass(frozen=True, slots=True)
class Verdict:
    """The named reason, and the restriction where there is one."""

    reason: Reason
    restriction: Restriction | None = None


def decide(
    found: Detection, earlier: Iterable[Restriction], enforcement: Enforcement, now: datetime
) -> Verdict:
    """What follows from the detection; `earlier` are all restrictions of its subject in its service."""
    kind = kind_of(found.action)
    if kind is None:
        return Verdict("not_enforced")
    if found.subject_kind == "service" or not found.subject:
        return Verdict("no_subject")
    same = [one for one in earlier if one.kind == kind]
    steps = enforcement.block if kind == "block" else enforcement.rate_limit
    step = step_of(same, found.at, enforcement.forget)
    until = found.at + steps[min(step, len(steps)) - 1]
    if found.subject_kind == "address":
        until = min(until, day_end(found.at))
    if until <= now:
        return Verdict("already_over")
    if any(stands(one, found.at) and (one.detection or one.until >= until) for one in same):
        return Verdict("stands")
    return Verdict("restricted", _restriction(found, kind, until, step))


def kind_of(action: str) -> Kind | None:
    """`block and immediate alert` → "block"."""
    return next((KINDS[word] for word in measures(action) if word in KINDS), None)


def measures(action: str) -> tuple[str, ...]:
    """The single measures of an action: `rate limit and alert` → ("rate limit", "alert")."""
    return tuple(word.strip() for word in action.split(" and "))


def step_of(earlier: Iterable[Restriction], at: datetime, forget: timedelta) -> int:
    """Which repetition it is, from 1."""
    counted = [one for one in earlier if one.detection and not one.lifted_by and at - one.since < forget]
    return max((one.step for one in counted), default=0) + 1


def stands(one: Restriction, now: datetime) -> bool:
    """Whether it holds at the moment."""
    return one.lifted_at is None and now < one.until


def day_end(at: datetime) -> datetime:
    """The end of the day in UTC: until then an address has the same hash."""
    return at.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) + DAY


def name_of(*parts: str) -> str:
    """The id of a restriction: the same for the same cause, so that it is made once."""
    return f"R-{blake2b(chr(0).join(parts).encode(), digest_size=ID_BYTES).hexdigest()}"


def plain(text: str) -> str:
    """One line of printable text: a reason goes into a document whose lines mean something."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())[:REASON_LENGTH]


def _restriction(found: Detection, kind: Kind, until: datetime, step: int) -> Restriction:
    return Restriction(
        key=name_of(found.key, kind),
        service=found.service,
        kind=kind,
        subject_kind=found.subject_kind,
        subject=found.subject,
        since=found.at,
        until=until,
        step=step,
        reason=plain(found.detail) or found.event,
        detection=found.key,
    )
