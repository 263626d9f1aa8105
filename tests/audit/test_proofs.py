"""The proof of one row: made for every row, believed only for that one, whatever is changed in it."""

import io
import random
from typing import Any

import pytest

from opsdeck.errors import NotFoundError
from opsdeck.govern import audit
from opsdeck.merkle.notes import Signer
from opsdeck.merkle.verifier import Broken, Proof, examine, prove, trusted


def proof(log: Any, seq: int) -> str:
    with log.state.begin(write=False) as tx:
        return audit.inclusion(tx, seq)


@pytest.mark.parametrize("seq", [1, 2, 255, 256, 257, 512, 513, 514, 700, 701])
def test_every_row_has_one(signed: Any, seq: int) -> None:
    text = proof(signed, seq)
    found = prove(text, [signed.key])
    assert (found.row, found.rows, found.origin) == (seq, 701, signed.key.name)
    assert Proof.read(text).extra in signed.export()


@pytest.mark.parametrize("seq", [0, -1, 702, 10**30])
def test_what_is_not_signed_has_none(signed: Any, seq: int) -> None:
    with pytest.raises(NotFoundError, match="is not among the 701 that are signed"):
        proof(signed, seq)


def test_nothing_is_proved_before_something_is_signed(log: Any) -> None:
    with pytest.raises(NotFoundError, match="nothing of the audit log is signed yet"):
        proof(log, 1)


@pytest.mark.parametrize("seed", range(40))
def test_a_changed_proof_is_not_believed(signed: Any, seed: int) -> None:
    draw = random.Random(seed)
    text = proof(signed, draw.randrange(1, 702))
    at = draw.randrange(len(text))
    letter = draw.choice([one for one in "Ab3+/=\n x" if one != text[at]])
    with pytest.raises(Broken):
        prove(text[:at] + letter + text[at + 1 :], [signed.key])


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(
            lambda one, other: Proof(other.index, one.path, one.note, one.extra), id="another index"
        ),
        pytest.param(lambda one, other: Proof(one.index, other.path, one.note, one.extra), id="another path"),
        pytest.param(lambda one, other: Proof(one.index, one.path, one.note, other.extra), id="another row"),
        pytest.param(lambda one, _: Proof(one.index, one.path[1:], one.note, one.extra), id="a part less"),
        pytest.param(
            lambda one, _: Proof(one.index, (*one.path, bytes(32)), one.note, one.extra), id="a part more"
        ),
        pytest.param(lambda one, _: Proof(one.index, one.path, one.note), id="no row"),
    ],
)
def test_parts_of_two_proofs_prove_nothing(signed: Any, change: Any) -> None:
    one, other = (Proof.read(proof(signed, seq)) for seq in (300, 600))
    with pytest.raises(Broken):
        prove(str(change(one, other)), [signed.key])


def test_a_proof_signed_with_another_key_is_not_believed(signed: Any) -> None:
    true = Proof.read(proof(signed, 5))
    note = Signer.make(signed.key.name).sign(str(trusted(true.note, [signed.key])))
    with pytest.raises(Broken, match="signed by none of the given keys"):
        prove(str(Proof(true.index, true.path, note, true.extra)), [signed.key])


@pytest.mark.parametrize(
    ("data", "said"),
    [
        pytest.param(b"c2sp.org/tlog-proof@v1\n\xff", "not a proof", id="no text"),
        pytest.param(b"c2sp.org/tlog-proof@v1", "not a proof", id="the first line alone"),
        pytest.param(b"", "an empty file", id="nothing"),
        pytest.param(b"c2sp.org/tlog-proof@v2\n", "not a line of an export", id="another version"),
    ],
)
def test_files_that_are_neither(signed: Any, data: bytes, said: str) -> None:
    with pytest.raises(Broken, match=said):
        examine(io.BufferedReader(io.BytesIO(data)), [signed.key])


def test_a_proof_says_nothing_about_a_known_checkpoint(signed: Any) -> None:
    note = Proof.read(proof(signed, 5)).note
    with pytest.raises(Broken, match="cannot be compared with a checkpoint"):
        examine(io.BufferedReader(io.BytesIO(proof(signed, 5).encode())), [signed.key], [note])
