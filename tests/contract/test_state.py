"""What every state store does, in sentences."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any, Literal, get_args, get_origin, get_type_hints

import pytest

from opsdeck.errors import UsageError
from opsdeck.model import AlertState, Change, Cursor, Decision, Delivery, Setting, TickRun, Window
from opsdeck.stores.api import StateStore, Transaction
from opsdeck.stores.state.records import RECORDS

NOON = datetime(2025, 9, 9, 12, 0, 0, 123456, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
CHANGE = Change(
    "alert", "cli/slow", "inactive", "pending", "p95 over 5 s", "deck", {"value": 5100.5, "deep": [None]}
)
DELIVERY = Delivery("d1", 1, "cli/slow", "mail", "a@b", {"text": "hi"}, "pending", NOON, 0, "", NOON)


def sample(kind: type[Any], key: str) -> Any:
    """A record with every field filled, optional numbers absent."""
    values = {str: "text", int: 7, float: 1.5, datetime: NOON, Mapping[str, Any]: {"a": [1, None]}}
    hints = get_type_hints(kind)
    filled = {f.name: values.get(hints[f.name], _first_choice(hints[f.name])) for f in fields(kind)}
    return kind(**{**filled, "key": key})


def _first_choice(hint: Any) -> Any:
    return get_args(hint)[0] if get_origin(hint) is Literal else None


# ---- records ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", RECORDS, ids=lambda kind: kind.__name__)
def test_every_record_comes_back_as_it_was_put(state: StateStore, kind: type[Any]) -> None:
    record = sample(kind, "k")
    with state.begin() as tx:
        tx.put(record)
    with state.begin() as tx:
        assert tx.get(kind, "k") == record


def test_what_is_not_there_is_none(state: StateStore) -> None:
    with state.begin() as tx:
        assert (tx.get(Setting, "k"), tx.find(Setting)) == (None, [])


def test_put_replaces_by_key(state: StateStore) -> None:
    with state.begin() as tx:
        tx.put(Setting("k", "old"))
        tx.put(Setting("k", "new"))
        assert tx.find(Setting) == [Setting("k", "new")]


def test_put_all_replaces_by_key_in_every_kind(state: StateStore) -> None:
    with state.begin() as tx:
        tx.put(Setting("a", "old"))
        tx.put_all([Setting("a", "new"), Cursor("c", 1), Setting("b", "1"), Setting("b", "2")])
        assert tx.find(Setting) == [Setting("a", "new"), Setting("b", "2")]
        assert tx.get(Cursor, "c") == Cursor("c", 1)


def test_put_all_of_nothing_is_nothing(state: StateStore) -> None:
    with state.begin() as tx:
        tx.put_all([])
        assert tx.find(Setting) == []


def test_drop_removes_and_does_not_mind_absence(state: StateStore) -> None:
    with state.begin() as tx:
        tx.put(Setting("k", "v"))
        tx.drop(Setting, "k")
        tx.drop(Setting, "k")
        assert tx.get(Setting, "k") is None


def test_kinds_do_not_share_keys(state: StateStore) -> None:
    with state.begin() as tx:
        tx.put(Setting("k", "v"))
        tx.put(Cursor("k", 3))
        tx.drop(Setting, "k")
        assert tx.get(Cursor, "k") == Cursor("k", 3)


def test_find_is_in_key_order_by_code_point(state: StateStore) -> None:
    keys = ["b", "B", "a", "é", "_", "aa", "1", "😀"]
    with state.begin() as tx:
        for key in keys:
            tx.put(Setting(key, ""))
        assert [s.key for s in tx.find(Setting)] == sorted(keys)


@pytest.mark.parametrize(
    ("equals", "keys"),
    [
        pytest.param({"status": "pending"}, ["d1", "d2"], id="by text"),
        pytest.param({"status": "pending", "seq": 2}, ["d2"], id="by two fields"),
        pytest.param({"sent_at": None}, ["d1", "d2"], id="by what is not set"),
        pytest.param({"sent_at": NOON}, ["d3"], id="by a time"),
        pytest.param(
            {"sent_at": NOON.astimezone(timezone(timedelta(hours=2)))}, ["d3"], id="by a time elsewhere"
        ),
        pytest.param({"key": "nobody"}, [], id="by what nobody has"),
    ],
)
def test_find_by_equal_fields(state: StateStore, equals: dict[str, Any], keys: list[str]) -> None:
    with state.begin() as tx:
        tx.put(DELIVERY)
        tx.put(replace(DELIVERY, key="d2", seq=2))
        tx.put(replace(DELIVERY, key="d3", status="sent", sent_at=NOON))
        assert [d.key for d in tx.find(Delivery, **equals)] == keys


def test_times_come_back_in_utc_to_the_microsecond(state: StateStore) -> None:
    at = NOON.astimezone(timezone(timedelta(hours=-5)))
    with state.begin() as tx:
        tx.put(TickRun("t", at))
        found = tx.get(TickRun, "t")
    assert found is not None
    assert (found.due_at, found.due_at.tzinfo) == (NOON, UTC)


def test_a_kept_record_does_not_change_with_the_mapping_it_was_made_of(state: StateStore) -> None:
    payload = {"text": "hi"}
    with state.begin() as tx:
        tx.put(replace(DELIVERY, payload=payload))
        payload["text"] = "changed"
        assert tx.find(Delivery)[0].payload == {"text": "hi"}


HOSTILE = {
    "quotes": "'; DROP TABLE log; --\"`",
    "percent and colon": "%s :p %(x)s",
    "half a megabyte": "x" * 500_000,
    "emoji and right-to-left": "😀 \u202e abc é\u0301",
    "line ends and controls": "\r\n\t\x01\x7f",
    "empty": "",
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_hostile_text_comes_back_unchanged(state: StateStore, text: str) -> None:
    record = Decision(f"k{text[:400]}", text, 1, NOON, text, text, text)
    with state.begin() as tx:
        tx.put(record)
        tx.put(replace(DELIVERY, payload={text: [text, "nul \0"]}))
        tx.append(replace(CHANGE, subject=text, data={"x": text}), NOON)
        assert tx.find(Decision, alert=text) == [record]
        assert tx.find(Delivery)[0].payload == {text: [text, "nul \0"]}
        assert tx.log(subject=text)[0].change.data == {"x": text}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        pytest.param(Setting("k", "a\0b"), "value: text with a NUL", id="NUL"),
        pytest.param(Setting("k" * 501, ""), "key: 501 characters", id="a key that is too long"),
        pytest.param(Setting("k", "\ud800"), "half a surrogate", id="half a surrogate pair"),
        pytest.param(TickRun("k", datetime(2025, 9, 9)), "due_at: a time without a zone", id="a naive time"),  # noqa: DTZ001 - that is the test
        pytest.param(replace(DELIVERY, payload={"x": object()}), "payload: not JSON", id="no JSON"),
        pytest.param(
            replace(DELIVERY, payload={"x": float("nan")}), "payload: not JSON", id="not a number, in JSON"
        ),
        pytest.param(
            replace(sample(AlertState, "k"), value=float("nan")), "unknown is None", id="not a number"
        ),
        pytest.param(Window(NOON, NOON), "Window is not a record", id="no record"),
    ],
)
def test_what_not_every_store_can_keep_is_refused(state: StateStore, record: object, message: str) -> None:
    with state.begin() as tx, pytest.raises(UsageError, match=message):
        tx.put(record)


@pytest.mark.parametrize(
    "ask",
    [
        pytest.param(lambda tx: tx.find(Setting, colour="red"), id="find by a field that is not there"),
        pytest.param(lambda tx: tx.find(Delivery, payload={}), id="find by a mapping"),
        pytest.param(lambda tx: tx.log(reason="x"), id="log by a field that is no filter"),
        pytest.param(lambda tx: tx.recent(1, seq="1"), id="recent by a field that is no filter"),
        pytest.param(lambda tx: tx.get(Window, "k"), id="get what is no record"),
        pytest.param(lambda tx: tx.claim(Setting, "k", "me", NOON, MINUTE), id="claim what has no lease"),
        pytest.param(lambda tx: tx.append(replace(CHANGE, reason="\0"), NOON), id="log a NUL"),
        pytest.param(lambda tx: tx.append(CHANGE, NOON.replace(tzinfo=None)), id="log a naive time"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    state: StateStore, ask: Callable[[Transaction], Any]
) -> None:
    with state.begin() as tx, pytest.raises(UsageError):
        ask(tx)


# ---- transactions -----------------------------------------------------------------------------------------------


def change_and_fail(state: StateStore) -> None:
    with state.begin() as tx:
        tx.put(Setting("k", "v"))
        tx.append(CHANGE, NOON)
        raise ZeroDivisionError


def test_a_transaction_that_raises_leaves_nothing(state: StateStore) -> None:
    with pytest.raises(ZeroDivisionError):
        change_and_fail(state)
    with state.begin() as tx:
        assert (tx.get(Setting, "k"), tx.log()) == (None, [])


def test_a_transaction_sees_its_own_changes_and_a_reader_does_not_yet(state: StateStore) -> None:
    with state.begin() as tx:
        tx.put(Setting("k", "v"))
        assert tx.get(Setting, "k") == Setting("k", "v")
        with state.begin(write=False) as reader:
            assert reader.get(Setting, "k") is None


def test_a_reader_keeps_its_snapshot(state: StateStore) -> None:
    with state.begin(write=False) as reader:
        assert reader.find(Setting) == []
        with state.begin() as tx:
            tx.put(Setting("k", "v"))
        assert reader.find(Setting) == []


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda tx: tx.put(Setting("k", "v")), id="put"),
        pytest.param(lambda tx: tx.drop(Setting, "k"), id="drop"),
        pytest.param(lambda tx: tx.append(CHANGE, NOON), id="append"),
        pytest.param(lambda tx: tx.claim(TickRun, "k", "me", NOON, MINUTE), id="claim"),
    ],
)
def test_a_reader_cannot_change_anything(state: StateStore, change: Callable[[Transaction], Any]) -> None:
    with state.begin(write=False) as reader, pytest.raises(UsageError, match="only reads"):
        change(reader)


def test_a_transaction_inside_another_of_the_same_thread_is_refused(state: StateStore) -> None:
    with state.begin(), pytest.raises(UsageError, match="inside another"), state.begin():
        pass


# ---- claims -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("owner", "later", "taken"),
    [
        pytest.param("you", timedelta(seconds=59), False, id="somebody else's lease is running"),
        pytest.param("you", MINUTE, True, id="somebody else's lease has run out"),
        pytest.param("me", timedelta(seconds=1), True, id="my own lease is renewed"),
    ],
)
def test_claim_after_a_claim(state: StateStore, owner: str, later: timedelta, taken: bool) -> None:
    with state.begin() as tx:
        tx.put(TickRun("t", NOON))
        assert tx.claim(TickRun, "t", "me", NOON, MINUTE)
        assert tx.claim(TickRun, "t", owner, NOON + later, MINUTE) is taken
        found = tx.find(TickRun)[0]
    assert (found.claimed_by, found.claimed_until) == (
        (owner, NOON + later + MINUTE) if taken else ("me", NOON + MINUTE)
    )


def test_nobody_can_claim_what_is_not_there(state: StateStore) -> None:
    with state.begin() as tx:
        assert not tx.claim(Delivery, "gone", "me", NOON, MINUTE)


# ---- log --------------------------------------------------------------------------------------------------------


def seqs(transitions: Iterable[Any]) -> list[int]:
    return [t.seq for t in transitions]


def test_the_log_counts_from_one_and_keeps_everything(state: StateStore) -> None:
    with state.begin() as tx:
        assert [tx.append(CHANGE, NOON), tx.append(replace(CHANGE, new="firing"), NOON + MINUTE)] == [1, 2]
    with state.begin() as tx:
        first, second = tx.log()
    assert (first.seq, first.at, first.change) == (1, NOON, CHANGE)
    assert (second.seq, second.at, second.change.new) == (2, NOON + MINUTE, "firing")


def test_the_log_after_a_sequence_number_in_pieces(state: StateStore) -> None:
    with state.begin() as tx:
        for _ in range(7):
            tx.append(CHANGE, NOON)
        assert seqs(tx.log(after=2, limit=3)) == [3, 4, 5]
        assert seqs(tx.log(after=7)) == []
        assert seqs(tx.recent(2)) == [7, 6]


def test_the_log_of_one_kind_subject_or_actor(state: StateStore) -> None:
    with state.begin() as tx:
        for subject in "abab":
            tx.append(replace(CHANGE, subject=subject, actor=f"by {subject}"), NOON)
        assert seqs(tx.log(subject="a")) == [1, 3]
        assert seqs(tx.recent(9, subject="b", actor="by b")) == [4, 2]
        assert seqs(tx.log(kind="release")) == []


def test_a_rollback_leaves_no_gap(state: StateStore) -> None:
    with state.begin() as tx:
        tx.append(CHANGE, NOON)
    with pytest.raises(ZeroDivisionError):
        change_and_fail(state)
    with state.begin() as tx:
        assert tx.append(CHANGE, NOON) == 2
