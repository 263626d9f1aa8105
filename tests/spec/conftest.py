"""What the spec's tests share: a way to write a spec and to see its problems."""

from collections.abc import Callable
from pathlib import Path

import pytest

from opsdeck import spec


@pytest.fixture
def written(tmp_path: Path) -> Callable[[str], Path]:
    """Write a spec text to `operations.yaml`."""

    def write(text: str) -> Path:
        path = tmp_path / "operations.yaml"
        path.write_text(text)
        return path

    return write


@pytest.fixture
def load(written: Callable[[str], Path]) -> Callable[[str], spec.Spec]:
    """The spec that a text gives."""
    return lambda text: spec.load(written(text))


@pytest.fixture
def problems(written: Callable[[str], Path]) -> Callable[[str], list[str]]:
    """The problems of a text as `line:column: path: message`."""

    def check(text: str) -> list[str]:
        return [str(one).partition("operations.yaml:")[2] for one in spec.problems(written(text))]

    return check


@pytest.fixture(scope="session")
def shipped() -> spec.Spec:
    return spec.load(None)


@pytest.fixture(scope="session")
def table_of_facts() -> set[str]:
    """The values that the framework gives to the letter."""
    rows = Path(__file__).with_name("test_facts.py").read_text().splitlines()
    return {value for _, found, value in (row.partition(" = ") for row in rows) if found}
