"""The tree follows the log, and its head is signed.

In: the state store, the deck's home, who ticks, now. Out: how many rows are new in the tree. What is read and hashed
is written only where nobody else was faster, so several decks grow one tree once. A head is signed only if what was
signed before is still its beginning.
"""

import os
from datetime import datetime
from pathlib import Path

from opsdeck.errors import DamagedError
from opsdeck.govern.audit.key import signer
from opsdeck.govern.audit.tree import GROWN, KEYS, ORIGIN, SIGNED, cursor, grow, newest, place, root
from opsdeck.merkle import verifier
from opsdeck.merkle.notes import Signer
from opsdeck.merkle.verifier import TILE
from opsdeck.model import Change, Checkpoint, Cursor, Setting
from opsdeck.stores.api import StateStore, Transaction

GROUP = 16 * TILE  # rows in a transaction
GROUPS = 64  # of them in a tick: the rest of a long log waits for the next
KIND = "audit"


def tick(state: StateStore, home: Path, actor: str, now: datetime) -> int:
    """Take in what is new and sign it. The same log again changes nothing."""
    signs = signer(home, _origin(state))
    _introduce(state, signs, actor, now)
    grown = 0
    for _ in range(GROUPS):
        count = extend(state)
        grown += count
        if count < GROUP:
            break
    sign(state, signs, now)
    return grown


def extend(state: StateStore) -> int:
    """Take a group of rows into the tree; returns how many."""
    with state.begin(write=False) as tx:
        size = cursor(tx, GROWN)
        rows = tx.log(after=size, limit=GROUP)
        grown = grow(tx, size, rows, os.urandom)
    if not rows:
        return 0
    with state.begin() as tx:
        if cursor(tx, GROWN) != size:
            return 0  # another deck was faster
        tx.put_all([*grown, Cursor(GROWN, size + len(rows))])
    return len(rows)


def sign(state: StateStore, signs: Signer, now: datetime) -> bool:
    """Sign what the tree holds, unless that is signed. Raises DamagedError if it does not begin with what was signed."""
    with state.begin(write=False) as tx:
        size = cursor(tx, GROWN)
        before = newest(tx)
        if size == (before.size if before else 0):
            return False
        _begins(tx, before)
        head = verifier.Checkpoint(signs.key.name, size, root(tx, size))
    made = Checkpoint(place(size), size, (size - 1) // TILE, signs.sign(str(head)), now)
    with state.begin() as tx:
        if cursor(tx, SIGNED) >= size:
            return False
        tx.put_all([made, Cursor(SIGNED, size)])
    return True


def _begins(tx: Transaction, before: Checkpoint | None) -> None:
    if before is None:
        return
    signed = verifier.Checkpoint.read(verifier.Note.read(before.note).text)
    if root(tx, signed.size) != signed.root:
        raise DamagedError(
            f"the audit log no longer begins with the {signed.size} rows that were signed",
            hint="nothing more is signed; to see where: opsdeck audit verify",
        )


def _origin(state: StateStore) -> str:
    """The name of this log, drawn once."""
    with state.begin(write=False) as tx:
        found = tx.get(Setting, ORIGIN)
    if found:
        return found.value
    with state.begin() as tx:
        found = tx.get(Setting, ORIGIN) or Setting(ORIGIN, f"opsdeck/{os.urandom(8).hex()}")
        tx.put(found)
    return found.value


def _introduce(state: StateStore, signs: Signer, actor: str, now: datetime) -> None:
    """A key that is used for the first time is a row of the log that it signs."""
    name, public = f"{KEYS}{signs.key.id.hex()}", str(signs.key)
    with state.begin(write=False) as tx:
        if tx.get(Setting, name):
            return
    with state.begin() as tx:
        if tx.get(Setting, name) is None:
            tx.put(Setting(name, public))
            tx.append(Change(KIND, "key", "", public, "signs the audit log from here on", actor), now)
