"""From the journal into the event store: everything once, at once, past damage, in both stores."""

import json
import threading
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opsdeck.collect import loader as module
from opsdeck.collect.door import Door
from opsdeck.collect.frames import HEADER_SIZE
from opsdeck.collect.journal import Journal
from opsdeck.collect.loader import Loader
from opsdeck.model import IngestKey, Match, Window
from opsdeck.stores.api import EventStore
from opsdeck.stores.events import open_events

Make = Callable[..., dict[str, Any]]
DAY = Window(datetime(2025, 9, 9, tzinfo=UTC), datetime(2025, 9, 10, tzinfo=UTC))


@pytest.fixture(params=["memory", "duckdb"])
def events(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventStore]:
    store = open_events(f"{request.param}://{tmp_path / 'events.duckdb'}")
    yield store
    store.close()


@pytest.fixture
def loader(journal: Journal, events: EventStore) -> Loader:
    return Loader(journal, events)


@pytest.fixture
def send(door: Door, key: IngestKey, entry: Make) -> Callable[[int], None]:
    """Hands in one entry whose id ends with the number."""

    def accept(number: int) -> None:
        event_id = f"01992e58-de00-7000-8000-{number:012}"
        door.accept(
            json.dumps(entry(eventId=event_id, category=("application", "audit")[number % 2])).encode(), key
        )

    return accept


def _stored(events: EventStore) -> list[int]:
    return sorted(int(found.event_id[-12:]) for found in events.find(Match(), DAY, 1_000))


def test_everything_new_is_loaded_once(
    loader: Loader, events: EventStore, send: Callable[[int], None]
) -> None:
    for number in range(5):
        send(number)
    assert (loader.tick(), loader.tick()) == (5, 0)
    send(5)
    assert loader.tick() == 1
    assert _stored(events) == [0, 1, 2, 3, 4, 5]


def test_an_event_that_was_sent_again_is_stored_once(
    loader: Loader, events: EventStore, send: Callable[[int], None]
) -> None:
    send(1)
    send(1)
    loader.tick()
    send(1)
    assert loader.tick() == 0
    assert _stored(events) == [1]


def test_another_process_goes_on_where_the_store_stands(
    loader: Loader, journal: Journal, events: EventStore, send: Callable[[int], None]
) -> None:
    send(1)
    loader.tick()
    send(2)
    assert Loader(journal, events).tick() == 1


def test_a_store_that_was_deleted_is_rebuilt(
    loader: Loader, journal: Journal, send: Callable[[int], None]
) -> None:
    for number in range(4):
        send(number)
    loader.tick()
    anew = open_events("memory://")
    assert Loader(journal, anew).tick() == 4
    assert _stored(anew) == [0, 1, 2, 3]


def test_more_than_a_gulp_is_loaded_in_several(
    loader: Loader, events: EventStore, send: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "GULP", 1)
    for number in range(6):
        send(number)
    assert (loader.tick(), _stored(events)) == (6, [0, 1, 2, 3, 4, 5])


def test_a_damaged_frame_is_skipped_and_told_once(
    tmp_path: Path, loader: Loader, journal: Journal, events: EventStore, send: Callable[[int], None]
) -> None:
    for number in (0, 2, 4):
        send(number)
    with (tmp_path / "journal/application/2025-09-09.journal").open("r+b") as file:
        file.seek(HEADER_SIZE + 20)
        file.write(b"XXXX")
    assert (loader.tick(), loader.tick(), _stored(events)) == (2, 0, [2, 4])
    assert [d.offset for d in journal.damage] == [HEADER_SIZE]


def test_lag_is_what_is_durable_and_not_loaded(loader: Loader, send: Callable[[int], None]) -> None:
    send(1)
    assert loader.lag() > 400
    loader.tick()
    assert loader.lag() == 0


def test_nothing_to_load_is_no_reason_to_wake(loader: Loader, send: Callable[[int], None]) -> None:
    send(1)
    assert loader.wait(0)
    loader.tick()
    assert not loader.wait(0)


def test_a_waiting_loader_is_woken_by_an_acknowledged_event(
    loader: Loader, events: EventStore, send: Callable[[int], None]
) -> None:
    loader.tick()
    loaded: list[int] = []
    thread = threading.Thread(target=lambda: loaded.append(loader.wait(60) and loader.tick()))
    thread.start()
    send(1)
    thread.join()
    assert (loaded, _stored(events)) == ([1], [1])


def test_loading_while_many_write_loses_and_doubles_nothing(
    loader: Loader, events: EventStore, send: Callable[[int], None]
) -> None:
    done = threading.Event()
    totals: list[int] = []

    def load() -> None:
        while not done.is_set():
            totals.append(loader.wait(0.01) and loader.tick())

    threads = [threading.Thread(target=lambda n=n: [send(x) for x in range(n, 100, 4)]) for n in range(4)]
    reader = threading.Thread(target=load)
    for thread in [reader, *threads]:
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    reader.join()
    assert sum(totals) + loader.tick() == 100
    assert _stored(events) == list(range(100))


def test_late_entries_count_at_their_receipt(
    loader: Loader, events: EventStore, door: Door, key: IngestKey, entry: Make
) -> None:
    door.accept(json.dumps(entry(timestamp="2001-01-01T00:00:00.000Z")).encode(), key)
    loader.tick()
    assert [found.at for found in events.find(Match(), DAY, 9)] == [
        DAY.start + timedelta(hours=12, seconds=5)
    ]


def test_the_stores_find_what_collection_stamped(
    loader: Loader, events: EventStore, door: Door, key: IngestKey, entry: Make
) -> None:
    door.accept(json.dumps(entry()).encode(), key, "192.0.2.1")
    loader.tick()
    assert events.distinct("address", Match.of(user_type="human", category="application"), DAY) == 1
