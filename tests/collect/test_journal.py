"""The journal under faults: torn ends, flipped bytes, full disks, many writers, a second process."""

import os
import resource
import subprocess
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from pathlib import Path

import pytest

from opsdeck.collect import journal as module
from opsdeck.collect.frames import FRAME_SIZE, HEADER_SIZE
from opsdeck.collect.journal import Journal
from opsdeck.errors import ConflictError, RejectedError

STREAM = "application/2025-09-09"
LINES = [b'{"n":%d}\n' % n for n in range(3)]
EVERYTHING = 1 << 30


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "journal"


@pytest.fixture
def opened(folder: Path) -> Iterator[Callable[[], Journal]]:
    """Opens the journal as a new process would: the one before is closed."""
    now: list[Journal] = []

    def open_again() -> Journal:
        for before in now:
            before.close()
        now[:] = [Journal(folder)]
        return now[0]

    yield open_again
    for journal in now:
        journal.close()


def _append(journal: Journal, *lines: bytes, stream: str = STREAM) -> None:
    for line in lines:
        journal.append([(stream, line)]).result()


def _read(journal: Journal, stream: str = STREAM) -> bytes:
    """Everything there is, as the loader reads it."""
    lines, offset, before = b"", 0, -1
    while offset > before:
        chunk = journal.read(stream, offset, EVERYTHING)
        lines, offset, before = lines + chunk.lines, chunk.offset, offset
    return lines


@pytest.fixture
def path(opened: Callable[[], Journal], folder: Path) -> Path:
    """A closed journal's file with three frames."""
    journal = opened()
    _append(journal, *LINES)
    journal.close()
    return folder / f"{STREAM}.journal"


def test_what_was_appended_is_read_back(opened: Callable[[], Journal]) -> None:
    journal = opened()
    _append(journal, *LINES)
    assert _read(journal) == b"".join(LINES)


def test_reading_goes_on_where_it_stopped(opened: Callable[[], Journal]) -> None:
    journal = opened()
    _append(journal, *LINES)
    chunks, offset = [], 0
    while offset < journal.ends()[STREAM]:
        chunk = journal.read(STREAM, offset, 1)
        chunks.append(chunk.lines)
        offset = chunk.offset
    assert chunks == LINES


def test_a_new_process_goes_on_after_the_last_frame(opened: Callable[[], Journal], path: Path) -> None:
    journal = opened()
    _append(journal, b'{"n":3}\n')
    assert _read(journal) == b"".join(LINES) + b'{"n":3}\n'
    assert not journal.damage


def test_several_streams_are_durable_together(opened: Callable[[], Journal]) -> None:
    journal = opened()
    journal.append([(STREAM, LINES[0]), ("audit/2025-09-09", LINES[1])]).result()
    assert (_read(journal), _read(journal, "audit/2025-09-09")) == (LINES[0], LINES[1])


def test_files_are_the_owners_only(opened: Callable[[], Journal], path: Path) -> None:
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == path.parent.parent.stat().st_mode & 0o777 == 0o700


def test_more_streams_than_open_files_are_all_written(opened: Callable[[], Journal]) -> None:
    journal = opened()
    streams = [f"audit/2025-09-{day:02}" for day in range(1, 31)]
    for line in LINES:
        for stream in streams:
            _append(journal, line, stream=stream)
    assert {_read(journal, stream) for stream in streams} == {b"".join(LINES)}


@pytest.mark.parametrize("stream", ["../x/2025-09-09", "audit", "audit/today", "audit/2025-09-09/x"])
def test_a_stream_has_no_other_name(opened: Callable[[], Journal], stream: str) -> None:
    with pytest.raises(ValueError, match="category/day"):
        opened().append([(stream, b"{}\n")])


# ---- torn ends ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cut", range(1, FRAME_SIZE + len(LINES[2]) + 1))
@pytest.mark.parametrize("first", ["read", "append"])
def test_an_end_torn_at_any_byte_is_mended(
    opened: Callable[[], Journal], path: Path, folder: Path, cut: int, first: str
) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole[:-cut])
    journal = opened()
    if first == "read":
        assert _read(journal) == b"".join(LINES[:2])
    _append(journal, b'{"n":9}\n')
    assert _read(journal) == b"".join(LINES[:2]) + b'{"n":9}\n'
    torn = whole[HEADER_SIZE + 2 * (FRAME_SIZE + len(LINES[0])) : -cut]
    assert [d.length for d in journal.damage] == ([len(torn)] if torn else [])
    assert [p.read_bytes() for p in folder.glob("quarantine/*")] == ([torn] if torn else [])


@pytest.mark.parametrize("length", range(HEADER_SIZE))
def test_a_torn_header_is_written_again(opened: Callable[[], Journal], path: Path, length: int) -> None:
    path.write_bytes(path.read_bytes()[:length])
    journal = opened()
    _append(journal, LINES[0])
    assert _read(journal) == _read(opened()) == LINES[0]


def test_zeros_after_a_power_cut_are_a_torn_end(opened: Callable[[], Journal], path: Path) -> None:
    with path.open("ab") as file:
        file.write(bytes(100_000))
    journal = opened()
    assert _read(journal) == b"".join(LINES)
    assert [(d.stream, d.length, d.reason[:4]) for d in journal.damage] == [(STREAM, 100_000, "torn")]


def test_a_mended_end_is_not_told_again(opened: Callable[[], Journal], path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])
    _read(opened())
    again = opened()
    assert (_read(again), list(again.damage)) == (b"".join(LINES[:2]), [])


# ---- damage in the middle -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("at", range(HEADER_SIZE, HEADER_SIZE + FRAME_SIZE + len(LINES[0])))
def test_a_flipped_byte_costs_one_frame_and_is_told_once(
    opened: Callable[[], Journal], path: Path, folder: Path, at: int
) -> None:
    blob = bytearray(path.read_bytes())
    blob[at] ^= 0xFF
    path.write_bytes(blob)
    journal = opened()
    assert _read(journal) == _read(journal) == b"".join(LINES[1:])
    told = journal.damage.popleft()
    assert (told.stream, told.offset, told.length) == (STREAM, HEADER_SIZE, FRAME_SIZE + len(LINES[0]))
    assert Path(told.kept).read_bytes() == blob[told.offset : told.offset + told.length]
    assert not journal.damage


def test_a_flipped_header_loses_nothing(opened: Callable[[], Journal], path: Path) -> None:
    blob = bytearray(path.read_bytes())
    blob[3] ^= 1
    path.write_bytes(blob)
    journal = opened()
    assert _read(journal) == b"".join(LINES)
    assert [d.reason for d in journal.damage] == ["damaged header: written again"]


# ---- full disks ---------------------------------------------------------------------------------------------------


@contextmanager
def _file_size_limit(size: int) -> Iterator[None]:
    """No file of this process may grow beyond `size` bytes: writes fail as on a full disk (EFBIG for ENOSPC)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


BIG = b'{"x":"' + b"x" * 200_000 + b'"}\n'


@pytest.mark.parametrize("room", [0, 5, HEADER_SIZE, HEADER_SIZE + 3, 100_000])
def test_a_full_disk_refuses_and_keeps_nothing_by_halves(
    opened: Callable[[], Journal], folder: Path, room: int
) -> None:
    journal = opened()
    with _file_size_limit(room):
        refused = journal.append([(STREAM, BIG)]).exception()
    assert isinstance(refused, RejectedError)
    assert (refused.status, refused.code, refused.retry_after) == (503, "storage_full", 30)
    assert "journal cannot be written" in journal.standing().trouble
    _append(journal, LINES[0])
    assert _read(journal) == LINES[0]
    assert (journal.standing().trouble, list(folder.glob("quarantine/*"))) == ("", [])


def test_what_was_acknowledged_survives_a_full_disk(opened: Callable[[], Journal]) -> None:
    journal = opened()
    _append(journal, LINES[0])
    end = journal.ends()[STREAM]
    with _file_size_limit(end + 1_000):
        assert journal.append([(STREAM, BIG)]).exception()
        _append(journal, LINES[1])
    assert _read(journal) == _read(opened()) == LINES[0] + LINES[1]


def test_a_file_system_without_space_is_survived(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=256k", "tmpfs", str(small)]
    if os.getuid() != 0 or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("only where this user may mount a file system")
    try:
        _fill_and_free(small)
    finally:
        subprocess.run(["umount", str(small)], check=True)


def _fill_and_free(small: Path) -> None:
    ballast = small / "ballast"
    ballast.write_bytes(bytes(100_000))
    journal = Journal(small / "journal")
    _append(journal, LINES[0])
    refused = journal.append([(STREAM, BIG)]).exception()
    ballast.unlink()
    _append(journal, BIG)
    assert isinstance(refused, RejectedError)
    assert "No space left" in refused.message
    assert _read(journal) == LINES[0] + BIG
    journal.close()


# ---- several at once ----------------------------------------------------------------------------------------------


def test_many_threads_append_and_each_keeps_its_order(opened: Callable[[], Journal]) -> None:
    journal = opened()

    def work(name: int) -> None:
        _append(journal, *(b'{"t":%d,"n":%03d}\n' % (name, n) for n in range(50)))

    threads = [threading.Thread(target=work, args=(name,)) for name in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = _read(journal).splitlines()
    assert len(lines) == 400
    assert all(
        [x for x in lines if b'"t":%d' % t in x] == sorted(x for x in lines if b'"t":%d' % t in x)
        for t in range(8)
    )


def test_what_arrives_during_a_write_shares_the_next(opened: Callable[[], Journal]) -> None:
    journal = opened()
    with journal._segments._lock:
        waiting = [journal.append([(STREAM, line)]) for line in LINES]
        assert not any(future.done() for future in waiting[1:])
    assert [future.result() for future in waiting] == [None] * 3
    assert _read(journal) == b"".join(LINES)


def test_what_was_given_up_while_it_waited_is_not_written(opened: Callable[[], Journal]) -> None:
    journal = opened()
    _append(journal, LINES[0])
    with journal._changed:
        kept, dropped = journal.append([(STREAM, LINES[1])]), journal.append([(STREAM, LINES[2])])
        assert dropped.cancel()
    kept.result()
    with pytest.raises(CancelledError):
        dropped.result()
    assert _read(journal) == LINES[0] + LINES[1]


def test_a_journal_that_cannot_keep_up_asks_to_come_back(
    opened: Callable[[], Journal], monkeypatch: pytest.MonkeyPatch
) -> None:
    journal = opened()
    monkeypatch.setattr(module, "BACKLOG", 100)
    with journal._segments._lock:
        first = journal.append([(STREAM, b'{"x":"' + b"x" * 100 + b'"}\n')])
        with pytest.raises(RejectedError) as busy:
            journal.append([(STREAM, LINES[0])])
    assert (busy.value.status, busy.value.code, busy.value.retry_after) == (429, "busy", 1)
    first.result()
    _append(journal, LINES[0])


def test_a_second_writer_is_refused(opened: Callable[[], Journal], folder: Path) -> None:
    opened()
    with pytest.raises(ConflictError, match="another process"):
        Journal(folder)


def test_closing_writes_what_waits_and_takes_no_more(opened: Callable[[], Journal], folder: Path) -> None:
    journal = opened()
    waiting = [journal.append([(STREAM, line)]) for line in LINES]
    journal.close()
    assert [future.result() for future in waiting] == [None] * 3
    with pytest.raises(RejectedError, match="shutting down"):
        journal.append([(STREAM, LINES[0])])
    assert _read(opened()) == b"".join(LINES)


def test_a_reader_is_woken_by_what_is_appended(opened: Callable[[], Journal]) -> None:
    journal = opened()
    woken: list[bool] = []
    reader = threading.Thread(target=lambda: woken.append(journal.wait({}, 60)))
    reader.start()
    _append(journal, LINES[0])
    reader.join()
    assert woken == [True]


def test_a_reader_is_let_go_when_the_journal_closes(opened: Callable[[], Journal]) -> None:
    journal = opened()
    woken: list[bool] = []
    reader = threading.Thread(target=lambda: woken.append(journal.wait({}, 60)))
    reader.start()
    journal.close()
    reader.join()
    assert woken == [False]
