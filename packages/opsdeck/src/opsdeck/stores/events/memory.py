"""The memory event store: the reference that says what the protocol means. Plain loops, every event in a list.

Used by tests and by `opsdeck.testing`; not for more than some ten thousand events.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from itertools import groupby
from threading import RLock

from opsdeck.errors import UsageError
from opsdeck.model import (
    DIMENSIONS,
    Bar,
    Batch,
    Entry,
    Group,
    Match,
    Position,
    Sample,
    Slice,
    Tally,
    Turn,
    Window,
)
from opsdeck.stores.api import UNREADABLE
from opsdeck.stores.events.buckets import bucket
from opsdeck.stores.events.facts import Fact, fact
from opsdeck.stores.events.match import holds, known, wanted


class MemoryEvents:
    """An EventStore that lives as long as the process."""

    def __init__(self, thresholds: Sequence[float] = ()) -> None:
        self._thresholds = tuple(thresholds)
        self._lock = RLock()
        self._facts: dict[str, Fact] = {}
        self._positions: dict[str, Position] = {}
        self._samples: list[Sample] = []

    def load(self, batch: Batch) -> int:
        with self._lock:
            ahead = [p for p in batch.positions if p.offset > self._offset(p.stream)]
            if batch.positions and not ahead:
                return 0
            before = len(self._facts)
            lines = [line for line in batch.lines.split(b"\n") if line]
            facts = [found for line in lines if (found := fact(line)) is not None]
            for found in facts:
                self._facts.setdefault(found.entry.event_id, found)
            self._positions |= {p.stream: p for p in ahead}
            if len(facts) < len(lines):
                self._samples.append(Sample(UNREADABLE, datetime.now(UTC), len(lines) - len(facts)))
            return len(self._facts) - before

    def positions(self) -> Mapping[str, Position]:
        with self._lock:
            return dict(self._positions)

    def tally(
        self, match: Match, window: Window, by: tuple[str, ...] = (), step: timedelta | None = None
    ) -> list[Slice]:
        for name in by:
            known(name, DIMENSIONS)
        slices: dict[tuple[datetime, tuple[str, ...]], list[Fact]] = defaultdict(list)
        if not by and step is None:
            slices[window.start, ()] = []
        for found in self._matching(match, window):
            steps = (found.at - window.start) // step if step else 0
            start = window.start + steps * step if step else window.start
            slices[start, tuple(str(found.values[name]) for name in by)].append(found)
        return [Slice(start, group, self._count(slices[start, group])) for start, group in sorted(slices)]

    def distinct(self, field: str, match: Match, window: Window) -> int:
        if field == "minute":
            return len({found.at.replace(second=0, microsecond=0) for found in self._matching(match, window)})
        known(field)
        return len({found.values[field] for found in self._matching(match, window)} - {"", None})

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
        for name in (*by, *filter(None, [distinct])):
            known(name)
        facts = list(self._matching(match, window))
        newest: dict[tuple[str, ...], datetime] = {}
        for found in facts:
            key = _key(found, by)
            newest[key] = max(found.at, newest.get(key, found.at))
        members: dict[tuple[datetime, tuple[str, ...]], list[Fact]] = defaultdict(list)
        for found in facts:
            key = _key(found, by)
            if within is None or found.at > newest[key] - within:
                steps = (found.at - window.start) // step if step else 0
                members[window.start + steps * step if step else window.start, key].append(found)
        groups = [
            _group(start, key, of, distinct) for (start, key), of in sorted(members.items(), key=_place)
        ]
        return [one for one in groups if (one.distinct if distinct else one.count) > above]

    def turns(self, match: Match, window: Window) -> list[Turn]:
        minutes: dict[datetime, bool] = {}
        for found in self._matching(match, window):
            minute = found.at.replace(second=0, microsecond=0)
            minutes[minute] = minutes.get(minute, False) or found.values["outcome"] == "failure"
        stretches = groupby(sorted(minutes.items()), key=lambda one: one[1])
        return [Turn(next(stretch)[0], bad) for bad, stretch in stretches]

    def find(self, match: Match, window: Window, limit: int, before: str = "") -> list[Entry]:
        entries = sorted(
            (found.entry for found in self._matching(match, window)),
            key=lambda e: (e.at, e.event_id),
            reverse=True,
        )
        if before:
            last = self._facts.get(before)
            if last is None:
                raise UsageError(f"no entry with id {before!r} to continue after")
            entries = [e for e in entries if (e.at, e.event_id) < (last.at, before)]
        return entries[:limit]

    def record(self, samples: Iterable[Sample]) -> None:
        with self._lock:
            self._samples.extend(samples)

    def samples(self, name: str, service: str, window: Window) -> list[Sample]:
        with self._lock:
            return sorted(
                (
                    s
                    for s in self._samples
                    if (s.name, s.service) == (name, service) and window.start <= s.at < window.end
                ),
                key=lambda s: s.at,
            )

    def close(self) -> None:
        """Nothing to release."""

    def _offset(self, stream: str) -> int:
        return self._positions[stream].offset if stream in self._positions else 0

    def _matching(self, match: Match, window: Window) -> Iterator[Fact]:
        for clause in match.clauses:
            wanted(clause)
        with self._lock:
            facts = list(self._facts.values())
        for found in facts:
            if window.start <= found.at < window.end and holds(match, found.values):
                yield found

    def _count(self, facts: Iterable[Fact]) -> Tally:
        counts = dict.fromkeys(("success", "failure", "cancelled"), 0)
        bars: dict[int, Bar] = {}
        for found in facts:
            outcome, duration = str(found.values["outcome"]), found.values["duration"]
            counts[outcome] += 1
            if outcome != "cancelled" and isinstance(duration, float):
                cell = bucket(duration, self._thresholds)
                bar = bars.get(cell, Bar(0, 0.0))
                bars[cell] = Bar(bar.count + 1, bar.total + duration)
        return Tally(**counts, bars=bars)


def _key(found: Fact, by: tuple[str, ...]) -> tuple[str, ...]:
    return tuple("" if (value := found.values[name]) is None else _said(value) for name in by)


def _said(value: str | float) -> str:
    return value if isinstance(value, str) else f"{value:.15g}"


def _place(row: tuple[tuple[datetime, tuple[str, ...]], list[Fact]]) -> tuple[datetime, tuple[str, ...]]:
    return row[0]


def _group(start: datetime, key: tuple[str, ...], members: list[Fact], distinct: str) -> Group:
    last = max(members, key=lambda found: (found.at, found.entry.event_id))
    values = {found.values[distinct] for found in members} - {"", None} if distinct else ()
    first = min(found.at for found in members)
    return Group(start, key, len(members), len(values), first, last.at, last.entry.event_id)
