"""The whole log as text that verifies offline, line by line, in constant memory.

In: the state store. Out: chunks of NDJSON: a header; before each 256 rows the hashes recorded for them; the rows, open;
each checkpoint after its last row. The log goes on meanwhile: an export ends where the newest checkpoint did.
"""

import base64
from collections.abc import Iterator

from opsdeck.errors import NotFoundError
from opsdeck.govern.audit.tree import Standing, standing, stored
from opsdeck.merkle import leaves
from opsdeck.merkle.verifier import HASH, TILE, compact, tile_path
from opsdeck.model import Checkpoint, Transition
from opsdeck.stores.api import StateStore, Transaction

VERSION = 1
_SALT = 2 * leaves.SALT  # hexadecimal digits


def export(state: StateStore) -> Iterator[bytes]:
    """Chunks of whole lines. Raises NotFoundError, before the first, where nothing is signed yet."""
    with state.begin(write=False) as tx:
        stands = standing(tx)
    if not stands.signed:
        raise NotFoundError("nothing of the audit log is signed yet", hint="try again in a few seconds")
    return _chunks(state, stands)


def _chunks(state: StateStore, stands: Standing) -> Iterator[bytes]:
    header = {"opsdeck-audit": VERSION, "origin": stands.origin, "size": stands.signed, "keys": stands.keys}
    yield compact(header) + b"\n"
    checkpoints = 0
    for index in range((stands.signed + TILE - 1) // TILE):
        with state.begin(write=False) as tx:
            lines = _tile(tx, index, stands.signed, checkpoints)
        checkpoints += sum(line.startswith(b'{"checkpoint"') for line in lines)
        yield b"".join(lines)


def _tile(tx: Transaction, index: int, size: int, checkpoints: int) -> list[bytes]:
    first, end = index * TILE, min((index + 1) * TILE, size)
    tile = stored(tx, 0, index)
    hashes = bytes.fromhex(tile.hashes)[: (end - first) * HASH]
    lines = [
        _line({"tile": tile_path(0, index, end - first), "hashes": base64.b64encode(hashes).decode()}),
    ]
    signed = [one for one in tx.find(Checkpoint, tile=index) if one.size <= size]
    for row in tx.log(after=first, limit=end - first):
        if row.seq > end:
            break
        while signed and signed[0].size < row.seq:
            checkpoints += 1
            lines.append(_line({"checkpoint": checkpoints, "note": signed.pop(0).note}))
        lines.append(_row(row, tile.salts))
    for number, one in enumerate(signed, checkpoints + 1):
        lines.append(_line({"checkpoint": number, "note": one.note}))
    return lines


def _row(row: Transition, salts: str) -> bytes:
    at = (row.seq - 1) % TILE * _SALT
    return leaves.opened(row, bytes.fromhex(salts[at : at + _SALT].ljust(_SALT, "0")))


def _line(value: dict[str, object]) -> bytes:
    return compact(value) + b"\n"
