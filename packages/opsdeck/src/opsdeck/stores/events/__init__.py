"""Event stores by URL: `duckdb:///path` and `memory://`."""

from collections.abc import Sequence
from pathlib import Path

from opsdeck.errors import UsageError
from opsdeck.stores.api import EventStore
from opsdeck.stores.events.memory import MemoryEvents


def open_events(url: str, thresholds: Sequence[float] = ()) -> EventStore:
    """The event store at `url`; latencies are exact at `thresholds` (ms, from the spec)."""
    scheme, _, path = url.partition("://")
    if scheme == "memory":
        return MemoryEvents(thresholds)
    if scheme == "duckdb":
        from opsdeck.stores.events.duck import DuckEvents  # costs 60 ms and 25 MB that tests do without

        return DuckEvents(Path(path), thresholds)
    raise UsageError(f"no event store for {url!r}", hint="use duckdb:///path/to/events.duckdb or memory://")
