"""State stores by URL: `sqlite:///path`, `postgresql://…` and `memory://`."""

from opsdeck.errors import UsageError
from opsdeck.stores.api import StateStore
from opsdeck.stores.state.memory import MemoryState


def open_state(url: str) -> StateStore:
    """The state store at `url`, its schema brought up to date."""
    scheme = url.partition("://")[0]
    if scheme == "memory":
        return MemoryState()
    if scheme in ("sqlite", "postgresql"):
        from opsdeck.stores.state.sql import (
            SqlState,
        )  # SQLAlchemy is slow to import; the memory store does without

        return SqlState(url)
    raise UsageError(f"no state store for {url!r}", hint="use sqlite:///path/to/state.db or postgresql://…")
