"""Stories told and calm days lived through: a seed in, what was found out. Shared by the tests and bench/stories.py."""

from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

from attacks import FAILURES, SECRET, Story, scene, two_users
from company import DAYS, START, Company
from watch import received, watching

from opsdeck import spec
from opsdeck.detect import habits
from opsdeck.model import Detection

SPEC = spec.load(None)
FEW_DAYS = range(34, 52)
PAGING = frozenset({FAILURES, "privilege_escalation_attempt", SECRET})


@dataclass(frozen=True)
class Told:
    """What became of one story: the rule that found it and how long after its beginning; "" if none did."""

    story: str
    seed: int
    rule: str
    after: timedelta
    entries: int


def tell(story: Story, seed: int) -> Told:
    """Play the story among a company's usual days, until it is found or over."""
    company = Company(seed)
    where = scene(company, story, FEW_DAYS)
    attack = sorted(story.play(where), key=lambda event: event["receivedAt"])
    subject = attack[0]["addressHash"] if story.play is two_users else where.person.user
    entries = sorted([*company.events, *attack], key=lambda event: event["receivedAt"])
    ends = attack[-1]["receivedAt"]
    meant = [event for event in entries if attack[0]["receivedAt"] <= event["receivedAt"] <= ends]
    with TemporaryDirectory() as folder, watching(entries, SPEC, Path(folder) / "events", where.at) as watch:
        for found in watch.run(meant):
            by = "anomaly" if found.rule in habits.EVENTS else "rule"
            if (found.event, found.subject, by) == (story.event, subject, story.kind):
                return Told(story.name, seed, found.rule, found.at - where.at, len(attack))
    return Told(story.name, seed, "", timedelta(0), len(attack))


def calm(seed: int, days: range = range(DAYS)) -> list[Detection]:
    """What is found on these days in a company that nobody attacks; what came before them is known."""
    company = Company(seed, days.stop)
    begins = START + timedelta(days=days.start)
    entries = [event for event in company.events if received(event) >= begins]
    with (
        TemporaryDirectory() as folder,
        watching(company.events, SPEC, Path(folder) / "events", begins) as watch,
    ):
        return list(watch.run(entries))
