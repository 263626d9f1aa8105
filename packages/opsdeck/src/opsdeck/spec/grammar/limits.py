"""Limits: thresholds, conditions, growth rates, and amounts that may be unknown.

In: one phrase. Out: a value of phrases.py. Raises PhraseError with column and expectation.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from functools import lru_cache

from opsdeck import timing
from opsdeck.spec.grammar.amounts import (
    REMEMBERED,
    rank_of,
    split_note,
    take_amount,
    take_comparison,
    take_period,
    take_span,
    take_subject,
)
from opsdeck.spec.grammar.times import PERIODS
from opsdeck.spec.grammar.words import PhraseError, Reader, nearest
from opsdeck.spec.phrases import Comparison, Condition, Growth, Quantity, Threshold, Unit

SAMPLE_WINDOW = timedelta(minutes=1)
"""Stands in for the default window where only the form of a condition is checked."""
_DOWNTIME = re.compile(r"(.+?)\s+downtime\s*/\s*(\w+)\Z")


@lru_cache(maxsize=REMEMBERED)
def threshold(text: str, unit: Unit, bare: Comparison = ">=") -> Threshold:
    """`< 200ms`, `> 10/hour`, `5 errors/hour`, `P95 response time < 2 seconds`, `99.9% uptime (8.76 hours downtime/year)`.

    `bare` is the comparison of a phrase that names none.
    """
    phrase, note = split_note(text)
    reader = Reader(phrase)
    rank = rank_of(reader.next.text)
    if rank is not None:
        reader.take()
        reader.follows("response", "time")
    comparison = take_comparison(reader) or bare
    value = take_amount(reader, unit)
    subject = take_subject(reader)
    per = take_period(reader, unit)
    reader.close()
    result = Threshold(comparison, value, unit, per, rank, subject, text=text.strip())
    _check_downtime(result, note, text)
    return result


def _check_downtime(limit: Threshold, note: str, text: str) -> None:
    """Brackets that translate a share into downtime must be right."""
    match = _DOWNTIME.match(note)
    if match is None or limit.unit != "ratio":
        return
    period = timing.UNITS.get(match[2].lower())
    column = text.index("(") + 2
    try:
        written = timing.duration(match[1])
    except ValueError as error:
        raise PhraseError(column, str(error)) from None
    if period is None:
        raise PhraseError(column + note.index("/") + 1, f"expected year, month or week, found {match[2]!r}")
    allowed = (1 - limit.value) * period
    if abs(written - allowed) > allowed / 100:
        said = f"{allowed / timedelta(hours=1):.4g} hours"
        raise PhraseError(
            column, f"{limit.value:.6g} of a {match[2]} leaves {said} of downtime, not {match[1]}"
        )


def condition(text: str, units: Mapping[str, Unit], window: timedelta) -> Condition:
    """`error_rate > 5% for 5 minutes`, `error_rate > 5% over 10 seconds for 3 seconds`, `response_time p95 > 3s`.

    `units` are the known indicators; `window` is the window of a condition that says neither `over` nor `for`.
    """
    reader = Reader(text)
    name = _indicator(reader, units)
    comparison = take_comparison(reader)
    if comparison is None:
        reader.fail("<, <=, > or >=")
    column = reader.next.column
    value = take_amount(reader, units[name])
    _check_possible(comparison, value, units[name], column)
    per = take_period(reader, units[name])
    over = take_span(reader) if reader.maybe("over") else None
    hold = take_span(reader) if reader.maybe("for") else timedelta()
    reader.close("over, for or the end")
    if per is not None and over is not None:
        raise PhraseError(column, "a rate already names its window: leave out either the rate or `over`")
    if over == timedelta():
        raise PhraseError(column, "a window is longer than nothing")
    return Condition(text.strip(), name, comparison, value, units[name], over or per or hold or window, hold)


def _indicator(reader: Reader, units: Mapping[str, Unit]) -> str:
    word = reader.next
    name = reader.word("the name of an indicator")
    rank = rank_of(name)
    if name.lower() == "response_time":
        rank = rank_of(reader.next.text)
        if rank is None:
            reader.fail("a percentile such as p95")
        name = reader.take().text
    elif rank is not None:
        reader.follows("response", "time")
    known = f"{name.lower()}_latency" if rank is not None else name
    if known not in units:
        raise PhraseError(word.column, f"unknown indicator {name!r}{nearest(name, units)}")
    return known


def _check_possible(comparison: Comparison, value: float, unit: Unit, column: int) -> None:
    """A condition that no reading can meet, or every one meets, is a mistake."""
    if unit == "ratio" and value > 1:
        raise PhraseError(column, f"a share lies between 0% and 100%, {value * 100:g}% cannot be reached")
    if unit == "ratio" and value == 1 and comparison == ">":
        raise PhraseError(column, "no share is above 100%: the condition can never hold")
    if value == 0 and comparison == "<":
        raise PhraseError(column, "nothing is below zero: the condition can never hold")
    if value == 0 and comparison == ">=":
        raise PhraseError(column, "everything is at least zero: the condition always holds")


def growth(text: str) -> Growth:
    """`20% monthly`, `10% increase over 24 hours`."""
    reader = Reader(text)
    ratio = take_amount(reader, "ratio")
    if reader.next.text.lower() in PERIODS:
        over = timing.UNITS[PERIODS[reader.take().text.lower()]]
    elif reader.follows("increase", "over"):
        over = take_span(reader)
    else:
        reader.fail(f"{', '.join(PERIODS)} or `increase over` and a duration")
    reader.close()
    return Growth(ratio, over, text=text.strip())


def quantity(text: str, unit: Unit) -> Quantity:
    """`unknown (needs instrumentation)`, `< 1GB (templates)`."""
    phrase, note = split_note(text)
    if phrase.strip().lower() == "unknown":
        return Quantity(None, note, text=text.strip())
    return Quantity(threshold(phrase, unit, "<="), note, text=text.strip())
