"""Forged proofs: none is accepted. Each starts from a true statement and makes it false, or its proof another one."""

import random

import pytest

from opsdeck.merkle import proofs
from opsdeck.merkle.proofs import extends
from opsdeck.merkle.verifier import includes, leaf_hash

LEAVES = [leaf_hash(f"leaf {number}".encode()) for number in range(200)]
READ = proofs.of(LEAVES)
ROOTS = [proofs.root(size, READ) for size in range(201)]
Path = list[bytes]


def flipped(draw: random.Random, hashed: bytes) -> bytes:
    bit = draw.randrange(256)
    return hashed[: bit // 8] + bytes([hashed[bit // 8] ^ 1 << bit % 8]) + hashed[bit // 8 + 1 :]


def bent(draw: random.Random, path: Path) -> Path:
    """Another path: a bit, a part less or more, two changed over, one in two places."""
    other = list(path)
    at = draw.randrange(len(path)) if path else 0
    match draw.randrange(5) if path else 1:
        case 0:
            other[at] = flipped(draw, other[at])
        case 1:
            other.insert(at, draw.choice(LEAVES))
        case 2:
            del other[at]
        case 3:
            other[at] = other[at][: draw.randrange(32)]
        case _:
            other[at] = draw.choice(LEAVES + ROOTS)
    return other if other != path else [*path, ROOTS[1]]


def forged_inclusion(draw: random.Random) -> bool:
    """Whether a false statement about a leaf was accepted."""
    size = draw.randrange(1, 201)
    index = draw.randrange(size)
    leaf, root, path = LEAVES[index], ROOTS[size], proofs.inclusion(index, size, READ)
    match draw.randrange(5):
        case 0:
            path = bent(draw, path)
        case 1:
            leaf = flipped(draw, leaf)
        case 2:
            root = draw.choice([other for other in ROOTS if other != root])
        case 3:
            index = draw.choice([other for other in range(-1, size + 2) if other != index])
        case _:  # a leaf of the tree that is at another place
            leaf = draw.choice([other for other in LEAVES if other != leaf])
    return includes(leaf, index, size, path, root)


def forged_consistency(draw: random.Random) -> bool:
    """Whether a false statement about two trees was accepted."""
    size = draw.randrange(2, 201)
    old = draw.randrange(1, size)
    before, after, path = ROOTS[old], ROOTS[size], proofs.consistency(old, size, READ)
    match draw.randrange(4):
        case 0:
            path = bent(draw, path)
        case 1:
            before = draw.choice([flipped(draw, before), *(other for other in ROOTS if other != before)])
        case 2:
            after = draw.choice([flipped(draw, after), *(other for other in ROOTS if other != after)])
        case _:
            old = draw.choice([other for other in range(-1, size + 2) if other != old])
    return extends(old, before, size, after, path)


def accepted(count: int, seed: int) -> int:
    draw = random.Random(seed)
    return sum(forged_inclusion(draw) + forged_consistency(draw) for _ in range(count // 2))


def test_two_thousand_forged_proofs() -> None:
    assert accepted(2_000, seed=1) == 0


@pytest.mark.soak
def test_a_hundred_thousand_forged_proofs() -> None:
    assert accepted(100_000, seed=2) == 0


def test_the_statements_that_are_bent_are_true_ones() -> None:
    for size in range(1, 60):
        for index in range(size):
            assert includes(LEAVES[index], index, size, proofs.inclusion(index, size, READ), ROOTS[size])
            assert extends(index, ROOTS[index], size, ROOTS[size], proofs.consistency(index, size, READ))


@pytest.mark.parametrize(
    ("old", "before", "size", "after", "path"),
    [
        pytest.param(0, ROOTS[0], 5, ROOTS[5], [ROOTS[1]], id="nothing needs no proof"),
        pytest.param(0, ROOTS[1], 5, ROOTS[5], [], id="nothing has one root"),
        pytest.param(5, ROOTS[5], 5, ROOTS[5], [ROOTS[1]], id="the same needs no proof"),
        pytest.param(5, ROOTS[5], 4, ROOTS[4], [], id="a log that shrank"),
        pytest.param(3, ROOTS[3], 5, ROOTS[5], [], id="no proof at all"),
        pytest.param(4, ROOTS[4], 5, ROOTS[5], [], id="no proof of a power of two"),
    ],
)
def test_proofs_at_the_edges(old: int, before: bytes, size: int, after: bytes, path: Path) -> None:
    assert not extends(old, before, size, after, path)
