"""What people do with a fault: resolve it in a version, reopen, ignore, merge. Each is one row in the log.

In: an open transaction, which fault, who, why, now. Out: the fault as it then is. It must not know who may: callers check.
"""

from dataclasses import replace
from datetime import datetime
from typing import Any

from opsdeck import versions
from opsdeck.errors import UsageError
from opsdeck.faults.members import ANY, KIND, MERGED, find, members_of
from opsdeck.faults.resolution import after, latest
from opsdeck.model import Change, Fault
from opsdeck.stores.api import Transaction


def resolve(tx: Transaction, name: str, version: str, actor: str, reason: str, now: datetime) -> Fault:
    """It is fixed in `version` ("": in whatever comes after the newest version that it was seen on).

    Raises UsageError for a fault that is resolved already and for a text that is no version.
    """
    fault = find(tx, name)
    if fault.status == "resolved":
        raise UsageError(
            f"{fault.key} was resolved by {fault.resolved_by} already",
            hint=f"opsdeck errors reopen {fault.key}",
        )
    if version and versions.parse(version) is None:
        raise UsageError(f"{version!r} is no version", hint="for example: --in 2025.9.9 or --in 1.4.0")
    done = replace(
        fault,
        status="resolved",
        resolved_in=version or after(fault.last_version),
        resolved_by=actor,
        resolved_at=now,
        regressed_at=None,
        note=reason,
    )
    return _changed(tx, fault, done, actor, reason, now, {"resolved_in": done.resolved_in})


def reopen(tx: Transaction, name: str, actor: str, reason: str, now: datetime) -> Fault:
    """It is not fixed, or not to be ignored any more. Raises UsageError for one that is open."""
    fault = find(tx, name)
    if fault.status == "open":
        raise UsageError(f"{fault.key} is open already", hint=f"opsdeck errors show {fault.key}")
    opened = replace(fault, status="open", resolved_in="", resolved_by="", resolved_at=None, note=reason)
    return _changed(tx, fault, opened, actor, reason, now, {})


def ignore(tx: Transaction, name: str, actor: str, reason: str, now: datetime) -> Fault:
    """It is counted, but not listed among the open ones until somebody reopens it. Raises UsageError without a reason."""
    fault = find(tx, name)
    needed(reason)
    if fault.status == "ignored":
        raise UsageError(f"{fault.key} is ignored already", hint=f"opsdeck errors reopen {fault.key}")
    ignored = replace(
        fault,
        status="ignored",
        resolved_in="",
        resolved_by="",
        resolved_at=None,
        regressed_at=None,
        note=reason,
    )
    return _changed(tx, fault, ignored, actor, reason, now, {})


def merge(tx: Transaction, name: str, into: str, actor: str, reason: str, now: datetime) -> Fault:
    """`name` becomes a part of `into`: its events count there, now and later, and its id leads there.

    Raises UsageError across services, for a fault with itself, for a fault of others, and where an open fault would
    disappear in a resolved one.
    """
    gone, stays = find(tx, name), find(tx, into)
    needed(reason)
    members = members_of(tx, gone.key)
    _mergeable(gone, stays, others=any(member.fingerprint == ANY for member in members))
    earlier = gone.first_seen < stays.first_seen
    merged = replace(
        stays,
        first_seen=min(gone.first_seen, stays.first_seen),
        first_version=gone.first_version if earlier else stays.first_version,
        last_seen=max(gone.last_seen, stays.last_seen),
        last_version=latest(
            stays.last_version, gone.last_version, b_is_later=gone.last_seen > stays.last_seen
        ),
    )
    said = f"merged from {gone.key} by {actor}: {reason}"
    tx.put_all([merged, *(replace(member, fault=stays.key, reason=said, at=now) for member in members)])
    tx.drop(Fault, gone.key)
    data = {
        "into": stays.key,
        "title": gone.title,
        "fingerprints": [member.fingerprint for member in members],
    }
    tx.append(Change(KIND, gone.key, gone.status, MERGED, reason, actor, data), now)
    return merged


def needed(reason: str) -> None:
    """Raises UsageError for a reason that says nothing."""
    if not reason.strip():
        raise UsageError("a reason is needed: it is what the log tells later", hint="--reason 'same cause'")


def _mergeable(gone: Fault, stays: Fault, *, others: bool) -> None:
    if gone.key == stays.key:
        raise UsageError(
            f"{gone.key} and itself cannot be merged", hint="opsdeck errors merge ID --into OTHER"
        )
    if gone.service != stays.service:
        raise UsageError(
            f"{gone.key} is of {gone.service} and {stays.key} of {stays.service}",
            hint="only faults of one service can be merged",
        )
    if others:
        raise UsageError(
            f"{gone.key} holds whatever had no room for a fault of its own", hint="it can only be merged into"
        )
    if gone.status == "open" and stays.status != "open":
        raise UsageError(
            f"{gone.key} is open and would disappear in {stays.key}, which is {stays.status}",
            hint=f"opsdeck errors reopen {stays.key}",
        )


def _changed(
    tx: Transaction, old: Fault, new: Fault, actor: str, reason: str, now: datetime, data: dict[str, Any]
) -> Fault:
    tx.put(new)
    tx.append(Change(KIND, old.key, old.status, new.status, reason, actor, data), now)
    return new
