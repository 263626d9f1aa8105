"""The published vectors: certificate-transparency's trees and proofs, Go's signed note, the sizes named by C2SP."""

from typing import Any

import pytest

from opsdeck.merkle import proofs
from opsdeck.merkle.proofs import extends
from opsdeck.merkle.verifier import Frontier, includes

A, B, C, D = (
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
    "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
)
TWO = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
FOUR = "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7"
SECOND = "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7"
RIGHT = "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4"
SIXTH = "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"

INCLUSION: dict[tuple[int, int], list[str]] = {
    (0, 1): [],
    (0, 8): [SECOND, B, RIGHT],
    (5, 8): [C, D, FOUR],
    (2, 3): [TWO],
    (1, 5): [A, B, C],
}
CONSISTENCY: dict[tuple[int, int], list[str]] = {
    (1, 1): [],
    (1, 8): [SECOND, B, RIGHT],
    (6, 8): [SIXTH, D, FOUR],
    (2, 5): [B, C],
}


@pytest.mark.parametrize("size", range(9))
def test_roots(published: Any, size: int) -> None:
    tree = Frontier()
    for hashed in published.hashes[:size]:
        tree.append(hashed)
    assert tree.root() == published.roots[size]
    assert proofs.root(size, proofs.of(published.hashes)) == published.roots[size]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_proofs(published: Any, index: int, size: int) -> None:
    path = [bytes.fromhex(part) for part in INCLUSION[index, size]]
    assert proofs.inclusion(index, size, proofs.of(published.hashes)) == path
    assert includes(published.hashes[index], index, size, path, published.roots[size])


@pytest.mark.parametrize(("old", "size"), CONSISTENCY)
def test_consistency_proofs(published: Any, old: int, size: int) -> None:
    path = [bytes.fromhex(part) for part in CONSISTENCY[old, size]]
    assert proofs.consistency(old, size, proofs.of(published.hashes)) == path
    assert extends(old, published.roots[old], size, published.roots[size], path)
