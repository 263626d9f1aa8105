"""The log's promises under load: no gap, no order but that of commits, no way to change a row."""

import sqlite3
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from opsdeck.errors import ConflictError
from opsdeck.model import Change, Setting
from opsdeck.stores.api import StateStore
from opsdeck.stores.state import engine, open_state
from opsdeck.stores.state.engine import connect

NOON = datetime(2025, 9, 9, 12, tzinfo=UTC)
CHANGE = Change("alert", "cli/slow", "inactive", "pending", "because", "deck", {})


def count_up(state: StateStore, times: int) -> None:
    """Appends, and counts in a setting by reading and writing: only right if writers take turns."""
    for _ in range(times):
        with state.begin() as tx:
            tx.append(CHANGE, NOON)
            before = tx.get(Setting, "count")
            tx.put(Setting("count", str(int(before.value) + 1 if before else 1)))


def append_or_fail(state: StateStore, number: int) -> None:
    with state.begin() as tx:
        tx.append(CHANGE, NOON)
        if number % 3 == 0:
            raise ZeroDivisionError


def follow(state: StateStore, last: int) -> list[int]:
    """What a reader with a cursor sees until it has seen `last`."""
    seen: list[int] = []
    while not seen or seen[-1] < last:
        with state.begin(write=False) as tx:
            seen += [t.seq for t in tx.log(after=seen[-1] if seen else 0)]
    return seen


def test_eight_threads_leave_no_gap_and_lose_no_update(state: StateStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(count_up, [state] * 8, [10] * 8))
    with state.begin() as tx:
        assert [t.seq for t in tx.log()] == list(range(1, 81))
        assert tx.get(Setting, "count") == Setting("count", "80")


def test_threads_that_fail_in_between_leave_no_gap(state: StateStore) -> None:
    with ThreadPoolExecutor(8) as pool:
        results = [pool.submit(append_or_fail, state, number) for number in range(60)]
    assert sum(result.exception() is not None for result in results) == 20
    with state.begin() as tx:
        assert [t.seq for t in tx.log()] == list(range(1, 41))


def test_a_cursor_never_skips_what_others_are_about_to_commit(state: StateStore) -> None:
    with ThreadPoolExecutor(9) as pool:
        reader = pool.submit(follow, state, 80)
        list(pool.map(count_up, [state] * 8, [10] * 8))
        assert reader.result() == list(range(1, 81))


WRITER = """
import sys
from datetime import UTC, datetime
from opsdeck.errors import ConflictError
from opsdeck.model import Change
from opsdeck.stores.state import open_state
state = open_state(sys.argv[1])
for _ in range(25):
    with state.begin() as tx:
        tx.append(Change("k", "s", "", "", "", "", {}), datetime.now(UTC))
"""


def test_processes_that_start_at_once_migrate_once_and_leave_no_gap(sql_url: str) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", WRITER, sql_url]) for _ in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    state = open_state(sql_url)
    with state.begin() as tx:
        assert [t.seq for t in tx.log()] == list(range(1, 76))
    state.close()


KILLED = WRITER.replace("range(25)", "range(10**9)").replace(
    "with state", "print('begin', flush=True)\n    with state"
)


def test_a_writer_killed_in_the_middle_leaves_no_gap(sql_url: str) -> None:
    for round_ in range(4):
        child = subprocess.Popen([sys.executable, "-c", KILLED, sql_url], stdout=subprocess.PIPE)
        assert child.stdout
        for _ in range(5 + round_):
            child.stdout.readline()
        child.kill()
        child.communicate()
    state = open_state(sql_url)
    with state.begin() as tx:
        last = tx.append(CHANGE, NOON)
        assert [t.seq for t in tx.log()] == list(range(1, last + 1))
    assert last > 16
    state.close()


@pytest.mark.parametrize(
    "statement", ["UPDATE log SET reason = 'better'", "DELETE FROM log"], ids=["update", "delete"]
)
def test_a_log_row_cannot_be_changed_even_by_hand(sql_url: str, statement: str) -> None:
    state = open_state(sql_url)
    with state.begin() as tx:
        tx.append(CHANGE, NOON)
    state.close()
    database = connect(sql_url)
    with database.begin() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text(statement))
    database.dispose()


def test_the_log_cannot_be_truncated(database: Callable[[], str]) -> None:
    server = connect(url := database())
    open_state(url).close()
    with server.begin() as connection, pytest.raises(DBAPIError, match="append-only"):
        connection.execute(text("TRUNCATE log"))
    server.dispose()


def test_a_database_that_another_process_holds_too_long_is_a_conflict(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_PRAGMAS", ("PRAGMA busy_timeout = 0",))
    state = open_state(f"sqlite:///{tmp_path}/state.db")
    with sqlite3.connect(tmp_path / "state.db", isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(ConflictError, match="held by another process"), state.begin():
            pass
        with state.begin(write=False) as tx:
            assert tx.log() == []
        other.execute("ROLLBACK")
    other.close()
    state.close()
