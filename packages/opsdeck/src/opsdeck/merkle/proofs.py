"""Roots and proofs of a tree, from whoever can read the hash of a complete subtree (RFC 6962, section 2.1).

In: a `Subtree`, which gives the hash of the `index`-th complete subtree of 2**height leaves, and sizes. Out: hashes.
It must not know where they are kept.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from hmac import compare_digest

from opsdeck.merkle.verifier import HASH, node_hash

Subtree = Callable[[int, int], bytes]


def of(leaves: Sequence[bytes]) -> Subtree:
    """A reader over the leaf hashes themselves."""

    def read(height: int, index: int) -> bytes:
        if height == 0:
            return leaves[index]
        return node_hash(read(height - 1, 2 * index), read(height - 1, 2 * index + 1))

    return read


def root(size: int, read: Subtree) -> bytes:
    """The root of the first `size` leaves."""
    return _span(0, size, read) if size else sha256().digest()


def inclusion(index: int, size: int, read: Subtree) -> list[bytes]:
    """The path from leaf `index` (from 0) to the root, the leaf's sibling first."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} of a tree of {size}")
    path: list[bytes] = []
    low, high = 0, size
    while high - low > 1:
        middle = low + _half(high - low)
        if index < middle:
            path.append(_span(middle, high, read))
            high = middle
        else:
            path.append(_span(low, middle, read))
            low = middle
    return path[::-1]


def consistency(old: int, size: int, read: Subtree) -> list[bytes]:
    """What shows that the tree of `size` leaves begins with the tree of `old`."""
    if not 0 <= old <= size:
        raise ValueError(f"a tree of {old} in a tree of {size}")
    path: list[bytes] = []
    low, high, whole = 0, size, True
    while 0 < old != high:
        middle = low + _half(high - low)
        if old <= middle:
            path.append(_span(middle, high, read))
            high = middle
        else:
            path.append(_span(low, middle, read))
            low, whole = middle, False
    return path[::-1] if whole or not old else [_span(low, high, read), *path[::-1]]


def extends(old: int, old_root: bytes, size: int, root: bytes, proof: Sequence[bytes]) -> bool:
    """Whether the tree of `size` begins with the tree of `old` leaves (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= size or any(len(part) != HASH for part in proof):
        return False
    if old == 0:
        return not proof and old_root == sha256().digest()
    if old == size:
        return not proof and compare_digest(old_root, root)
    parts = list(proof) if old & (old - 1) else [old_root, *proof]
    at, last = old - 1, size - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    if not parts:
        return False
    first = second = parts[0]
    for part in parts[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            first, second = node_hash(part, first), node_hash(part, second)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            second = node_hash(second, part)
        at, last = at >> 1, last >> 1
    return last == 0 and compare_digest(first, old_root) and compare_digest(second, root)


def _half(width: int) -> int:
    """The largest power of two below `width`."""
    return 1 << (width - 1).bit_length() - 1


def _span(low: int, high: int, read: Subtree) -> bytes:
    width = high - low
    if width & (width - 1) == 0:
        height = width.bit_length() - 1
        return read(height, low >> height)
    middle = low + _half(width)
    return node_hash(_span(low, middle, read), _span(middle, high, read))
