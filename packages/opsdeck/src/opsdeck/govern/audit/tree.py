"""The tree as the state store keeps it: tiles, how far the log is in it, how far it is signed."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from opsdeck.errors import DamagedError
from opsdeck.merkle import leaves, proofs, tiles
from opsdeck.merkle.verifier import TILE
from opsdeck.model import Checkpoint, Cursor, Setting, Tile, Transition
from opsdeck.stores.api import Transaction

GROWN, SIGNED = "audit", "audit-signed"
ORIGIN, KEYS = "audit-origin", "audit-key/"

Random = Callable[[int], bytes]


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the audit log stands: rows of the log in the tree, rows signed, the newest checkpoint, who signs."""

    origin: str
    grown: int
    signed: int
    checkpoint: str
    keys: tuple[str, ...]


def standing(tx: Transaction) -> Standing:
    """Read from the state store alone."""
    origin = tx.get(Setting, ORIGIN)
    checkpoint = newest(tx)
    return Standing(
        origin.value if origin else "",
        cursor(tx, GROWN),
        checkpoint.size if checkpoint else 0,
        checkpoint.note if checkpoint else "",
        tuple(one.value for one in tx.find(Setting) if one.key.startswith(KEYS)),
    )


def cursor(tx: Transaction, name: str) -> int:
    found = tx.get(Cursor, name)
    return found.seq if found else 0


def newest(tx: Transaction) -> Checkpoint | None:
    """The checkpoint that was signed last."""
    return tx.get(Checkpoint, place(cursor(tx, SIGNED)))


def place(size: int) -> str:
    """The key of a checkpoint: in order of size."""
    return f"{size:019}"


def stored(tx: Transaction, level: int, index: int) -> Tile:
    """A tile; an empty one where there is none."""
    key = f"{level}/{index}"
    return tx.get(Tile, key) or Tile(key, "", "")


def read(tx: Transaction) -> tiles.Read:
    """The hashes of a tile, for the tree's arithmetic."""
    known: dict[tuple[int, int], bytes] = {}

    def hashes(level: int, index: int) -> bytes:
        if (level, index) not in known:
            known[level, index] = bytes.fromhex(stored(tx, level, index).hashes)
        return known[level, index]

    return hashes


def root(tx: Transaction, size: int) -> bytes:
    """The root of the first `size` rows. Raises DamagedError where tiles are missing."""
    try:
        return proofs.root(size, tiles.subtrees(read(tx)))
    except IndexError:
        raise DamagedError(
            f"tiles of the first {size} rows of the audit log are missing", hint="opsdeck audit verify"
        ) from None


def grow(tx: Transaction, size: int, rows: Sequence[Transition], random: Random) -> list[Tile]:
    """The tiles that hold these rows too, which follow the first `size`. Raises DamagedError where one is missing."""
    for seq, row in enumerate(rows, size + 1):
        if row.seq != seq:
            raise DamagedError(f"row {seq} of the log is missing", hint="opsdeck audit verify")
    salts = [random(leaves.SALT) for _ in rows]
    hashes = [leaves.hashed(row, salt) for row, salt in zip(rows, salts, strict=True)]
    kept = _salts(tx, size, salts)
    return [
        Tile(f"{level}/{index}", tile.hex(), kept[index] if level == 0 else "")
        for (level, index), tile in tiles.grow(size, hashes, read(tx)).items()
    ]


def _salts(tx: Transaction, size: int, salts: Iterable[bytes]) -> dict[int, str]:
    """The salts of every tile that gets new ones, old and new."""
    kept: dict[int, str] = {}
    for at, salt in enumerate(salts, size):
        index, inside = divmod(at, TILE)
        before = kept[index] if index in kept else stored(tx, 0, index).salts[: 2 * leaves.SALT * inside]
        kept[index] = before + salt.hex()
    return kept
