"""Connections to the state database: a URL comes in, an engine with the right settings goes out.

SQLite: WAL so that readers go on while one writes, synchronous=FULL so that a commit survives power loss. Each
transaction has a connection of its own from a pool. PostgreSQL: psycopg.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError
from sqlalchemy.pool import QueuePool

from opsdeck.errors import UsageError

# How long a writer waits for another process that writes, in seconds.
PATIENCE = 30
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",
    "PRAGMA synchronous = FULL",
    "PRAGMA foreign_keys = ON",
    f"PRAGMA busy_timeout = {PATIENCE * 1000}",
)


def connect(url: str) -> Engine:
    """The engine for `sqlite:///path` or `postgresql://…`; UsageError for a URL that says nothing."""
    try:
        place = make_url(url)
    except (ArgumentError, ValueError) as error:
        # The URL itself stays out of the message: it may hold a password.
        raise UsageError(
            "not a database URL", hint="use sqlite:///path or postgresql://user@host/name"
        ) from error
    if place.get_backend_name() == "postgresql":
        return create_engine(place.set(drivername="postgresql+psycopg"), pool_pre_ping=True, max_overflow=-1)
    if not place.database:
        raise UsageError(f"{url!r} names no file", hint="use sqlite:///path/to/state.db or memory://")
    return _sqlite(Path(place.database))


def _sqlite(path: Path) -> Engine:
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    engine = create_engine(
        f"sqlite:///{path}", poolclass=QueuePool, max_overflow=-1, connect_args={"check_same_thread": False}
    )

    @event.listens_for(engine, "connect")
    def prepare(connection: Any, _record: Any) -> None:
        # No transaction but those that begin() opens itself: the driver's would start too late and unlocked.
        connection.isolation_level = None
        for pragma in _PRAGMAS:
            connection.execute(pragma).close()

    return engine
