"""What a restricted subject may still hand in: evidence is kept, a flood is refused by name, others are not touched."""

import threading
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opsdeck import spec
from opsdeck.collect.codes import Limits, NoneAcceptableError
from opsdeck.collect.decode import decode
from opsdeck.collect.door import Door
from opsdeck.collect.journal import Journal
from opsdeck.collect.limit import Intake, Restricted
from opsdeck.model import IngestKey, Restriction
from opsdeck.spec.phrases import Threshold
from opsdeck.stores.state.memory import MemoryState
from opsdeck.testing import START, ManualClock

Make = Callable[..., dict[str, Any]]
Body = Callable[..., bytes]
USER, ADDRESS = "user_1", "192.0.2.7"
KEY = IngestKey("k", "unjucks-cli", "", "test", START)


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def restricted() -> dict[tuple[str, str, str], tuple[Restriction, ...]]:
    return {}


@pytest.fixture
def door(tmp_path: Path, clock: ManualClock, restricted: Restricted) -> Iterator[Door]:
    journal = Journal(tmp_path / "journal")
    yield Door(journal, spec.load(None), clock, MemoryState(), intake=Intake(lambda: restricted))
    journal.close()


@pytest.fixture
def restrict(
    door: Door, restricted: dict[tuple[str, str, str], tuple[Restriction, ...]]
) -> Callable[..., None]:
    def add(kind: Any = "user", subject: str = USER, minutes: int = 10) -> None:
        until = START + timedelta(minutes=minutes)
        one = Restriction("R", "unjucks-cli", "rate_limit", kind, subject, START, until, 1, "", "D")
        restricted["unjucks-cli", kind, subject] = (one,)

    return add


@pytest.fixture
def send(door: Door, entry: Make, body: Body) -> Callable[..., list[int]]:
    """So many entries of a user in one batch; the indexes of those that were refused."""

    def hand_in(count: int, user: str = USER, address: str = ADDRESS, key: IngestKey = KEY) -> list[int]:
        batch = body(*(entry(userId=user) for _ in range(count)))
        try:
            refused = door.accept(batch, key, address).rejected
        except NoneAcceptableError as error:
            refused = error.rejected
        assert {one.code for one in refused} <= {"rate_limited"}
        return [one.index for one in refused]

    return hand_in


Send = Callable[..., list[int]]


def test_nobody_is_limited_where_nobody_is_restricted(send: Send) -> None:
    assert send(200) == []


def test_sixty_in_a_minute_are_kept_and_the_rest_is_refused(send: Send, restrict: Any, door: Door) -> None:
    restrict()
    assert send(70) == list(range(60, 70))
    assert door.counts().accepted == 60
    assert door.counts().refused_events == {"rate_limited": 10}


def test_batches_count_together_and_a_new_minute_is_new(
    send: Send, restrict: Any, clock: ManualClock
) -> None:
    restrict()
    assert [len(send(40)), len(send(40))] == [0, 20]
    clock.advance(minutes=1)
    assert send(60) == []


def test_a_flood_fails_as_a_whole(send: Send, restrict: Any) -> None:
    restrict()
    send(60)
    assert send(3) == [0, 1, 2]


UNTOUCHED: dict[str, dict[str, Any]] = {
    "another user": {"user": "user_2"},
    "what the deck hands in": {"key": IngestKey("k", "*", "service", "detect", START)},
}


@pytest.mark.parametrize("who", UNTOUCHED.values(), ids=UNTOUCHED)
def test_others_are_not_limited(send: Send, restrict: Any, who: dict[str, Any]) -> None:
    restrict()
    send(60)
    assert send(100, **who) == []


def test_it_is_over_with_the_restriction(send: Send, restrict: Any, clock: ManualClock) -> None:
    restrict(minutes=1)
    clock.advance(minutes=1)
    assert send(100) == []


def test_an_address_is_limited_whoever_sends(send: Send, restrict: Any, door: Door) -> None:
    restrict("address", door.address_hash(ADDRESS, START))
    assert [len(send(40, user=user)) for user in ("user_1", "user_2")] == [0, 20]
    assert send(40, address="192.0.2.8") == []


def test_the_refusal_says_whom_and_how_much(
    door: Door, restrict: Any, send: Send, entry: Make, body: Body
) -> None:
    restrict()
    send(60)
    with pytest.raises(NoneAcceptableError) as refused:
        door.accept(body(entry(userId=USER)), KEY)
    assert refused.value.rejected[0].message.startswith("userId: restricted")
    assert "> 60 in 1 minute" in refused.value.rejected[0].message


def test_a_key_of_another_service_uses_up_nothing(
    send: Send, restrict: Any, door: Door, entry: Make, body: Body
) -> None:
    restrict()
    with pytest.raises(NoneAcceptableError):
        door.accept(
            body(*(entry(userId=USER) for _ in range(60))), IngestKey("o", "other", "", "test", START)
        )
    assert send(60) == []


def test_indexes_and_cuts_stay_right(door: Door, restrict: Any, send: Send, entry: Make, body: Body) -> None:
    restrict()
    send(59)
    batch = body(entry(userId=USER), entry(userId=USER), entry(userId="user_2"), entry({"level": "X"}))
    refused = {one.index: one.code for one in door.accept(batch, KEY).rejected}
    assert refused == {1: "rate_limited", 3: "invalid_field"}


def test_threads_share_one_limit(send: Send, restrict: Any) -> None:
    restrict()
    refused: list[int] = []
    threads = [threading.Thread(target=lambda: refused.extend(send(40))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 4 * 40 - 60


THRESHOLDS = {
    "more than 3": (Threshold(">", 3, "count", timedelta(minutes=1)), 3),
    "3 or more": (Threshold(">=", 3, "count", timedelta(minutes=1)), 2),
    "a limit without a period is one of a minute": (Threshold(">", 3, "count"), 3),
    "nothing at all": (Threshold(">", 0, "count"), 0),
}


@pytest.mark.parametrize(("threshold", "kept"), THRESHOLDS.values(), ids=THRESHOLDS)
def test_the_limit_is_the_spec_s(
    restricted: Restricted, restrict: Any, entry: Make, body: Body, threshold: Threshold, kept: int
) -> None:
    restrict()
    decoded = decode(body(*(entry(userId=USER) for _ in range(5))), Limits())
    left = Intake(lambda: restricted).limit(decoded, KEY, "", threshold, START)
    assert (len(left.entries), len(left.rejected)) == (kept, 5 - kept)
