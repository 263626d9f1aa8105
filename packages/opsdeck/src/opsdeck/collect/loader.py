"""The journal into the event store, exactly once: positions are stored with the events they stand for.

In: a journal and an event store. Out: how many events were new. Woken by the journal: at once when it was idle,
in gulps when it is busy, so that an acknowledged event is visible within a second either way.
It must not know entries: lines go through as they are.
"""

import time
from collections.abc import Mapping

from opsdeck.collect.journal import Journal
from opsdeck.model import Batch, Position
from opsdeck.stores.api import EventStore

# About 20,000 entries, loaded at once while more keeps coming: twice as many cost the same time each and more memory.
GULP = 12 * 1024 * 1024
# Seconds to gather after a load: as long as that load took, so that half the time stays for others, but no longer.
BREATH = 0.2


class Loader:
    """Moves what is new. One thread at a time."""

    def __init__(self, journal: Journal, events: EventStore) -> None:
        self._journal = journal
        self._events = events
        self._seen: Mapping[str, int] = {}
        self._rested_at = 0.0

    def wait(self, timeout: float) -> bool:
        """Block until there is something to load, at most `timeout` seconds; whether there is.

        Right after a load it gathers for a breath's length or a gulp: a busy journal is loaded in few large batches.
        """
        if not self._journal.wait(self._seen, timeout):
            return False
        rest = self._rested_at - time.monotonic()
        while rest > 0 and self.lag() < GULP and self._journal.wait(self._journal.ends(), rest):
            rest = self._rested_at - time.monotonic()
        return True

    def lag(self) -> int:
        """Bytes that are durable in the journal and were not there at the last look of `tick`."""
        ends, seen = self._journal.ends(), self._seen
        return sum(end - seen.get(stream, 0) for stream, end in ends.items())

    def tick(self) -> int:
        """Load everything that is durable now; returns how many events were new."""
        began = time.monotonic()
        ends = self._journal.ends()
        loaded = 0
        for stream, position in _behind(ends, self._events.positions()).items():
            offset = position
            while offset < ends[stream]:
                chunk = self._journal.read(stream, offset, GULP)
                if chunk.offset <= offset:
                    break
                offset = chunk.offset
                loaded += self._events.load(Batch(chunk.lines, (Position(stream, offset),)))
        self._seen = ends
        self._rested_at = time.monotonic() + min(time.monotonic() - began, BREATH)
        return loaded


def _behind(ends: Mapping[str, int], positions: Mapping[str, Position]) -> dict[str, int]:
    """The streams with something new, by where to go on reading."""
    stored = {stream: position.offset for stream, position in positions.items()}
    return {stream: stored.get(stream, 0) for stream, end in ends.items() if end > stored.get(stream, 0)}
