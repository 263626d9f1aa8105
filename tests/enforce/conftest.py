"""A state store in memory and in SQLite, the shipped spec's framework, and detections as a detector writes them."""

import sys
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from opsdeck import spec
from opsdeck.model import Change, Detection, Restriction
from opsdeck.respond import enforce
from opsdeck.spec.framework import Framework
from opsdeck.stores.api import StateStore
from opsdeck.stores.state import open_state
from opsdeck.testing import START

sys.path.insert(
    0, str(Path(__file__).parent)
)  # test folders are no packages; vectors.py and detections.py stand beside

from detections import detection

Detected = Callable[..., Detection]


@pytest.fixture(scope="session")
def framework() -> Framework:
    return spec.load(None).framework


@pytest.fixture(params=["memory", "sqlite"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StateStore]:
    store = open_state("memory://" if request.param == "memory" else f"sqlite:///{tmp_path / 'state.db'}")
    yield store
    store.close()


@pytest.fixture
def detected(state: StateStore) -> Detected:
    """Writes a detection and its row in the log, as a detector does."""

    def detect(at: datetime = START, **changes: Any) -> Detection:
        found = detection(key=f"D-{at.timestamp()}", at=at, **changes)
        with state.begin() as tx:
            tx.put(found)
            subject = f"{found.service}/{found.event}"
            data = {"detection": found.key}
            tx.append(Change("security", subject, "", "detected", found.detail, "detect", data), at)
        return found

    return detect


@pytest.fixture
def restrict(state: StateStore, framework: Framework, detected: Detected) -> Callable[..., Restriction]:
    """A detection that was enforced; returns the restriction."""

    def make(at: datetime = START, **changes: Any) -> Restriction:
        found = detected(at, **changes)
        enforce.tick(state, framework, at)
        with state.begin(write=False) as tx:
            return tx.find(Restriction, detection=found.key)[0]

    return make
