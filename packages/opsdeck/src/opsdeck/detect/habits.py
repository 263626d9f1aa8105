"""Learned habits: what a user generates on usual days against what they generate now.

In: a query, the detections that people judged, the spec's `baseline`, the moment. Out: hits like those of a rule, and
`profile` for whoever asks what is known about a user. It must not know state, rules or policy.

1. which users have handed in something lately, and for which days (24 hours each, counted back from now: a laptop
   that ships late is judged for the day it worked)
2. which of those days are full enough to prove anything
3. the days of those users, all in one answer; what is usual is learned from the days before the one in question
4. templates that are new to a user and to most others who use them are a release, and no news
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from math import expm1
from typing import Any, Literal

from opsdeck.detect.history import DAY, SHOWN, History
from opsdeck.detect.hits import Hit
from opsdeck.detect.usual import Day, Taught, Usual, learn
from opsdeck.model import Detection
from opsdeck.spec.framework import Baseline
from opsdeck.stores.api import Query

VOLUME, MIX, FIRST_SEEN = "unusual_volume", "unusual_mix", "first_seen_templates"
EVENTS = {
    VOLUME: "data_exfiltration_risk",
    MIX: "suspicious_template_access",
    FIRST_SEEN: "suspicious_template_access",
}
LATELY = timedelta(minutes=1)
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Profile:
    """What is known about a user's habits: `state` says whether days are compared yet, `reason` why or why not.

    Counts are generations in 24 hours; `median`, `deviation` (in logarithms), `limit` and `farthest` are 0 while learning.
    """

    user: str
    state: Literal["learning", "watching"]
    reason: str
    days: int
    enough: int
    median: float
    deviation: float
    limit: int
    usual: tuple[tuple[str, float], ...]
    today: int
    distance: float
    farthest: float
    new: tuple[str, ...]


def look(
    query: Query,
    verdicts: Iterable[Detection],
    service: str,
    baseline: Baseline,
    now: datetime,
    *,
    lately: timedelta = LATELY,
) -> list[Hit]:
    """What is unusual about the days for which something came in `lately`; users still learned about are left out."""
    history = History(query, service, baseline, now)
    suspects = history.full(history.handed_in(now - lately))
    days = history.days(suspects)
    lessons = _lessons(verdicts, service)
    compared = [
        (user, days[user][number], usual)
        for user, numbers in sorted(suspects.items())
        for number in sorted(numbers)
        if (usual := learn(_before(days[user], number), lessons.get(user, Taught()), baseline))
    ]
    odd = {name for _, day, usual in compared if _is_odd(day, usual) for name in usual.new(day)}
    takers = history.takers(sorted(odd))
    return [hit for user, day, usual in compared for hit in _judge(user, day, usual, takers, baseline)]


def profile(
    query: Query,
    verdicts: Iterable[Detection],
    service: str,
    user: str,
    baseline: Baseline,
    now: datetime,
) -> Profile:
    """What has been learned about a user until now, and how their last 24 hours compare with it."""
    history = History(query, service, baseline, now)
    days = history.days([user]).get(user, {})
    taught = _lessons(verdicts, service).get(user, Taught())
    before, enough = _before(days, history.today), baseline.enough.days
    today = days.get(history.today, Day({}, now, now))
    usual = learn(before, taught, baseline)
    seen = sum(taught.counts(day) for day in before)
    if usual is None:
        reason = f"seen on {seen} of the {enough} days that are needed"
        return Profile(user, "learning", reason, seen, enough, 0, 0, 0, (), today.count, 0, 0, ())
    whole = sum(usual.templates.values())
    return Profile(
        user,
        "watching",
        f"learned from {seen} days",
        seen,
        enough,
        expm1(usual.median),
        usual.deviation,
        usual.limit,
        tuple((name, count / whole) for name, count in usual.templates.most_common(SHOWN)),
        today.count,
        usual.distance(today) if today.count else 0.0,
        usual.farthest,
        tuple(usual.new(today)[:SHOWN]),
    )


def _lessons(verdicts: Iterable[Detection], service: str) -> dict[str, Taught]:
    """What people said about each user: `fine` is usual from then on, `confirmed` is not learned from."""
    found: dict[str, Taught] = {}
    for one in verdicts:
        if one.service != service or one.subject_kind != "user":
            continue
        known = found.get(one.subject, Taught())
        if one.verdict == "confirmed":
            span = (one.first_at, max(one.last_at, one.first_at + DAY))
            known = replace(known, left_out=(*known.left_out, span))
        elif one.verdict == "fine":
            known = _fine(known, one)
        found[one.subject] = known
    return found


def _fine(known: Taught, one: Detection) -> Taught:
    if one.rule == VOLUME:
        return replace(known, level=max(known.level, one.count))
    if one.rule == MIX and (mix := one.data.get("mix")):
        return replace(known, mixes=(*known.mixes, mix))
    return replace(known, templates=known.templates.union(one.data.get("templates", ())))


def _before(days: Mapping[int, Day], number: int) -> list[Day]:
    return [days[one] for one in sorted(days) if one < number]


def _is_odd(day: Day, usual: Usual) -> bool:
    """Whether the day is unusual unless its new templates turn out to be new to others as well."""
    return usual.is_new(day) or usual.is_far(day)


def _judge(
    user: str, day: Day, usual: Usual, takers: Mapping[str, Mapping[str, datetime]], baseline: Baseline
) -> Iterator[Hit]:
    if day.count > usual.limit:
        usually = round(expm1(usual.median))
        detail = f"{day.count} generations in a day; usual are {usually}, up to {usual.limit}"
        figures = {"median": expm1(usual.median), "deviation": usual.deviation, "limit": usual.limit}
        yield _hit(VOLUME, user, day, day.count, detail, figures)
    if not _is_odd(day, usual):
        return
    released = [name for name in usual.new(day) if _released(user, day, takers.get(name, {}), baseline)]
    kept = day.without(released)
    new = usual.new(kept)
    if kept.count >= baseline.at_least and usual.is_far(kept):
        distance = usual.distance(kept)
        detail = f"templates are used in another mix than usual: distance {distance:.2f}, usual up to {usual.farthest:.2f}"
        mix = dict(kept.most_used(SHOWN))
        yield _hit(
            MIX,
            user,
            kept,
            kept.count,
            detail,
            {"distance": distance, "farthest": usual.farthest, "mix": mix},
        )
    if usual.is_new(kept):
        named = ", ".join(new[:_NAMED]) + (", …" if len(new) > _NAMED else "")
        detail = f"{len(new)} templates in a day that were never used before: {named}"
        yield _hit(FIRST_SEEN, user, kept, len(new), detail, {"templates": new[:SHOWN]})


def _released(user: str, day: Day, takers: Mapping[str, datetime], baseline: Baseline) -> bool:
    """Whether a template that is new to the user is so to enough others, and to most of those who use it."""
    since = [first for other, first in takers.items() if other != user]
    lately = sum(first > day.last - baseline.enough for first in since)
    return lately >= baseline.peers and 2 * lately > len(since)


def _hit(rule: str, user: str, day: Day, count: int, detail: str, figures: Mapping[str, Any]) -> Hit:
    data = {**figures, "events": list(day.events)}
    return Hit(EVENTS[rule], rule, "user", user, count, day.first, day.last, detail, data)
