"""The journal's files: one per stream, mended once, then appended to and read; a writing thread and readers share them.

In: blobs of whole frames for a stream. Out: them on disk; the stream's end told to `moved`; lines read back.
What does not check out is copied to `quarantine/` and told in `damage`. It must not know who waits for what.
"""

import os
import re
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from opsdeck.collect import frames
from opsdeck.collect.frames import HEADER_SIZE, Frame, Gap

SUFFIX = ".journal"
OPEN_FILES = 16
TORN = "torn: what a crash left after the last whole frame"
SKIPPED = "damaged: skipped to the next sound frame"
HEADLESS = "damaged header: written again"

_STREAM = re.compile(r"[a-z]+/\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Damage:
    """Bytes of a stream that did not check out, why, and the file that keeps them ("" where it could not be written)."""

    stream: str
    offset: int
    length: int
    reason: str
    kept: str

    def data(self) -> Mapping[str, Any]:
        """All of it, for the log."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class Chunk:
    """Lines read from a stream and the offset after them."""

    lines: bytes
    offset: int


def well_named(stream: str) -> bool:
    """Whether it is `category/day`."""
    return _STREAM.fullmatch(stream) is not None


class Segments:
    """See the module."""

    def __init__(self, folder: Path, moved: Callable[[str, int], None]) -> None:
        self.damage: deque[Damage] = deque()
        self._folder = folder
        self._moved = moved
        self._lock = threading.RLock()
        self._ends: dict[str, int] = {}
        self._open: dict[str, int] = {}
        self._told: set[tuple[str, int]] = set()

    def sizes(self) -> dict[str, int]:
        """Bytes on disk by stream, whatever they are worth."""
        found = ((f"{p.parent.name}/{p.stem}", p) for p in sorted(self._folder.glob(f"*/*{SUFFIX}")))
        return {stream: path.stat().st_size for stream, path in found if well_named(stream)}

    def write(self, stream: str, blob: bytes) -> None:
        """Append frames; returns when they are durable. Raises OSError, and then keeps nothing of them."""
        with self._lock:
            descriptor = self._opened(stream)
            end = self._ends[stream]
            try:
                _write_all(descriptor, blob, end)
                os.fdatasync(descriptor)
            except OSError:
                # Half a group must not stay. A file whose sync failed is opened anew: its state is not known.
                del self._open[stream]
                try:
                    os.ftruncate(descriptor, end)
                finally:
                    os.close(descriptor)
                raise
            self._moves(stream, end + len(blob))

    def read(self, stream: str, offset: int, limit: int) -> Chunk:
        """Lines of whole frames from `offset`, about `limit` bytes of them, at least one frame if there is one."""
        offset = max(offset, HEADER_SIZE)
        end = self._mend(stream, offset)
        with self._path(stream).open("rb", buffering=0) as file:
            return _gulp(file, offset, min(offset + limit, end)) or self._careful(stream, file, offset, end)

    def _careful(self, stream: str, file: BinaryIO, offset: int, end: int) -> Chunk:
        """The next sound frame, however long, past whatever is damaged before it."""
        for found in frames.walk(file, offset, end):
            if isinstance(found, Frame):
                return Chunk(found.payload, found.end)
            self._tell(stream, found, SKIPPED, self._keep_if_possible(stream, file, found))
            offset = found.end
        return Chunk(b"", offset)

    def close(self) -> None:
        """Let go of the files."""
        with self._lock:
            for descriptor in self._open.values():
                os.close(descriptor)
            self._open.clear()

    def _path(self, stream: str) -> Path:
        return self._folder / f"{stream}{SUFFIX}"

    def _moves(self, stream: str, end: int) -> None:
        self._ends[stream] = end
        self._moved(stream, end)

    def _opened(self, stream: str) -> int:
        """The stream's file, mended, to be written at its end."""
        if stream not in self._open:
            if len(self._open) >= OPEN_FILES:
                os.close(self._open.pop(next(iter(self._open))))
            path = self._path(stream)
            _begin(path)
            end = self._mend(stream, HEADER_SIZE)
            os.truncate(path, end)  # what a failed write could not take back
            self._open[stream] = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        return self._open[stream]

    def _mend(self, stream: str, offset: int) -> int:
        """Make sure, once per process, that the stream ends with a sound and durable frame; returns that end.

        What follows it was never acknowledged, unless the disk changed it: so it is kept aside before it is cut off.
        """
        with self._lock:
            if stream not in self._ends:
                with self._path(stream).open("r+b") as file:
                    size = file.seek(0, os.SEEK_END)
                    self._mend_header(stream, file, size)
                    end = self._sound_end(stream, file, offset if offset <= size else HEADER_SIZE, size)
                    file.truncate(end)
                    os.fdatasync(file.fileno())
                self._moves(stream, end)
            return self._ends[stream]

    def _mend_header(self, stream: str, file: BinaryIO, size: int) -> None:
        file.seek(0)
        if frames.check_header(file.read(HEADER_SIZE), stream):
            return
        gap = Gap(0, min(size, HEADER_SIZE))
        if gap.end:
            self._tell(stream, gap, HEADLESS, self._keep(stream, file, gap))
        file.seek(0)
        file.write(frames.header())

    def _sound_end(self, stream: str, file: BinaryIO, offset: int, size: int) -> int:
        end = offset
        for found in frames.walk(file, offset, size):
            if isinstance(found, Gap) and found.end == size:
                self._tell(stream, found, TORN, self._keep(stream, file, found))
            else:
                end = found.end
        return end

    def _keep(self, stream: str, file: BinaryIO, gap: Gap) -> str:
        folder = self._folder / "quarantine"
        folder.mkdir(exist_ok=True, mode=0o700)
        kept = folder / f"{stream.replace('/', '-')}-{gap.start}"
        file.seek(gap.start)
        with kept.open("wb") as copy:
            left = gap.end - gap.start
            while left > 0 and (part := file.read(min(left, frames.SEARCH))):
                copy.write(part)
                left -= len(part)
        return str(kept)

    def _keep_if_possible(self, stream: str, file: BinaryIO, gap: Gap) -> str:
        try:
            return self._keep(stream, file, gap)
        except OSError:
            return ""  # the bytes stay where they are; a full disk is no reason not to load what is sound

    def _tell(self, stream: str, gap: Gap, reason: str, kept: str) -> None:
        if (stream, gap.start) not in self._told:
            self._told.add((stream, gap.start))
            self.damage.append(Damage(stream, gap.start, gap.end - gap.start, reason, kept))


def _gulp(file: BinaryIO, start: int, end: int) -> Chunk | None:
    """The sound frames that lie whole between two places; None where the first does not.

    One read for all of them: every read gives the interpreter to a busy event loop, and gets it back late.
    """
    file.seek(start)
    blob = file.read(end - start)
    lines: list[bytes] = []
    after = 0
    for found in frames.walk(BytesIO(blob), 0, len(blob)):
        if isinstance(found, Gap):
            break
        lines.append(found.payload)
        after = found.end
    return Chunk(b"".join(lines), start + after) if lines else None


def _begin(path: Path) -> None:
    """Make a stream's file with its header, whole and durable with its name, unless it is there."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fresh = path.with_suffix(".new")
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    try:
        _write_all(descriptor, frames.header(), 0)
        os.fdatasync(descriptor)
    finally:
        os.close(descriptor)
    fresh.rename(path)
    for folder in path.parents[:3]:  # category, journal, and where the journal is
        _sync_folder(folder)


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _write_all(descriptor: int, blob: bytes, offset: int) -> None:
    view = memoryview(blob)
    while view:
        written = os.pwrite(descriptor, view, offset)
        view, offset = view[written:], offset + written
