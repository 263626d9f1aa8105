"""The journal: lines of accepted entries in, durable before anybody is told so; read back by whoever loads them.

In: NDJSON for streams named `category/day`. Out: a future that is done after fdatasync; chunks of lines with the
offset after them. One file per stream, one writing process per folder (a lock says so), appended only.

Groups: what arrives while one group is being written and synced is the next group. So nothing ever waits for company,
a lone event costs one fdatasync, and many share one. It must not know entries or event stores.
"""

import fcntl
import threading
from collections import deque
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path

from opsdeck.collect import frames
from opsdeck.collect.codes import refuse
from opsdeck.collect.segments import Chunk, Damage, Segments, well_named
from opsdeck.errors import ConflictError, OpsdeckError

__all__ = ["Chunk", "Damage", "Journal", "Standing"]

# Bytes that may wait for the disk before senders are asked to come back later.
BACKLOG = 64 * 1024 * 1024
GROUP = 16 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Standing:
    """How the journal is doing: bytes waiting for the disk, bytes kept, and why the last write failed ("" is fine)."""

    waiting: int
    kept: int
    trouble: str


@dataclass(frozen=True, slots=True)
class _Append:
    payloads: Sequence[tuple[str, bytes]]
    size: int
    done: "Future[None]"


class Journal:
    """See the module. Thread-safe; `damage` is what did not check out, for the reader to take away and log."""

    def __init__(self, folder: Path) -> None:
        """Open, or begin, the journal in `folder`. Raises ConflictError where another process writes it."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._lock_file = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock_file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self._lock_file.close()
            raise ConflictError(
                "another process writes this journal", hint="see which: opsdeck status"
            ) from error
        self._changed = threading.Condition()
        self._segments = Segments(folder, self._moved)
        self._ends = self._segments.sizes()
        self._queue: deque[_Append] = deque()
        self._waiting = 0
        self._closed = False
        self._trouble = ""
        self._writer = threading.Thread(target=self._write_groups, name="journal", daemon=True)
        self._writer.start()

    @property
    def damage(self) -> deque[Damage]:
        return self._segments.damage

    def append(self, payloads: Sequence[tuple[str, bytes]]) -> "Future[None]":
        """Have (stream, lines) pairs written; the future is done when all of them are durable.

        Raises RejectedError, here or in the future: busy, storage_full, closing. Then nothing is kept; only where one
        of several streams failed the others are: what comes again is known by its id.
        """
        if not all(well_named(stream) for stream, _ in payloads):
            raise ValueError("a stream is named category/day")
        item = _Append(payloads, sum(len(lines) for _, lines in payloads), Future())
        with self._changed:
            if self._closed:
                raise refuse("closing")
            if self._waiting and self._waiting + item.size > BACKLOG:
                raise refuse("busy")
            self._waiting += item.size
            self._queue.append(item)
            self._changed.notify_all()
        return item.done

    def ends(self) -> Mapping[str, int]:
        """Up to where each stream is durable; for one not yet looked at in this process, the size of its file."""
        with self._changed:
            return dict(self._ends)

    def wait(self, known: Mapping[str, int], timeout: float) -> bool:
        """Block until a stream ends elsewhere than `known` says, at most `timeout` seconds; whether one does."""
        with self._changed:
            self._changed.wait_for(lambda: self._ends != known or self._closed, timeout)
            return self._ends != known

    def read(self, stream: str, offset: int, limit: int) -> Chunk:
        """Lines from `offset` (0, or one that `read` gave), about `limit` bytes of whole frames.

        Skips what is damaged and tells it in `damage`. Raises OSError, and DamagedError for a newer format.
        """
        return self._segments.read(stream, offset, limit)

    def standing(self) -> Standing:
        """For health checks and metrics."""
        with self._changed:
            return Standing(self._waiting, sum(self._ends.values()), self._trouble)

    def close(self) -> None:
        """Write what waits, then let go of every file."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._writer.join()
        self._segments.close()
        self._lock_file.close()

    def _moved(self, stream: str, end: int) -> None:
        with self._changed:
            self._ends[stream] = end
            self._changed.notify_all()

    # ---- the writing thread -------------------------------------------------------------------------------------

    def _write_groups(self) -> None:
        try:
            while self._wait_for_work():
                self._write_group(self._next_group())
        finally:
            with self._changed:
                self._closed = True
            for item in self._next_group():
                item.done.set_exception(refuse("closing"))

    def _wait_for_work(self) -> bool:
        with self._changed:
            self._changed.wait_for(lambda: self._queue or self._closed)
            return bool(self._queue)

    def _next_group(self) -> list[_Append]:
        """What waits, up to GROUP bytes, without what was given up meanwhile."""
        group: list[_Append] = []
        size = 0
        with self._changed:
            while self._queue and (not group or size + self._queue[0].size <= GROUP):
                item = self._queue.popleft()
                if item.done.set_running_or_notify_cancel():
                    group.append(item)
                    size += item.size
                else:
                    self._waiting -= item.size
        return group

    def _write_group(self, group: list[_Append]) -> None:
        parts: dict[str, list[bytes]] = {}
        for item in group:
            for stream, lines in item.payloads:
                parts.setdefault(stream, []).extend((frames.head(lines), lines))
        failed = {stream: self._write(stream, b"".join(parts[stream])) for stream in parts}
        with self._changed:
            self._waiting -= sum(item.size for item in group)
            self._trouble = next(filter(None, failed.values()), "")
        for item in group:
            trouble = next(filter(None, (failed[stream] for stream, _ in item.payloads)), "")
            if trouble:
                item.done.set_exception(refuse("storage_full", trouble))
            else:
                item.done.set_result(None)

    def _write(self, stream: str, blob: bytes) -> str:
        """Why it could not be written; "" if it was."""
        try:
            self._segments.write(stream, blob)
        except OSError as error:
            return f"the journal cannot be written: {error.strerror}"
        except OpsdeckError as error:
            return error.message
        return ""
