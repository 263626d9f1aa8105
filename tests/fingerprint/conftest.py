"""The errors of 12 causes that bench/failures.py makes, of a first release and of one with moved lines and folders."""

import runpy
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

MADE = runpy.run_path(str(Path(__file__).parents[2] / "bench/failures.py"))


@pytest.fixture(scope="session")
def failures() -> Callable[..., Iterator[Any]]:
    """`failures(count, release, seed)` gives cause, message and stack of each."""
    return MADE["failures"]  # type: ignore[no-any-return]


@pytest.fixture(scope="session")
def first() -> Any:
    return MADE["FIRST"]


@pytest.fixture(scope="session")
def bumped() -> Any:
    return MADE["BUMPED"]
