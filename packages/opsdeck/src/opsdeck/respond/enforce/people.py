"""What people do about security: lift, block, grant, revoke, review. Each is one row in the log, by name, with a reason.

In: an open transaction, who, what about, why. Out: the record that was written. It must not know who may: callers
check. Texts are bounded here, so that whatever way they came in, the policy stays small.
"""

import re
from dataclasses import replace
from datetime import datetime

from opsdeck import timing
from opsdeck.errors import ConflictError, NotFoundError, UsageError
from opsdeck.model import Change, Detection, Entitlement, Restriction
from opsdeck.respond.enforce.decide import day_end, name_of, plain, stands
from opsdeck.respond.enforce.tick import record
from opsdeck.stores.api import Transaction

VERDICTS = ("fine", "suspicious", "confirmed")
SUBJECT = re.compile(r"[A-Za-z0-9_-]{1,64}")
FEATURE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,126}\*?")
MOST_FEATURES = 200
"""Entitlements of one user in one service: what fits into a policy."""
MOST_WORDS = 500


def lift(tx: Transaction, key: str, actor: str, reason: str, now: datetime) -> Restriction:
    """End a restriction before its time. Raises NotFoundError, ConflictError where it has ended already."""
    found = _named(tx, key)
    if not stands(found, now):
        ended = f"lifted by {found.lifted_by}" if found.lifted_by else "over"
        raise ConflictError(f"restriction {found.key} is {ended}", hint="opsdeck security blocks")
    lifted = replace(found, lifted_by=actor, lifted_at=now, lift_reason=_words(reason, "lifting"))
    record(tx, lifted, found.kind, "lifted", actor, now)
    return lifted


def block(
    tx: Transaction,
    service: str,
    subject: str,
    *,
    until: datetime,
    reason: str,
    actor: str,
    now: datetime,
    address: bool = False,
) -> Restriction:
    """Block a user, or an address by its hash, until a time; an address at most for the rest of the day (UTC)."""
    _known_subject(subject)
    if until <= now:
        raise UsageError("a block ends in the future", hint="--for '2 hours'")
    made = Restriction(
        key=name_of(service, subject, timing.iso(now), actor),
        service=service,
        kind="block",
        subject_kind="address" if address else "user",
        subject=subject,
        since=now,
        until=min(until, day_end(now)) if address else until,
        step=1,
        reason=plain(_words(reason, "blocking")),
        detection="",
    )
    record(tx, made, "", made.kind, actor, now)
    return made


def grant(
    tx: Transaction,
    service: str,
    subject: str,
    feature: str,
    *,
    until: datetime | None,
    reason: str,
    actor: str,
    now: datetime,
) -> Entitlement:
    """Let a user use a restricted feature; `until` None: until it is revoked. Granted again, the newer holds."""
    _known_subject(subject)
    if not FEATURE.fullmatch(feature):
        raise UsageError(
            f"{feature[:80]!r} names no feature",
            hint="for example template:infra/vault, template:infra/*, allow-outside",
        )
    if until is not None and until <= now:
        raise UsageError("an entitlement ends in the future", hint="--for '30 days'")
    made = Entitlement(
        f"{service}/{subject}/{feature}",
        service,
        subject,
        feature,
        actor,
        _words(reason, "granting"),
        now,
        until,
    )
    held = {one.key for one in tx.find(Entitlement, service=service, subject=subject)}
    if len(held - {made.key}) >= MOST_FEATURES:
        raise UsageError(
            f"{subject} has {MOST_FEATURES} entitlements already",
            hint="grant a pattern, such as template:infra/*",
        )
    old = "granted" if made.key in held else ""
    tx.put(made)
    tx.append(_entitled(made, old, "granted", made.reason, actor), now)
    return made


def revoke(
    tx: Transaction, service: str, subject: str, feature: str, *, actor: str, reason: str, now: datetime
) -> Entitlement:
    """Take an entitlement back. Raises NotFoundError where there is none."""
    found = tx.get(Entitlement, f"{service}/{subject}/{feature}")
    if found is None:
        raise NotFoundError(
            f"{subject[:80]} has no entitlement to {feature[:80]} in {service}",
            hint="opsdeck security entitlements",
        )
    said = _words(reason, "revoking")
    tx.drop(Entitlement, found.key)
    tx.append(_entitled(found, "granted", "revoked", said, actor), now)
    return found


def review(
    tx: Transaction, key: str, verdict: str, note: str, *, actor: str, now: datetime, lifting: bool = False
) -> Detection:
    """Say what a detection was. `lifting`: what it led to ends as well. A second look may change the verdict."""
    found = tx.get(Detection, key)
    if found is None:
        raise NotFoundError(f"there is no detection {key[:80]!r}", hint="opsdeck security events")
    if verdict not in VERDICTS:
        raise UsageError(f"{verdict[:80]!r} is no verdict", hint=f"one of: {', '.join(VERDICTS)}")
    if lifting and verdict != "fine":
        raise UsageError("only what was fine is lifted by its verdict", hint="opsdeck security lift")
    if len(note) > MOST_WORDS:
        raise UsageError(f"a note has at most {MOST_WORDS} characters")
    seen = replace(found, verdict=verdict, reviewed_by=actor, reviewed_at=now, note=note)  # type: ignore[arg-type] # one of VERDICTS
    tx.put(seen)
    data = {"detection": key, "event": found.event, "rule": found.rule, "lifting": lifting}
    subject = f"{found.service}/{found.event}"
    tx.append(Change("review", subject, found.verdict, verdict, note, actor, data), now)
    for one in tx.find(Restriction, detection=key) if lifting else ():
        if stands(one, now):
            lift(tx, one.key, actor, note.strip() or "reviewed: fine", now)
    return seen


def _named(tx: Transaction, key: str) -> Restriction:
    """A restriction by its id or the id's first characters."""
    exact = tx.get(Restriction, key) if key else None
    found = [exact] if exact else [one for one in tx.find(Restriction) if key and one.key.startswith(key)]
    if len(found) != 1:
        raise NotFoundError(
            f"{len(found)} restrictions have an id that begins with {key[:80]!r}",
            hint="opsdeck security blocks",
        )
    return found[0]


def _words(reason: str, act: str) -> str:
    if not reason.strip():
        raise UsageError(f"{act} needs a reason", hint="--reason 'the CI job was repaired'")
    if len(reason) > MOST_WORDS:
        raise UsageError(f"a reason has at most {MOST_WORDS} characters")
    return reason.strip()


def _known_subject(subject: str) -> None:
    if not SUBJECT.fullmatch(subject):
        raise UsageError(
            f"{subject[:80]!r} is no userId or address hash", hint="opsdeck security events shows them"
        )


def _entitled(one: Entitlement, old: str, new: str, reason: str, actor: str) -> Change:
    data = {"feature": one.feature, "until": timing.iso(one.until) if one.until else None}
    return Change("entitlement", f"{one.service}/{one.subject}", old, new, reason, actor, data)
