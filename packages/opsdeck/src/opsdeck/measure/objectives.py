"""Objectives: what the indicators say over each objective's window, against its target and its error budget.

In: a query, a service, now. Out: an ObjectiveStatus each, with a verdict and a sentence that holds the figures.

The error budget is the share that may be bad: 1 - target for a share of good, the target itself for a share of bad,
1 - rank for a percentile. Spent is bad share / budget; left is 1 - spent, below zero when overspent. The burn rate is
the same quotient over the last hour: 1 spends the budget exactly over its window (The Site Reliability Workbook,
chapter 5, "Alerting on SLOs"; the hour is the first of its windows). A limit has no budget: each outage counts alone.
It must not know alerts.
"""

import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from opsdeck import timing
from opsdeck.measure import figures
from opsdeck.measure.indicators import LATENCIES, read
from opsdeck.measure.outages import outages
from opsdeck.measure.query import Memo
from opsdeck.model import Reading, Tally, Verdict, Window
from opsdeck.spec.model import Objective, Service
from opsdeck.stores.api import Query

RECENT = timedelta(hours=1)
MONTH = timing.duration("1 month")
YEAR = timing.duration("1 year")
COMPARE: Mapping[str, Callable[[float, float], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


@dataclass(frozen=True, slots=True)
class ObjectiveStatus:
    """How one objective stands. `budget` is the share that may be bad, `budget_left` the part of it not spent yet
    (1 is all, below 0 overspent), `burn_rate` how fast the last hour spends it; None where there is none or no data.

    `note` says it in a sentence; `figures` are the counts behind it, by name.
    """

    service: str
    name: str
    title: str
    kind: Literal["budget", "percentile", "limit"]
    text: str
    value: float | None
    unit: str
    target: float
    verdict: Verdict
    window: timedelta
    budget: float | None
    budget_left: float | None
    burn_rate: float | None
    note: str
    figures: Mapping[str, float] = field(default_factory=dict)


def status(query: Query, service: Service, now: datetime) -> list[ObjectiveStatus]:
    """Every objective of the service as it stands now, in the spec's order."""
    once = Memo(query)
    return [KINDS[objective.kind](once, service, objective, now) for objective in service.objectives]


def _share(query: Query, service: Service, objective: Objective, now: datetime) -> ObjectiveStatus:
    reading = read(query, service, objective.indicator, Window.last(objective.window, now))
    recent = read(query, service, objective.indicator, Window.last(RECENT, now))
    budget = _exact(1 - objective.target) if _wants_more(objective) else objective.target
    bad = _bad(objective, reading)
    counts = {"bad": bad, "all": reading.whole, "allowed": budget * reading.whole}
    extra, more = _extra(query, service, objective, now)
    said = (
        f"{figures.say(reading.value, 'ratio')} over {timing.say(objective.window)}: "
        f"{_spent(counts, 'probe minutes' if objective.indicator == 'availability' else 'runs')}{extra}"
    )
    return _status(
        service,
        objective,
        reading.value,
        budget=budget,
        spent=_quotient(bad, reading.whole, budget),
        burn=_quotient(_bad(objective, recent), recent.whole, budget),
        note=said if reading.value is not None else _no_data(objective, reading.note),
        counts=counts | more,
    )


def _percentile(query: Query, service: Service, objective: Objective, now: datetime) -> ObjectiveStatus:
    of = LATENCIES[objective.indicator]
    tally = of(query, service, Window.last(objective.window, now))
    recent = of(query, service, Window.last(RECENT, now))
    rank = objective.rank or 0.0
    value, budget = tally.percentile(rank), _exact(1 - rank)
    counts = {
        "bad": _over(objective, tally), "all": float(tally.runs), "allowed": budget * tally.runs,
    }  # fmt: skip
    said = (
        f"P{figures.number(rank * 100)} {figures.say(value, objective.unit)} over {timing.say(objective.window)}, "
        f"target {_target(objective)}: {_spent(counts, 'runs')}"
    )
    return _status(
        service,
        objective,
        value,
        budget=budget,
        spent=_quotient(counts["bad"], tally.runs, budget),
        burn=_quotient(_over(objective, recent), recent.runs, budget),
        note=said if value is not None else _no_data(objective, "no runs"),
        counts=counts,
    )


def _limit(query: Query, service: Service, objective: Objective, now: datetime) -> ObjectiveStatus:
    window = Window.last(objective.window, now)
    reading = read(query, service, objective.indicator, window)
    found = outages(query, service, window) if reading.whole else []
    over = [outage for outage in found if not _holds(objective, outage.span / timedelta(milliseconds=1))]
    span = timing.say(objective.window)
    if reading.value is None:
        said = _no_data(objective, reading.note)
    elif not found:
        said = f"no outage in {span}"
    else:
        longest = max(found, key=lambda outage: outage.span)
        said = (
            f"{len(over)} of {len(found)} outages in {span} missed {_target(objective)}: the longest took "
            f"{figures.say(reading.value, objective.unit)}{' so far' if longest.open else ''} "
            f"from {timing.iso(longest.start)}"
        )
    counts = {"bad": float(len(over)), "all": float(len(found))}
    return _status(service, objective, reading.value, note=said, counts=counts)


KINDS: Mapping[str, Callable[[Query, Service, Objective, datetime], ObjectiveStatus]] = {
    "budget": _share,
    "percentile": _percentile,
    "limit": _limit,
}


def _status(
    service: Service,
    objective: Objective,
    value: float | None,
    *,
    note: str,
    counts: Mapping[str, float],
    budget: float | None = None,
    spent: float | None = None,
    burn: float | None = None,
) -> ObjectiveStatus:
    verdict: Verdict = "unknown" if value is None else "ok" if _holds(objective, value) else "breach"
    return ObjectiveStatus(
        service.name,
        objective.name,
        objective.title,
        objective.kind,
        objective.text,
        value,
        objective.unit,
        objective.target,
        verdict,
        objective.window,
        budget,
        None if spent is None else 1 - spent,
        burn,
        note,
        counts,
    )


def _extra(
    query: Query, service: Service, objective: Objective, now: datetime
) -> tuple[str, dict[str, float]]:
    """What a person wants beside the share: downtime allowed by month and year, system errors on their own."""
    if objective.indicator == "availability":
        year = read(query, service, "availability", Window.last(YEAR, now))
        month_ms, year_ms = (
            (1 - objective.target) * (span / timedelta(milliseconds=1)) for span in (MONTH, YEAR)
        )
        down = year.whole - year.part
        said = (
            f"; a full month allows {figures.number(month_ms / 60_000)} minutes, "
            f"a year {figures.number(year_ms / 3_600_000)} hours ({figures.number(down)} minutes spent)"
        )
        return said, {"month_allowed_ms": month_ms, "year_allowed_ms": year_ms, "year_bad": down}
    if objective.indicator == "error_rate":
        own = read(query, service, "system_error_rate", Window.last(objective.window, now))
        said = f"; system errors only: {figures.say(own.value, 'ratio')} ({figures.number(own.part)})"
        return said, {"system_errors": own.part}
    return "", {}


def _spent(counts: Mapping[str, float], of: str) -> str:
    bad, whole, allowed = (figures.number(counts[name]) for name in ("bad", "all", "allowed"))
    return f"{bad} of {whole} {of} were bad, {allowed} allowed"


def _no_data(objective: Objective, why: str) -> str:
    return f"unknown: {why} in {timing.say(objective.window)}"


def _bad(objective: Objective, reading: Reading) -> float:
    return reading.whole - reading.part if _wants_more(objective) else reading.part


def _over(objective: Objective, tally: Tally) -> float:
    """Runs on the wrong side of the target. Exact: a target of the spec is an edge between bars (stores)."""
    return float(
        sum(
            bar.count
            for bar in tally.bars.values()
            if bar.count and not _holds(objective, bar.total / bar.count)
        )
    )


def _quotient(bad: float, whole: float, budget: float) -> float | None:
    return bad / whole / budget if whole and budget else None


def _exact(share: float) -> float:
    """1 - 0.999 as people mean it: 0.001, without the last digits of a binary fraction."""
    return round(share, 12)


def _wants_more(objective: Objective) -> bool:
    return objective.comparison in (">", ">=")


def _holds(objective: Objective, value: float) -> bool:
    return COMPARE[objective.comparison](value, objective.target)


def _target(objective: Objective) -> str:
    return figures.limit(objective.comparison, objective.target, objective.unit)
