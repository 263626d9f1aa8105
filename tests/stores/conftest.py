"""DuckDB in a temporary folder, and lines to load."""

import json
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from opsdeck.stores.events.duck import DuckEvents

THRESHOLDS = (200.0, 500.0, 2000.0, 5000.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "events.duckdb"


@pytest.fixture
def duck(path: Path) -> Iterator[DuckEvents]:
    store = DuckEvents(path, THRESHOLDS)
    yield store
    store.close()


@pytest.fixture(scope="session")
def line() -> Callable[..., bytes]:
    """One stored entry as a line: an id, a time, and fields of `operation` or of the entry by keyword."""

    def make(event_id: str, at: datetime, duration: float = 100, success: bool = True, **entry: Any) -> bytes:
        operation = {"type": "template_generation", "duration": duration, "success": success}
        operation.update(entry.pop("operation", {}))
        stamp = {"eventId": event_id, "timestamp": at.isoformat(), "service": "cli", "operation": operation}
        return json.dumps({**stamp, **entry}).encode()

    return make
