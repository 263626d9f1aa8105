"""A deck's eyes on a simulated company: entries go into a real DuckDB file as they come in, and each time some did,
the shipped rules and the learned habits look, and what is news becomes a detection, as in a running deck.

Nobody reviews anything here: no verdict teaches, and nobody is blocked.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from company import SERVICE, START, Company, Event

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
    loaded: int = 0
    known: set[str] = field(default_factory=set)

    def load(self, entries: Sequence[Event]) -> None:
        if entries:
            self.loaded += len(entries)
            lines = "\n".join(map(json.dumps, entries)).encode()
            self.events.load(Batch(lines, (Position("company", self.loaded),)))

    def run(self, entries: Iterable[Event]) -> Iterator[Detection]:
        """Let the entries come in, and look after every stretch. News are given as they come."""
        for stretch in stretches(entries):
            self.load(stretch)
            yield from self.look(received(stretch[-1]) + SECOND, EVERY)

    def look(self, now: datetime, lately: timedelta) -> list[Detection]:
        """One tick of each detector; the detections that are new."""
        framework = self.spec.framework
        detect.tick(self.state, self.events, [SERVICE], self.rules, framework, now)
        hits = habits.look(self.events, (), SERVICE, framework.baseline, now, lately=lately)
        detect.learned(self.state, SERVICE, hits, framework, now)
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
def watching(company: Company, spec: Spec, path: Path, until: str) -> Iterator[Watch]:
    """A watch over a fresh DuckDB file that holds what came in before that time, as far back as habits look."""
    since = received({"receivedAt": until}) - spec.framework.baseline.days - 2 * habits.DAY
    store = open_events(f"duckdb:///{path}", spec.edges)
    watch = Watch(store, open_state("memory://"), spec, detect.load(spec.framework))
    watch.load([event for event in company.events if since.isoformat() < event["receivedAt"] < until])
    yield watch
    store.close()
