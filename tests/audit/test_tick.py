"""The tree follows the log: each row once, signed, by one deck or several, and never over something that is gone."""

import stat
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opsdeck.deck import Deck
from opsdeck.errors import DamagedError, NotFoundError
from opsdeck.govern import audit
from opsdeck.govern.audit import key, tree
from opsdeck.govern.audit.tick import GROUP, extend
from opsdeck.merkle.notes import Signer
from opsdeck.merkle.verifier import Broken, Checkpoint, Note, trusted
from opsdeck.model import Checkpoint as Signed
from opsdeck.model import Tile
from opsdeck.reports.doctor import doctor
from opsdeck.stores.state import open_state
from opsdeck.testing import START, ManualClock


def test_new_rows_are_taken_in_and_signed_once(log: Any) -> None:
    log.happens(5)
    assert [log.tick(), log.tick(), log.tick()] == [6, 0, 0]  # the sixth row introduces the key
    log.happens(300)
    assert [log.tick(), log.tick()] == [300, 0]
    with log.state.begin(write=False) as tx:
        assert [one.size for one in tx.find(Signed)] == [6, 306]


def test_an_empty_log_is_signed_from_its_first_row_on(log: Any) -> None:
    with pytest.raises(NotFoundError, match="nothing of the audit log is signed yet"):
        log.export()
    assert (log.tick(), log.standing().signed) == (1, 1)


def test_a_checkpoint_is_one_of_the_log_and_its_key(log: Any) -> None:
    log.happens(9)
    log.tick()
    stands = log.standing()
    assert trusted(stands.checkpoint, [log.key]).size == stands.grown == stands.signed == 10
    assert (stands.keys, stands.origin) == ((str(log.key),), log.key.name)


def test_a_long_log_is_taken_in_groups(log: Any, verify: Callable[..., Any]) -> None:
    log.happens(2 * GROUP + 5)
    assert log.tick() == 2 * GROUP + 6
    assert verify(log.export(), log.key).rows == 2 * GROUP + 6


def test_a_crash_before_signing_is_made_up_for(log: Any, verify: Callable[..., Any]) -> None:
    log.tick()
    log.happens(20)
    assert extend(log.state) == 20  # and then the power goes
    assert (log.standing().grown, log.standing().signed) == (21, 1)
    assert (log.tick(), log.standing().signed) == (0, 21)
    assert verify(log.export(), log.key).checkpoints == 2


def test_several_decks_grow_one_tree_once(tmp_path: Path, log: Any, verify: Callable[..., Any]) -> None:
    log.tick()
    log.happens(3000)
    stores = [open_state(f"sqlite:///{tmp_path}/state.db") for _ in range(3)]
    together, grown = threading.Barrier(3), []

    def deck(state: Any) -> None:
        together.wait()
        grown.append(audit.tick(state, log.home, "deck", START))

    threads = [threading.Thread(target=deck, args=(state,)) for state in stores]
    [one.start() for one in threads]
    [one.join() for one in threads]
    [state.close() for state in stores]
    assert (sum(grown), verify(log.export(), log.key).rows) == (3000, 3001)


def test_decks_with_homes_of_their_own_sign_the_same_log(
    tmp_path: Path, log: Any, verify: Callable[..., Any]
) -> None:
    log.tick()
    (tmp_path / "other").mkdir()
    audit.tick(log.state, tmp_path / "other", "other", START)
    other = type(log)(log.state, tmp_path / "other")
    assert verify(log.export(), log.key, other.key).checkpoints == 2
    with pytest.raises(Broken, match="which is not one of those given"):
        verify(log.export(), log.key)


# ---- the key ------------------------------------------------------------------------------------------------------


def test_the_key_is_made_once_and_nobody_else_can_read_it(log: Any) -> None:
    log.tick()
    secret = (log.home / "audit.key").read_bytes()
    log.tick()
    assert (log.home / "audit.key").read_bytes() == secret
    assert stat.S_IMODE((log.home / "audit.key").stat().st_mode) == 0o600
    assert Signer.read(secret.decode()).key == log.key


def test_the_first_use_of_a_key_is_a_row(log: Any) -> None:
    log.tick()
    with log.state.begin(write=False) as tx:
        (row,) = tx.log(kind="audit")
    assert (row.change.subject, row.change.new, row.change.actor) == ("key", str(log.key), "deck")


def test_a_lost_key_is_replaced_and_both_verify(log: Any, verify: Callable[..., Any]) -> None:
    log.tick()
    old = log.key
    (log.home / "audit.key").unlink()
    log.tick()
    assert old != log.key
    assert verify(log.export(), old, log.key).checkpoints == 2


@pytest.mark.parametrize(
    ("content", "why"),
    [
        pytest.param("not a key\n", "holds no signing key", id="something else"),
        pytest.param("", "holds no signing key", id="nothing"),
        pytest.param("\xff\xfe", "holds no signing key", id="no text"),
        pytest.param(Signer.make("opsdeck/b").secret(), "is the key of the log opsdeck/b", id="another log"),
    ],
)
def test_a_file_that_is_not_this_logs_key_stops_the_signing(log: Any, content: str, why: str) -> None:
    (log.home / "audit.key").write_text(content, encoding="latin-1")
    with pytest.raises(DamagedError, match=why):
        log.tick()
    assert log.standing().signed == 0


def test_two_decks_that_start_at_once_have_one_key(tmp_path: Path) -> None:
    made, together = [], threading.Barrier(4)

    def start() -> None:
        together.wait()
        made.append(key.signer(tmp_path, "log").secret())

    threads = [threading.Thread(target=start) for _ in range(4)]
    [one.start() for one in threads]
    [one.join() for one in threads]
    assert (len(made), len(set(made))) == (4, 1)
    assert {path.name for path in tmp_path.iterdir()} == {"audit.key", "audit.pub"}


# ---- what was tampered with is not signed over --------------------------------------------------------------------


def test_a_row_that_was_taken_out_before_it_was_signed_stops_the_signing(log: Any) -> None:
    log.tick()
    log.happens(5)
    log.tampered("DELETE FROM log WHERE seq = 4")
    with pytest.raises(DamagedError, match="row 4 of the log is missing"):
        log.tick()
    assert log.standing().signed == 1


def test_a_tree_that_was_rewritten_is_not_signed(log: Any) -> None:
    log.happens(5)
    log.tick()
    with log.state.begin() as tx:
        tile = tree.stored(tx, 0, 0)
        tx.put(Tile(tile.key, "00" * 32 + tile.hashes[64:], tile.salts))
    log.happens(1)
    with pytest.raises(DamagedError, match="no longer begins with the 6 rows that were signed"):
        log.tick()


def test_a_tree_without_its_tiles_is_not_signed(log: Any) -> None:
    log.happens(600)
    log.tick()
    with log.state.begin() as tx:
        tx.drop(Tile, "0/2")
    log.happens(1)
    with pytest.raises(DamagedError):
        log.tick()
    assert log.standing().signed == 601


# ---- in the deck --------------------------------------------------------------------------------------------------


def test_the_deck_signs_its_log(tmp_path: Path, verify: Callable[..., Any], log: Any) -> None:
    deck = Deck.open(tmp_path / "home", clock=ManualClock(START))
    deck.run_due(deck.tick("audit"), START)
    found = type(log)(deck.state, tmp_path / "home")
    assert verify(found.export(), found.key).rows == found.standing().signed > 0
    assert not deck.trouble.get("audit")
    deck.close()


def test_what_stops_the_signing_is_said_by_the_deck(tmp_path: Path) -> None:
    deck = Deck.open(tmp_path / "home", clock=ManualClock(START))
    (tmp_path / "home/audit.key").write_text("x")
    deck.run_due(deck.tick("audit"), START)
    (check,) = [one for one in doctor(deck, START) if one.name == "tick_audit"]
    assert (check.state, "audit.key holds no signing key" in check.text) == ("fail", True)
    deck.close()


def test_what_was_signed_stays_signed(signed: Any) -> None:
    with signed.state.begin(write=False) as tx:
        heads = [Checkpoint.read(Note.read(one.note).text) for one in tx.find(Signed)]
    assert [head.size for head in heads] == [2, 5, 105, 257, 357, 513, 514, 701]
