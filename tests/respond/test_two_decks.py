"""Several decks on one SQLite file, each with its own connection, all doing the same at once: everything happens once."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from opsdeck import alerts, spec
from opsdeck.model import Delivery
from opsdeck.respond import notify
from opsdeck.stores.api import StateStore
from opsdeck.stores.state import open_state
from opsdeck.testing import START, Outbox, Story, failing, given, runs

SPEC = spec.load(None)
DECKS = 3
MINUTE = timedelta(minutes=1)


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[list[StateStore]]:
    opened = [open_state(f"sqlite:///{tmp_path / 'state.db'}") for _ in range(DECKS)]
    yield opened
    for one in opened:
        one.close()


@pytest.fixture
def story(stores: list[StateStore]) -> Story:
    """Ten minutes of failures, as every deck sees them."""
    return given(SPEC, runs(1, failing, every="1 minute", until="12:10"), state=stores[0]).jump("12:10")


def all_at_once(stores: list[StateStore], work: Callable[[StateStore], object]) -> None:
    together = threading.Barrier(DECKS)

    def deck(state: StateStore) -> None:
        together.wait()
        work(state)

    decks = [threading.Thread(target=deck, args=(state,)) for state in stores]
    for one in decks:
        one.start()
    for one in decks:
        one.join()


def fire(stores: list[StateStore], story: Story) -> None:
    for minute in range(6):
        now = START + minute * MINUTE
        all_at_once(stores, lambda state, now=now: alerts.tick(state, story.events, [story.service], now))


def test_each_change_is_logged_once(stores: list[StateStore], story: Story) -> None:
    fire(stores, story)
    with stores[0].begin(write=False) as tx:
        rows = tx.log(kind="alert", subject="unjucks-cli/high_error_rate")
    assert [(row.change.old, row.change.new) for row in rows] == [
        ("inactive", "pending"),
        ("pending", "firing"),
    ]


def test_each_delivery_is_planned_once_and_sent_once(stores: list[StateStore], story: Story) -> None:
    fire(stores, story)
    now, outbox = START + 5 * MINUTE, Outbox()
    all_at_once(stores, lambda state: notify.plan(state, SPEC, now))
    all_at_once(stores, lambda state: notify.send(state, {"console": outbox}, str(id(state)), now))
    with stores[0].begin(write=False) as tx:
        planned = tx.find(Delivery)
    assert sorted(d.key for d in outbox.deliveries) == sorted(d.key for d in planned)
    assert {d.attempts for d in planned} == {1}


def test_planning_again_while_another_sends_repeats_nothing(stores: list[StateStore], story: Story) -> None:
    fire(stores, story)
    now, outbox = START + 5 * MINUTE, Outbox()

    def deck(state: StateStore) -> None:
        notify.plan(state, SPEC, now)
        notify.send(state, {"console": outbox}, str(id(state)), now)

    all_at_once(stores, deck)
    notify.send(stores[0], {"console": outbox}, "last", now)
    assert len({d.key for d in outbox.deliveries}) == len(outbox.deliveries) > 0
