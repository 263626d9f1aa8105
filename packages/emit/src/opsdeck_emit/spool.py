"""The writing side of the spool: segments that many processes append to, and start markers.

In: a folder (one service, one deck) and finished records. Out: files. It must not know what a record says.

    v1.DAY.open            the day's segment: `\\n{...}\\n` per record, so a torn one spoils no other
    v1.DAY.TIME.sealed     a segment nobody opens any more: the shipper's
    v1.EVENTID.run         a start marker: `PID START SCOPE`, then the event to send if the process dies
    v1.dropped             a line per loss that a writer saw: `REASON COUNT DETAIL`

Writers and sealing, race-free: (1) a writer opens the segment and takes a shared flock, (2) it checks that the
name still means this file, else starts again, (3) it appends with one write. Whoever seals renames first; a
reader then takes an exclusive flock, which waits for the writers of step 3, and no later one passes step 2.
"""

import os
import time

from opsdeck_emit.home import make_private

VERSION = "v1"
RECORD_LIMIT = 65_536
SEGMENT_LIMIT = 1_048_576
LOG_LIMIT = 65_536
DETAIL_LIMIT = 200
ATTEMPTS = 32
DAY = 86_400
WRITE = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK


def create(path: str, flags: int = WRITE) -> int:
    """Open a file of the spool for this user alone, making its folder when it is the first."""
    try:
        return os.open(path, flags, 0o600)
    except FileNotFoundError:
        make_private(os.path.dirname(path))
        return os.open(path, flags, 0o600)


def mark(folder: str, event_id: str, owner: str, record: bytes) -> str:
    """Leave a start marker; returns its path. `owner` is `PID START SCOPE` of the process that must outlive it."""
    path = f"{folder}/{VERSION}.{event_id}.run"
    fd = create(path)
    try:
        os.write(fd, owner.encode("utf-8", "replace") + b"\n" + record)
    finally:
        os.close(fd)
    return path


def append(folder: str, record: bytes, now: float) -> bool:
    """Append one record; True when it begins a segment. OSError when it could not be kept whole."""
    if len(record) > RECORD_LIMIT:
        raise OSError(f"a record of {len(record)} bytes")
    path = f"{folder}/{VERSION}.{int(now) // DAY}.open"
    for _ in range(ATTEMPTS):
        fd = create(path)
        try:
            size = _claim(path, fd)
            if size is None:
                continue
            if os.write(fd, b"\n" + record + b"\n") != len(record) + 2:
                raise OSError("no space for a whole record")
            if size + len(record) > SEGMENT_LIMIT:
                seal(path)
            return size == 0
        finally:
            os.close(fd)
    raise OSError("the segment is never free")


def seal(path: str) -> None:
    """Take the segment's name away, so that no further writer finds it."""
    try:
        os.rename(path, f"{path.removesuffix('.open')}.{time.time_ns()}-{os.getpid()}.sealed")
    except FileNotFoundError:
        return


def dropped(folder: str, reason: str, count: int, detail: str = "") -> None:
    """Count a loss where `telemetry status` sees it, if the folder is there; the log has an end: a minimum."""
    try:
        fd = os.open(f"{folder}/{VERSION}.dropped", WRITE, 0o600)
    except OSError:
        return
    try:
        if os.fstat(fd).st_size < LOG_LIMIT:
            os.write(fd, f"{reason} {count} {detail[:DETAIL_LIMIT]}\n".encode("utf-8", "replace"))
    except OSError:
        return
    finally:
        os.close(fd)


def _claim(path: str, fd: int) -> int | None:
    """Steps 1 and 2 of a writer: the segment's size while nobody may read it, None if it has been sealed."""
    from fcntl import LOCK_NB, LOCK_SH, flock

    try:
        flock(fd, LOCK_SH | LOCK_NB)
        named = os.stat(path)
    except (BlockingIOError, FileNotFoundError):
        return None
    held = os.fstat(fd)
    return held.st_size if (named.st_ino, named.st_dev) == (held.st_ino, held.st_dev) else None
