"""Memory and DuckDB answer alike: random events in random batches, random questions."""

import json
import tempfile
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdeck.model import DETAILS, DIMENSIONS, Batch, Clause, Match, Position, Slice, Window
from opsdeck.stores.api import EventStore
from opsdeck.stores.events import open_events
from opsdeck.stores.events.facts import NUMBERS

NOON = datetime(2025, 9, 9, 12, tzinfo=UTC)
THRESHOLDS = (200.0, 2000.0, 2010.0, 5000.0)
WORDS = ["", "a", "b", "A", "é", "'", "%", "a\0b", "\U0001f600"]

seconds = st.integers(0, 4 * 3600 * 1000).map(lambda ms: timedelta(milliseconds=ms))
durations = st.none() | st.sampled_from([0, 0.5, 1, 199.99, *THRESHOLDS, 2005, 1e9]) | st.floats(0, 1e7)
entries = st.fixed_dictionaries(
    {
        "eventId": st.integers(0, 40).map(str),
        "operation": st.fixed_dictionaries(
            {"type": st.sampled_from(WORDS), "duration": durations, "success": st.booleans()},
            optional={"template": st.sampled_from(WORDS), "generator": st.text(max_size=3)},
        ),
        "metadata": st.none() | st.fixed_dictionaries({"fileCount": st.none() | st.integers(0, 3)}),
    },
    optional={
        "version": st.sampled_from(WORDS),
        "userId": st.sampled_from(WORDS),
        "exitCode": st.none() | st.integers(-1, 2),
        "error": st.none() | st.fixed_dictionaries({"code": st.sampled_from(["X", "CANCELLED"])}),
        "flags": st.lists(st.sampled_from(["late", "ahead", "truncated"]), max_size=2),
    },
)
fields = st.sampled_from(
    ["operation", "template", "version", "outcome", "kind", "user_id", "exit_code", "duration"]
)


def times_by_id(entry: dict[str, Any]) -> bytes:
    """The line of an entry whose time follows from its id, as every copy of an event has the same."""
    at = NOON + timedelta(milliseconds=int(entry["eventId"]) * 353_353)
    line = {"timestamp": at.isoformat(), "receivedAt": (at + timedelta(hours=1)).isoformat(), **entry}
    return json.dumps(line).encode()


@st.composite
def clauses(draw: st.DrawFn) -> Clause:
    field = draw(fields)
    if field in NUMBERS:
        op = draw(st.sampled_from(["=", "!=", "<", "<=", ">", ">=", "in", "not in"]))
        value: Any = draw(st.sampled_from([-1.0, 0.0, 1.0, 200.0, 2000.0]))
    else:
        op = draw(st.sampled_from(["=", "!=", "<", ">=", "~", "in", "not in"]))
        value = draw(st.sampled_from([*WORDS, "success", "single_file"]))
    return Clause(field, op, (str(value), "0") if "in" in op else value)


matches = st.lists(clauses(), max_size=2).map(lambda found: Match(tuple(found)))
windows = st.tuples(seconds, seconds).map(
    lambda ends: Window(NOON + min(ends), NOON + max(ends) + timedelta(hours=1))
)
steps = st.none() | st.sampled_from([timedelta(seconds=50), timedelta(minutes=1), timedelta(minutes=30)])
groups = st.lists(st.sampled_from(["operation", "outcome", "version"]), max_size=2, unique=True).map(tuple)

details = st.lists(st.sampled_from([*DIMENSIONS, *DETAILS]), max_size=3, unique=True).map(tuple)
maybe = st.sampled_from(["", *DIMENSIONS, *DETAILS])


def comparable(slices: list[Slice]) -> list[Any]:
    bars = [
        [(cell, bar.count, pytest.approx(bar.total)) for cell, bar in sorted(s.tally.bars.items())]
        for s in slices
    ]
    return [
        (s.start, s.group, replace(s.tally, bars={}), shape) for s, shape in zip(slices, bars, strict=True)
    ]


def compare(memory: EventStore, duck: EventStore, ask: st.DataObject) -> None:
    match, window = ask.draw(matches), ask.draw(windows)
    by, step = ask.draw(groups), ask.draw(steps)
    aligned = Window(window.start.replace(second=0, microsecond=0), window.end)
    for at in (window, aligned):
        assert comparable(duck.tally(match, at, by, step)) == comparable(memory.tally(match, at, by, step))
    field = ask.draw(st.sampled_from([*DIMENSIONS, *DETAILS, "minute"]))
    assert duck.distinct(field, match, window) == memory.distinct(field, match, window)
    assert duck.turns(match, window) == memory.turns(match, window)
    asked = (match, window, ask.draw(details))
    options = {
        "step": step,
        "distinct": ask.draw(maybe),
        "within": ask.draw(steps),
        "above": ask.draw(st.integers(0, 2)),
    }
    assert duck.groups(*asked, **options) == memory.groups(*asked, **options)
    found = memory.find(match, window, ask.draw(st.integers(1, 9)))
    assert duck.find(match, window, len(found) or 1) == found
    if found:
        assert duck.find(match, window, 5, found[-1].event_id) == memory.find(
            match, window, 5, found[-1].event_id
        )


def same(ask: st.DataObject) -> None:
    batches = ask.draw(st.lists(st.lists(entries, max_size=25), min_size=1, max_size=4))
    with tempfile.TemporaryDirectory() as folder:
        memory = open_events("memory://", THRESHOLDS)
        duck = open_events(f"duckdb:///{Path(folder) / 'events.duckdb'}", THRESHOLDS)
        for number, batch in enumerate(batches, 1):
            # A copy of an event is the same in every field, in the same batch or a later one.
            lines = {entry["eventId"]: times_by_id(entry) for entry in reversed(batch)}
            loaded = Batch(b"\n".join(lines.values()), (Position("app", number),))
            assert duck.load(loaded) == memory.load(loaded)
        for _ in range(4):
            compare(memory, duck, ask)
        duck.close()


@settings(max_examples=25, deadline=None, database=None)
@given(st.data())
def test_memory_and_duckdb_answer_alike(ask: st.DataObject) -> None:
    same(ask)


@pytest.mark.soak
@settings(max_examples=1000, deadline=None, database=None)
@given(st.data())
def test_memory_and_duckdb_answer_alike_at_length(ask: st.DataObject) -> None:
    same(ask)
