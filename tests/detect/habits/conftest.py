"""Fixtures over work.py, which stands beside: test folders are no packages."""

import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from opsdeck.detect.hits import Hit
from opsdeck.model import Detection

sys.path.insert(0, str(Path(__file__).parent))

from work import NOW, Work


@pytest.fixture
def work(tmp_path: Path) -> Iterator[Work]:
    made = Work(tmp_path)
    yield made
    made.events.close()


@pytest.fixture
def judged() -> Callable[..., Detection]:
    """The detection that a hit became, with a verdict."""

    def make(hit: Hit, verdict: Any, **changes: Any) -> Detection:
        found = Detection(
            f"D-{hit.rule}", "cli", hit.event, hit.rule, hit.subject_kind, hit.subject, "", NOW, hit.first, hit.last,
            hit.count, hit.detail, hit.data, verdict, "ana", NOW,
        )  # fmt: skip
        return replace(found, **changes)

    return make
