"""Whose rules a deck looks at: every service that sends events, declared or not."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from opsdeck.deck import Deck
from opsdeck.model import AlertState, Batch, Delivery
from opsdeck.testing import START, ManualClock


@pytest.fixture
def deck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deck]:
    """A deck with the shipped spec, to which a service that nobody declared sent a failing run."""
    monkeypatch.setenv("OPSDECK_EVENTS", "memory://")
    monkeypatch.setenv("OPSDECK_STATE", "memory://")
    opened = Deck.open(tmp_path / "home", None, ManualClock(START))
    entry = {
        "eventId": "1",
        "timestamp": "2025-09-09T12:00:00Z",
        "service": "terraform",
        "userType": "human",
        "category": "application",
        "operation": {"type": "command_run", "duration": 5, "success": False},
        "error": {"code": "EXIT_1", "category": "user_errors"},
    }
    opened.events.load(Batch(json.dumps(entry).encode(), ()))
    yield opened
    opened.close()


def look(deck: Deck, rule: str, service: str = "terraform") -> AlertState | None:
    deck.tick("evaluate").run(START)
    with deck.state.begin(write=False) as tx:
        return tx.get(AlertState, f"{service}/{rule}")


def test_a_service_that_nobody_declared_has_the_rules_of_the_defaults(deck: Deck) -> None:
    state = look(deck, "error_rate_threshold")
    assert state is not None
    assert (state.phase, state.value) == ("firing", 1.0)


def test_without_probes_nobody_knows_whether_it_is_down(deck: Deck) -> None:
    state = look(deck, "service_down")
    assert state is not None
    assert (state.phase, state.reason) == ("inactive", "no_data")


def test_its_alerts_are_told_like_any_other(deck: Deck) -> None:
    look(deck, "error_rate_threshold")
    deck.tick("notify").run(START)
    with deck.state.begin(write=False) as tx:
        assert tx.find(Delivery, alert="terraform/error_rate_threshold")


def test_the_host_is_looked_at_for_a_declared_service(deck: Deck) -> None:
    assert look(deck, "high_resource_usage", "unjucks-cli") is not None
    assert look(deck, "high_resource_usage") is None
