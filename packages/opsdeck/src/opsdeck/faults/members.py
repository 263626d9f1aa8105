"""Which fault an event belongs to: by its cause, or by what stands for causes that did not fit any more.

In: what identifies a cause, a transaction. Out: a FaultMember, a Fault. It must not know the event store.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from opsdeck.errors import NotFoundError, UsageError
from opsdeck.model import Clause, Fault, FaultMember, Match
from opsdeck.stores.api import Transaction
from opsdeck.stores.events.facts import outcome

KIND = "fault"
ANY = "*"
"""In a member: every value that no other member names."""

# A sender decides what its messages and names say. Without a limit each of a million invented ones would be a row
# here and a line to read; nobody looks at the 51st cause of one code in one template before the first 50 are gone.
MOST_CAUSES = 50  # of one code, template and user type
MOST_OF_SERVICE = 2_000

CAUSE = ("service", "error_code", "template", "user_type", "fingerprint")
"""The fields of an event that identify its cause, in the order of Cause."""
REFUSALS = ("BLOCKED", "RATE_LIMITED")
"""Runs that policy refused: what it was told to do, no fault."""
FAILURES = Match(
    (
        Clause("outcome", "=", "failure"),
        Clause("fingerprint", "!=", ""),
        Clause("error_code", "not in", REFUSALS),
    )
)

MERGED = "merged"
SHOWN_IDS = 5
SHORTEST_PREFIX = 3


@dataclass(frozen=True, slots=True, order=True)
class Cause:
    """What failures with one cause have in common."""

    service: str
    code: str
    template: str
    user_type: str
    fingerprint: str

    @classmethod
    def of(cls, values: Iterable[object]) -> "Cause":
        """From the fields of CAUSE; what a store cannot keep is replaced."""
        return cls(*(kept(str(value)) for value in values))

    @property
    def key(self) -> str:
        """The key of the member that names it."""
        parts = (self.service, self.code, self.template, self.user_type, self.fingerprint)
        return blake2b("\0".join(parts).encode("utf-8", "replace"), digest_size=16).hexdigest()

    @property
    def wider(self) -> tuple["Cause", ...]:
        """What stands for it where it is not named itself, nearest first."""
        return (
            self,
            replace(self, fingerprint=ANY),
            Cause(self.service, ANY, ANY, ANY, ANY),
        )


def cause(body: Mapping[str, Any]) -> Cause | None:
    """The cause of a failed entry; None where it did not fail, or was stored before there were fingerprints."""
    error, operation = body.get("error") or {}, body.get("operation") or {}
    if outcome(body) != "failure" or not error.get("fingerprint") or error.get("code") in REFUSALS:
        return None
    return Cause.of(
        (
            body.get("service", ""),
            error.get("code", ""),
            operation.get("template") or "",
            body.get("userType", ""),
            error["fingerprint"],
        )
    )


def kept(text: str) -> str:
    """The text without what a state store cannot keep: NUL, half a character."""
    return text.encode("utf-8", "replace").decode().replace("\0", "\ufffd")


def member_of(of: Cause, get: Callable[[str], FaultMember | None]) -> FaultMember | None:
    """The member that stands for the cause; `get` finds one by its key."""
    return next((found for one in of.wider if (found := get(one.key))), None)


def fault_of(tx: Transaction, of: Cause) -> Fault | None:
    """The fault of the cause; None where no tick has seen it yet."""
    member = member_of(of, lambda key: tx.get(FaultMember, key))
    return tx.get(Fault, member.fault) if member else None


def members_of(tx: Transaction, fault: str) -> list[FaultMember]:
    """What belongs to a fault, oldest first."""
    return sorted(tx.find(FaultMember, fault=fault), key=lambda member: (member.at, member.key))


def find(tx: Transaction, name: str) -> Fault:
    """The fault of that id, or of the only id that begins so, or the one that it was merged into.

    Raises NotFoundError for an id that never was, UsageError for the beginning of several.
    """
    if found := tx.get(Fault, name) or _forwarded(tx, name):
        return found
    short = name if name.startswith("flt_") else f"flt_{name}"
    fits = (
        [one.key for one in tx.find(Fault) if one.key.startswith(short)]
        if len(name) >= SHORTEST_PREFIX
        else []
    )
    if not fits:
        raise NotFoundError(f"there is no fault {name!r}", hint="opsdeck errors list --status all")
    if len(fits) > 1:
        raise UsageError(
            f"{name!r} begins the ids of {len(fits)} faults", hint=f"one of: {', '.join(fits[:SHOWN_IDS])}"
        )
    return tx.get(Fault, fits[0]) or _gone(fits[0])


def fresh_id(seed: str, taken: Callable[[str], bool]) -> str:
    """A short id that is nobody else's; the same seed has the same one."""
    digest = blake2b(seed.encode("utf-8", "replace"), digest_size=16).hexdigest()
    return next((one for size in (8, 12, 16) if not taken(one := f"flt_{digest[:size]}")), f"flt_{digest}")


def causes(members: Iterable[FaultMember]) -> dict[str, FaultMember]:
    """Members by their key."""
    return {member.key: member for member in members}


def _forwarded(tx: Transaction, name: str) -> Fault | None:
    """Where a merged fault went. It cannot go round: nobody merges into a fault that is not there any more."""
    while rows := tx.recent(1, kind=KIND, subject=name):
        if rows[0].change.new != MERGED:
            return None
        name = str(rows[0].change.data["into"])
        if found := tx.get(Fault, name):
            return found
    return None


def _gone(name: str) -> Fault:
    raise NotFoundError(f"there is no fault {name!r} any more", hint="opsdeck errors list --status all")
