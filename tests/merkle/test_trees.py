"""Trees against the definition of RFC 6962, computed the slow way; the same tree as a frontier and as tiles."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdeck.merkle import proofs, tiles
from opsdeck.merkle.proofs import extends
from opsdeck.merkle.verifier import HASH, Frontier, includes, leaf_hash, node_hash, tile_path

Tiles = dict[tuple[int, int], bytes]


def grown(hashes: list[bytes], *steps: int) -> Tiles:
    """The tiles after growing in steps."""
    kept: Tiles = {}
    size = 0
    for step in (*steps, len(hashes)):
        kept |= tiles.grow(
            size, hashes[size:step], lambda level, index, kept=kept: kept.get((level, index), b"")
        )
        size = max(size, step)
    return kept


def test_a_leaf_is_never_a_node() -> None:
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)


def test_every_size_has_the_root_of_the_definition(hashes: list[bytes], roots: list[bytes]) -> None:
    tree = Frontier()
    for size in range(65):
        assert tree.root() == proofs.root(size, proofs.of(hashes)) == roots[size]
        tree.append(hashes[size])


def test_a_frontier_holds_no_more_than_a_hash_for_each_bit(hashes: list[bytes]) -> None:
    tree = Frontier()
    for hashed in hashes:
        tree.append(hashed)
        assert len(tree.peaks) == tree.size.bit_count()


@given(st.lists(st.binary(max_size=20), min_size=1, max_size=70), st.data())
def test_every_leaf_of_any_tree_is_proved(leaves: list[bytes], data: st.DataObject) -> None:
    hashed = [leaf_hash(leaf) for leaf in leaves]
    index = data.draw(st.integers(0, len(leaves) - 1))
    read = proofs.of(hashed)
    path = proofs.inclusion(index, len(leaves), read)
    assert includes(hashed[index], index, len(leaves), path, proofs.root(len(leaves), read))


@given(st.integers(0, 600), st.integers(0, 600))
def test_every_tree_is_the_beginning_of_every_larger_one(one: int, other: int) -> None:
    old, size = sorted((one, other))
    read = proofs.of([leaf_hash(f"leaf {number}".encode()) for number in range(size)])
    path = proofs.consistency(old, size, read)
    assert extends(old, proofs.root(old, read), size, proofs.root(size, read), path)


@pytest.mark.parametrize("where", [(-1, 3), (3, 3), (0, 0)])
def test_what_is_not_in_a_tree_has_no_proof(hashes: list[bytes], where: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="of a tree of"):
        proofs.inclusion(*where, proofs.of(hashes))


def test_a_larger_tree_is_no_beginning(hashes: list[bytes]) -> None:
    with pytest.raises(ValueError, match="a tree of 4 in a tree of 3"):
        proofs.consistency(4, 3, proofs.of(hashes))


# ---- tiles --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("steps", [(), (1,), (255, 256, 257), (100, 511, 512, 513), tuple(range(600))])
def test_tiles_do_not_depend_on_the_steps_they_grew_in(hashes: list[bytes], steps: tuple[int, ...]) -> None:
    assert grown(hashes, *steps) == grown(hashes)


@pytest.mark.parametrize("size", [0, 1, 2, 255, 256, 257, 511, 512, 600])
def test_tiles_give_every_root_and_proof(hashes: list[bytes], size: int) -> None:
    kept = grown(hashes)
    read = tiles.subtrees(lambda level, index: kept[level, index])
    plain = proofs.of(hashes)
    assert proofs.root(size, read) == proofs.root(size, plain)
    assert proofs.consistency(size, 600, read) == proofs.consistency(size, 600, plain)
    if size:
        assert proofs.inclusion(size - 1, 600, read) == proofs.inclusion(size - 1, 600, plain)


def test_the_tree_of_70000_leaves_has_the_tiles_that_the_specification_counts() -> None:
    kept = grown([leaf_hash(b"")] * 70_000)
    widths = {where: len(tile) // HASH for where, tile in kept.items()}
    partial = {where: width for where, width in widths.items() if width < 256}
    assert partial == {(0, 273): 112, (1, 1): 17, (2, 0): 1}
    assert len(widths) - len(partial) == 273 + 1


def test_growing_reads_and_writes_the_right_edge_only(hashes: list[bytes]) -> None:
    kept = grown(hashes[:599])
    asked: list[tuple[int, int]] = []
    changed = tiles.grow(
        599, hashes[599:], lambda level, index: asked.append((level, index)) or kept[level, index]
    )
    assert (asked, list(changed)) == ([(0, 2)], [(0, 2)])


@pytest.mark.parametrize(
    ("level", "index", "width", "path"),
    [
        (0, 0, 256, "tile/0/000"),
        (0, 999, 256, "tile/0/999"),
        (0, 1000, 256, "tile/0/x001/000"),
        (3, 1234067, 256, "tile/3/x001/x234/067"),
        (0, 273, 112, "tile/0/273.p/112"),
    ],
)
def test_paths(level: int, index: int, width: int, path: str) -> None:
    assert tile_path(level, index, width) == path
