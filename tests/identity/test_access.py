"""Sign-in links, sessions and tokens: single use, in time, and nothing but digests kept."""

import threading
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from opsdeck.identity import access, keys
from opsdeck.model import Access
from opsdeck.stores.api import StateStore

Do = Callable[..., str | None]


@pytest.fixture
def do(state: StateStore, now: datetime) -> Do:
    """Runs a function of `access` in its own transaction, `later` after the start."""

    def run(act: Callable[..., str | None], *args: str, later: timedelta = timedelta()) -> str | None:
        with state.begin() as tx:
            return act(tx, *args, now + later)

    return run


def _who(state: StateStore, secret: str | None, now: datetime) -> str | None:
    with state.begin(write=False) as tx:
        found = access.who(tx, secret or "", now)
    return found.actor if found else None


def test_a_link_gives_a_session_of_the_same_person(state: StateStore, do: Do, now: datetime) -> None:
    session = do(access.sign_in, do(access.link, "ada"))
    assert _who(state, session, now) == "ada"


def test_a_link_works_once(do: Do) -> None:
    link = do(access.link, "ada")
    assert [bool(do(access.sign_in, link)) for _ in range(3)] == [True, False, False]


@pytest.mark.parametrize(("minutes", "works"), [(4.99, True), (5, False), (60, False)])
def test_a_link_works_for_five_minutes(do: Do, minutes: float, *, works: bool) -> None:
    link = do(access.link, "ada")
    assert bool(do(access.sign_in, link, later=timedelta(minutes=minutes))) is works


@pytest.mark.parametrize(("hours", "actor"), [(11.99, "ada"), (12, None)])
def test_a_session_ends_after_half_a_day(
    state: StateStore, do: Do, now: datetime, hours: float, actor: str | None
) -> None:
    session = do(access.sign_in, do(access.link, "ada"))
    assert _who(state, session, now + timedelta(hours=hours)) == actor


def test_a_link_is_no_session_and_a_session_no_link(state: StateStore, do: Do, now: datetime) -> None:
    link = do(access.link, "ada")
    session = do(access.sign_in, link)
    assert _who(state, link, now) is None
    assert do(access.sign_in, session) is None


@pytest.mark.parametrize("secret", ["", "odl_", "odl_" + "A" * 49, "ods_" + "A" * 49])
def test_an_unknown_secret_opens_nothing(state: StateStore, do: Do, now: datetime, secret: str) -> None:
    assert (do(access.sign_in, secret), _who(state, secret, now)) == (None, None)


def test_an_ingest_key_opens_nothing(state: StateStore, now: datetime) -> None:
    with state.begin() as tx:
        key = keys.mint(tx, "*", "", "", now)
    assert _who(state, key, now) is None


def test_of_two_that_bring_the_same_link_one_gets_in(state: StateStore, do: Do) -> None:
    link = do(access.link, "ada")
    sessions: list[str | None] = []
    threads = [threading.Thread(target=lambda: sessions.append(do(access.sign_in, link))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([session for session in sessions if session]) == 1


def test_a_token_stands_for_its_actor(state: StateStore, do: Do, now: datetime) -> None:
    assert _who(state, do(access.token, "local"), now + timedelta(days=364)) == "local"


def test_a_new_token_ends_the_actors_earlier_one_only(state: StateStore, do: Do, now: datetime) -> None:
    first, other, second = do(access.token, "local"), do(access.token, "ada"), do(access.token, "local")
    assert [_who(state, token, now) for token in (first, other, second)] == [None, "ada", "local"]


def test_signing_out_ends_the_session(state: StateStore, do: Do, now: datetime) -> None:
    session = do(access.sign_in, do(access.link, "ada"))
    with state.begin() as tx:
        access.end(tx, session or "", now)
        access.end(tx, session or "", now)
    assert _who(state, session, now) is None


def test_expired_credentials_are_cleared_away(state: StateStore, do: Do) -> None:
    do(access.sign_in, do(access.link, "ada"))
    do(access.link, "ada", later=timedelta(days=1))
    with state.begin(write=False) as tx:
        assert [found.kind for found in tx.find(Access)] == ["link"]


def test_every_new_credential_is_logged_and_no_secret_kept(state: StateStore, do: Do) -> None:
    link = do(access.link, "ada")
    session = do(access.sign_in, link)
    token = do(access.token, "local")
    with state.begin(write=False) as tx:
        log = tx.log(kind="access")
        kept = repr((log, tx.find(Access)))
    assert [(t.change.reason, t.change.actor) for t in log] == [
        ("link", "ada"),
        ("session", "ada"),
        ("token", "local"),
    ]
    assert not any(str(secret)[4:] in kept for secret in (link, session, token))
