"""Every attack story on fifty seeds, and companies that nobody attacks: writes bench/STORIES.md.

`.venv/bin/python bench/stories.py [--seeds 50] [--calm 4] [--first 1000]`; the stories themselves are in tests/detect/stories.
"""

import argparse
import sys
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TypeVar

R = TypeVar("R")
# Days that one process lives through: a company's sixty are shared out.
PART = 15
HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent / "tests" / "detect" / "stories"))

from attacks import STORIES, Story  # noqa: E402
from company import DAYS  # noqa: E402
from telling import PAGING, Told, calm, tell  # noqa: E402

from opsdeck.model import Detection  # noqa: E402


def told(job: tuple[int, int]) -> Told:
    return shown(tell(STORIES[job[0]], job[1]))


def fortnight(job: tuple[int, int]) -> tuple[int, list[Detection]]:
    seed, begins = job
    return shown((seed, calm(seed, range(begins, min(begins + PART, DAYS)))))


def shown(result: R) -> R:
    """Progress, for whoever waits."""
    print(result, file=sys.stderr, flush=True)
    return result


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--seeds", type=int, default=50)
    asked.add_argument("--calm", type=int, default=4)
    asked.add_argument("--first", type=int, default=1000)
    asked.add_argument("--processes", type=int, default=2)
    options = asked.parse_args()
    seeds = range(options.first, options.first + options.seeds)
    days = [(seed, day) for seed in seeds[: options.calm] for day in range(0, DAYS, PART)]
    with ProcessPoolExecutor(options.processes) as pool:
        stories = pool.map(told, [(n, seed) for seed in seeds for n in range(len(STORIES))])
        parts = pool.map(fortnight, days)
        quiet: dict[int, list[Detection]] = defaultdict(list)
        for seed, found in parts:
            quiet[seed] += found
        text = report(stories, quiet, options)
    (HERE / "STORIES.md").write_text(text)
    print(text)


def report(stories: Iterable[Told], quiet: dict[int, list[Detection]], options: argparse.Namespace) -> str:
    by_story = defaultdict(list)
    for one in stories:
        by_story[one.story].append(one)
    command = f".venv/bin/python bench/stories.py --seeds {options.seeds} --calm {options.calm} --first {options.first}"
    return HEAD.format(
        command=command,
        date=datetime.now(UTC).date(),
        stories="\n".join(row(story, by_story[story.name]) for story in STORIES),
        shares=shares(by_story),
        calm="\n".join(calm_row(seed, found) for seed, found in quiet.items()),
        sum=summary(quiet),
        first=options.first,
    )


def shares(by_story: Mapping[str, list[Told]]) -> str:
    said = []
    for kind in ("rule", "anomaly"):
        runs = [one for story in STORIES if story.kind == kind for one in by_story[story.name]]
        found = sum(bool(one.rule) for one in runs)
        said.append(f"{kind}: {found} of {len(runs)} found ({found / len(runs):.1%})")
    return "; ".join(said) + "."


def row(story: Story, runs: list[Told]) -> str:
    found = [one for one in runs if one.rule]
    rules = ", ".join(f"{name} {count}" for name, count in Counter(one.rule for one in found).most_common())
    missed = ", ".join(str(one.seed) for one in runs if not one.rule) or "none"
    after = f"{median(one.after.total_seconds() for one in found) / 60:.0f} min" if found else "-"
    entries = f"{min(one.entries for one in runs)}-{max(one.entries for one in runs)}"
    return (
        f"| {story.name} | {story.sentence} | {story.kind} | {entries} | **{len(found)} of {len(runs)}** | {rules} |"
        f" {after} | {missed} |"
    )


def calm_row(seed: int, found: list[Detection]) -> str:
    rules = (
        ", ".join(f"{name} {count}" for name, count in Counter(one.rule for one in found).most_common())
        or "none"
    )
    return f"| {seed} | {len(found)} | {sum(one.event in PAGING for one in found)} | {rules} |"


def summary(quiet: dict[int, list[Detection]]) -> str:
    weeks = len(quiet) * DAYS / 7
    found = [one for every in quiet.values() for one in every]
    paging = [one for one in found if one.event in PAGING]
    limiting = [one for one in found if one.event == "data_exfiltration_risk"]
    return (
        f"{len(found)} detections in {weeks:.0f} simulated weeks: **{len(found) / weeks:.2f} a week** in all;"
        f" {len(paging) / weeks:.2f} a week alert somebody, {len(limiting) / weeks:.2f} a week limit somebody"
        f" (rate limit and review), the rest only asks for a review."
    )


HEAD = """# Attack stories

Whether the shipped rules and the learned habits find what they are for, in a simulated company of forty people on a
real DuckDB store (`tests/detect/stories`: `company.py` is the company, `attacks.py` the stories). Measured {date} with

    {command}

The figures of `security.baseline` were chosen on seeds 1 to 12; the seeds here, {first} and up, were not looked at
before. A story is found when a detection of the expected event names the attacker before the attack is over, made by a fixed
rule for stories of kind `rule` and by a learned habit for anomalies; what was found about that person before it does
not count. The attacked person goes on working. Looks: habits after every ten minutes that brought entries (a deck:
every five), rules then and at every entry with an error (a deck: every second).

| story | what happens | kind | entries | found | by | found after (median) | missed seeds |
|---|---|---|---|---|---|---|---|
{stories}

{shares}

## Days without an attack

Sixty days each, from an empty deck: weekends, holidays, leave, deadlines, days when much fails, new colleagues, a
release that all take up, one who changes teams, a laptop that ships a day late, a new machine, clocks that are off.

| seed | detections | of them alerts | by rule |
|---|---|---|---|
{calm}

{sum}

What is simulated is kinder than life in some ways: people choose templates independently, nobody runs the tests of
all templates, and CI never fails more than three times in a row.
"""

if __name__ == "__main__":
    main()
