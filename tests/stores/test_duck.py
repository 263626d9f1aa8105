"""What only the DuckDB store has: a file, an owner, rollups, loads while others read."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event

import duckdb
import pytest

from opsdeck.errors import ConflictError, DamagedError, OpsdeckError, UsageError
from opsdeck.model import Batch, Match, Position, Sample, Window
from opsdeck.stores.events import duck as module
from opsdeck.stores.events import loading, open_events
from opsdeck.stores.events.duck import DuckEvents

Line = Callable[..., bytes]
NOON = datetime(2025, 9, 9, 12, tzinfo=UTC)
LONG = Window(NOON - timedelta(hours=6), NOON + timedelta(hours=6))
ALL = Match()


def rows(path: Path, query: str) -> list[tuple[object, ...]]:
    """Looks into the file of a closed store."""
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute(query).fetchall()


def runs(store: DuckEvents, window: Window = LONG) -> int:
    return store.tally(ALL, window)[0].tally.runs


# ---- the file ---------------------------------------------------------------------------------------------------


def test_everything_is_there_after_reopening(path: Path, line: Line) -> None:
    store = DuckEvents(path)
    store.load(Batch(line("a", NOON), (Position("app", 3),)))
    store.record([Sample("cpu", NOON, 0.5)])
    store.close()
    again = DuckEvents(path)
    assert (runs(again), again.positions()) == (1, {"app": Position("app", 3)})
    assert again.samples("cpu", "", LONG) == [Sample("cpu", NOON, 0.5)]
    assert again.load(Batch(line("a", NOON), ())) == 0
    again.close()


def test_what_outgrows_the_memory_limit_goes_to_files_beside_the_database(
    duck: DuckEvents, path: Path
) -> None:
    with duck._root.cursor() as cursor:
        cursor.execute("SET memory_limit = '20MB'")
        assert cursor.execute(
            "SELECT count(DISTINCT md5(i::VARCHAR)) FROM range(400000) r(i)"
        ).fetchall() == [(400000,)]
        assert cursor.execute("SELECT current_setting('temp_directory')").fetchall() == [(f"{path}.tmp",)]


def test_closing_leaves_one_file(path: Path, line: Line) -> None:
    store = DuckEvents(path)
    store.load(Batch(line("a", NOON), ()))
    store.close()
    assert list(path.parent.iterdir()) == [path]


def test_a_folder_that_is_not_there_is_made_for_the_owner_only(tmp_path: Path) -> None:
    DuckEvents(tmp_path / "deck" / "events.duckdb").close()
    assert (tmp_path / "deck").stat().st_mode & 0o777 == 0o700


def test_a_file_name_with_quotes(tmp_path: Path, line: Line) -> None:
    store = DuckEvents(tmp_path / 'it\'s "my" deck; --.duckdb')
    store.load(Batch(line("a", NOON), ()))
    assert runs(store) == 1
    store.close()


def test_the_same_file_twice_in_a_process_is_refused(duck: DuckEvents, path: Path) -> None:
    with pytest.raises(ConflictError, match="is open already"):
        DuckEvents(path)


def test_a_file_open_in_another_process_is_refused(duck: DuckEvents, path: Path) -> None:
    code = "import sys; from opsdeck.stores.events import open_events; open_events(sys.argv[1])"
    child = subprocess.run(
        [sys.executable, "-c", code, f"duckdb:///{path}"], capture_output=True, check=False
    )
    assert b"ConflictError" in child.stderr
    assert b"is open already" in child.stderr


@pytest.mark.parametrize("content", [b"garbage" * 9999, b""], ids=["garbage", "nothing"])
def test_a_file_that_is_no_database_is_named_with_what_to_do(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(DamagedError, match=r"events\.duckdb") as caught:
        DuckEvents(path)
    assert "rebuilt from the journal" in caught.value.hint


def test_a_file_of_another_format_is_refused(path: Path) -> None:
    DuckEvents(path).close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE meta SET value = '99' WHERE name = 'format'")
    with pytest.raises(OpsdeckError, match="has format 99"):
        DuckEvents(path)


def test_a_file_of_the_first_format_is_brought_up_to_date(path: Path, line: Line) -> None:
    store = DuckEvents(path)
    store.load(Batch(line("old", NOON), ()))
    store.close()
    with duckdb.connect(str(path)) as connection:
        connection.execute("UPDATE meta SET value = '1' WHERE name = 'format'")
        for name in ("fingerprint", "received", "redactions"):
            connection.execute(f"ALTER TABLE events DROP COLUMN {name}")
    store = DuckEvents(path)
    store.load(Batch(line("new", NOON), ()))
    assert [one.count for one in store.groups(ALL, LONG, ("fingerprint",))] == [2]
    store.close()


def test_a_url_that_names_no_store_is_refused() -> None:
    with pytest.raises(UsageError, match="no event store for 'kafka://x'"):
        open_events("kafka://x")


def test_a_memory_url_needs_no_duckdb() -> None:
    code = "import sys; from opsdeck.stores.events import open_events; open_events('memory://'); print('duckdb' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"False\n"


# ---- rollups ----------------------------------------------------------------------------------------------------


def test_the_rollup_says_what_the_events_say(path: Path, line: Line) -> None:
    store = DuckEvents(path)
    for load in range(5):
        lines = (
            line(f"{load}-{n}", NOON + timedelta(seconds=40 * n), 100 + n % 3, n % 5 > 0) for n in range(50)
        )
        store.load(Batch(b"\n".join(lines), ()))
    store.close()
    shape = "SELECT date_trunc('minute', happened) AS minute, outcome, sum({}), round(sum({}), 6)::VARCHAR"
    rolled = (
        f"{shape.format('count', 'total')} FROM rollup JOIN series ON series = id GROUP BY ALL ORDER BY ALL"
    )
    single = f"{shape.format(1, 'duration')} FROM events GROUP BY ALL ORDER BY ALL"
    assert rows(path, rolled) == rows(path, single)


def test_a_load_adds_a_row_per_minute_series_and_bucket(path: Path, line: Line) -> None:
    store = DuckEvents(path)
    store.load(Batch(b"\n".join(line(f"{n}", NOON + timedelta(seconds=n), 100) for n in range(120)), ()))
    store.close()
    assert rows(path, "SELECT count, total FROM rollup") == [(60, 6000.0)] * 2
    assert rows(path, "SELECT count(*) FROM series") == [(1,)]


def test_known_events_again_leave_the_rollup_alone(path: Path, line: Line) -> None:
    store = DuckEvents(path)
    for new in ("b", "c"):
        store.load(Batch(b"\n".join([line("a", NOON), line(new, NOON), line(new, NOON)]), ()))
    store.close()
    assert rows(path, "SELECT sum(count) FROM rollup") == rows(path, "SELECT count(*) FROM events") == [(3,)]


def test_new_thresholds_roll_everything_up_again(path: Path, line: Line) -> None:
    before = DuckEvents(path, (2000.0,))
    lines = [line("a", NOON, 2999.9), line("b", NOON, 3000), line("c", NOON + timedelta(hours=1), 3000.1)]
    before.load(Batch(b"\n".join(lines), ()))
    assert len(before.tally(ALL, LONG)[0].tally.bars) == 1
    before.close()
    after = DuckEvents(path, (3000.0,))
    bars = after.tally(ALL, LONG)[0].tally.bars
    assert [bar.total for _, bar in sorted(bars.items())] == [2999.9, 3000, 3000.1]
    after.close()


# ---- loading ----------------------------------------------------------------------------------------------------


def test_a_large_batch_goes_in_pieces_and_counts_as_one(
    duck: DuckEvents, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 1000)
    lines = [line(f"{n % 90}", NOON) for n in range(100)]
    assert duck.load(Batch(b"\n".join(lines), ())) == 90
    assert runs(duck) == 90


def test_a_load_that_fails_leaves_nothing(
    duck: DuckEvents, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = Batch(line("a", NOON), (Position("app", 1),))
    with monkeypatch.context() as broken:
        broken.setattr(loading, "roll_up", lambda _: "SELECT * FROM nowhere")
        with pytest.raises(duckdb.Error, match="nowhere"):
            duck.load(batch)
    assert (runs(duck), duck.distinct("minute", ALL, LONG), duck.positions()) == (0, 0, {})
    assert duck.load(batch) == 1


def test_the_whole_entry_is_kept_as_it_came(duck: DuckEvents, path: Path, line: Line) -> None:
    came = line("a", NOON, extra={"z": 1.0, "a": [True, None, "é\\u0041"]}, big=2**60)
    duck.load(Batch(came, ()))
    assert duck.find(ALL, LONG, 1)[0].body == json.loads(came)


def test_an_entry_of_some_megabytes(duck: DuckEvents, line: Line) -> None:
    duck.load(Batch(line("a", NOON, stack="x" * 3_000_000), ()))
    assert len(duck.find(ALL, LONG, 1)[0].body["stack"]) == 3_000_000


# ---- threads ----------------------------------------------------------------------------------------------------


def watch(store: DuckEvents, done: Event) -> Iterator[int]:
    while not done.is_set():
        yield runs(store)
        yield store.distinct("event_id", ALL, LONG)
        yield len(store.find(ALL, LONG, 1000))


def test_ten_threads_read_while_one_loads_and_see_loads_whole(duck: DuckEvents, line: Line) -> None:
    done = Event()
    with ThreadPoolExecutor(10) as pool:
        readers = [pool.submit(lambda: set(watch(duck, done))) for _ in range(10)]
        for load in range(10):
            lines = (line(f"{load}-{n}", NOON + timedelta(seconds=n)) for n in range(50))
            duck.load(Batch(b"\n".join(lines), (Position("app", load + 1),)))
        done.set()
        assert {seen % 50 for reader in readers for seen in reader.result()} == {0}
    assert runs(duck) == 500


def test_threads_that_load_the_same_events_store_them_once(duck: DuckEvents, line: Line) -> None:
    lines = b"\n".join(line(f"{n}", NOON) for n in range(100))
    with ThreadPoolExecutor(8) as pool:
        assert sum(pool.map(duck.load, [Batch(lines, ())] * 8)) == 100


def test_samples_are_recorded_from_many_threads_while_one_loads(duck: DuckEvents, line: Line) -> None:
    with ThreadPoolExecutor(8) as pool:
        load = pool.submit(duck.load, Batch(line("a", NOON), ()))
        list(pool.map(lambda n: duck.record([Sample("cpu", NOON, n)]), range(100)))
        assert load.result() == 1
    assert sorted(s.value for s in duck.samples("cpu", "", LONG)) == list(range(100))


def test_many_large_questions_at_once_wait_for_each_other_instead_of_running_out_of_memory(
    duck: DuckEvents, line: Line
) -> None:
    lines = b"\n".join(line(f"{n:036}", NOON + timedelta(milliseconds=n * 100)) for n in range(60_000))
    assert duck.load(Batch(lines, ())) == 60_000
    with duck._root.cursor() as cursor:
        cursor.execute("SET GLOBAL memory_limit = '24MB'")
    with ThreadPoolExecutor(20) as pool:
        asked = [pool.submit(duck.distinct, "event_id", ALL, LONG) for _ in range(20)]
    assert {answer.result() for answer in asked} == {60_000}
