"""Lines and leaves of rows: what their bytes are, what they give away, and what is no row."""

import hashlib
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdeck.merkle import leaves
from opsdeck.merkle.verifier import Broken, Proof, row
from opsdeck.model import Change, Transition

AT = datetime(2026, 11, 24, 9, 5, 3, 40, tzinfo=UTC)
CHANGE = Change(
    "alert", "cli/slow", "", "firing", "p95 über 5 s", "alice", {"b": [1, 0.1], "a": {"z": None, "y": 1e22}}
)
ROW = Transition(7, AT, CHANGE)
SALT = bytes(range(16))
LINE = (
    b'{"v":1,"seq":7,"at":"2026-11-24T09:05:03.000040Z","kind":"alert","salt":"000102030405060708090a0b0c0d0e0f","change":'
    b'{"actor":"alice","data":{"a":{"y":1e+22,"z":null},"b":[1,0.1]},"new":"firing","old":"","reason":"p95 \\u00fcber 5 s",'
    b'"subject":"cli/slow"}}\n'
)


def test_the_line_of_a_row() -> None:
    assert leaves.opened(ROW, SALT) == LINE


def test_the_leaf_of_a_row_is_what_the_document_says() -> None:
    said = hmac.new(SALT, LINE[LINE.index(b'{"actor"') : -2], hashlib.sha256).hexdigest()
    leaf = f'{{"v":1,"seq":7,"at":"2026-11-24T09:05:03.000040Z","kind":"alert","commitment":"{said}"}}'
    assert leaves.leaf(ROW, SALT) == leaf.encode()
    assert leaves.hashed(ROW, SALT) == hashlib.sha256(b"\0" + leaf.encode()).digest()


def test_a_row_reads_the_same_open_and_closed() -> None:
    assert row(LINE) == row(leaves.leaf(ROW, SALT) + b"\n") == (7, leaves.leaf(ROW, SALT))


def test_a_leaf_gives_nothing_away() -> None:
    leaf = leaves.leaf(ROW, SALT)
    assert [word for word in (b"alice", b"slow", b"firing", b"ber 5") if word in leaf] == []
    assert leaves.leaf(ROW, SALT[::-1]) != leaf


def test_the_zone_of_the_reader_does_not_matter() -> None:
    moved = replace(ROW, at=AT.astimezone(timezone(timedelta(hours=9))))
    assert leaves.opened(moved, SALT) == LINE


texts = st.text(st.characters(exclude_characters="\0"), max_size=20)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
changes = st.builds(
    Change, texts, texts, texts, texts, texts, texts, st.dictionaries(texts, values, max_size=3)
)


@given(changes, st.integers(1, 10**18), st.binary(min_size=16, max_size=16))
def test_any_row_is_one_line_of_ascii_that_reads_back(change: Change, seq: int, salt: bytes) -> None:
    made = Transition(seq, AT, change)
    line = leaves.opened(made, salt)
    assert line.isascii()
    assert line.count(b"\n") == 1
    assert row(line) == (seq, leaves.leaf(made, salt))
    said = json.loads(line)
    assert (said["kind"], said["change"]["data"]) == (change.kind, json.loads(json.dumps(change.data)))


@given(changes, changes)
def test_two_changes_have_two_leaves(one: Change, other: Change) -> None:
    first, second = (leaves.leaf(Transition(1, AT, change), SALT) for change in (one, other))
    same = json.dumps(_said(one), sort_keys=True) == json.dumps(_said(other), sort_keys=True)
    assert (first == second) == same


def _said(change: Change) -> list[Any]:
    return [change.kind, change.subject, change.old, change.new, change.reason, change.actor, change.data]


@pytest.mark.parametrize(
    "line",
    [
        pytest.param(LINE.replace(b'"seq":7', b'"seq":07'), id="a leading zero"),
        pytest.param(LINE.replace(b'"seq":7', b'"seq": 7'), id="a space"),
        pytest.param(LINE.replace(b'"v":1', b'"v":2'), id="another version"),
        pytest.param(LINE.replace(b"000102", b"00010G"), id="a salt that is none"),
        pytest.param(LINE.replace(b"0a0b0c", b"0A0b0c"), id="a salt in capitals"),
        pytest.param(LINE.replace(b"Z", b""), id="no zone"),
        pytest.param(LINE[:-2] + b"\n", id="an end less"),
        pytest.param(LINE.replace(b'"change":{', b'"change":[{'), id="a change that is none"),
        pytest.param(leaves.leaf(ROW, SALT) + b" \n", id="something behind"),
        pytest.param(leaves.leaf(ROW, SALT), id="no end of line"),
    ],
)
def test_what_is_no_row(line: bytes) -> None:
    with pytest.raises(Broken):
        row(line)


# ---- proofs as a text ---------------------------------------------------------------------------------------------

NOTE = "log\n1\nAAAA\n\n\u2014 log AAAA\n"


@pytest.mark.parametrize("extra", [b"", b"something"])
@pytest.mark.parametrize("path", [(), (b"a" * 32, b"b" * 32)])
def test_a_proof_comes_back_as_written(path: tuple[bytes, ...], extra: bytes) -> None:
    proof = Proof(0, path, NOTE, extra)
    assert Proof.read(str(proof)) == proof


def test_the_form_of_a_proof() -> None:
    assert str(Proof(73894, (b"\0" * 32,), NOTE, b"x")) == (
        f"c2sp.org/tlog-proof@v1\nextra eA==\nindex 73894\n{'A' * 43}=\n\n{NOTE}"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "c2sp.org/tlog-proof@v1\n\nnote",
        "c2sp.org/tlog-proof@v2\nindex 0\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex 00\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex -1\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex \u0661\n\nnote",
        "c2sp.org/tlog-proof@v1\nextra ?\nindex 0\n\nnote",
        "c2sp.org/tlog-proof@v1\nextra eA==\n\nnote",
        "c2sp.org/tlog-proof@v1\nindex 0\neA==\n\nnote",
        f"c2sp.org/tlog-proof@v1\nindex {'9' * 5000}\n\nnote",
    ],
)
def test_what_is_no_proof(text: str) -> None:
    with pytest.raises(Broken):
        Proof.read(text)
