"""The DuckDB event store: one database file, one owner process, any number of threads.

Each call works on a cursor of its own (a DuckDB connection to the same database), so queries run while a load does
and see it whole or not at all. Loads go one after the other, each in one
transaction with the positions it reaches.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from json import dumps, loads
from pathlib import Path
from threading import BoundedSemaphore, Lock
from typing import Any

import duckdb

from opsdeck.errors import UsageError
from opsdeck.model import Bar, Batch, Entry, Group, Match, Position, Sample, Slice, Tally, Turn, Window
from opsdeck.stores.api import UNREADABLE
from opsdeck.stores.events import loading, queries
from opsdeck.stores.events.database import open_database, remember, remembered
from opsdeck.stores.events.queries import Statement, naive

# A load takes several times its text in memory, so a large one goes in pieces.
CHUNK = 12 * 1024 * 1024
# How many statements run at a time: as many as DuckDB has threads. More would not be quicker, and ten large ones at
# once would run each other out of memory; here they wait their turn.
SEATS = 2


class DuckEvents:
    """An EventStore in a DuckDB file; for errors on opening see open_database."""

    def __init__(self, path: Path, thresholds: Sequence[float] = ()) -> None:
        self._thresholds = tuple(sorted(map(float, thresholds)))
        self._loading = Lock()
        self._seats = BoundedSemaphore(SEATS)
        self._root = open_database(path)
        with self._writing() as cursor:
            self._next = _one(cursor, "SELECT coalesce(max(load), 0) + 1 FROM deck.events")[0]
            self._keep_thresholds(cursor)

    def load(self, batch: Batch) -> int:
        with self._loading, self._writing() as cursor:
            reached = self._positions(cursor)
            ahead = [p for p in batch.positions if p.offset > reached.get(p.stream, Position("", 0)).offset]
            if batch.positions and not ahead:
                return 0
            number, self._next = self._next, self._next + 1
            new, unreadable = self._enter(cursor, batch.lines, number)
            for position in ahead:
                known = position.stream in reached
                cursor.execute(
                    "UPDATE deck.positions SET reached = $offset WHERE stream = $stream"
                    if known
                    else "INSERT INTO deck.positions VALUES ($stream, $offset)",
                    {"stream": position.stream, "offset": position.offset},
                )
            if unreadable:
                _append(cursor, [Sample(UNREADABLE, datetime.now(UTC), unreadable)])
            return new

    def positions(self) -> Mapping[str, Position]:
        with self._root.cursor() as cursor:
            return self._positions(cursor)

    def tally(
        self, match: Match, window: Window, by: tuple[str, ...] = (), step: timedelta | None = None
    ) -> list[Slice]:
        rows = self._rows(queries.tally(match, window, by, step, self._thresholds))
        counts: dict[tuple[int, tuple[str, ...]], dict[str, int]] = {}
        bars: dict[tuple[int, tuple[str, ...]], dict[int, Bar]] = {}
        if not by and step is None:
            counts[0, ()], bars[0, ()] = {}, {}
        for number, *group, outcome, bucket, count, total in rows:
            place = number, tuple(group)
            outcomes = counts.setdefault(place, {})
            outcomes[outcome] = outcomes.get(outcome, 0) + count
            cells = bars.setdefault(place, {})
            if bucket is not None and outcome != "cancelled":
                cell = cells.get(bucket)
                cells[bucket] = Bar(cell.count + count, cell.total + total) if cell else Bar(count, total)
        width = step or timedelta(0)
        return [
            Slice(window.start + place[0] * width, place[1], Tally(**counts[place], bars=bars[place]))
            for place in sorted(counts)
        ]

    def distinct(self, field: str, match: Match, window: Window) -> int:
        return int(self._rows(queries.distinct(field, match, window))[0][0])

    def groups(
        self,
        match: Match,
        window: Window,
        by: tuple[str, ...],
        *,
        step: timedelta | None = None,
        distinct: str = "",
        within: timedelta | None = None,
        above: int = 0,
    ) -> list[Group]:
        asked = queries.groups(match, window, by, step=step, distinct=distinct, within=within, above=above)
        width = step or timedelta(0)
        return [
            Group(
                window.start + number * width,
                tuple(key),
                count,
                different,
                first.replace(tzinfo=UTC),
                last.replace(tzinfo=UTC),
                newest,
            )
            for number, *key, count, different, first, last, newest in self._rows(asked)
        ]

    def turns(self, match: Match, window: Window) -> list[Turn]:
        return [
            Turn(minute.replace(tzinfo=UTC), bad) for minute, bad in self._rows(queries.turns(match, window))
        ]

    def find(self, match: Match, window: Window, limit: int, before: str = "") -> list[Entry]:
        after = None
        if before:
            found = self._rows(queries.moment(before, window))
            if not found:
                raise UsageError(f"no entry with id {before!r} to continue after")
            after = (found[0][0].replace(tzinfo=UTC), before)
        rows = self._rows(queries.find(match, window, limit, after))
        return [Entry(event_id, at.replace(tzinfo=UTC), loads(body)) for event_id, at, body in rows]

    def record(self, samples: Iterable[Sample]) -> None:
        with self._writing() as cursor:
            _append(cursor, samples)

    def samples(self, name: str, service: str, window: Window) -> list[Sample]:
        rows = self._rows(queries.samples(name, service, window))
        return [Sample(name, at.replace(tzinfo=UTC), value, service) for at, value in rows]

    def close(self) -> None:
        with self._loading:
            self._root.close()

    def _enter(self, cursor: duckdb.DuckDBPyConnection, lines: bytes, number: int) -> tuple[int, int]:
        """Puts the new entries into events, series and rollup; returns how many, and how many lines were unreadable.

        1. Parse everything into `events` under the number of this load. 2. Leave out again what is unreadable, there
        twice, or known (rare, so looked for afterwards). 3. Add series and rollup rows of what is left.
        """
        load = {"load": number}
        for chunk in _chunks(lines):
            cursor.execute(loading.ENTER, {**load, "lines": chunk})
        seen, readable, different, first, last = _one(cursor, loading.SURVEY, load)
        if readable < seen:
            cursor.execute(loading.OMIT_UNREADABLE, load)
            _, readable, different, first, last = _one(cursor, loading.SURVEY, load)
        if different < readable:
            cursor.execute(loading.OMIT_TWINS, load)
        span = {**load, "first": first, "last": last}
        known = len(cursor.execute(loading.KNOWN, span).fetchall()) if different else 0
        if known:
            cursor.execute(loading.OMIT_KNOWN, span)
        if known < different:
            cursor.execute(loading.MEET, load)
            cursor.execute(loading.roll_up(self._thresholds), load)
        return different - known, seen - readable

    def _positions(self, cursor: duckdb.DuckDBPyConnection) -> dict[str, Position]:
        rows = cursor.execute("SELECT stream, reached FROM deck.positions").fetchall()
        return {stream: Position(stream, reached) for stream, reached in rows}

    def _keep_thresholds(self, cursor: duckdb.DuckDBPyConnection) -> None:
        """Rolls everything up anew where the spec's thresholds are others than those of the stored rollup."""
        now = dumps(self._thresholds)
        if remembered(cursor, "thresholds") != now:
            remember(cursor, "thresholds", now)
            cursor.execute(loading.FORGET_ROLLUP)
            cursor.execute(loading.roll_up(self._thresholds), {"load": 0})

    def _rows(self, query: Statement) -> list[tuple[Any, ...]]:
        with self._seats, self._root.cursor() as cursor:
            return cursor.execute(query.text, query.values).fetchall()

    @contextmanager
    def _writing(self) -> Iterator[duckdb.DuckDBPyConnection]:
        with self._seats, self._root.cursor() as cursor, ExitStack() as undo:
            cursor.begin()
            undo.callback(cursor.rollback)
            yield cursor
            undo.pop_all()
            cursor.commit()


def _one(
    cursor: duckdb.DuckDBPyConnection, text: str, values: Mapping[str, Any] | None = None
) -> tuple[Any, ...]:
    return cursor.execute(text, values).fetchall()[0]


def _append(cursor: duckdb.DuckDBPyConnection, samples: Iterable[Sample]) -> None:
    for s in samples:
        cursor.execute(
            "INSERT INTO deck.samples VALUES ($at, $name, $service, $value)",
            {"at": naive(s.at), "name": s.name, "service": s.service, "value": s.value},
        )


def _chunks(lines: bytes) -> Iterator[str]:
    """Pieces of about CHUNK bytes, cut at line ends."""
    start = 0
    while start < len(lines):
        end = lines.find(b"\n", start + CHUNK) + 1 or len(lines)
        yield _decoded(lines[start:end])
        start = end


def _decoded(lines: bytes) -> str:
    try:
        return lines.decode()
    except UnicodeDecodeError:
        return "\n".join(map(_text, lines.split(b"\n")))


def _text(line: bytes) -> str:
    """A line as text; one that is no text becomes one that is no JSON."""
    try:
        return line.decode()
    except UnicodeDecodeError:
        return "no text"
