"""Proofs for one row and between two sizes, against the newest checkpoint.

In: a transaction and what is asked about. Out: texts and hashes that a verifier reads.
"""

from opsdeck.errors import NotFoundError
from opsdeck.govern.audit.tree import newest, read, stored
from opsdeck.merkle import leaves, proofs, tiles
from opsdeck.merkle.verifier import TILE, Proof
from opsdeck.model import Checkpoint
from opsdeck.stores.api import Transaction


def inclusion(tx: Transaction, seq: int) -> str:
    """That row `seq` is in the log (c2sp.org/tlog-proof); the row itself, open, is the extra data."""
    signed = _signed(tx)
    if not 1 <= seq <= signed.size:
        raise NotFoundError(
            f"row {seq} is not among the {signed.size} that are signed", hint="opsdeck audit show"
        )
    index, inside = divmod(seq - 1, TILE)
    (row,) = tx.log(after=seq - 1, limit=1)
    salt = stored(tx, 0, index).salts[2 * leaves.SALT * inside : 2 * leaves.SALT * (inside + 1)]
    path = proofs.inclusion(seq - 1, signed.size, tiles.subtrees(read(tx)))
    extra = leaves.opened(row, bytes.fromhex(salt))
    return str(Proof(seq - 1, tuple(path), signed.note, extra))


def extension(tx: Transaction, old: int) -> tuple[str, list[bytes]]:
    """The newest checkpoint, and what shows that it only adds to the first `old` rows."""
    signed = _signed(tx)
    if not 0 <= old <= signed.size:
        raise NotFoundError(
            f"only {signed.size} rows are signed, not {old}",
            hint="if more were signed once, rows were taken back: opsdeck audit verify --checkpoint FILE",
        )
    return signed.note, proofs.consistency(old, signed.size, tiles.subtrees(read(tx)))


def _signed(tx: Transaction) -> Checkpoint:
    found = newest(tx)
    if found is None:
        raise NotFoundError("nothing of the audit log is signed yet", hint="try again in a few seconds")
    return found
