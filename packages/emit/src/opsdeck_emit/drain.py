"""The reading side of the spool: what the shipper, the caps and `telemetry` see of it.

In: the folders that spool.py writes. Out: whole records, oldest first; what is torn or foreign is counted, never
passed on. It must not know where records go.
"""

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field

from opsdeck_emit import facts, home, spool

TOTAL_LIMIT = 10 * 1_048_576
AGE_LIMIT_DAYS = 7
RING_RECORDS = 50
RING_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class Segment:
    """The whole records of one segment, and how many lines of it are no record."""

    path: str
    records: tuple[bytes, ...]
    torn: int


@dataclass(slots=True)
class Counts:
    """What happened to a service's records on this machine since the spool was made."""

    sent: int = 0
    dropped: dict[str, int] = field(default_factory=dict)
    last_error: str = ""
    last_sent: str = ""


def names(folder: str, suffix: str) -> list[str]:
    """The paths of one kind in a service's folder, oldest first."""
    try:
        found = os.listdir(folder)
    except OSError:
        return []
    return [
        f"{folder}/{name}"
        for name in sorted(found)
        if name.startswith(spool.VERSION) and name.endswith(suffix)
    ]


def services(folder: str) -> list[str]:
    """The service folders of one deck's folder."""
    try:
        return [entry.path for entry in os.scandir(folder) if entry.is_dir(follow_symlinks=False)]
    except OSError:
        return []


def read(path: str) -> Segment:
    """A segment's records; one that is gone is empty."""
    try:
        with open(path, "rb", opener=home.unblocked) as file:
            lines = [line for line in file.read().split(b"\n") if line]
    except (FileNotFoundError, IsADirectoryError):
        lines = []
    records = tuple(line for line in lines if _whole(line))
    return Segment(path, records, len(lines) - len(records))


def ready(folder: str) -> Iterator[Segment]:
    """Sealed segments that no writer holds any more, oldest first; seals the open ones once those are gone."""
    if not names(folder, ".sealed"):
        for path in names(folder, ".open"):
            spool.seal(path)
    for path in names(folder, ".sealed"):
        if _settled(path):
            yield read(path)


def waiting(folder: str) -> Iterator[bytes]:
    """Every record that waits to be sent, in order, byte for byte."""
    for path in _segments(folder):
        yield from read(path).records


def lost_runs(folder: str) -> int:
    """Turn the start markers of dead processes into their ABANDONED events; returns how many."""
    lost = 0
    for path in names(folder, ".run"):
        with contextlib.suppress(OSError, ValueError), open(path, "rb") as file:
            owner, _, record = file.read(spool.RECORD_LIMIT * 2).partition(b"\n")
            # A run that ended well removed its marker before its process was gone: so look in this order.
            if _whole(record) and _gone(owner.decode("utf-8", "replace")) and os.path.exists(path):
                spool.append(folder, record, os.fstat(file.fileno()).st_mtime)
                os.unlink(path)
                lost += 1
    return lost


def cap(root: str, now: float) -> None:
    """Drop what is older than 7 days, then the oldest segments over 10 MiB in all; both are counted."""
    folders = [folder for deck in services(root) for folder in services(deck)]
    found = sorted((path for folder in folders for path in _segments(folder)), key=os.path.basename)
    total = sum(_size(path) for path in found)
    for path in found:
        old = int(now) // spool.DAY - _day(path) > AGE_LIMIT_DAYS
        if old or total > TOTAL_LIMIT:
            total -= _size(path)
            spool.dropped(os.path.dirname(path), "age" if old else "size", len(read(path).records))
            remove(path)
    for path in (path for folder in folders for path in names(folder, ".run")):
        if now - _modified(path) > AGE_LIMIT_DAYS * spool.DAY:
            remove(path)  # of another machine or container, which is not coming back to it


def counts(folder: str) -> Counts:
    """The shipper's counts together with what the writers dropped; the shipper's trouble is the newer one."""
    known = stored_counts(f"{folder}/{spool.VERSION}.counts")
    lost = ""
    for line in home.read(f"{folder}/{spool.VERSION}.dropped").splitlines():
        reason, _, rest = line.partition(" ")
        number, _, detail = rest.partition(" ")
        known.dropped[reason] = known.dropped.get(reason, 0) + (int(number) if number.isdecimal() else 1)
        lost = detail or lost
    known.last_error = known.last_error or lost
    return known


def stored_counts(path: str) -> Counts:
    """The shipper's counts; from zero if the file is lost or damaged."""
    try:
        kept = json.loads(home.read(path) or "{}")
        dropped = {str(reason): int(count) for reason, count in kept.pop("dropped", {}).items()}
        return Counts(int(kept.pop("sent", 0)), dropped, **{name: str(text) for name, text in kept.items()})
    except (ValueError, TypeError, AttributeError):
        return Counts()


def keep(path: str, records: list[bytes]) -> None:
    """Keep the newest of some records beside the spool, for a person to look at: 50 records, 64 KiB at most."""
    if not records:
        return
    kept = [*home.read(path).encode().split(b"\n"), *records][-RING_RECORDS:]
    while sum(map(len, kept)) > RING_BYTES:
        del kept[0]
    home.write(path, b"\n".join(line for line in kept if line).decode() + "\n")


def _segments(folder: str) -> list[str]:
    return names(folder, ".sealed") + names(folder, ".open")


def _day(path: str) -> int:
    day = os.path.basename(path).split(".")[1]
    return int(day) if day.isdecimal() else 0


def _size(path: str) -> int:
    return os.stat(path).st_size if os.path.exists(path) else 0


def _modified(path: str) -> float:
    return os.stat(path).st_mtime if os.path.exists(path) else 0.0


def remove(path: str) -> None:
    """Delete a file that somebody else may be deleting too."""
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)


def _whole(line: bytes) -> bool:
    try:
        return isinstance(json.loads(line), dict)
    except (ValueError, RecursionError):
        return False


def _settled(path: str) -> bool:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        return False
    else:
        return True
    finally:
        os.close(fd)


def _gone(owner: str) -> bool:
    """Whether the process `PID START SCOPE` is dead, as far as this machine and pid namespace can tell."""
    pid, start, scope = owner.split(" ", 2)
    if scope != facts.scope():
        return False
    if start:
        return facts.start_of(facts.stat_of(pid)) != start
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
