"""Failures come in at the door and become faults: one for each cause, whatever order and however often they are looked at."""

import threading
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from opsdeck import faults, fingerprint
from opsdeck.faults.members import MOST_CAUSES
from opsdeck.stores.state import open_state

HOUR = timedelta(hours=1)


def test_the_first_failure_of_a_cause_is_a_fault_and_a_row_in_the_log(desk: Any) -> None:
    fault = desk.happens(3, template="component/angular")
    assert (fault.status, fault.code, fault.template, fault.user_type) == (
        "open", "TEMPLATE_NOT_FOUND", "component/angular", "human",
    )  # fmt: skip
    assert fault.title.startswith("Template ")
    assert "find.py" in fault.place
    assert [(row.subject, row.old, row.new, row.reason) for row in desk.log()] == [
        (fault.key, "", "open", "first of its kind")
    ]


SAME = {
    "another name in the message": {"message": "Template 'component/svelte' not found"},
    "another line of the stack": {"stack": 'Traceback (most recent call last):\n  File "/opt/x/unjucks/find.py", line 99, in template\nunjucks.errors.NotFound: no'},
    "another user": {"user": "user_2"},
    "another version": {"version": "2025.9.9"},
}  # fmt: skip
OTHER = {
    "another code": {"code": "RENDER_FAILED"},
    "another template": {"template": "page/vue"},
    "another cause in its message": {"message": "the folder of templates is empty"},
    "another user type": {"user_type": "ci"},
}


@pytest.mark.parametrize("changes", SAME.values(), ids=SAME)
def test_it_is_the_same_fault_with(desk: Any, changes: dict[str, str]) -> None:
    assert desk.happens().key == desk.happens(**changes).key
    assert len(desk.log()) == 1


@pytest.mark.parametrize("changes", OTHER.values(), ids=OTHER)
def test_it_is_another_fault_with(desk: Any, changes: dict[str, str]) -> None:
    assert desk.happens().key != desk.happens(**changes).key
    assert len(desk.all()) == 2


def test_first_and_last_seen_follow_without_rows_in_the_log(desk: Any) -> None:
    first = desk.happens(version="2025.9.8")
    desk.clock.advance(HOUR)
    last = desk.happens(version="2025.10.1")
    assert (last.first_seen, last.last_seen - last.first_seen) == (
        first.first_seen,
        HOUR + timedelta(seconds=2),
    )
    assert (last.first_version, last.last_version) == ("2025.9.8", "2025.10.1")
    assert len(desk.log()) == 1


def test_a_run_that_arrives_late_moves_the_first_time_back(desk: Any) -> None:
    desk.happens(version="2025.9.8")
    fault = desk.happens(at=-timedelta(days=3), version="2025.9.1")
    assert (fault.first_version, fault.last_version) == ("2025.9.1", "2025.9.8")
    assert fault.last_seen - fault.first_seen == timedelta(days=3) - timedelta(seconds=2)


CLOCKS = {"a year behind": -timedelta(days=365), "a day ahead": timedelta(days=1)}


@pytest.mark.parametrize("skew", CLOCKS.values(), ids=CLOCKS)
def test_a_sender_whose_clock_is_wrong_is_seen_when_it_came(desk: Any, skew: timedelta) -> None:
    came = desk.clock.now()
    fault = desk.happens(at=skew)
    assert (fault.first_seen, fault.last_seen) == (came, came)


def test_what_came_in_while_nobody_ticked_is_found(desk: Any) -> None:
    desk.happens()
    desk.clock.advance(HOUR)
    late = desk.fail(code="RENDER_FAILED")
    desk.clock.advance(HOUR)
    desk.fail(code="WRITE_FAILED")
    desk.tick(HOUR)
    assert desk.of(late[0]).code == "RENDER_FAILED"
    assert len(desk.all()) == 3


def test_one_category_that_is_loaded_late_is_not_passed_over(desk: Any) -> None:
    desk.happens(user_type="service", code="PROBE_FAILED")
    desk.clock.advance(HOUR)
    behind = desk.clock.now()
    desk.clock.advance(HOUR)
    desk.happens(user_type="service", code="PROBE_TIMEOUT")
    desk.clock.advance(behind - desk.clock.now())
    late = desk.fail()
    desk.tick(2 * HOUR)
    assert desk.of(late[0]).user_type == "human"


def test_a_second_look_changes_nothing(desk: Any) -> None:
    desk.happens(3)
    before = desk.all()
    assert [desk.tick(), desk.tick()] == [0, 0]
    assert desk.all() == before


IGNORED = {
    "a run that was cancelled": {"code": "CANCELLED"},
    "a run that policy refused": {"code": "RATE_LIMITED"},
    "a service that nobody looks at": {"service": "stranger"},
}


@pytest.mark.parametrize("changes", IGNORED.values(), ids=IGNORED)
def test_no_fault_is_made_of(desk: Any, changes: dict[str, str]) -> None:
    desk.fail(**changes)
    assert desk.tick() == 0
    assert desk.all() == []


def test_a_tick_that_died_before_it_wrote_is_made_up_for(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.fail()
    with monkeypatch.context() as broken:
        broken.setattr(
            import_module("opsdeck.faults.tick"),
            "write",
            lambda *_: (_ for _ in ()).throw(OSError("disk is full")),
        )
        with pytest.raises(OSError, match="disk is full"):
            desk.tick()
    assert desk.tick() == 1
    assert len(desk.all()) == 1


def test_two_decks_that_tick_at_once_make_one_fault(desk: Any, tmp_path: Path) -> None:
    stores = [open_state(f"sqlite:///{tmp_path / 'state.db'}") for _ in range(3)]
    desk.fail(5)
    together, now = threading.Barrier(3), desk.clock.advance(seconds=2)

    def run(state: Any) -> None:
        together.wait()
        faults.tick(state, desk.events, [desk.spec.service("unjucks-cli")], now)

    decks = [threading.Thread(target=run, args=(state,)) for state in stores]
    _ = [one.start() for one in decks], [one.join() for one in decks], [one.close() for one in stores]
    assert (len(desk.all()), len(desk.log())) == (1, 1)


@pytest.fixture
def second_version(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """From then on events are stamped by another algorithm."""

    def change() -> None:
        parts = {"2": lambda message, _stack: (("length", str(len(message.split()))),)}
        monkeypatch.setattr(fingerprint, "VERSIONS", fingerprint.VERSIONS | parts)
        monkeypatch.setattr(
            "opsdeck.collect.stamp._cause",
            lambda failure: fingerprint.fingerprint(failure.message, failure.stack, "2"),
        )

    return change


def test_faults_do_not_move_when_the_fingerprint_changes(desk: Any, second_version: Any) -> None:
    before = desk.happens()
    second_version()
    after = desk.happens()
    assert after.key == before.key
    reasons = [member.reason for member in desk.members(before.key)]
    assert reasons[0] == "first of its kind"
    assert reasons[1].startswith("known by an older fingerprint 1:")
    assert len(desk.log()) == 1


# ---- hostile senders --------------------------------------------------------------------------------------------


def test_messages_made_to_differ_flood_nothing(desk: Any) -> None:
    for place in range(MOST_CAUSES + 30):
        words = "".join(chr(ord("a") + int(digit)) for digit in f"{place:03}")
        desk.fail(message=f"cause {words * 2} of many")
    desk.tick()
    others = [fault for fault in desk.all() if fault.title.startswith("others")]
    assert (len(desk.all()), len(others)) == (MOST_CAUSES + 1, 1)
    assert [member.fingerprint for member in desk.members(others[0].key)] == ["*"]


def test_codes_made_to_differ_flood_nothing(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsdeck.faults.sight.MOST_OF_SERVICE", 10)
    for number in range(15):
        desk.fail(code=f"CODE_{number}")
    desk.tick()
    assert len(desk.all()) == 11
    assert {fault.code for fault in desk.all() if fault.title.startswith("others")} == {"*"}


HOSTILE = {
    "terminal escapes": "\x1b[2J\x1b]0;owned\x07 done",
    "NUL": "a\x00b",
    "text that runs the other way": "\u202egnp.exe",
    "nothing": "",
    "as long as the door lets in": "x" * 50_000,
}


@pytest.mark.parametrize("message", HOSTILE.values(), ids=HOSTILE)
def test_a_hostile_message_is_a_fault_with_a_readable_title(desk: Any, message: str) -> None:
    fault = desk.happens(message=message, stack=message)
    assert 0 < len(fault.title) <= 120
    assert not set(fault.title) & {"\x1b", "\x00", "\x07"}


def test_a_tick_that_dies_while_it_writes_leaves_nothing(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.fail()
    desk.fail(code="WRITE_FAILED")
    with monkeypatch.context() as broken:
        broken.setattr(
            "opsdeck.faults.write._bring_up", lambda *_: (_ for _ in ()).throw(OSError("disk is full"))
        )
        with pytest.raises(OSError, match="disk is full"):
            desk.tick()
    assert (desk.all(), desk.log()) == ([], [])
    assert desk.tick() == 2


def test_a_flood_is_sorted_in_portions_and_nothing_is_passed_over(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsdeck.faults.news.MOST", 5)
    codes = [f"CODE_{number}" for number in range(12)]
    for code in codes:
        desk.fail(3, code=code)
        desk.clock.advance(seconds=1)
    desk.tick()
    assert sorted(fault.code for fault in desk.all()) == sorted(codes)
    assert [desk.tick(), len(desk.log())] == [0, 12]


def test_more_at_one_moment_than_a_portion_holds_is_sorted_too(
    desk: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsdeck.faults.news.MOST", 5)
    desk.fail(20)
    assert [desk.tick(), desk.tick()] == [1, 0]
    assert desk.happens(code="LATER").code == "LATER"
