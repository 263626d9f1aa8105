"""A deck in a temporary folder, and the table of planted secrets."""

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # test folders are no packages; forms.py stands beside

from forms import Planted, planted

from opsdeck.deck import Deck

COUNT = 2000


@pytest.fixture(scope="session")
def plants() -> list[Planted]:
    return list(planted(COUNT))


@pytest.fixture
def deck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deck]:
    for name in ("OPSDECK_STATE", "OPSDECK_EVENTS"):
        monkeypatch.delenv(name, raising=False)
    opened = Deck.open(tmp_path / "home")
    yield opened
    opened.close()
