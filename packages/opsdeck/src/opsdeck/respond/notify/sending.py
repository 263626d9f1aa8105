"""From deliveries to channels: claim what is due, deliver it, mark it. At least once, never lost.

In: the state store, the channels, who is sending, now. Out: how many got out.

1. Claim due deliveries with a lease, so that two decks do not send the same one.
2. Deliver outside any transaction, several at once, so that a slow receiver holds up nobody else.
3. Mark each as it ends. A crash before that leaves the claim; when its lease is over the delivery goes out again
   under the same id, by which a receiver can tell.

It must not know what alerts are about.
"""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import replace
from datetime import datetime, timedelta

from opsdeck import timing
from opsdeck.alerts.path import note
from opsdeck.alerts.people import said, silenced
from opsdeck.errors import DeliveryError
from opsdeck.model import Change, Delivery
from opsdeck.respond.channels.api import Channel
from opsdeck.respond.notify.retry import ATTEMPTS, delay
from opsdeck.stores.api import StateStore, Transaction

AT_ONCE = 8
# Three rounds of the longest channel timeout end well within the lease.
BATCH = 3 * AT_ONCE
LEASE = timedelta(minutes=1)
KIND = "delivery"


def send(state: StateStore, channels: Mapping[str, Channel], owner: str, now: datetime) -> int:
    """Deliver what is due; returns how many got out. Failures are marked for a retry, permanent ones as failed."""
    with state.begin(write=False) as tx:
        if not _due(tx, now):
            return 0
    with state.begin() as tx:
        claimed = _claim(tx, owner, now)
    sent = 0
    with ThreadPoolExecutor(AT_ONCE, thread_name_prefix="notify") as pool:
        running = {pool.submit(_attempt, channels, delivery, now): delivery for delivery in claimed}
        for done in as_completed(running):
            with state.begin() as tx:
                sent += _mark(tx, running[done].key, done.result(), now)
    return sent


def _due(tx: Transaction, now: datetime) -> list[Delivery]:
    pending = [d for d in tx.find(Delivery, status="pending") if d.due_at <= now and not _leased(d, now)]
    return sorted(pending, key=lambda d: (d.due_at, d.seq, d.key))


def _leased(delivery: Delivery, now: datetime) -> bool:
    return delivery.claimed_until is not None and delivery.claimed_until > now


def _claim(tx: Transaction, owner: str, now: datetime) -> list[Delivery]:
    claimed: list[Delivery] = []
    for delivery in _due(tx, now):
        if len(claimed) == BATCH:
            break
        if _may_go(tx, delivery, now) and tx.claim(Delivery, delivery.key, owner, now, LEASE):
            claimed.append(delivery)
    return claimed


def _may_go(tx: Transaction, delivery: Delivery, now: datetime) -> bool:
    """A resolve follows its fire; a silence that began after the plan holds the delivery back."""
    fired_seq = delivery.payload["fired_seq"]
    if fired_seq != delivery.seq:
        fire = tx.get(Delivery, f"{fired_seq}/{delivery.channel}/{delivery.target}")
        if fire is None or fire.status in ("failed", "withdrawn"):
            why = "its fire never got out"
            tx.put(replace(delivery, status="withdrawn", error=why))
            _note(tx, delivery, now, "withdrawn", why)
            return False
        if fire.status == "pending":
            return False
    service, _, rule = delivery.alert.rpartition("/")
    silence = silenced(tx, service, rule, now) if not delivery.attempts else None
    if silence:
        tx.put(replace(delivery, due_at=silence.until))
        _note(tx, delivery, now, "muted", f"silenced {said(silence)}")
    return silence is None


def _attempt(channels: Mapping[str, Channel], delivery: Delivery, now: datetime) -> DeliveryError | None:
    channel = channels.get(delivery.channel)
    if channel is None:
        return DeliveryError(f"there is no channel {delivery.channel} any more", permanent=True)
    try:
        channel.deliver(delivery, now)
    except DeliveryError as error:
        return error
    except Exception as error:  # noqa: BLE001  the edge of one delivery: a broken channel must not stop the others
        return DeliveryError(f"{type(error).__name__}: {error}", permanent=False)
    return None


def _mark(tx: Transaction, key: str, error: DeliveryError | None, now: datetime) -> int:
    known = tx.get(Delivery, key)
    if known is None:
        return 0
    attempts = known.attempts + 1
    ended = replace(known, attempts=attempts, claimed_by="", claimed_until=None)
    where = f"to {known.target} over {known.channel}, attempt {attempts}"
    if error is None:
        tx.put(replace(ended, status="sent", sent_at=now, error=""))
        _note(tx, ended, now, "sent", where)
        return 1
    if error.permanent or attempts >= ATTEMPTS:
        tx.put(replace(ended, status="failed", error=error.message))
        change = Change(KIND, known.alert, "pending", "failed", error.message, "opsdeck", {"delivery": key})
        tx.append(change, now)
        _note(tx, ended, now, "failed", f"{where}: {error.message}")
        return 0
    due = now + delay(key, attempts)
    tx.put(replace(ended, due_at=due, error=error.message))
    _note(tx, ended, now, "retry", f"{where}: {error.message}; again at {timing.iso(due)}")
    return 0


def _note(tx: Transaction, delivery: Delivery, now: datetime, verdict: str, detail: str) -> None:
    note(
        tx, delivery.alert, now, "deliver", verdict, detail=detail, seq=delivery.seq, part=f"/{delivery.key}"
    )
