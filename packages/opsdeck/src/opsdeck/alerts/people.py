"""What people do with an alert: acknowledge it, silence it. Each is one row in the log, by name and with a reason.

In: an open transaction, who, why, until when. Out: the record that was written. It must not know who may: callers check.
"""

from dataclasses import replace
from datetime import datetime

from opsdeck import timing
from opsdeck.alerts.path import note as note_step
from opsdeck.errors import ConflictError, NotFoundError, UsageError
from opsdeck.model import AlertState, Change, Silence
from opsdeck.stores.api import Transaction

ANY = "*"
"""In place of a service's or a rule's name: all of them."""


def acknowledge(tx: Transaction, service: str, rule: str, actor: str, note: str, now: datetime) -> AlertState:
    """Somebody takes a firing alert on. The same person may say it twice.

    Raises UsageError where nothing fires, ConflictError where somebody else was first.
    """
    state = tx.get(AlertState, f"{service}/{rule}")
    if state is None or state.phase != "firing":
        raise UsageError(f"{service}/{rule} does not fire", hint="opsdeck alerts list")
    if state.acknowledged_by == actor:
        return state
    if state.acknowledged_by:
        raise ConflictError(f"{service}/{rule} was already acknowledged by {state.acknowledged_by}")
    taken = replace(state, acknowledged_by=actor, acknowledged_at=now)
    tx.put(taken)
    data = {"fired_seq": state.fired_seq}
    seq = tx.append(Change("acknowledgement", state.key, "", "acknowledged", note, actor, data), now)
    detail = f"by {actor}: {note}" if note else f"by {actor}"
    note_step(tx, state.key, now, "acknowledge", "acknowledged", detail=detail, seq=seq)
    return taken


def silence(
    tx: Transaction, service: str, rule: str, *, until: datetime, reason: str, actor: str, now: datetime
) -> Silence:
    """Mute the notifications of matching alerts (`*` matches all) until a time; their states go on being evaluated.

    What would have gone out is held and goes out afterwards if the alert still fires. Raises UsageError for a time
    that has passed or an empty reason, NotFoundError for an alert that does not exist.
    """
    if until <= now:
        raise UsageError(
            "a silence ends in the future", hint="opsdeck alerts silence SERVICE/RULE --for '2 hours'"
        )
    if not reason.strip():
        raise UsageError("a silence needs a reason", hint="--reason 'planned upgrade'")
    matching = [state for state in tx.find(AlertState) if _covers(service, rule, state.service, state.rule)]
    if not matching:
        raise NotFoundError(f"there is no alert {service}/{rule}", hint="opsdeck alerts list")
    subject = f"{service}/{rule}"
    made = Silence(f"{subject}@{timing.iso(now)}", service, rule, until, reason, actor, now)
    tx.put(made)
    seq = tx.append(
        Change("silence", subject, "", "silenced", reason, actor, {"until": timing.iso(until)}), now
    )
    for state in matching:
        note_step(tx, state.key, now, "silence", "silenced", detail=said(made), seq=seq)
    return made


def silenced(tx: Transaction, service: str, rule: str, now: datetime) -> Silence | None:
    """The silence that mutes this alert for longest, if one does."""
    running = [
        one for one in tx.find(Silence) if one.until > now and _covers(one.service, one.rule, service, rule)
    ]
    return max(running, key=lambda one: one.until, default=None)


def said(one: Silence) -> str:
    """The silence in words."""
    return f"until {timing.iso(one.until)} by {one.actor}: {one.reason}"


def _covers(of_service: str, of_rule: str, service: str, rule: str) -> bool:
    return of_service in (ANY, service) and of_rule in (ANY, rule)
