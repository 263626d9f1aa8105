"""The composition root under trouble: a store that fails stops nothing for good, and says so."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.exc import OperationalError

from opsdeck.deck import Deck, Tick, only_one
from opsdeck.errors import ConflictError
from opsdeck.reports.doctor import doctor
from opsdeck.testing import ManualClock

NOON = datetime(2025, 9, 9, 12, tzinfo=UTC)


@pytest.fixture
def deck(tmp_path: Path) -> Iterator[Deck]:
    opened = Deck.open(tmp_path / "home", clock=ManualClock(NOON))
    yield opened
    opened.close()


def troubles(deck: Deck) -> dict[str, str]:
    return {check.name: check.text for check in doctor(deck, NOON) if check.state == "fail"}


def failing(*errors: Exception) -> Tick:
    left = list(errors)

    def run(_now: datetime) -> int:
        if left:
            raise left.pop(0)
        return 1

    return Tick("evaluate", timedelta(seconds=15), run)


def test_a_tick_that_breaks_is_shown_and_tried_again(deck: Deck) -> None:
    tick = failing(KeyError("a mistake of ours"))
    deck.run_due(tick, NOON)
    assert "KeyError" in troubles(deck)["tick_evaluate"]
    deck.run_due(tick, NOON + tick.every)
    assert "tick_evaluate" not in troubles(deck)


def test_a_tick_is_run_once_when_it_is_due(deck: Deck) -> None:
    ran: list[datetime] = []
    tick = Tick("evaluate", timedelta(seconds=15), lambda now: len(ran.append(now) or ran))  # type: ignore[func-returns-value]  # a list that counts
    for seconds in (0, 5, 14, 15, 16):
        deck.run_due(tick, NOON + timedelta(seconds=seconds))
    assert ran == [NOON, NOON + timedelta(seconds=15)]


def test_a_clock_that_was_set_back_holds_nothing_up(deck: Deck) -> None:
    tick = failing()
    deck.run_due(tick, NOON + timedelta(days=1))
    assert deck.run_due(tick, NOON) <= tick.every


def test_a_state_store_that_is_gone_stops_no_loop(deck: Deck, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as gone:
        gone.setattr(
            deck.state,
            "begin",
            lambda **_: (_ for _ in ()).throw(OperationalError("", {}, Exception("disk is full"))),
        )
        assert deck.run_due(failing(), NOON) >= timedelta(seconds=1)
    assert "disk is full" in troubles(deck)["trouble_evaluate"]
    deck.run_due(failing(), NOON)
    assert "trouble_evaluate" not in troubles(deck)


def test_an_event_store_that_fails_stops_no_loading(deck: Deck, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as gone:
        gone.setattr(deck.events, "positions", lambda: (_ for _ in ()).throw(OSError("disk is full")))
        assert deck.load(timedelta(0)) == timedelta(seconds=1)
    assert "disk is full" in troubles(deck)["trouble_load"]
    assert deck.load(timedelta(0)) == timedelta(0)
    assert "trouble_load" not in troubles(deck)


def test_trouble_and_its_end_are_rows_in_the_log(deck: Deck, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as gone:
        gone.setattr(deck.events, "positions", lambda: (_ for _ in ()).throw(OSError("disk is full")))
        deck.load(timedelta(0))
    deck.load(timedelta(0))
    with deck.state.begin() as tx:
        rows = [row.change.reason for row in tx.log(kind="trouble")]
    assert rows == ["OSError: disk is full", "works again"]


def test_one_process_owns_a_home(tmp_path: Path) -> None:
    with only_one(tmp_path) as first, only_one(tmp_path) as second:
        assert (first, second) == (True, False)


def test_a_second_deck_on_one_home_is_refused_by_its_journal(deck: Deck) -> None:
    with pytest.raises(ConflictError):
        Deck.open(deck.home)


def test_the_local_key_survives_a_restart(tmp_path: Path) -> None:
    secrets = []
    for _ in range(2):
        deck = Deck.open(tmp_path)
        deck.leave_keys("http://127.0.0.1:1")
        secrets.append((tmp_path / "ingest.key").read_text())
        deck.close()
    assert secrets[0] == secrets[1]
