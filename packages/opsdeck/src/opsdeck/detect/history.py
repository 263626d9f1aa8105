"""Days of users out of the event store: a service and a moment in, days counted back from that moment out.

The last day ends now, so a day here is 24 hours and not a date: what happens before and after midnight is together,
whatever the clock on somebody's wall says. It must not know what is usual.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from opsdeck.detect.usual import Day
from opsdeck.model import Clause, Match, Window
from opsdeck.spec.framework import Baseline
from opsdeck.stores.api import Query

DAY = timedelta(days=1)
SHOWN = 20
"""How many templates and event ids are kept as evidence."""
_MOST_NAMED = 500


@dataclass(frozen=True, slots=True)
class History:
    """Generations of people with one service, in the days that are learned from and the one that ends now (`today`)."""

    query: Query
    service: str
    baseline: Baseline
    now: datetime

    @property
    def window(self) -> Window:
        end = Window.last(DAY, self.now).end
        return Window(end - (self.baseline.days.days + 1) * DAY, end)

    @property
    def today(self) -> int:
        """The number of the day that ends now; the day before has one less, and the oldest is 0."""
        return self.baseline.days.days

    @property
    def match(self) -> Match:
        return Match.of(
            service=self.service, user_type="human", operation="template_generation", outcome="success"
        )

    def number(self, start: datetime) -> int:
        return (start - self.window.start) // DAY

    def handed_in(self, since: datetime) -> dict[str, set[int]]:
        """Users and the days for which something of theirs came in since then."""
        lately = self.match.also(
            Clause("received", ">=", since.timestamp() * 1000),
            Clause("received", "<=", self.now.timestamp() * 1000),
        )
        found: dict[str, set[int]] = defaultdict(set)
        for group in self.query.groups(lately, self.window, ("user_id",), step=DAY):
            found[group.key[0]].add(self.number(group.start))
        found.pop("", None)
        return found

    def full(self, touched: Mapping[str, set[int]]) -> dict[str, set[int]]:
        """Those of the days that hold enough to prove something."""
        found: dict[str, set[int]] = defaultdict(set)
        if not touched:
            return found
        first = min(number for numbers in touched.values() for number in numbers)
        window = Window(self.window.start + first * DAY, self.window.end)
        for group in self.query.groups(self.match, window, ("user_id",), step=DAY, distinct="template"):
            enough = group.count >= self.baseline.at_least or group.distinct >= self.baseline.newcomers
            number = self.number(group.start)
            if enough and number in touched.get(group.key[0], ()):
                found[group.key[0]].add(number)
        return found

    def days(self, users: Iterable[str]) -> dict[str, dict[int, Day]]:
        """Every day of these users."""
        rows = defaultdict(list)
        for some in _shares(users):
            match = self.match.also(user_id=some)
            for group in self.query.groups(match, self.window, ("user_id", "template"), step=DAY):
                rows[group.key[0], self.number(group.start)].append(group)
        found: dict[str, dict[int, Day]] = defaultdict(dict)
        for (user, number), groups in rows.items():
            found[user][number] = Day(
                {group.key[1]: group.count for group in groups},
                min(group.first for group in groups),
                max(group.last for group in groups),
                tuple(group.newest for group in groups[:SHOWN]),
            )
        return found

    def takers(self, templates: Iterable[str]) -> dict[str, dict[str, datetime]]:
        """Who uses these templates, and since when."""
        found: dict[str, dict[str, datetime]] = defaultdict(dict)
        for some in _shares(templates):
            match = self.match.also(template=some)
            for group in self.query.groups(match, self.window, ("template", "user_id")):
                found[group.key[0]][group.key[1]] = group.first
        return found


def _shares(names: Iterable[str]) -> Iterator[tuple[str, ...]]:
    """The names in shares that one statement takes as parameters."""
    left = iter(names)
    while some := tuple(islice(left, _MOST_NAMED)):
        yield some
