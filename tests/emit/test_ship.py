"""From a run to the collector and back: the real shipper, the real network, a collector that may misbehave."""

import json
import os
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import opsdeck_emit
from opsdeck_emit import consent, drain, home, ship, spool, telemetry
from opsdeck_emit.__main__ import main

NOW = 1_767_225_600.0
Tool = Callable[..., subprocess.CompletedProcess[str]]

pytestmark = pytest.mark.usefixtures("granted")


def place() -> str:
    return home.spool("demo")


def deck_folder() -> str:
    return str(Path(place()).parent)


def put(count: int = 1, service: str = "demo", now: float = NOW) -> None:
    for number in range(count):
        spool.append(
            home.spool(service), json.dumps({"eventId": f"e{number}", "service": service}).encode(), now
        )


def ticks(*times: float, pauses: dict[str, ship.Pause] | None = None) -> list[int]:
    known = {} if pauses is None else pauses
    return [ship.tick(deck_folder(), known, NOW + at) for at in times]


def reject(*indexes: int, of: int) -> tuple[int, dict[str, str], bytes]:
    rejected = [{"index": i, "code": "invalid_field", "message": "level: no"} for i in indexes]
    return 202, {}, json.dumps({"accepted": of - len(rejected), "rejected": rejected}).encode()


def test_a_run_arrives_by_itself(sink: Any, tool: Tool) -> None:
    tool("run.operation('build', 'a/b')")
    assert sink.wait(lambda s: len(s.events()) == 1)
    assert sink.events()[0]["operation"]["template"] == "a/b"


def test_the_second_run_finds_the_first_ones_shipper(
    sink: Any, tool: Tool, living: Callable[[], list[int]]
) -> None:
    tool("pass")
    assert sink.wait(lambda s: len(s.events()) == 1)
    first = living()
    tool("pass")
    assert sink.wait(lambda s: len(s.events()) == 2)
    assert living() == first
    assert len(first) == 1


def test_a_killed_run_arrives_as_abandoned(sink: Any, tool: Tool) -> None:
    tool("os.kill(os.getpid(), 9)")
    tool("pass")
    assert sink.wait(lambda s: len(s.events()) == 2)
    codes = [event.get("error", {}).get("code") for event in sink.events()]
    assert sorted(map(str, codes)) == ["ABANDONED", "None"]


def test_the_shipper_holds_nothing_of_the_tool(
    sink: Any, tool: Tool, living: Callable[[], list[int]]
) -> None:
    tool("pass", before="r, w = os.pipe(); os.set_inheritable(w, True)")
    assert sink.wait(lambda s: len(s.events()) == 1)
    [pid] = living()
    assert Path(f"/proc/{pid}/cwd").readlink() == Path("/")
    held = [str(Path(f"/proc/{pid}/fd/{fd}").readlink()) for fd in range(3)]
    assert held == ["/dev/null"] * 3
    assert os.getsid(pid) != os.getsid(0)


def test_the_shipper_runs_no_user_code(sink: Any, tool: Tool, tmp_path: Path) -> None:
    for name in ("sitecustomize", "usercustomize", "json", "zlib"):
        (tmp_path / f"{name}.py").write_text(
            f"open({str(tmp_path / 'ran')!r}, 'a').write('{name}\\n')\nraise SystemExit(9)\n"
        )
    tool("pass", before="os.environ['PYTHONPATH'] = " + repr(str(tmp_path)))
    assert sink.wait(lambda s: len(s.events()) == 1)
    assert not (tmp_path / "ran").exists()


def test_the_bytes_shown_are_the_bytes_sent(sink: Any) -> None:
    with opsdeck_emit.run("demo", "1.2.3", "build"):
        shown_in_flight = list(telemetry.show("demo"))
    assert sink.wait(lambda s: len(s.events()) == 1)
    assert shown_in_flight == []
    assert b"".join(sink.bodies) == next(telemetry.show("demo")) + b"\n"


def test_what_is_answered_for_leaves_the_spool(sink: Any) -> None:
    put(3)
    assert ticks(0) == [3]
    status = telemetry.status("demo")
    assert (status["spooled"], status["sent"], status["lastError"]) == (0, 3, None)
    assert status["lastSent"] == "2026-01-01T00:00:00.000Z"


def test_what_is_not_answered_for_stays(sink: Any) -> None:
    sink.replies.append((202, {}, b"thank you"))
    put(3)
    assert ticks(0) == [0]
    status = telemetry.status("demo")
    assert (status["spooled"], status["sent"]) == (3, 0)
    assert "does not account for 3 records" in str(status["lastError"])


def test_a_rejected_event_is_counted_and_kept_for_the_doctor(sink: Any) -> None:
    sink.replies.append(reject(1, of=3))
    put(3)
    ticks(0)
    status = telemetry.status("demo")
    assert (status["spooled"], status["sent"], status["dropped"]) == (0, 2, {"rejected": 1})
    [note] = [json.loads(line) for line in telemetry.rejected("demo")]
    assert (note["code"], note["event"]["eventId"]) == ("invalid_field", "e1")


def test_a_torn_line_is_counted_and_not_sent(sink: Any) -> None:
    put(1)
    [path] = drain.names(place(), ".open")
    with Path(path).open("ab") as file:
        file.write(b'\n{"half')
    ticks(0)
    assert telemetry.status("demo")["dropped"] == {"torn": 1}
    assert sink.bodies == [b'{"eventId": "e0", "service": "demo"}\n']


def test_what_is_sent_leaves_even_if_it_cannot_be_noted(sink: Any) -> None:
    put(1)
    for name in ("v1.counts", "v1.sent"):
        Path(place(), name).mkdir()
    assert ticks(0) == [1]
    assert telemetry.status("demo")["spooled"] == 0


def test_a_strange_file_in_the_spool_is_no_trouble(sink: Any) -> None:
    put(1)
    Path(place(), "v1.surprise.open").write_text("surprise")
    assert ticks(0) == [1]
    assert drain.names(place(), ".open") == []


def test_too_large_a_batch_is_split_until_it_fits(sink: Any) -> None:
    sink.replies += [(413, {}, b""), (413, {}, b"")]
    put(4)
    assert ticks(0) == [4]
    assert [len(body.splitlines()) for body in sink.bodies] == [4, 2, 1, 1, 2]


WAITS = {
    "429 with Retry-After is waited for": ((429, {"Retry-After": "30"}, b""), (0, 29, 30), [0, 0, 1]),
    "503 with Retry-After is waited for": ((503, {"Retry-After": "30"}, b""), (0, 29, 30), [0, 0, 1]),
    "500 is tried again soon": ((500, {}, b""), (0, 2), [0, 1]),
    "401 is left alone for five minutes": ((401, {}, b""), (0, 299, 300), [0, 0, 1]),
}


@pytest.mark.parametrize("case", WAITS)
def test_an_answer_of(case: str, sink: Any) -> None:
    reply, times, moved = WAITS[case]
    sink.replies.append(reply)
    put(1)
    assert ticks(*times) == moved


def test_failures_in_a_row_are_tried_ever_more_slowly_up_to_a_limit(sink: Any) -> None:
    sink.replies += [(500, {}, b"")] * 8
    put(1)
    pauses: dict[str, ship.Pause] = {}
    waits = []
    at = 0.0
    for _ in range(8):
        ticks(at, pauses=pauses)
        waits.append(pauses[place()].until - NOW - at)
        at += waits[-1]
    assert waits[0] < 1.1
    assert waits[1] > waits[0]
    assert ship.BACKOFF_LIMIT * 0.7 < waits[7] <= ship.BACKOFF_LIMIT


def test_the_decks_pause_outlives_the_shipper(sink: Any) -> None:
    sink.replies.append((429, {"Retry-After": "30"}, b""))
    put(1)
    assert ticks(0) == [0]
    assert ticks(29) == [0]
    assert ticks(30) == [1]


def test_a_new_key_ends_the_pause(sink: Any, home: Path) -> None:
    sink.replies.append((401, {}, b""))
    put(1)
    ticks(0)
    (home / "ingest.key").write_text("key-2")
    assert ticks(1) == [1]
    assert sink.headers[-1]["Authorization"] == "Bearer key-2"


def test_a_restarted_deck_ends_the_pause(sink: Any, home: Path) -> None:
    sink.replies.append((503, {"Retry-After": "600"}, b""))
    put(1)
    ticks(0)
    os.utime(home / "url", (NOW, NOW))
    assert ticks(1) == [1]


def test_a_refused_key_is_visible(sink: Any) -> None:
    sink.replies.append((401, {}, b""))
    put(1)
    ticks(0)
    assert telemetry.status("demo")["lastError"] == "HTTP 401: the deck does not take this key"


REFUSAL: tuple[int, dict[str, str], bytes] = (
    403,
    {},
    b'{"accepted": 0, "code": "wrong_service", "message": "the key is bound to tofu"}',
)


def test_ci_with_a_key_of_another_service_sees_why_its_events_stay(
    sink: Any, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    for name, value in {"CI": "1", "OPSDECK_URL": sink.url, "OPSDECK_KEY": "odk_tofu"}.items():
        monkeypatch.setenv(name, value)
    sink.replies.append(REFUSAL)
    put(1)
    assert ticks(0) == [0]
    main(["status", "demo"])
    assert "trouble   HTTP 403: the key is bound to tofu\n" in capsys.readouterr().out


def test_the_trouble_of_another_deck_is_not_this_ones(sink: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    sink.replies.append(REFUSAL)
    put(1)
    ticks(0)
    monkeypatch.setenv("OPSDECK_URL", "http://127.0.0.1:9")
    assert telemetry.status("demo")["lastError"] is None


def test_what_a_writer_once_lost_does_not_hide_a_refusal(sink: Any) -> None:
    put(1)
    spool.dropped(place(), "error", 1, "No space left on device")
    sink.replies.append(REFUSAL)
    ticks(0)
    assert telemetry.status("demo")["lastError"] == "HTTP 403: the key is bound to tofu"


def test_a_service_that_is_refused_does_not_stop_another(sink: Any) -> None:
    sink.replies.append((403, {}, b""))
    put(1, "demo")
    put(1, "other")
    assert ticks(0) == [1]
    assert telemetry.status("demo")["spooled"] == 1 or telemetry.status("other")["spooled"] == 1


def test_what_was_refused_consent_is_not_sent(sink: Any) -> None:
    consent.deny("demo")
    put(2)
    assert ticks(0) == [0]
    assert sink.batches == []
    assert telemetry.status("demo")["spooled"] == 0


def test_what_was_recorded_for_one_deck_never_goes_to_another(
    sink: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPSDECK_URL", "http://127.0.0.1:9")
    put(1)
    monkeypatch.delenv("OPSDECK_URL")
    put(1, "other")
    ticks(0)
    assert [event["service"] for event in sink.events()] == ["other"]


def test_without_a_deck_everything_waits(granted: Path) -> None:
    put(2)
    assert ticks(0) == [0]
    assert telemetry.status("demo")["spooled"] == 2


def test_a_segment_that_vanished_meanwhile_is_no_trouble(sink: Any) -> None:
    put(1)
    sink.at_stage = lambda stage: telemetry.purge("demo") if stage == "stored" else None
    assert ticks(0) == [1]


def test_ci_ships_before_the_run_ends(sink: Any, tool: Tool, living: Callable[[], list[int]]) -> None:
    tool("pass", CI="1")
    assert len(sink.events()) == 1
    assert living() == []


def test_ci_with_a_dead_collector_keeps_the_event(home: Path, tool: Tool) -> None:
    (home / "url").write_text("http://127.0.0.1:9")
    done = tool("print('done')", CI="1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    assert telemetry.status("demo")["spooled"] == 1


def test_ci_with_a_silent_collector_ends_its_shipper(
    sink: Any, tool: Tool, living: Callable[[], list[int]]
) -> None:
    release = threading.Event()
    sink.at_stage = lambda stage: release.wait(60) if stage == "arrived" else None
    done = tool("print('done')", CI="1")
    assert (done.returncode, done.stdout, living()) == (0, "done\n", [])
    release.set()
    assert telemetry.status("demo")["spooled"] == 1


@pytest.fixture
def lock() -> Iterator[int]:
    put(2, now=time.time())
    fd = os.open(deck_folder() + "/shipper.lock", os.O_RDWR | os.O_CREAT)
    yield fd
    os.close(fd)


def test_the_shipper_ends_when_idle(sink: Any, lock: int) -> None:
    ship.linger(deck_folder(), lock, patience=0.0)
    assert len(sink.events()) == 2


def test_the_shipper_ends_when_its_time_is_over(sink: Any, lock: int) -> None:
    sink.replies += [(500, {}, b"")] * 100
    ship.linger(deck_folder(), lock, life=0.2)
    assert telemetry.status("demo")["spooled"] == 2


def test_the_shipper_ends_when_there_is_no_deck(lock: int) -> None:
    ship.linger(deck_folder(), lock)
    assert telemetry.status("demo")["spooled"] == 2


def test_status_names_the_deck_and_the_shipper(
    sink: Any, tool: Tool, living: Callable[[], list[int]]
) -> None:
    tool("pass")
    assert sink.wait(lambda s: len(s.events()) == 1)
    status = telemetry.status("demo")
    assert (status["deck"], [status["shipper"]]) == (sink.url, living())
