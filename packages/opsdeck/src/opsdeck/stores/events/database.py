"""Opening DuckDB's file: a path comes in, a connection with the tables in place goes out, named errors if not.

Nothing here knows what is in an entry. Row groups are small, so that a load of some ten thousand events is written
once, to its place, and not to the write-ahead log first (3 times as fast); short windows skip more, too.
"""

from contextlib import ExitStack
from pathlib import Path
from typing import Any

import duckdb

from opsdeck.errors import ConflictError, DamagedError, OpsdeckError
from opsdeck.stores.events.loading import FORMAT, TABLES, UPGRADES

SETTINGS = {
    "threads": "2",
    "memory_limit": "80MB",
    "preserve_insertion_order": "false",
    # Offline and nothing but what is built in: no code is fetched because a query mentions a function.
    "autoinstall_known_extensions": "false",
    "autoload_known_extensions": "false",
    "allow_community_extensions": "false",
}
ROW_GROUP = 16_384
_REBUILD = "move the file away and start again: the event store is rebuilt from the journal"


def open_database(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection to the file, attached as `deck`. ConflictError if it is open already, here or in another process;
    DamagedError if it cannot be read; OpsdeckError if another version wrote it."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with ExitStack() as undo:
        # Sorts and joins that outgrow the memory limit go on in files beside the database.
        connection = duckdb.connect(":memory:", config={**SETTINGS, "temp_directory": f"{path}.tmp"})
        undo.callback(connection.close)
        connection.execute("SET GLOBAL TimeZone = 'UTC'")
        _attach(connection, path)
        for table in TABLES:
            connection.execute(table)
        _upgrade(connection, path)
        undo.pop_all()
    return connection


def _upgrade(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    found = remembered(connection, "format")
    if found is None:
        remember(connection, "format", FORMAT)
    while found not in (None, FORMAT):
        if found not in UPGRADES:
            raise OpsdeckError(
                f"{path} has format {found}; this opsdeck reads format {FORMAT}", hint=_REBUILD
            )
        found, statements = UPGRADES[found]
        connection.begin()
        for statement in statements:
            connection.execute(statement)
        remember(connection, "format", found)
        connection.commit()


def remembered(connection: duckdb.DuckDBPyConnection, name: str) -> Any:
    """What `remember` kept under the name; None if nothing."""
    rows = connection.execute("SELECT value FROM deck.meta WHERE name = $name", {"name": name}).fetchall()
    return rows[0][0] if rows else None


def remember(connection: duckdb.DuckDBPyConnection, name: str, value: str) -> None:
    """Keeps a text about the file itself."""
    connection.execute("DELETE FROM deck.meta WHERE name = $name", {"name": name})
    connection.execute("INSERT INTO deck.meta VALUES ($name, $value)", {"name": name, "value": value})


def _attach(connection: duckdb.DuckDBPyConnection, path: Path) -> None:
    try:
        connection.execute(
            "ATTACH $path AS deck (ROW_GROUP_SIZE $rows)", {"path": str(path), "rows": ROW_GROUP}
        )
    except duckdb.Error as error:
        if "already attached" in str(error) or "Conflicting lock" in str(error):
            raise ConflictError(
                f"{path} is open already",
                hint="one deck owns its event store; is one running? opsdeck status",
            ) from error
        raise DamagedError(f"cannot open the event store: {error}", hint=_REBUILD) from error
