"""A state store in memory and a moment."""

from datetime import UTC, datetime

import pytest

from opsdeck.stores.api import StateStore
from opsdeck.stores.state import open_state


@pytest.fixture
def state() -> StateStore:
    return open_state("memory://")


@pytest.fixture
def now() -> datetime:
    return datetime(2025, 9, 9, 12, tzinfo=UTC)
