"""Attack stories: a company, a day and a seeded generator in; the attacker's events, and what must be found, out.

Each stays as near to its line as the sentence says. Anomalies stay below every fixed limit: only who knows what is
usual for that person can find them. Whoever is attacked goes on working, so the attack hides in a day's work.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random
from typing import Literal

from company import CATALOGUE, START, Company, Event, Person

FAILURES, EXFILTRATION = "multiple_failed_operations", "data_exfiltration_risk"
ESCALATION, ACCESS, SECRET = "privilege_escalation_attempt", "suspicious_template_access", "secret_in_event"
EVERYTHING = tuple(name for names in CATALOGUE.values() for name in names)


@dataclass(frozen=True)
class Scene:
    """Where a story happens: the company, whom it is about, when it begins; every choice from `random`."""

    company: Company
    random: Random
    person: Person
    at: datetime

    def runs(
        self, templates: Sequence[str], span: timedelta, code: str = "", **metadata: object
    ) -> list[Event]:
        """One run of each template, at even distances from the beginning to the end of `span`, the first at once."""
        gap = span / max(1, len(templates) - 1)
        return [
            self.company.event(self.person, self.at + n * gap, template, code, **metadata)
            for n, template in enumerate(templates)
        ]

    def foreign(self, role: str = "") -> list[str]:
        """Templates that the person does not use, of one role or of all, in any order."""
        names = [name for name in CATALOGUE.get(role, EVERYTHING) if name not in self.person.weights]
        return self.random.sample(names, len(names))


@dataclass(frozen=True)
class Story:
    """What happens in a sentence, which security event has to come of it, and how: `play` returns the entries."""

    name: str
    sentence: str
    kind: Literal["rule", "anomaly"]
    event: str
    play: Callable[[Scene], list[Event]]
    roles: tuple[str, ...] = ()


def burst(scene: Scene) -> list[Event]:
    names = scene.company.pick(scene.person, scene.random.randint(11, 30))
    return scene.runs(names, timedelta(seconds=scene.random.randint(20, 200)), "TEMPLATE_NOT_FOUND")


def slow_failures(scene: Scene) -> list[Event]:
    """Eleven, the last as late as it counts: failures may come without an end, each window must hold over ten."""
    names = scene.company.pick(scene.person, 11)
    return scene.runs(names, timedelta(seconds=scene.random.randint(285, 299)), "VARIABLE_INVALID")


def two_users(scene: Scene) -> list[Event]:
    """Neither fails more than ten times."""
    office = [one for one in scene.company.people if not one.remote and one is not scene.person]
    other = scene.random.choice([one for one in office if not one.skew and one.joins == 0])
    both = [scene, Scene(scene.company, scene.random, other, scene.at + timedelta(seconds=7))]
    span = timedelta(seconds=scene.random.randint(60, 270))
    counts = (scene.random.randint(6, 10), scene.random.randint(6, 10))
    return [
        event
        for one, count in zip(both, counts, strict=True)
        for event in one.runs(one.company.pick(one.person, count), span, "TEMPLATE_NOT_FOUND")
    ]


def restricted(scene: Scene) -> list[Event]:
    return scene.runs([scene.random.choice(CATALOGUE["infra"])], timedelta(0), "RESTRICTED")


def shell(scene: Scene) -> list[Event]:
    return scene.runs(scene.company.pick(scene.person, 1), timedelta(0), "SHELL_REFUSED")


def mass(scene: Scene) -> list[Event]:
    """Few templates, far apart from nothing but the count."""
    names = scene.random.choices(scene.company.pick(scene.person, 4), k=scene.random.randint(501, 640))
    return scene.runs(names, timedelta(minutes=scene.random.randint(20, 58)))


def harvest(scene: Scene) -> list[Event]:
    names = scene.random.sample(EVERYTHING, scene.random.randint(101, 130))
    hours = len(names) / scene.random.uniform(11, 18)
    return scene.runs(names, timedelta(hours=hours))


def walk(scene: Scene) -> list[Event]:
    names = scene.random.sample(EVERYTHING, scene.random.randint(21, 40))
    return scene.runs(names, timedelta(minutes=scene.random.randint(8, 58)))


def secret(scene: Scene) -> list[Event]:
    return scene.runs(
        scene.company.pick(scene.person, 1), timedelta(0), redactions=scene.random.randint(1, 3)
    )


def eightfold(scene: Scene) -> list[Event]:
    """Eight usual days in one, their own templates in their own mix."""
    names = scene.company.pick(scene.person, 8 * scene.person.usual)
    return scene.runs(names, timedelta(hours=scene.random.uniform(5, 9)))


def stolen(scene: Scene) -> list[Event]:
    """Somebody else's work under this name, as much as a lively day, at most ten different templates an hour."""
    role = scene.random.choice(
        [role for role in ("frontend", "backend", "data") if role != scene.person.role]
    )
    names = scene.foreign(role)[:10]
    weights = [1 / (place + 1) for place in range(len(names))]
    chosen = scene.random.choices(names, weights, k=scene.random.randint(30, 60))
    return scene.runs(chosen, timedelta(hours=scene.random.uniform(2, 6)))


def curious(scene: Scene) -> list[Event]:
    """A look at the infrastructure: six to ten of its templates, once or twice each."""
    names = scene.foreign("infra")[: scene.random.randint(6, 10)]
    names += scene.random.sample(names, scene.random.randint(0, len(names)))
    return scene.runs(names, timedelta(hours=scene.random.uniform(1, 5)))


def spread_over_days(scene: Scene) -> list[Event]:
    """Everything there is, in four to eight days, as many templates a day as that takes: far below a hundred."""
    names, days = scene.foreign(), scene.random.randint(4, 8)
    share = -(-len(names) // days)
    return [
        event
        for day in range(days)
        for event in Scene(scene.company, scene.random, scene.person, scene.at + timedelta(days=day)).runs(
            names[day * share : (day + 1) * share], timedelta(hours=scene.random.uniform(3, 7))
        )
    ]


STORIES = (
    Story("failure burst", "one user fails 11 to 30 times within minutes", "rule", FAILURES, burst),
    Story("slow failures", "11 failures, as slow as still counts", "rule", FAILURES, slow_failures),
    Story("two users, one address", "12 to 20 failures, neither over 10", "rule", FAILURES, two_users),
    Story("restricted template", "one attempt without an entitlement", "rule", ESCALATION, restricted),
    Story("untrusted shell", "one refused shell command", "rule", ESCALATION, shell),
    Story("mass generation", "501 to 640 generations within the hour", "rule", EXFILTRATION, mass),
    Story("harvest", "101 to 130 templates in a day, slowly", "rule", EXFILTRATION, harvest),
    Story("walk", "21 to 40 templates within the hour", "rule", ACCESS, walk),
    Story("secret", "one entry carried a secret", "rule", SECRET, secret),
    Story("eightfold day", "own templates, eight usual days in one", "anomaly", EXFILTRATION, eightfold),
    Story("stolen account", "30 to 60 runs with another role's templates", "anomaly", ACCESS, stolen),
    Story(
        "curious colleague",
        "a front-end developer tries 6 to 10 infra templates",
        "anomaly",
        ACCESS,
        curious,
        ("frontend",),
    ),
    Story("exfiltration over days", "all templates in 4 to 8 days", "anomaly", ACCESS, spread_over_days),
)


def scene(company: Company, story: Story, days: range) -> Scene:
    """A weekday of these, and somebody established who is there: known by one name for three weeks, clock right."""
    random = Random(f"{story.name} {company.seed}")
    day = random.choice([one for one in days if one % 7 < 5])
    staff = [
        one
        for one in company.people
        if (one.joins == 0 and not one.skew and not one.leave & set(range(day - 3, day + 9)))
        and sum(worked < day for worked in one.days) >= 12
        and (not story.roles or one.role in story.roles)
        and (story.play is not two_users or not one.remote)
    ]
    at = START + timedelta(days=day, hours=random.uniform(9, 11), minutes=1)
    return Scene(company, random, random.choice(staff), at)
