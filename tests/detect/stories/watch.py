"""A deck's eyes on a simulated company: everything that happens is in a real DuckDB file, and each time entries have
come in by then, the shipped rules and the learned habits look, and what is news becomes a detection, as in a running
deck. What is received later than a look is not seen by it.

Nobody reviews anything here: no verdict teaches, and nobody is blocked.
"""

import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from company import SERVICE, START, Event

from opsdeck import detect
from opsdeck.detect import habits
from opsdeck.detect.rule import Rule
from opsdeck.model import Batch, Detection, Position
from opsdeck.spec.model import Spec
from opsdeck.stores.api import EventStore, StateStore
from opsdeck.stores.events import open_events
from opsdeck.stores.state import open_state

EVERY, SECOND = timedelta(minutes=10), timedelta(seconds=1)


@dataclass
class Watch:
    """One event store, watched."""

    events: EventStore
    state: StateStore
    spec: Spec
    rules: tuple[Rule, ...]
    looked: datetime
    known: set[str] = field(default_factory=set)

    def run(self, entries: Iterable[Event]) -> Iterator[Detection]:
        """Look after every stretch of these entries. News are given as they come."""
        for stretch in stretches(entries):
            now = received(stretch[-1]) + SECOND
            self.rules_look(now)
            if "error" not in stretch[-1]:
                self.habits_look(now)
            yield from self.news()

    def rules_look(self, now: datetime) -> None:
        """One tick of the rules."""
        detect.tick(self.state, self.events, [SERVICE], self.rules, self.spec.framework, now)

    def habits_look(self, now: datetime) -> None:
        """One tick of the habits: who handed in something since the last one."""
        framework, lately, self.looked = self.spec.framework, now - self.looked, now
        hits = habits.look(self.events, (), SERVICE, framework.baseline, now, lately=lately)
        detect.learned(self.state, SERVICE, hits, framework, now)

    def news(self) -> list[Detection]:
        """The detections since the last call."""
        with self.state.begin(write=False) as tx:
            news = [one for one in tx.find(Detection) if one.key not in self.known]
        self.known |= {one.key for one in news}
        return news


def stretches(entries: Iterable[Event]) -> Iterator[list[Event]]:
    """Ten minutes at a time, and up to each entry with an error: of those, bursts are made that are soon over."""
    held: list[Event] = []
    for entry in entries:
        if held and _slot(entry) != _slot(held[0]):
            yield held
            held = []
        held.append(entry)
        if "error" in entry:
            yield held
            held = []
    if held:
        yield held


def received(entry: Event) -> datetime:
    """When the entry came in."""
    return datetime.fromisoformat(entry["receivedAt"])


def _slot(entry: Event) -> int:
    return (received(entry) - START) // EVERY


@contextmanager
def watching(entries: Iterable[Event], spec: Spec, path: Path, since: datetime) -> Iterator[Watch]:
    """A watch over a fresh DuckDB file with these entries, as far back as habits look; what was found before `since`
    is known."""
    oldest = since - spec.framework.baseline.days - 3 * habits.DAY
    lines = "\n".join(json.dumps(entry) for entry in entries if received(entry) > oldest)
    store = open_events(f"duckdb:///{path}", spec.edges)
    store.load(Batch(lines.encode(), (Position("company", 1),)))
    watch = Watch(store, open_state("memory://"), spec, detect.load(spec.framework), since - habits.DAY)
    watch.rules_look(since)
    watch.habits_look(since)
    watch.news()
    yield watch
    store.close()
