"""Why two failures are or are not in one fault, step by step.

In: two entries, an open transaction. Out: an Explanation: what was compared with which verdict, who merged or split what, and the conclusion.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from opsdeck import fingerprint, timing
from opsdeck.errors import UsageError
from opsdeck.faults.members import Cause, cause, member_of
from opsdeck.fingerprint import Step
from opsdeck.model import Entry, FaultMember
from opsdeck.stores.api import Transaction

FIELDS = ("service", "code", "template", "user type")
DIFFERENT = "different"


@dataclass(frozen=True, slots=True)
class Explanation:
    """`together` is where they are now; `steps` end with the fault of each."""

    a: str
    b: str
    together: bool
    conclusion: str
    steps: tuple[Step, ...]


def explain(tx: Transaction, a: Entry, b: Entry) -> Explanation:
    """Raises UsageError for an entry that belongs to no fault."""
    causes = _cause(a), _cause(b)
    steps = tuple(_steps(causes, a, b))
    of = tuple(member_of(one, lambda key: tx.get(FaultMember, key)) for one in causes)
    placed = Step("fault", _verdict(_fault(of[0]), _fault(of[1])), _placed(of[0]), _placed(of[1]))
    together = None not in of and placed.verdict != DIFFERENT
    apart = [step.part for step in steps if step.verdict == DIFFERENT]
    return Explanation(
        a.event_id, b.event_id, together, _conclusion(of, apart, together=together), (*steps, placed)
    )


def _cause(entry: Entry) -> Cause:
    found = cause(entry.body)
    if found is None:
        raise UsageError(
            f"event {entry.event_id} belongs to no fault",
            hint="faults are made of failed runs that were not refused by policy: opsdeck logs --where outcome=failure",
        )
    return found


def _steps(causes: tuple[Cause, Cause], a: Entry, b: Entry) -> Iterator[Step]:
    one, other = causes
    compared = zip(
        FIELDS,
        (one.service, one.code, one.template, one.user_type),
        (other.service, other.code, other.template, other.user_type),
        strict=True,
    )
    for name, left, right in compared:
        yield Step(name, _verdict(left, right), left, right)
    *parts, _ = fingerprint.explain(_failure(a), _failure(b))
    yield from parts
    yield Step(
        "fingerprint", _verdict(one.fingerprint, other.fingerprint), one.fingerprint, other.fingerprint
    )


def _failure(entry: Entry) -> tuple[str, str]:
    error = entry.body.get("error") or {}
    return str(error.get("message", "")), str(error.get("stack", ""))


def _verdict(left: str, right: str) -> str:
    return "identical" if left == right else DIFFERENT


def _fault(member: FaultMember | None) -> str:
    return member.fault if member else ""


def _placed(member: FaultMember | None) -> str:
    if member is None:
        return "not sorted yet: the next tick does"
    return f"{member.fault} ({member.reason}, {timing.iso(member.at)})"


def _conclusion(of: tuple[FaultMember | None, ...], apart: list[str], *, together: bool) -> str:
    if None in of:
        return "not sorted yet: ask again in a few seconds"
    if together and apart:
        return f"together, though {', '.join(apart)} differ{'s' if len(apart) == 1 else ''}: see the reason of each"
    if together:
        return "together: nothing that counts differs"
    if apart:
        return f"apart: {', '.join(apart)} differ{'s' if len(apart) == 1 else ''}"
    return "apart, though nothing that counts differs: see the reason of each"
