"""The audit log over every state store: what was written is what is hashed, exported and verified."""

import io
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pytest

from opsdeck.govern import audit
from opsdeck.merkle.verifier import Key, Verified, verify
from opsdeck.model import Change
from opsdeck.stores.api import StateStore

AT = datetime(2026, 11, 24, 23, 59, 59, 999_999, tzinfo=timezone(timedelta(hours=-7)))
AWKWARD: dict[str, Any] = {
    "float": 0.1 + 0.2, "large": 2**70, "small": 5e-324, "whole": 1.0, "exponent": 1e22, "minus": -0.0,
    "text": 'quote " slash \\ line \n tab \t \u2028 \U0001f512', "none": None, "deep": [{"z": 1, "a": [True, []]}],
}  # fmt: skip


def looked_at(state: StateStore, home: Path) -> Verified:
    data = b"".join(audit.export(state))
    return verify(io.BytesIO(data), [Key.read((home / "audit.pub").read_text())])


def steps() -> Iterator[int]:
    yield from (1, 254, 1, 1, 300)


def test_every_row_comes_back_as_it_was_hashed(state: StateStore, tmp_path: Path) -> None:
    for step in steps():
        with state.begin() as tx:
            for number in range(step):
                tx.append(Change("kind", f"über/{number}", "", "new", 'why "so"', "me\\", AWKWARD), AT)
        audit.tick(state, tmp_path, "deck", AT)
    found = looked_at(state, tmp_path)
    assert (found.rows, found.checkpoints) == (558, 5)


def test_a_transaction_that_is_rolled_back_is_in_no_tree(state: StateStore, tmp_path: Path) -> None:
    def fail() -> None:
        with state.begin() as tx:
            tx.append(Change("kind", "s", "", "", "", ""), AT)
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail()
    audit.tick(state, tmp_path, "deck", datetime.now(UTC))
    assert looked_at(state, tmp_path).rows == 1  # the key's
