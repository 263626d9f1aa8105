"""What stands, in memory: by user, address and service; read anew when the log says that it changed, and only then."""

from collections.abc import Callable
from datetime import timedelta

from opsdeck.model import Change, Restriction
from opsdeck.respond import enforce
from opsdeck.respond.enforce.standing import MOST_ROWS
from opsdeck.stores.api import StateStore
from opsdeck.testing import START

HOUR = timedelta(hours=1)
SECOND = timedelta(seconds=1)
Restrict = Callable[..., Restriction]


def standing(state: StateStore) -> enforce.Standing:
    known = enforce.Standing(state)
    known.refresh(START)
    return known


def test_before_anything_nothing_stands(state: StateStore) -> None:
    assert standing(state).rights("unjucks-cli", "user_1", "").restrictions == ()


def test_by_user_address_and_service(state: StateStore, restrict: Restrict) -> None:
    user, address = restrict(), restrict(START + SECOND, subject_kind="address", subject="ab" * 16)
    known = standing(state)
    assert known.rights("unjucks-cli", "user_1", "ab" * 16).restrictions == (user, address)
    assert known.rights("unjucks-cli", "user_2", "ab" * 16).restrictions == (address,)
    assert known.rights("terraform", "user_1", "ab" * 16).restrictions == ()


def test_an_address_is_no_user(state: StateStore, restrict: Restrict) -> None:
    restrict(subject_kind="address", subject="ab" * 16)
    assert standing(state).rights("unjucks-cli", "ab" * 16, "").restrictions == ()


def test_a_change_is_known_after_a_second(state: StateStore, restrict: Restrict) -> None:
    known = standing(state)
    made = restrict()
    known.keep(START + SECOND / 2)
    assert known.restricted == {}
    known.keep(START + SECOND)
    assert known.restricted == {("unjucks-cli", "user", "user_1"): (made,)}


def test_what_was_lifted_is_gone(state: StateStore, restrict: Restrict) -> None:
    made, known = restrict(), standing(state)
    with state.begin() as tx:
        enforce.lift(tx, made.key, "ann", "repaired", START)
    known.refresh(START)
    assert known.restricted == {}


def test_rows_about_other_things_change_nothing_and_hide_nothing(
    state: StateStore, restrict: Restrict
) -> None:
    known = standing(state)
    for count in (1, MOST_ROWS + 1):
        with state.begin() as tx:
            for _ in range(count):
                tx.append(Change("alert", "a/b", "", "firing", "", "x"), START)
        before = known.restricted
        known.refresh(START)
        assert known.restricted == before
    restrict()
    known.refresh(START)
    assert len(known.restricted) == 1


def test_entitlements(state: StateStore) -> None:
    known = standing(state)
    with state.begin() as tx:
        made = enforce.grant(
            tx, "unjucks-cli", "user_1", "allow-outside", until=None, reason="team", actor="ann", now=START
        )
    known.refresh(START)
    assert known.rights("unjucks-cli", "user_1", "").entitlements == (made,)
