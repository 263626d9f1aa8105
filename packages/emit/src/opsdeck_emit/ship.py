"""Ship what waits: the spool of one deck, emptied in batches, for as long as there is something to do.

In: the folder of one deck in the spool. Out: batches to that deck. A record leaves the spool only after the deck's
answer, so a kill at any point repeats (the deck knows eventIds) and never loses. It runs no user code.

    1. start markers of dead processes become events
    2. for each service: sealed segments, oldest first; batch, post, count, remove
    3. for each service that asked for one: its policy, once a second
    4. nothing to do: look again soon; end after LINGER seconds without work, LIFETIME at the latest
    5. before ending, let go of the lock and look once more: a run that saw it held relies on that
"""

import contextlib
import faulthandler
import json
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, replace

from opsdeck_emit import consent, drain, facts, home, launch, spool, wire
from opsdeck_emit.policy_fetch import Watch
from opsdeck_emit.post import Rejected, Verdict, post

LIFETIME = 300.0
GRACE = 15.0
LINGER = 30.0
POLL = 0.15
BACKOFF_LIMIT = 15.0
BATCH_RECORDS = 1_000
BATCH_BYTES = 1_048_576

Post = Callable[[str, str, Sequence[bytes], float], Verdict]


@dataclass(frozen=True, slots=True)
class Pause:
    """Nothing is sent before `until` (epoch seconds) unless the target changes; after `failures` in a row."""

    until: float = 0.0
    target: str = ""
    failures: int = 0


def flush(folder: str) -> None:
    """Send what waits, ask for policies and end, at the first failure too."""
    tick(folder, {}, time.time())
    Watch().look(folder, time.time(), time.monotonic())


def linger(folder: str, lock: int, *, patience: float = LINGER, life: float = LIFETIME) -> None:
    """Send what waits and what comes, until nothing has come for `patience` seconds or `life` seconds are over."""
    end = time.monotonic() + life
    faulthandler.dump_traceback_later(life + GRACE, exit=True)  # even if stuck in a system call
    over = False
    while not over:
        _until_idle(folder, patience, end)
        os.lockf(lock, os.F_ULOCK, 0)
        over = time.monotonic() >= end
        if over:
            tick(folder, {}, time.time())
        over = over or not _target() or not _waits(folder) or not launch.hold(lock)
    faulthandler.cancel_dump_traceback_later()


def tick(folder: str, pauses: dict[str, Pause], now: float, send: Post = post) -> int:
    """Do all that can be done now for every service; returns how many records left, and keeps `pauses` up to date."""
    drain.cap(os.path.dirname(folder), now)
    target = _target()
    moved = 0
    for place in drain.services(folder):
        drain.lost_runs(place)
        pause = pauses.get(place) or recall(place)
        paused = now < pause.until and pause.target == target
        if target and not paused and not _withdrawn(place):
            sent, pauses[place] = _empty(place, pause, target, now, send)
            moved += sent
    return moved


def _empty(place: str, pause: Pause, target: str, now: float, send: Post) -> tuple[int, Pause]:
    """Send one service's segments until there are no more, or the deck does not take one."""
    moved = 0
    url, key = home.deck()
    for segment in drain.ready(place):
        verdict = deliver(segment.records, lambda records: send(url, key, records, now))
        if verdict.kind != "accepted":
            _count(place, error=verdict.reason)
            return moved, _pause(place, verdict, pause, target, now)
        _settle(place, segment, verdict, now)
        moved += len(segment.records)
    return moved, Pause()


def deliver(records: Sequence[bytes], send: Callable[[Sequence[bytes]], Verdict]) -> Verdict:
    """Send all records in batches, halving those that the deck wants smaller; a single one that it cannot read or
    finds too large is rejected. Indexes in the verdict are those of `records`."""
    todo = list(_batches(records))[::-1]
    rejected: list[Rejected] = []
    while todo:
        start, end = todo.pop()
        verdict = send(records[start:end])
        if verdict.kind == "accepted":
            rejected += [replace(one, index=one.index + start) for one in verdict.rejected]
        elif verdict.kind != "split":
            return verdict
        elif end - start == 1:
            rejected.append(Rejected(start, "UNACCEPTABLE", verdict.reason))
        else:
            middle = (start + end) // 2
            todo += [(middle, end), (start, middle)]
    return Verdict("accepted", "all answered for", rejected=tuple(rejected))


def recall(place: str) -> Pause:
    """The pause that the deck asked an earlier shipper for."""
    try:
        kept = json.loads(home.read(_pause_file(place)) or "{}")
        return Pause(float(kept["until"]), str(kept["target"]), int(kept["failures"]))
    except (ValueError, TypeError, LookupError):
        return Pause()


def _until_idle(folder: str, patience: float, end: float) -> None:
    pauses: dict[str, Pause] = {}
    busy = time.monotonic()
    watch = Watch()
    while True:
        moved = tick(folder, pauses, time.time())
        watch.look(folder, time.time(), time.monotonic())
        at = time.monotonic()
        if moved or _waits(folder):
            busy = at
        if at - busy >= patience or at >= end or not _target():
            return
        time.sleep(POLL)


def _target() -> str:
    """What a pause holds for: another address, another key or a restarted deck ends it. Empty without a deck."""
    url, key = home.deck()
    try:
        written = os.stat(home.root() + "/url").st_mtime_ns
    except OSError:
        written = 0
    return facts.digest(f"{url} {key} {written}", "") if url else ""


def _pause_file(place: str) -> str:
    return f"{place}/{spool.VERSION}.pause"


def _pause(place: str, verdict: Verdict, before: Pause, target: str, now: float) -> Pause:
    failures = before.failures + 1 if before.target == target else 1
    backoff = min(2.0 ** (failures - 1), BACKOFF_LIMIT) * (0.75 + os.urandom(1)[0] / 1024)
    pause = Pause(now + (verdict.wait or backoff), target, failures)
    if verdict.wait:
        home.write(_pause_file(place), json.dumps(asdict(pause)))
    return pause


def _batches(records: Sequence[bytes]) -> Iterator[tuple[int, int]]:
    start = size = 0
    for end, record in enumerate(records):
        if end > start and (end - start == BATCH_RECORDS or size + len(record) >= BATCH_BYTES):
            yield start, end
            start, size = end, 0
        size += len(record) + 1
    if len(records) > start:
        yield start, len(records)


def _settle(place: str, segment: drain.Segment, verdict: Verdict, now: float) -> None:
    """The segment is answered for: count, keep the newest for `telemetry show`, remove."""
    refused = {one.index: one for one in verdict.rejected}
    sent = [record for index, record in enumerate(segment.records) if index not in refused]
    notes = [_note(one, segment.records[index]) for index, one in refused.items()]
    with contextlib.suppress(OSError):  # a full disk must not keep what has been sent
        drain.keep(f"{place}/{spool.VERSION}.rejected", notes)
        drain.keep(f"{place}/{spool.VERSION}.sent", sent)
        _count(place, sent=len(sent), rejected=len(refused), torn=segment.torn, at=wire.timestamp(now))
    drain.remove(segment.path)


def _note(one: Rejected, record: bytes) -> bytes:
    return json.dumps({"code": one.code, "message": one.message, "event": json.loads(record)}).encode()


def _count(place: str, *, sent: int = 0, at: str = "", error: str = "", **dropped: int) -> None:
    path = f"{place}/{spool.VERSION}.counts"
    known = drain.stored_counts(path)
    known.sent += sent
    for reason, count in dropped.items():
        if count:
            known.dropped[reason] = known.dropped.get(reason, 0) + count
    known.last_sent = at if sent else known.last_sent
    known.last_error = wire.clean(error)
    home.write(path, json.dumps(asdict(known)))


def _withdrawn(place: str) -> bool:
    """Whether consent was taken back; then nothing stays here either."""
    denied = home.read(f"{home.emit()}/consent/{os.path.basename(place)}").startswith(consent.DENIED)
    if denied:
        consent.clear(place)
    return denied


def _waits(folder: str) -> bool:
    return any(
        drain.names(place, ".sealed") or drain.names(place, ".open") for place in drain.services(folder)
    )
