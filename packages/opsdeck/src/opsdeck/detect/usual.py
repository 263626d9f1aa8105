"""What is usual for a user, learned from days: days and verdicts in, `Usual` and named findings out; pure.

A day is compared with the figures of the spec *and* with what the user's own days have shown: who works in bursts
on one template has far days, and only a farther one is news. It must not know stores, services or the time.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from math import log1p

from opsdeck.detect.divergence import at_most, distance, expected_new, level, spread
from opsdeck.spec.framework import Baseline


@dataclass(frozen=True)
class Day:
    """The generations of one user in 24 hours: how often each template, the first and last time, ids of some."""

    templates: Mapping[str, int]
    first: datetime
    last: datetime
    events: tuple[str, ...] = ()

    @cached_property
    def count(self) -> int:
        return sum(self.templates.values())

    def without(self, names: Iterable[str]) -> "Day":
        left = {name: count for name, count in self.templates.items() if name not in set(names)}
        return replace(self, templates=left)

    def most_used(self, limit: int) -> list[tuple[str, int]]:
        return Counter(self.templates).most_common(limit)


@dataclass(frozen=True, slots=True)
class Taught:
    """What verdicts say about a user: a daily count, templates and mixes that are fine; spans that do not count."""

    level: int = 0
    templates: frozenset[str] = frozenset()
    mixes: tuple[Mapping[str, int], ...] = ()
    left_out: tuple[tuple[datetime, datetime], ...] = ()

    def counts(self, day: Day) -> bool:
        """Whether the day may be learned from: no confirmed detection touches it."""
        return not any(first <= day.last and day.first <= last for first, last in self.left_out)


@dataclass(frozen=True)
class Usual:
    """What a user's days have shown: median and deviation of log counts, the highest count that is usual, how often
    each template. What the single days say beyond that is worked out when a day is in doubt."""

    learned: tuple[Day, ...]
    median: float
    deviation: float
    limit: int
    templates: Counter[str]
    taught: Taught
    baseline: Baseline

    @cached_property
    def known(self) -> frozenset[str]:
        return self.taught.templates.union(self.templates)

    @cached_property
    def farthest(self) -> float:
        """How far a day may be from the usual mix: as far as any full day was."""
        return max([self.baseline.divergence, *_distances(self.learned, self.templates, self.baseline)])

    @cached_property
    def most_new(self) -> int:
        """How many templates were new on one day at most, or fewer than are worth a word."""
        return max([self.baseline.newcomers - 1, *_newcomers(self.learned, self.baseline)])

    def distance(self, day: Day) -> float:
        """How far the day's mix is from the usual one, or from the nearest that somebody called fine."""
        mixes = (self.templates, *self.taught.mixes)
        return min(distance(day.templates, mix, self.baseline.at_least) for mix in mixes)

    def is_far(self, day: Day) -> bool:
        return (far := self.distance(day)) > self.baseline.divergence and far > self.farthest

    def new(self, day: Day) -> list[str]:
        """Templates of the day that the user never used, the most used first."""
        return sorted(day.templates.keys() - self.known, key=lambda name: (-day.templates[name], name))

    def is_new(self, day: Day) -> bool:
        """Whether more is new than any day brought, and than so many runs may bring: who has explored so far goes on
        exploring."""
        new = len(day.templates.keys() - self.known)
        if new < self.baseline.newcomers:
            return False
        explored = at_most(expected_new(self.templates, day.count), self.baseline.deviations)
        return new > explored and new > self.most_new


def learn(days: Sequence[Day], taught: Taught, baseline: Baseline) -> Usual | None:
    """What is usual after these days, the oldest first; None while they are not enough."""
    learned = tuple(day for day in days if taught.counts(day))
    if len(learned) < max(1, baseline.enough.days):
        return None
    middle, deviation = spread((day.count for day in learned), baseline.least_deviation)
    middle = max(middle, log1p(taught.level))
    limit = max(level(middle + baseline.deviations * deviation), baseline.at_least - 1)
    whole = Counter[str]()
    for day in learned:
        whole.update(day.templates)
    return Usual(learned, middle, deviation, limit, whole, taught, baseline)


def _distances(days: Sequence[Day], whole: Counter[str], baseline: Baseline) -> list[float]:
    """How far each full day was from all others together."""
    full = [day for day in days if day.count >= baseline.at_least]
    return [distance(day.templates, whole - Counter(day.templates), baseline.at_least) for day in full]


def _newcomers(days: Sequence[Day], baseline: Baseline) -> list[int]:
    """How many templates were new on each day, once the user had been seen on enough days."""
    met: set[str] = set()
    found = []
    for day in days:
        found.append(len(day.templates.keys() - met))
        met |= day.templates.keys()
    return found[baseline.enough.days :]
