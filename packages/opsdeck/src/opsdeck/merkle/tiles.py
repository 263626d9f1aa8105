"""A tree kept as tiles of up to 256 hashes (c2sp.org/tlog-tiles): growing it rewrites its right edge, nothing else.

In: a `Read` that gives the bytes of a tile as stored, and new leaf hashes. Out: the tiles that changed, and a reader
for roots and proofs.
"""

from collections.abc import Callable, Iterable

from opsdeck.merkle.proofs import Subtree
from opsdeck.merkle.verifier import HASH, TILE, node_hash

Read = Callable[[int, int], bytes]
"""The bytes of the tile at a level and index, b"" if there is none."""

HEIGHT = 8  # a full tile is a complete subtree of 2**8 hashes


def grow(size: int, hashes: Iterable[bytes], read: Read) -> dict[tuple[int, int], bytes]:
    """The tiles, by level and index, that differ once these leaves follow the first `size`."""
    changed: dict[tuple[int, int], bytearray] = {}
    for count, hashed in enumerate(hashes, size):
        level, place, entry = 0, count, hashed
        while True:
            index, rest = divmod(place, TILE)
            tile = changed.get((level, index))
            if tile is None:
                tile = changed[level, index] = bytearray(read(level, index)[: rest * HASH])
            tile += entry
            if rest != TILE - 1:
                break
            level, place, entry = level + 1, index, top(bytes(tile))
    return {where: bytes(tile) for where, tile in changed.items()}


def top(tile: bytes) -> bytes:
    """The root of a run of hashes as long as a power of two."""
    row = [tile[at : at + HASH] for at in range(0, len(tile), HASH)]
    while len(row) > 1:
        row = [node_hash(row[at], row[at + 1]) for at in range(0, len(row), 2)]
    return row[0]


def subtrees(read: Read) -> Subtree:
    """Complete subtrees out of tiles."""

    def subtree(height: int, index: int) -> bytes:
        level, inside = divmod(height, HEIGHT)
        tile, place = divmod(index << inside, TILE)
        return top(read(level, tile)[place * HASH : (place + (1 << inside)) * HASH])

    return subtree
