"""The published test vectors of certificate-transparency: eight leaves, the root of each beginning, some proofs."""

from hashlib import sha256
from typing import NamedTuple

import pytest

from opsdeck.merkle.verifier import leaf_hash

LEAVES = ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
ROOTS = (
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
)


class Published(NamedTuple):
    """What was published, as bytes."""

    leaves: list[bytes]
    hashes: list[bytes]
    roots: list[bytes]


@pytest.fixture(scope="session")
def published() -> Published:
    leaves = [bytes.fromhex(leaf) for leaf in LEAVES]
    return Published(leaves, [leaf_hash(leaf) for leaf in leaves], [bytes.fromhex(root) for root in ROOTS])


@pytest.fixture(scope="session")
def hashes() -> list[bytes]:
    """Leaf hashes of 600 different leaves."""
    return [leaf_hash(f"leaf {number}".encode()) for number in range(600)]


def naive(hashes: list[bytes]) -> bytes:
    """The root as RFC 6962 defines it, word for word: a function of the list alone."""
    if len(hashes) <= 1:
        return hashes[0] if hashes else sha256(b"").digest()
    half = max(1 << power for power in range(len(hashes).bit_length()) if 1 << power < len(hashes))
    return sha256(b"\x01" + naive(hashes[:half]) + naive(hashes[half:])).digest()


@pytest.fixture(scope="session")
def roots(hashes: list[bytes]) -> list[bytes]:
    """The root of each beginning of `hashes`, by definition, up to 64 leaves; then of all 600."""
    return [naive(hashes[:size]) for size in range(65)] + [naive(hashes)]
