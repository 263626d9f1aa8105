"""What a tool's `telemetry status|show|purge` shows: everything that is kept here, and the exact bytes that leave.

In: a service. Out: plain values and bytes; nothing is printed. It must not change what waits, except to purge it.
"""

import os
import time
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from opsdeck_emit import consent, drain, home, launch, policy, policy_fetch, spool

purge = consent.purge


def services() -> list[str]:
    """The services that this machine has recorded for this user, or has an answer about."""
    spool_of_all = home.emit() + "/spool"
    folders = [place for deck in drain.services(spool_of_all) for place in drain.services(deck)]
    answers = os.listdir(home.emit() + "/consent") if os.path.isdir(home.emit() + "/consent") else []
    return sorted({unquote(os.path.basename(name)) for name in [*folders, *answers]})


def status(service: str) -> dict[str, Any]:
    """Consent and its source, what waits (records, bytes), what was sent and dropped (by reason), for any deck; the
    deck in use, and the last trouble with it."""
    state = consent.state(service)
    folders = home.spools(service)
    records = list(waiting(service))
    counts = [drain.counts(folder) for folder in folders]
    dropped: dict[str, int] = {}
    for count in counts:
        for reason, number in count.dropped.items():
            dropped[reason] = dropped.get(reason, 0) + number
    return {
        "service": service,
        "consent": str(state),
        "source": state.source,
        "spooled": len(records),
        "spooledBytes": sum(map(len, records)),
        "sent": sum(count.sent for count in counts),
        "lastSent": max((count.last_sent for count in counts), default="") or None,
        "dropped": dropped,
        "lastError": drain.counts(home.spool(service)).last_error or None,
        "deck": home.deck()[0] or None,
        "policy": _policy(service),
        "shipper": _shipper(),
        "home": home.emit(),
    }


def show(service: str) -> Iterator[bytes]:
    """The newest records that were sent, then those that wait: byte for byte what leaves, oldest first."""
    yield from sent(service)
    yield from waiting(service)


def sent(service: str) -> Iterator[bytes]:
    """The newest records that left this machine (50 at most)."""
    for folder in home.spools(service):
        yield from _lines(f"{folder}/{spool.VERSION}.sent")


def waiting(service: str) -> Iterator[bytes]:
    """Every record that will be sent."""
    for folder in home.spools(service):
        yield from drain.waiting(folder)


def rejected(service: str) -> Iterator[bytes]:
    """The newest records that the deck refused, each as `{"code", "message", "event"}`."""
    for folder in home.spools(service):
        yield from _lines(f"{folder}/{spool.VERSION}.rejected")


def _lines(path: str) -> list[bytes]:
    return [line.encode() for line in home.read(path).splitlines() if line]


def _policy(service: str) -> str | None:
    """What is held of the deck's policy, and the trouble with getting it; None for a tool that does not ask."""
    if not os.path.lexists(policy.path(service)):
        return None
    times, trouble = policy_fetch.trouble(service)
    held = policy.read(service, consent.pseudonym(), time.time()).reason
    return f"{held}; {trouble} ({times} times)" if times else held


def _shipper() -> int | None:
    folder = f"{home.emit()}/spool/{home.destination()}"
    pid = home.read(folder + "/shipper.lock")
    return int(pid) if pid.isdecimal() and launch.alive(folder) else None
