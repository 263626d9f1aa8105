"""What people do: lift, block, grant, revoke, review. Each is one row in the log; wrong words change nothing."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opsdeck.errors import ConflictError, NotFoundError, OpsdeckError, UsageError
from opsdeck.model import Change, Detection, Entitlement, Restriction
from opsdeck.respond import enforce
from opsdeck.spec.framework import Framework
from opsdeck.stores.api import StateStore, Transaction
from opsdeck.testing import START

HOUR = timedelta(hours=1)
Restrict = Callable[..., Restriction]


def newest(state: StateStore) -> Change:
    with state.begin(write=False) as tx:
        return tx.recent(1)[0].change


def block(tx: Transaction, **changes: Any) -> Restriction:
    given: dict[str, Any] = {
        "until": START + HOUR,
        "reason": "lost laptop",
        "actor": "ann",
        "now": START,
    } | changes
    return enforce.block(tx, "unjucks-cli", given.pop("subject", "user_1"), **given)


def grant(tx: Transaction, **changes: Any) -> Entitlement:
    given: dict[str, Any] = {
        "feature": "template:infra/*",
        "until": None,
        "reason": "team",
        "actor": "ann",
        "now": START,
    } | changes
    return enforce.grant(tx, "unjucks-cli", given.pop("subject", "user_1"), given.pop("feature"), **given)


def test_lifting(state: StateStore, restrict: Restrict) -> None:
    made = restrict()
    with state.begin() as tx:
        lifted = enforce.lift(tx, made.key[:6], "ann", "repaired", START)
    assert (lifted.lifted_by, lifted.lifted_at, lifted.lift_reason) == ("ann", START, "repaired")
    change = newest(state)
    assert (change.kind, change.old, change.new, change.reason) == (
        "restriction",
        "rate_limit",
        "lifted",
        "repaired",
    )


def test_what_was_lifted_neither_expires_nor_counts(
    state: StateStore, framework: Framework, restrict: Restrict
) -> None:
    made = restrict()
    with state.begin() as tx:
        enforce.lift(tx, made.key, "ann", "repaired", START)
    assert enforce.tick(state, framework, START + HOUR) == 0
    assert restrict(START + 2 * HOUR).step == 1


@pytest.mark.parametrize("later", [timedelta(0), HOUR])
def test_what_has_ended_cannot_be_lifted(state: StateStore, restrict: Restrict, later: timedelta) -> None:
    made = restrict()
    with state.begin() as tx:
        if not later:
            enforce.lift(tx, made.key, "ann", "repaired", START)
        with pytest.raises(ConflictError):
            enforce.lift(tx, made.key, "bob", "again", START + later)


def test_a_block_by_hand(state: StateStore) -> None:
    with state.begin() as tx:
        made = block(tx, reason="lost\nlaptop")
    assert (made.kind, made.until, made.reason, made.detection) == ("block", START + HOUR, "lost laptop", "")
    assert (newest(state).new, newest(state).actor) == ("block", "ann")


def test_a_block_of_an_address_ends_with_the_day(state: StateStore) -> None:
    with state.begin() as tx:
        made = block(tx, subject="ab" * 16, address=True, until=START + timedelta(days=30))
    assert (made.subject_kind, made.until) == ("address", datetime(2025, 9, 10, tzinfo=UTC))


def test_granting_again_replaces_and_revoking_ends(state: StateStore) -> None:
    with state.begin() as tx:
        grant(tx)
        grant(tx, until=START + HOUR)
        assert [one.until for one in tx.find(Entitlement)] == [START + HOUR]
        enforce.revoke(tx, "unjucks-cli", "user_1", "template:infra/*", actor="ann", reason="left", now=START)
        assert tx.find(Entitlement) == []
    with state.begin(write=False) as tx:
        assert [(row.change.old, row.change.new) for row in tx.log(kind="entitlement")] == [
            ("", "granted"),
            ("granted", "granted"),
            ("granted", "revoked"),
        ]


def test_a_user_has_so_many_entitlements_as_fit_into_a_policy(state: StateStore) -> None:
    with state.begin() as tx:
        for number in range(200):
            grant(tx, feature=f"template:a/{number}")
        grant(tx, feature="template:a/0")
        with pytest.raises(UsageError, match="200 entitlements"):
            grant(tx, feature="template:b/0")


@pytest.mark.parametrize("verdict", ["fine", "suspicious", "confirmed"])
def test_a_verdict(state: StateStore, detected: Callable[..., Detection], verdict: str) -> None:
    found = detected()
    with state.begin() as tx:
        seen = enforce.review(tx, found.key, verdict, "asked them", actor="ann", now=START)
        assert tx.get(Detection, found.key) == seen
    assert (seen.verdict, seen.reviewed_by, seen.reviewed_at, seen.note) == (
        verdict,
        "ann",
        START,
        "asked them",
    )
    assert (newest(state).kind, newest(state).new, newest(state).reason) == ("review", verdict, "asked them")


@pytest.mark.parametrize("lifting", [True, False])
def test_a_fine_verdict_lifts_where_it_is_asked_to(
    state: StateStore, restrict: Restrict, lifting: bool
) -> None:
    made = restrict()
    with state.begin() as tx:
        enforce.review(tx, made.detection, "fine", "", actor="ann", now=START, lifting=lifting)
        after = tx.get(Restriction, made.key)
    assert after is not None
    assert after.lifted_by == ("ann" if lifting else "")


def test_a_second_look_says_what_the_first_said(
    state: StateStore, detected: Callable[..., Detection]
) -> None:
    found = detected()
    with state.begin() as tx:
        for verdict in ("fine", "confirmed"):
            enforce.review(tx, found.key, verdict, "", actor="ann", now=START)
    assert (newest(state).old, newest(state).new) == ("fine", "confirmed")


Act = Callable[[Transaction], object]
LONG = "x" * 501
WRONG: dict[str, tuple[Act, type[OpsdeckError]]] = {
    "a restriction that is not there": (lambda tx: enforce.lift(tx, "R-9", "a", "x", START), NotFoundError),
    "a restriction without a name": (lambda tx: enforce.lift(tx, "", "a", "x", START), NotFoundError),
    "a block in the past": (lambda tx: block(tx, until=START), UsageError),
    "a block without a reason": (lambda tx: block(tx, reason=" "), UsageError),
    "a long reason": (lambda tx: block(tx, reason=LONG), UsageError),
    "a subject with a line break": (lambda tx: block(tx, subject="a\nb"), UsageError),
    "a long subject": (lambda tx: block(tx, subject="a" * 65), UsageError),
    "a feature with a line break": (lambda tx: grant(tx, feature="template:a\nrestrict"), UsageError),
    "a feature with a star within": (lambda tx: grant(tx, feature="template:*/a"), UsageError),
    "everything": (lambda tx: grant(tx, feature="*"), UsageError),
    "an entitlement in the past": (lambda tx: grant(tx, until=START), UsageError),
    "an entitlement without a reason": (lambda tx: grant(tx, reason=""), UsageError),
    "nothing to revoke": (
        lambda tx: enforce.revoke(tx, "s", "u", "f", actor="a", reason="x", now=START), NotFoundError,
    ),
    "a detection that is not there": (
        lambda tx: enforce.review(tx, "D-9", "fine", "", actor="a", now=START), NotFoundError,
    ),
    "a verdict that is none": (lambda tx: enforce.review(tx, "D-1", "ok", "", actor="a", now=START), UsageError),
    "a long note": (lambda tx: enforce.review(tx, "D-1", "fine", LONG, actor="a", now=START), UsageError),
    "lifting what was confirmed": (
        lambda tx: enforce.review(tx, "D-1", "confirmed", "", actor="a", now=START, lifting=True), UsageError,
    ),
}  # fmt: skip


@pytest.mark.parametrize(("act", "error"), WRONG.values(), ids=WRONG)
def test_wrong_words_change_nothing(
    state: StateStore, detected: Callable[..., Detection], act: Act, error: type[OpsdeckError]
) -> None:
    found = detected()
    with state.begin() as tx:
        tx.put(Detection(**{name: getattr(found, name) for name in found.__slots__} | {"key": "D-1"}))
    with state.begin() as tx, pytest.raises(error) as refused:
        act(tx)
    assert refused.value.hint or "at most" in refused.value.message
    with state.begin(write=False) as tx:
        assert [*tx.find(Restriction), *tx.find(Entitlement)] == []
        assert len(tx.log()) == 1
