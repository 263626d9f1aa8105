"""Ingest keys: minted once, found by their secret, worth nothing after they are revoked; and the keyring's memory."""

from datetime import datetime, timedelta

import pytest

from opsdeck.errors import UsageError
from opsdeck.identity import access, keys
from opsdeck.identity import secret as secrets
from opsdeck.identity.keys import FRESH_SECONDS, Keyring
from opsdeck.model import IngestKey
from opsdeck.stores.api import StateStore


def _mint(state: StateStore, now: datetime, service: str = "unjucks-cli", user_type: str = "") -> str:
    with state.begin() as tx:
        return keys.mint(tx, service, user_type, "ci of the shop", now, actor="ada")


def _find(state: StateStore, secret: str) -> IngestKey | None:
    with state.begin(write=False) as tx:
        return keys.find(tx, secret)


def _revoke(state: StateStore, key_id: str, now: datetime) -> None:
    with state.begin() as tx:
        keys.revoke(tx, key_id, now, actor="ada")


def _only(state: StateStore) -> IngestKey:
    with state.begin(write=False) as tx:
        (key,) = keys.listed(tx)
        return key


def test_a_key_is_found_by_its_secret(state: StateStore, now: datetime) -> None:
    found = _find(state, _mint(state, now, user_type="ci"))
    assert found is not None
    assert (found.service, found.user_type, found.label, found.created_at) == (
        "unjucks-cli",
        "ci",
        "ci of the shop",
        now,
    )


def test_the_secret_itself_is_not_kept(state: StateStore, now: datetime) -> None:
    secret = _mint(state, now)
    assert secret not in repr(_only(state))
    assert secret[4:] not in repr(_only(state))


def test_another_secret_finds_nothing(state: StateStore, now: datetime) -> None:
    _mint(state, now)
    with state.begin() as tx:
        assert [keys.find(tx, text) for text in ("", "odk_x", access.token(tx, "ada", now))] == [None] * 3


def test_a_revoked_key_is_not_found_but_listed(state: StateStore, now: datetime) -> None:
    secret = _mint(state, now)
    _revoke(state, _only(state).key, now)
    assert _find(state, secret) is None
    assert _only(state).revoked_at == now


def test_revoking_again_changes_nothing(state: StateStore, now: datetime) -> None:
    _mint(state, now)
    for later in range(2):
        _revoke(state, _only(state).key[:8], now + timedelta(hours=later))
    assert _only(state).revoked_at == now


@pytest.mark.parametrize("key_id", ["", "nothing"])
def test_an_id_that_names_no_key_is_an_error(state: StateStore, now: datetime, key_id: str) -> None:
    _mint(state, now)
    with pytest.raises(UsageError, match="0 keys"):
        _revoke(state, key_id, now)


def test_an_id_that_names_several_keys_is_an_error(state: StateStore, now: datetime) -> None:
    for _ in range(17):
        _mint(state, now)
    with state.begin(write=False) as tx:
        firsts = [key.key[0] for key in keys.listed(tx)]
    shared = next(first for first in firsts if firsts.count(first) > 1)
    with pytest.raises(UsageError, match="keys have an id"):
        _revoke(state, shared, now)


@pytest.mark.parametrize("service", ["", "a b", "../x", "x" * 65, "-x"])
def test_a_key_is_for_a_service_that_can_be(state: StateStore, now: datetime, service: str) -> None:
    with pytest.raises(UsageError, match="not a service"):
        _mint(state, now, service)


def test_a_key_is_for_a_user_type_that_can_be(state: StateStore, now: datetime) -> None:
    with pytest.raises(UsageError, match="robot"):
        _mint(state, now, user_type="robot")


def test_minting_and_revoking_are_logged(state: StateStore, now: datetime) -> None:
    secret = _mint(state, now)
    _revoke(state, _only(state).key, now)
    with state.begin(write=False) as tx:
        changes = [transition.change for transition in tx.log(kind="key")]
    assert [(c.old, c.new, c.actor) for c in changes] == [("", "active", "ada"), ("active", "revoked", "ada")]
    assert secret not in repr(changes)


# ---- the keyring --------------------------------------------------------------------------------------------------


class _Elapsed:
    """Seconds that pass when told to."""

    seconds = 0.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def elapsed() -> _Elapsed:
    return _Elapsed()


@pytest.fixture
def ring(state: StateStore, elapsed: _Elapsed) -> Keyring:
    return Keyring(state, elapsed)


def test_a_key_is_asked_for_once_while_it_is_fresh(
    state: StateStore, ring: Keyring, now: datetime, elapsed: _Elapsed
) -> None:
    secret = _mint(state, now)
    found = ring.find(secret)
    assert found is not None
    _revoke(state, found.key, now)
    elapsed.seconds = FRESH_SECONDS - 0.001
    assert (ring.find(secret), ring.cached(secret)) == (found, (True, found))


def test_a_revocation_elsewhere_holds_after_a_few_seconds(
    state: StateStore, ring: Keyring, now: datetime, elapsed: _Elapsed
) -> None:
    secret = _mint(state, now)
    ring.find(secret)
    _revoke(state, _only(state).key, now)
    elapsed.seconds = FRESH_SECONDS
    assert ring.cached(secret) == (False, None)
    assert ring.find(secret) is None


def test_a_revocation_here_holds_at_once(state: StateStore, ring: Keyring, now: datetime) -> None:
    secret = _mint(state, now)
    ring.find(secret)
    _revoke(state, _only(state).key, now)
    ring.forget()
    assert ring.find(secret) is None


def test_an_unknown_secret_is_remembered_as_such(ring: Keyring) -> None:
    secret = secrets.mint("odk")
    assert ring.find(secret) is None
    assert ring.cached(secret) == (True, None)


def test_a_malformed_secret_needs_no_store(ring: Keyring) -> None:
    assert ring.cached("odk_nonsense") == (True, None)


def test_ten_thousand_bad_secrets_do_not_fill_the_memory(
    ring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keys, "REMEMBERED", 10)
    for _ in range(25):
        ring.find(secrets.mint("odk"))
    assert len(ring._known) <= 10
