"""The address hash: the same all day on every server, another tomorrow, and yesterday's key is gone."""

import re
from datetime import datetime, timedelta

import pytest

from opsdeck.identity.address import SETTING, Hasher
from opsdeck.model import Setting
from opsdeck.stores.api import StateStore
from opsdeck.stores.state import open_state


@pytest.fixture
def hasher(state: StateStore) -> Hasher:
    return Hasher(state)


def test_an_address_has_one_hash_all_day(hasher: Hasher, now: datetime) -> None:
    evening = now.replace(hour=23, minute=59)
    assert hasher.hash("192.0.2.1", now) == hasher.hash("192.0.2.1", evening)
    assert re.fullmatch("[0-9a-f]{32}", hasher.hash("192.0.2.1", now))


def test_it_has_another_tomorrow(hasher: Hasher, now: datetime) -> None:
    assert hasher.hash("192.0.2.1", now) != hasher.hash("192.0.2.1", now + timedelta(days=1))


def test_days_begin_at_midnight_utc(hasher: Hasher, now: datetime) -> None:
    midnight = now.replace(hour=0) + timedelta(days=1)
    assert hasher.hash("a", midnight - timedelta(seconds=1)) != hasher.hash("a", midnight)


def test_all_servers_of_a_deck_agree(state: StateStore, now: datetime) -> None:
    assert Hasher(state).hash("192.0.2.1", now) == Hasher(state).hash("192.0.2.1", now)


def test_two_decks_do_not(hasher: Hasher, now: datetime) -> None:
    assert hasher.hash("192.0.2.1", now) != Hasher(open_state("memory://")).hash("192.0.2.1", now)


def test_only_todays_key_is_kept(state: StateStore, hasher: Hasher, now: datetime) -> None:
    kept = []
    for day in range(3):
        hasher.hash("192.0.2.1", now + timedelta(days=day))
        with state.begin(write=False) as tx:
            kept.append([setting.value for setting in tx.find(Setting, key=SETTING)])
    assert [len(values) for values in kept] == [1, 1, 1]
    assert len({values[0][11:] for values in kept}) == 3


def test_no_address_has_no_hash(hasher: Hasher, now: datetime) -> None:
    assert hasher.hash("", now) == ""


SAME = {
    "IPv4 within IPv6": ("192.0.2.1", "::ffff:192.0.2.1"),
    "two addresses of one IPv6 network": ("2001:db8::1", "2001:db8::ffff:1"),
    "two spellings": ("2001:db8:0:0::1", "2001:DB8::1"),
    "with and without a zone": ("fe80::1%eth0", "fe80::1"),
}
DIFFERENT = {
    "two hosts": ("192.0.2.1", "192.0.2.2"),
    "two IPv6 networks": ("2001:db8:0:1::1", "2001:db8:0:2::1"),
    "two names": ("unix:a", "unix:b"),
}


@pytest.mark.parametrize(("one", "other"), SAME.values(), ids=SAME)
def test_the_same_client_is(hasher: Hasher, now: datetime, one: str, other: str) -> None:
    assert hasher.hash(one, now) == hasher.hash(other, now)


@pytest.mark.parametrize(("one", "other"), DIFFERENT.values(), ids=DIFFERENT)
def test_different_clients_are(hasher: Hasher, now: datetime, one: str, other: str) -> None:
    assert hasher.hash(one, now) != hasher.hash(other, now)


def test_many_addresses_do_not_fill_the_memory(
    hasher: Hasher, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("opsdeck.identity.address.REMEMBERED", 10)
    hashes = [hasher.hash(f"192.0.2.{n % 50}", now) for n in range(100)]
    assert hashes[:50] == hashes[50:]
    assert len(hasher._known) <= 10
