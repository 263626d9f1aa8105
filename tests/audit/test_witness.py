"""A witness signs what only adds to what it saw, and nothing else."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from opsdeck.errors import DamagedError, NotFoundError, UsageError
from opsdeck.govern import audit
from opsdeck.merkle.notes import Signer
from opsdeck.merkle.verifier import Checkpoint, Key, Note, trusted

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)


def look(log: Any, folder: Path) -> Checkpoint:
    """What the command does."""
    witness = audit.Witness.of(folder, str(log.key))
    with log.state.begin(write=False) as tx:
        note, proof = audit.extension(tx, witness.seen.size if witness.seen else 0)
    return witness.cosign(note, proof, NOW)


def grown(log: Any, count: int) -> Any:
    log.happens(count)
    log.tick()
    return log


@pytest.mark.parametrize("steps", [(1,), (1, 1), (5, 0, 3), (255, 1, 1), (300, 300, 7)])
def test_a_log_that_grows_is_cosigned(log: Any, tmp_path: Path, steps: tuple[int, ...]) -> None:
    sizes = [look(grown(log, step), tmp_path / "tower").size for step in steps]
    assert sizes == [1 + sum(steps[: n + 1]) for n in range(len(steps))]


def test_the_checkpoint_carries_both_signatures(log: Any, tmp_path: Path) -> None:
    look(grown(log, 7), tmp_path / "tower")
    note = (tmp_path / "tower/checkpoint").read_text()
    witness = Key.read((tmp_path / "tower/witness.pub").read_text())
    assert Note.read(note).signers([log.key, witness]) == [log.key, witness]
    assert trusted(note, [witness]).size == 8


def test_the_witness_keeps_its_key_and_its_log(log: Any, tmp_path: Path) -> None:
    look(grown(log, 7), tmp_path / "tower")
    first = (tmp_path / "tower/witness.pub").read_text()
    look(grown(log, 7), tmp_path / "tower")
    assert (tmp_path / "tower/witness.pub").read_text() == first
    assert audit.Witness.of(tmp_path / "tower").log == log.key


def forged(log: Any, size: int, root: bytes) -> str:
    """Who has the deck's key signs what they like."""
    secret = Signer.read((log.home / "audit.key").read_text())
    return secret.sign(str(Checkpoint(secret.key.name, size, root)))


@pytest.mark.parametrize(
    ("size", "root"),
    [
        pytest.param(8, b"x" * 32, id="as many rows, others"),
        pytest.param(9, b"x" * 32, id="more rows, others"),
        pytest.param(5, b"x" * 32, id="fewer rows"),
        pytest.param(0, b"x" * 32, id="none"),
    ],
)
def test_what_takes_something_back_is_refused(log: Any, tmp_path: Path, size: int, root: bytes) -> None:
    look(grown(log, 7), tmp_path / "tower")
    before = (tmp_path / "tower/checkpoint").read_bytes()
    witness = audit.Witness.of(tmp_path / "tower")
    with pytest.raises(DamagedError, match="does not begin with the 8 rows seen before"):
        witness.cosign(forged(log, size, root), [], NOW)
    assert (tmp_path / "tower/checkpoint").read_bytes() == before


def test_another_key_is_not_this_log(log: Any, tmp_path: Path) -> None:
    look(grown(log, 7), tmp_path / "tower")
    stranger = Signer.make(log.key.name)
    note = stranger.sign(str(Checkpoint(log.key.name, 9, bytes(32))))
    with pytest.raises(DamagedError, match="signed by none of the given keys"):
        audit.Witness.of(tmp_path / "tower").cosign(note, [], NOW)


def test_a_log_that_became_shorter_has_no_proof(log: Any) -> None:
    grown(log, 7)
    with (
        log.state.begin(write=False) as tx,
        pytest.raises(NotFoundError, match="only 8 rows are signed, not 9"),
    ):
        audit.extension(tx, 9)


def test_an_empty_folder_watches_nothing(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="watches no log yet"):
        audit.Witness.of(tmp_path / "tower")
    assert not (tmp_path / "tower").exists()


def test_a_folder_that_was_damaged_is_not_believed(log: Any, tmp_path: Path) -> None:
    look(grown(log, 7), tmp_path / "tower")
    (tmp_path / "tower/checkpoint").write_text("what?")
    with pytest.raises(DamagedError, match="not a signed note"):
        audit.Witness.of(tmp_path / "tower")
