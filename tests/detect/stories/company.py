"""A company at work: a seed in, the entries of sixty days out, as collection stores them. No attack is in here.

Forty people in six roles, an office behind one address, laptops at home, CI, weekends, holidays, leave, deadlines that
everybody works towards, days when much fails, three new colleagues, a release that all take up, one who changes
teams, a laptop that ships a day late, a new machine, clocks that are off. All of it from one seeded generator.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from hashlib import blake2b
from math import exp
from random import Random
from typing import Any

Event = dict[str, Any]

SERVICE = "unjucks-cli"
START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
DAYS = 60
HOLIDAYS = frozenset({1, 42, 43})
FLAKY = frozenset({22, 46})
BUSY = frozenset({44})
RELEASE = 30
LATE, NEW_MACHINE, NEW_TEAM = 24, 36, 38

ROLES = {"frontend": 14, "backend": 10, "infra": 5, "data": 5, "quality": 4, "docs": 2}
SIZES = {"frontend": 30, "backend": 30, "infra": 22, "data": 20, "quality": 14, "docs": 6, "common": 14}
CATALOGUE = {role: tuple(f"{role}/part-{n:02}" for n in range(size)) for role, size in SIZES.items()}
RELEASED = ("common/service-v2", *(f"frontend/next-{n}" for n in range(6)))
MISTAKES = ("TEMPLATE_NOT_FOUND", "VARIABLE_MISSING", "FILE_EXISTS", "USAGE")


@dataclass
class Person:
    """Somebody who generates: `pace` runs on a usual day, from `begins` o'clock, templates by weight."""

    user: str
    role: str
    pace: float
    begins: float
    remote: bool
    joins: int
    leave: frozenset[int]
    weights: dict[str, float]
    skew: timedelta = timedelta(0)
    days: dict[int, int] = field(default_factory=dict)

    @property
    def usual(self) -> int:
        """The median of the days worked so far."""
        counts = sorted(self.days.values())
        return counts[len(counts) // 2]


class Company:
    """Sixty days of it. `events` are in the order in which they came in; `people` say who would be worth attacking."""

    def __init__(self, seed: int, days: int = DAYS) -> None:
        self.seed = seed
        self.random = Random(f"company {seed}")
        self._ids = 0
        self.people = [self._person(n, role) for n, role in enumerate(_roles())]
        self.events = sorted(
            (event for day in range(days) for event in self._day(day)), key=lambda event: event["receivedAt"]
        )

    # ---- who works there ----------------------------------------------------------------------------------------

    def _person(self, number: int, role: str) -> Person:
        random = self.random
        away = random.randrange(8, DAYS)
        return Person(
            user=_user(f"{self.seed} {number}"),
            role=role,
            pace=min(30.0, max(3.0, exp(random.gauss(2.2, 0.5)))),
            begins=random.uniform(7, 10),
            remote=random.random() < 0.35,
            joins={5: 15, 17: 25, 33: 40}.get(number, 0),
            leave=frozenset(range(away, away + 7)),
            weights=self._weights(role),
            skew=timedelta(minutes=3)
            if number == 11
            else timedelta(hours=2)
            if number == 12
            else timedelta(0),
        )

    def _weights(self, role: str) -> dict[str, float]:
        """Few templates often, many now and then; a little of what other roles use."""
        own = list(CATALOGUE[role])
        self.random.shuffle(own)
        weights = {name: 1 / (place + 1) for place, name in enumerate(own)}
        weights |= dict.fromkeys(self.random.sample(CATALOGUE["common"], 8), 0.08)
        others = [name for other in ROLES if other != role for name in CATALOGUE[other]]
        return weights | dict.fromkeys(self.random.sample(others, 4), 0.02)

    # ---- what happens -------------------------------------------------------------------------------------------

    def _day(self, day: int) -> Iterator[Event]:
        for number, person in enumerate(self.people):
            self._changes(day, number, person)
            if person.joins <= day and self._works(day, person):
                yield from self._late(day, number, self._runs(day, person))
        yield from self._ci(day)

    def _changes(self, day: int, number: int, person: Person) -> None:
        if day == NEW_MACHINE and number == 8:
            person.user, person.days = _user(f"{self.seed} {number} again"), {}
        if day == NEW_TEAM and number == 3:
            person.weights = self._weights("backend")
        if day == RELEASE:
            person.weights["common/service-v2"] = 0.5
            if person.role == "frontend":
                person.weights |= dict.fromkeys(RELEASED[1:], 0.15)

    def _works(self, day: int, person: Person) -> bool:
        free = day % 7 >= 5 or day in HOLIDAYS or day in person.leave
        return self.random.random() < (0.03 if free else 0.92)

    def _runs(self, day: int, person: Person) -> Iterator[Event]:
        """A day's work: in sittings, often around one template; now and then a whole new project or a stubborn fault."""
        random = self.random
        busy = 2.5 if day in BUSY else 1.0
        runs = max(1, round(person.pace * busy * exp(random.gauss(0, 0.45))))
        at = START + timedelta(days=day, hours=person.begins + random.uniform(0, 2))
        focus = self.pick(person, 1)[0] if random.random() < 0.5 else ""
        person.days[day] = runs
        while runs > 0:
            sitting = min(runs, random.randint(1, 8))
            runs -= sitting
            for template in self.pick(person, sitting):
                at += timedelta(seconds=random.uniform(15, 240))
                yield from self._run(day, person, at, focus if focus and random.random() < 0.5 else template)
            at += timedelta(minutes=random.uniform(5, 480 / max(2, person.pace / 3)))
        if random.random() < 0.006:
            yield from self._project(person, at)

    def _project(self, person: Person, at: datetime) -> Iterator[Event]:
        for template in self.pick(person, self.random.randint(20, 45)):
            at += timedelta(seconds=self.random.uniform(20, 120))
            yield self.event(person, at, template)

    def _run(self, day: int, person: Person, at: datetime, template: str) -> Iterator[Event]:
        random = self.random
        failing = 0.12 if day in FLAKY else 0.03
        tries = 0
        while random.random() < (failing if tries == 0 else 0.5):
            code = "WRITE_FAILED" if day in FLAKY and random.random() < 0.7 else random.choice(MISTAKES)
            yield self.event(person, at + timedelta(seconds=tries * 25), template, code)
            tries += 1
        yield self.event(person, at + timedelta(seconds=tries * 25), template)

    def _late(self, day: int, number: int, events: Iterator[Event]) -> Iterator[Event]:
        """One laptop was offline for a day and shipped everything the next morning."""
        for event in events:
            if (day, number) == (LATE, 6):
                event |= {"receivedAt": _iso(START + timedelta(days=day + 1, hours=9))}
            yield event

    def _ci(self, day: int) -> Iterator[Event]:
        """A nightly job of sixty runs in twenty minutes, and pushes by day; some nights a job fails and is tried again."""
        ci = Person(_user(f"{self.seed} ci"), "ci", 0, 0, False, 0, frozenset(), {})
        night = START + timedelta(days=day, hours=2)
        for run in range(60):
            yield self.event(ci, night + timedelta(seconds=20 * run), f"common/part-{run % 6:02}", who="ci")
        for attempt in range(3 if self.random.random() < 0.1 else 0):
            at = night + timedelta(minutes=30 + attempt)
            yield self.event(ci, at, "common/part-00", "RENDER_FAILED", who="ci")
        for _ in range(0 if day % 7 >= 5 else self.random.randint(5, 20)):
            at = START + timedelta(days=day, hours=self.random.uniform(8, 19))
            yield self.event(ci, at, self.random.choice(CATALOGUE["common"]), who="ci")

    # ---- what attacks use as well -------------------------------------------------------------------------------

    def pick(self, person: Person, count: int) -> list[str]:
        """Templates as this person would choose them."""
        return self.random.choices(list(person.weights), list(person.weights.values()), k=count)

    def event(
        self, person: Person, at: datetime, template: str, code: str = "", who: str = "human", **metadata: Any
    ) -> Event:
        """One run as collection stores it: with its receipt, its address, and a flag where the clock is far ahead."""
        self._ids += 1
        received = at + timedelta(seconds=self.random.uniform(0.2, 3))
        stamped = at + person.skew
        found: Event = {
            "eventId": f"{self.seed}-{self._ids:07}",
            "timestamp": _iso(stamped),
            "receivedAt": _iso(received),
            "addressHash": _address(self.seed, person, at),
            "service": SERVICE,
            "userId": person.user,
            "userType": who,
            "category": "application",
            "command": "generate",
            "operation": {
                "type": "template_generation",
                "template": template,
                "duration": 80,
                "success": not code,
            },
            "metadata": {"fileCount": 0 if code else 1} | metadata,
        }
        if stamped > received + timedelta(minutes=5):
            found["flags"] = ["ahead"]
        return found | ({"error": {"code": code, "message": code}} if code else {})


def _roles() -> list[str]:
    return [role for role, count in ROLES.items() for _ in range(count)]


def _user(text: str) -> str:
    return f"user_{blake2b(text.encode(), digest_size=8).hexdigest()}"


def _address(seed: int, person: Person, at: datetime) -> str:
    """The office has one address, who is remote their own; the key of the hash changes every day."""
    place = person.user if person.remote else "office"
    return blake2b(f"{seed} {at.date()} {place}".encode(), digest_size=8).hexdigest()


def _iso(at: datetime) -> str:
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
