"""Every store that keeps the same contract, each fresh for its test; PostgreSQL from a private cluster."""

import json
import os
import pwd
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest

from opsdeck.stores.api import EventStore, StateStore
from opsdeck.stores.events import open_events
from opsdeck.stores.state import open_state

THRESHOLDS = (200.0, 500.0, 2000.0, 5000.0)


@pytest.fixture(params=["memory", "duckdb"])
def events(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EventStore]:
    url = "memory://" if request.param == "memory" else f"duckdb:///{tmp_path}/events.duckdb"
    store = open_events(url, THRESHOLDS)
    yield store
    store.close()


@pytest.fixture(params=["memory", "sqlite", "postgresql"])
def state_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "postgresql":
        return str(request.getfixturevalue("database")())
    return "memory://" if request.param == "memory" else f"sqlite:///{tmp_path}/state.db"


@pytest.fixture(params=["sqlite", "postgresql"])
def sql_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database that several processes can share."""
    return (
        str(request.getfixturevalue("database")())
        if request.param == "postgresql"
        else f"sqlite:///{tmp_path}/state.db"
    )


@pytest.fixture
def state(state_url: str) -> Iterator[StateStore]:
    store = open_state(state_url)
    yield store
    store.close()


@pytest.fixture(scope="session")
def cluster() -> Iterator[str]:
    """A folder with the socket of a PostgreSQL server of our own, run by an unprivileged user."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed; on Debian: apt-get install postgresql")
    # Not pytest's tmp_path: the server's user could not enter it, and a socket's path must be short.
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    if os.getuid() == 0:
        shutil.chown(folder, "nobody")
    binaries, data = found[-1].parent, folder / "data"
    _as_nobody(binaries / "initdb", "-D", data, "-U", "opsdeck", "-A", "trust", "--no-sync", "-E", "UTF8")
    options = f"-k {folder} -c listen_addresses='' -c fsync=off -c max_connections=60"
    _as_nobody(binaries / "pg_ctl", "-D", data, "-o", options, "-l", folder / "log", "-w", "start")
    yield str(folder)
    _as_nobody(binaries / "pg_ctl", "-D", data, "-m", "immediate", "-w", "stop")
    shutil.rmtree(folder)


@pytest.fixture
def database(cluster: str) -> Callable[[], str]:
    """Makes an empty database in the cluster; returns its URL."""

    def make() -> str:
        name = f"deck_{uuid.uuid4().hex}"
        with psycopg.connect(host=cluster, user="opsdeck", dbname="postgres", autocommit=True) as connection:
            connection.execute(f"CREATE DATABASE {name}")
        return f"postgresql://opsdeck@/{name}?host={cluster}"

    return make


@pytest.fixture(scope="session")
def line() -> Callable[..., bytes]:
    """One stored entry as a line: an id, a time, and fields by dotted name (`operation__type`)."""

    def make(event_id: str, at: datetime, **fields: Any) -> bytes:
        entry: dict[str, Any] = {
            "eventId": event_id,
            "timestamp": at.isoformat(),
            "service": "cli",
            "operation": {"type": "template_generation", "duration": 100, "success": True},
        }
        for name, value in fields.items():
            part, _, inside = name.partition("__")
            entry[part] = {**entry.get(part, {}), inside: value} if inside else value
        return json.dumps(entry).encode()

    return make


def _as_nobody(*command: object) -> None:
    words = [str(word) for word in command]
    if os.getuid() == 0:
        words = ["setpriv", f"--reuid={pwd.getpwnam('nobody').pw_uid}", "--clear-groups", *words]
    subprocess.run(words, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/")
