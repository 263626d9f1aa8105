"""A transition and its salt in, the line of an export and the leaf of the tree out. Version 1 of the encoding.

A leaf says number, time and kind in plain; subject, old, new, reason, actor and data are one commitment, keyed with a
random salt of the row. Who has row and salt can show that it is the logged one; who has the leaf alone learns nothing,
and once the salt is destroyed nobody can test a guess. The verifier alone decides what the bytes are.
"""

import json
from datetime import UTC

from opsdeck.merkle import verifier
from opsdeck.model import Transition

SALT = 16  # bytes
_canonical = json.JSONEncoder(separators=(",", ":"), sort_keys=True).encode


def change(row: Transition) -> bytes:
    """What the salt commits to: JSON in ASCII, keys sorted, no spaces."""
    said = row.change
    fields = {name: getattr(said, name) for name in ("actor", "new", "old", "reason", "subject")}
    return _canonical({**fields, "data": dict(said.data)}).encode()


def opened(row: Transition, salt: bytes) -> bytes:
    """The line of a row that shows everything."""
    return b'%bsalt":"%b","change":%b}\n' % (_head(row), salt.hex().encode(), change(row))


def leaf(row: Transition, salt: bytes) -> bytes:
    """The leaf; with a newline also the line of a row that shows nothing but its place."""
    return b'%bcommitment":"%b"}' % (_head(row), verifier.commitment(salt, change(row)).hex().encode())


def hashed(row: Transition, salt: bytes) -> bytes:
    """The hash of the leaf."""
    return verifier.leaf_hash(leaf(row, salt))


def _head(row: Transition) -> bytes:
    at = row.at.astimezone(UTC)
    time = f"{at.year:04}-{at:%m-%dT%H:%M:%S.%f}Z"
    return f'{{"v":1,"seq":{row.seq},"at":"{time}","kind":{_canonical(row.change.kind)},"'.encode()
