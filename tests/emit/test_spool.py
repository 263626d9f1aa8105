"""The spool by itself: whole records or counted losses, whatever dies or races."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import opsdeck_emit
from opsdeck_emit import consent, drain, facts, launch, spool, telemetry

NOW = 1_767_225_600.0
DAY = 86_400
WRITER = """
import sys
from opsdeck_emit import spool
folder, name, count, size = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
for number in range(count):
    spool.append(folder, (b'{"id":"%s-%d","pad":"' % (name.encode(), number)) + b"x" * size + b'"}', 1767225600.0)
"""


@pytest.fixture
def folder(tmp_path: Path) -> str:
    return str(tmp_path / "spool/local/demo")


def record(number: int, size: int = 0) -> bytes:
    return json.dumps({"id": number, "pad": "x" * size}).encode()


def root_of(folder: str) -> str:
    return str(Path(folder).parents[1])


def write(folder: str, *records: bytes, now: float = NOW) -> None:
    for one in records:
        spool.append(folder, one, now)


def test_what_is_written_is_read_byte_for_byte(folder: str) -> None:
    write(folder, record(1), record(2))
    assert list(drain.waiting(folder)) == [record(1), record(2)]


def test_the_first_record_of_a_segment_is_told(folder: str) -> None:
    assert [spool.append(folder, record(n), NOW) for n in range(3)] == [True, False, False]


def test_a_record_over_64_kib_is_refused(folder: str) -> None:
    with pytest.raises(OSError, match="a record of"):
        write(folder, record(1, 70_000))


TORN = {
    "half a record": b'\n{"id":7,"pa',
    "half a record with its line's end": b'\n{"id":7,"pa\n',
    "zeros after a power cut": b"\x00" * 40 + b"\n",
    "no object": b"\n[1,2]\n",
    "not UTF-8": b'\n{"id":"\xff"}\n',
}


@pytest.mark.parametrize("case", TORN)
def test_a_torn_line_spoils_no_other(case: str, folder: str) -> None:
    write(folder, record(1))
    [path] = drain.names(folder, ".open")
    with Path(path).open("ab") as file:
        file.write(TORN[case])
    write(folder, record(2))
    segment = drain.read(path)
    assert (segment.records, segment.torn) == ((record(1), record(2)), 1)


def test_a_full_segment_is_sealed_by_its_writer(folder: str) -> None:
    write(folder, *(record(n, 60_000) for n in range(20)))
    assert len(drain.names(folder, ".sealed")) == 1
    assert len(list(drain.waiting(folder))) == 20


def test_records_keep_their_order_over_segments(folder: str) -> None:
    write(folder, *(record(n, 60_000) for n in range(40)))
    assert [json.loads(one)["id"] for one in drain.waiting(folder)] == list(range(40))


def test_a_segment_that_a_writer_holds_is_not_read(folder: str) -> None:
    write(folder, record(1))
    [path] = drain.names(folder, ".open")
    with Path(path).open("rb") as held:
        fcntl.flock(held, fcntl.LOCK_SH)
        assert list(drain.ready(folder)) == []
    assert [segment.records for segment in drain.ready(folder)] == [(record(1),)]


def test_a_writer_finds_the_new_segment_after_sealing(folder: str) -> None:
    write(folder, record(1))
    [first] = drain.names(folder, ".open")
    spool.seal(first)
    write(folder, record(2))
    assert [drain.read(path).records for path in drain.names(folder, "")] == [(record(1),), (record(2),)]


def test_a_link_in_the_segments_place_is_not_followed(folder: str, tmp_path: Path) -> None:
    write(folder, record(1))
    [path] = drain.names(folder, ".open")
    Path(path).rename(tmp_path / "elsewhere")
    Path(path).symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="symbolic links"):
        write(folder, record(2))


def test_many_writers_and_a_sealer_lose_nothing(folder: str) -> None:
    command = [sys.executable, "-c", WRITER, folder]
    writers = [subprocess.Popen([*command, str(n), "300", "200"]) for n in range(4)]
    seen: list[bytes] = []
    while any(writer.poll() is None for writer in writers) or drain.names(folder, ".open"):
        for segment in drain.ready(folder):
            assert segment.torn == 0
            seen += segment.records
            Path(segment.path).unlink()
    assert {json.loads(one)["id"] for one in seen} == {f"{w}-{n}" for w in range(4) for n in range(300)}
    assert len(seen) == 1200


def test_size_is_capped_oldest_first(folder: str) -> None:
    for day in range(4):
        write(folder, *(record(n, 60_000) for n in range(60)), now=NOW + day * DAY)
    drain.cap(root_of(folder), NOW + 4 * DAY)
    left = sum(Path(path).stat().st_size for path in drain.names(folder, "") if not path.endswith("dropped"))
    dropped = drain.counts(folder).dropped["size"]
    assert left <= drain.TOTAL_LIMIT < left + 1_200_000
    assert len(list(drain.waiting(folder))) == 240 - dropped


def test_the_cap_is_for_all_services_together(folder: str) -> None:
    for service in ("a", "b", "c"):
        write(f"{folder}-{service}", *(record(n, 60_000) for n in range(80)))
    drain.cap(root_of(folder), NOW)
    sizes = [
        Path(path).stat().st_size
        for s in "abc"
        for path in drain.names(f"{folder}-{s}", "")
        if "dropped" not in path
    ]
    assert sum(sizes) <= drain.TOTAL_LIMIT


AGES = {"on the seventh day it stays": (7, 1), "on the eighth it goes": (8, 0)}


@pytest.mark.parametrize("case", AGES)
def test_age(case: str, folder: str) -> None:
    days, left = AGES[case]
    write(folder, record(1))
    drain.cap(root_of(folder), NOW + days * DAY)
    assert len(list(drain.waiting(folder))) == left
    assert drain.counts(folder).dropped == ({} if left else {"age": 1})


def owner(pid: int, start: str) -> str:
    return f"{pid} {start} {facts.scope()}"


def test_a_dead_process_is_reported_once(folder: str) -> None:
    spool.mark(folder, "e1", owner(os.getpid(), "1"), record(1))
    assert (drain.lost_runs(folder), drain.lost_runs(folder)) == (1, 0)
    assert list(drain.waiting(folder)) == [record(1)]


MARKERS = {
    "of a living process": (facts.start_of(facts.stat_of("self")), facts.scope(), record(1)),
    "of another machine": ("1", "elsewhere/pid:[1]", record(1)),
    "still being written": ("1", facts.scope(), b'{"id":'),
}


@pytest.mark.parametrize("case", MARKERS)
def test_a_start_marker_is_left(case: str, folder: str) -> None:
    start, scope, body = MARKERS[case]
    spool.mark(folder, "e1", f"{os.getpid()} {start} {scope}", body)
    assert drain.lost_runs(folder) == 0
    assert len(drain.names(folder, ".run")) == 1


def test_a_marker_that_nobody_can_judge_goes_after_a_week(folder: str) -> None:
    path = spool.mark(folder, "e1", "1 1 elsewhere/", record(1))
    os.utime(path, (NOW, NOW))
    drain.cap(root_of(folder), NOW + 8 * DAY)
    assert drain.names(folder, ".run") == []


def test_the_marker_is_there_during_the_run_and_gone_after_it(granted: Path) -> None:
    with opsdeck_emit.run("demo", "1.2.3", "build"):
        assert len(list(granted.rglob("*.run"))) == 1
    assert list(granted.rglob("*.run")) == []


def test_a_killed_run_is_abandoned(granted: Path, tool: Callable[..., Any]) -> None:
    assert tool("os.kill(os.getpid(), 9)").returncode == -9
    folder = str(granted / "emit/spool/local/demo")
    drain.lost_runs(folder)
    [event] = [json.loads(line) for line in drain.waiting(folder)]
    assert (event["error"]["code"], event["error"]["category"]) == ("ABANDONED", "system_errors")
    assert event["operation"] == {"type": "command_run", "success": False}


def test_a_killed_and_a_finished_run_have_the_same_fields_at_their_start(
    granted: Path, tool: Callable[..., Any]
) -> None:
    tool("os.kill(os.getpid(), 9)")
    tool("pass")
    folder = str(granted / "emit/spool/local/demo")
    drain.lost_runs(folder)
    done, lost = (json.loads(line) for line in drain.waiting(folder))
    assert set(done) - set(lost) == {"exitCode", "cpuMs", "peakMemoryBytes"}


def test_losses_are_counted_by_reason(folder: str) -> None:
    Path(folder).mkdir(parents=True)
    for reason, count in (("size", 3), ("size", 2), ("error", 1)):
        spool.dropped(folder, reason, count, "why")
    counts = drain.counts(folder)
    assert (counts.dropped, counts.last_error) == ({"size": 5, "error": 1}, "why")


def test_the_log_of_losses_has_an_end(folder: str) -> None:
    Path(folder).mkdir(parents=True)
    for _ in range(1000):
        spool.dropped(folder, "error", 1, "d" * 500)
    assert Path(f"{folder}/v1.dropped").stat().st_size < spool.LOG_LIMIT + 500


def test_damaged_counts_begin_anew(folder: str) -> None:
    Path(folder).mkdir(parents=True)
    Path(folder, "v1.counts").write_text('{"sent": 3, "surprise"')
    Path(folder, "v1.dropped").write_text("size\nage x\n\n")
    assert drain.counts(folder) == drain.Counts(dropped={"size": 1, "age": 1})


DAMAGE = ['{"sent": "many"}', '{"dropped": []}', "[]", "7", '{"surprise": 1}', "null"]


@pytest.mark.parametrize("text", DAMAGE)
def test_counts_of_another_shape_begin_anew(text: str, tmp_path: Path) -> None:
    (tmp_path / "v1.counts").write_text(text)
    assert drain.stored_counts(str(tmp_path / "v1.counts")) == drain.Counts()


def test_the_kept_records_are_the_newest(folder: str) -> None:
    for number in range(60):
        drain.keep(f"{folder}/v1.sent", [record(number)])
    kept = Path(folder, "v1.sent").read_bytes().split()
    assert len(kept) == 50 * 4
    assert Path(folder, "v1.sent").read_bytes().splitlines()[-1] == record(59)


def test_the_kept_records_have_a_size(folder: str) -> None:
    drain.keep(f"{folder}/v1.sent", [record(n, 9_000) for n in range(50)])
    assert Path(f"{folder}/v1.sent").stat().st_size <= drain.RING_BYTES


def test_status_tells_what_waits(granted: Path) -> None:
    with opsdeck_emit.run("demo", "1.2.3", "build"):
        pass
    status = telemetry.status("demo")
    assert (status["consent"], status["spooled"], status["sent"], status["dropped"]) == ("granted", 1, 0, {})
    assert status["spooledBytes"] == len(next(telemetry.show("demo")))


def test_services_are_those_with_a_record_or_an_answer(granted: Path) -> None:
    consent.grant("a/b")
    consent.deny("never ran")
    with opsdeck_emit.run("a/b", "1.2.3", "build"):
        pass
    assert telemetry.services() == ["a/b", "demo", "never ran"]


def test_a_fresh_machine_has_no_services(home: Path) -> None:
    assert telemetry.services() == []


def test_a_frozen_tool_starts_no_second_self(granted: Path, tool: Callable[..., Any]) -> None:
    tool(
        "pass",
        before="sys.executable = '/usr/bin/true'\nimport opsdeck_emit.launch as l\nl.os.posix_spawn = None",
    )
    assert telemetry.status("demo")["dropped"] == {}
    assert telemetry.status("demo")["spooled"] == 1


def test_the_lock_tells_whether_a_shipper_lives(folder: str) -> None:
    Path(folder).mkdir(parents=True)
    holder = subprocess.Popen(
        [sys.executable, "-c", f"import os; f=os.open({folder!r}+'/shipper.lock',66); os.lockf(f,2,0); print(1,flush=True); input()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert holder.stdout is not None
    holder.stdout.readline()
    assert launch.alive(folder)
    holder.communicate("\n")
    assert not launch.alive(folder)
