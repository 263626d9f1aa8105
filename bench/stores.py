"""Speed and memory of the event store at one million events: `python bench/stores.py [COUNT]` prints a table.

Loads synthetic entries in batches like the loader's, then asks what rules, objectives and pages ask. Medians of 7.
"""

import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import events
import psutil

from opsdeck.model import Batch, Clause, Match, Position, Window
from opsdeck.stores.api import EventStore
from opsdeck.stores.events import open_events

THRESHOLDS = (200.0, 300.0, 500.0, 1000.0, 1500.0, 2000.0, 3000.0, 5000.0)
START = datetime(2025, 9, 1, tzinfo=UTC)
SPAN = timedelta(days=30)
BATCH = 20_000
PEOPLE = Match.of(
    service="unjucks-cli",
    user_type=("human", "ci"),
    category="application",
    operation=("template_discovery", "template_generation", "template_injection"),
)
PROBES = Match.of(service="unjucks-cli", user_type="service")


def main(count: int = 1_000_000) -> dict[str, float]:
    """Figures by name: events/s, milliseconds, MiB; printed as they come."""
    figures: dict[str, float] = {}

    def say(name: str, value: float) -> None:
        figures[name] = value
        print(f"{name:48} {value:12.1f}", flush=True)

    with tempfile.TemporaryDirectory() as folder:
        store = open_events(f"duckdb:///{folder}/events.duckdb", THRESHOLDS)
        say("RSS with an empty store, MiB", _rss())
        _load(store, count, say)
        _ask(store, say)
        say("RSS afterwards, MiB", _rss())
        store.close()
        say("file, MiB", sum(f.stat().st_size for f in Path(folder).iterdir()) / 2**20)
        started = time.perf_counter()
        open_events(f"duckdb:///{folder}/events.duckdb", THRESHOLDS).close()
        say("open and close, ms", (time.perf_counter() - started) * 1000)
    return figures


def _load(store: EventStore, count: int, say: Callable[[str, float], None]) -> None:
    lines, done, spent, peak = events.lines(count, START, SPAN), 0, 0.0, 0.0
    while batch := list(islice(lines, BATCH)):
        text = b"\n".join(batch)
        done += len(batch)
        started = time.perf_counter()
        store.load(Batch(text, (Position("application/all", done),)))
        spent += time.perf_counter() - started
        peak = max(peak, _rss())
    say(f"load in batches of {BATCH}, events/s", count / spent)
    say("RSS peak while loading, MiB", peak)
    for size in (1, 100, 1000):
        live = iter(events.lines(size * 7, START + SPAN, timedelta(minutes=1), seed=size))
        batches = [b"\n".join(islice(live, size)) for _ in range(7)]
        say(
            f"load of one batch of {size}, ms",
            _median([lambda b=b: store.load(Batch(b, ())) for b in batches]),
        )


def _ask(store: EventStore, say: Callable[[str, float], None]) -> None:
    end = START + SPAN
    for name, span in {
        "30 days": SPAN,
        "24 hours": timedelta(days=1),
        "5 minutes": timedelta(minutes=5),
    }.items():
        window = Window(end - span - timedelta(seconds=7), end - timedelta(seconds=7))
        aligned = Window(end - span, end)
        say(f"tally, {name}, ms", _median([lambda w=window: store.tally(PEOPLE, w)] * 7))
        say(
            f"tally by template, {name}, ms",
            _median([lambda w=window: store.tally(PEOPLE, w, ("template",))] * 7),
        )
        say(
            f"tally in 60 steps, {name}, ms",
            _median([lambda w=aligned, s=span / 60: store.tally(PEOPLE, w, (), s)] * 7),
        )
        say(
            f"distinct minutes, {name}, ms",
            _median([lambda w=window: store.distinct("minute", PROBES, w)] * 7),
        )
        say(
            f"distinct users, {name}, ms",
            _median([lambda w=window: store.distinct("user_id", PEOPLE, w)] * 7),
        )
    month = Window(START, end)
    rare = PEOPLE.also(error_code="PERMISSION_DENIED")
    words = PEOPLE.also(Clause("error_message", "~", "cannot WRITE"))
    say("find 50 newest of 30 days, ms", _median([lambda: store.find(PEOPLE, month, 50)] * 7))
    say("find 50 with an error code, ms", _median([lambda: store.find(rare, month, 50)] * 7))
    say("find 50 with words in the message, ms", _median([lambda: store.find(words, month, 50)] * 7))


def _median(calls: list[Callable[[], object]]) -> float:
    times = []
    for call in calls:
        started = time.perf_counter()
        call()
        times.append((time.perf_counter() - started) * 1000)
    return statistics.median(times)


def _rss() -> float:
    return float(psutil.Process().memory_info().rss) / 2**20


if __name__ == "__main__":
    print(json.dumps(main(*map(int, sys.argv[1:]))))
