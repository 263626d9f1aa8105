"""Doctor and status on a real deck: what it looks at, and what it says when something is wrong."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from opsdeck.deck import Deck
from opsdeck.errors import RejectedError
from opsdeck.model import Delivery, IngestKey, Sample, TickRun
from opsdeck.reports import doctor as look
from opsdeck.reports.doctor import Check, doctor, ready, worst
from opsdeck.reports.status import status
from opsdeck.stores.api import UNREADABLE
from opsdeck.testing import START, ManualClock, failing, given, probes, runs


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def deck(tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deck]:
    monkeypatch.setenv("OPSDECK_EVENTS", "memory://")
    monkeypatch.setenv("OPSDECK_STATE", "memory://")
    opened = Deck.open(tmp_path / "home", None, clock)
    yield opened
    opened.close()


def checks(deck: Deck) -> dict[str, Check]:
    return {check.name: check for check in doctor(deck, deck.clock.now())}


def hand_in(deck: Deck, **changes: Any) -> None:
    entry = {
        "timestamp": "2025-09-09T12:00:00.000Z", "level": "INFO", "service": "demo", "version": "1", "environment": "production",
        "operation": {"type": "command_run", "duration": 1, "success": True},
    }  # fmt: skip
    deck.door.accept(json.dumps(entry | changes).encode(), IngestKey("k", "*", "", "", deck.clock.now()))


def test_a_fresh_deck_is_well_and_says_what_has_not_run_yet(deck: Deck) -> None:
    found = checks(deck)
    assert {check.state for check in found.values()} <= {"ok", "unknown", "warn"}
    assert found["tick_evaluate"].text == "has not run yet"
    assert {
        "ingest",
        "journal",
        "event_store",
        "state_store",
        "disk",
        "loader",
        "space",
        "notifications",
    } <= found.keys()


def test_what_was_accepted(deck: Deck) -> None:
    hand_in(deck)
    assert checks(deck)["ingest"].text == "1 events accepted since the start"


def test_what_was_refused_is_a_warning_with_its_code(deck: Deck) -> None:
    with pytest.raises(RejectedError):
        hand_in(deck, level="LOUD")
    found = checks(deck)["ingest"]
    assert found.state == "warn"
    assert "invalid_field 1" in found.text
    assert "docs/ingest.md" in found.hint


def test_what_the_spec_does_not_let_in_is_named(deck: Deck) -> None:
    hand_in(deck, shoeSize=42)
    assert "fields left out: shoeSize" in checks(deck)["ingest"].text


def test_the_journal_and_how_far_the_loader_is_behind(deck: Deck) -> None:
    hand_in(deck)
    found = checks(deck)
    assert found["journal"].text.endswith("bytes kept, 0 waiting for the disk")
    assert not found["loader"].text.startswith("0 bytes")
    deck.loader.tick()
    assert checks(deck)["loader"].text == "0 bytes behind the journal"


def test_a_loader_far_behind_is_a_warning(deck: Deck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "LAG_HIGH", 10)
    hand_in(deck)
    assert checks(deck)["loader"].state == "warn"


def test_lines_that_could_not_be_read_are_told(deck: Deck, clock: ManualClock) -> None:
    deck.events.record([Sample(UNREADABLE, clock.now(), 3)])
    clock.advance(minutes=1)
    found = checks(deck)["loader"]
    assert (found.state, found.text) == ("warn", "3 lines of the journal could not be read in the last day")


def test_a_disk_that_is_gone(deck: Deck, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(deck.home)
    found = {check.name: check for check in ready(deck, deck.clock.now())}
    assert found["disk"].state == "fail"
    assert "No such file" in found["disk"].text
    assert found["disk"].hint


def test_a_disk_that_gets_full(deck: Deck, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(look, "DISK_LOW", 10**18)
    assert checks(deck)["space"].state == "warn"


def test_periodic_work_that_ran(deck: Deck) -> None:
    tick = next(tick for tick in deck.ticks if tick.name == "evaluate")
    deck.run_due(tick, deck.clock.now())
    assert checks(deck)["tick_evaluate"].state == "ok"
    assert "2025-09-09T12:00:00.000Z" in checks(deck)["tick_evaluate"].text


def test_periodic_work_that_failed(deck: Deck) -> None:
    with deck.state.begin() as tx:
        tx.put(TickRun("probe", START, START, 0, "OSError: no unjucks"))
    found = checks(deck)["tick_probe"]
    assert found.state == "fail"
    assert "OSError: no unjucks" in found.text


def test_periodic_work_that_is_overdue(deck: Deck, clock: ManualClock) -> None:
    with deck.state.begin() as tx:
        tx.put(TickRun("probe", START, START))
    clock.advance(minutes=2)
    assert checks(deck)["tick_probe"].state == "ok"
    clock.advance(seconds=1)
    assert checks(deck)["tick_probe"].state == "warn"


def test_notifications_that_did_not_get_out(deck: Deck) -> None:
    with deck.state.begin() as tx:
        tx.put(Delivery("1", 1, "s/high_error_rate", "hook", "x", {}, "failed", START, 5, "HTTP 410", START))
    found = checks(deck)["notifications"]
    assert found.state == "warn"
    assert "over hook: HTTP 410" in found.text
    assert found.hint == "opsdeck alerts explain s/high_error_rate"


def state(*states: Any) -> tuple[Check, ...]:
    return tuple(Check(str(n), "", one, "") for n, one in enumerate(states))


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (("ok", "warn", "fail"), "fail"),
        (("ok", "unknown"), "unknown"),
        (("warn", "unknown"), "warn"),
        ((), "unknown"),
    ],
)
def test_the_gravest_decides(states: tuple[str, ...], expected: str) -> None:
    assert worst(state(*states)) == expected


# ---- status: the same deck on one screen ------------------------------------------------------------------------


def test_the_status_of_a_fresh_deck(deck: Deck) -> None:
    found = status(deck, deck.spec, deck.clock.now())
    assert [one.service.name for one in found.services] == ["unjucks-cli"]
    assert (found.last_event, found.alerts) == (None, ())
    assert {row.verdict for row in found.services[0].objectives} == {"unknown"}
    assert found.checks == len(checks(deck))


def test_the_status_of_a_busy_deck(deck: Deck, clock: ManualClock) -> None:
    loads = (runs(3, failing, every="1 minute", until="12:30"), probes(every="1 minute", until="12:30"))
    story = given(deck.spec, *loads, events=deck.events, state=deck.state).at("12:30")
    clock.advance(minutes=30)
    found = status(deck, deck.spec, clock.now())
    assert found.last_event is not None
    assert found.last_event.minute == 29
    assert {row.standing for row in found.alerts} <= {"firing", "pending"}
    assert "high_error_rate" in {row.rule for row in found.alerts}
    assert story.service.name == found.services[0].service.name


def test_status_shows_what_is_unwell_and_nothing_else(deck: Deck) -> None:
    with deck.state.begin() as tx:
        tx.put(TickRun("probe", START, START, 0, "OSError: no unjucks"))
    found = status(deck, deck.spec, deck.clock.now())
    assert found.health == "fail"
    assert "ok" not in {check.state for check in found.trouble}
    assert "tick_probe" in {check.name for check in found.trouble}
