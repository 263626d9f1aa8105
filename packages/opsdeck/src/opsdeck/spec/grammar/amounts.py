"""The small pieces of phrases: spans of time, amounts in a unit, comparisons, periods, notes in brackets.

In: a Reader that stands before the piece. Out: its value. It must not know whole phrases.
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from fractions import Fraction

from opsdeck import timing
from opsdeck.spec.grammar.words import PhraseError, Reader
from opsdeck.spec.phrases import Comparison, Unit

REMEMBERED = 2048
"""How many phrases each parser remembers: services inherit, so most phrases come again and again."""
SIZES = {
    "b": 1,
    "kb": 10**3,
    "mb": 10**6,
    "gb": 10**9,
    "tb": 10**12,
    "kib": 2**10,
    "mib": 2**20,
    "gib": 2**30,
    "tib": 2**40,
}
MEASURES: Mapping[Unit, str] = {
    "ratio": "a percentage such as 5%",
    "ms": "a time such as 5 seconds or 200ms",
    "bytes": "a size such as 50MB",
    "count": "a number such as 10 or 10/hour",
    "per_minute": "a number per minute such as 1000",
    "per_hour": "a number per hour such as 10",
}
_PERCENTILE = re.compile(r"[Pp]([1-9]\d?)\Z")
SUBJECTS = (
    ("of", "all", "operations"),
    ("of", "users"),
    ("for", "any", "outage"),
    ("failures", "from", "same", "user", "/", "ip"),
    ("from", "same", "user", "/", "ip"),
    ("critical", "vulnerabilities"),
    ("error", "rate"),
    ("errors",),
    ("failures",),
    ("generations",),
    ("operations",),
    ("templates",),
    ("uptime",),
    ("users",),
)


def take_span(reader: Reader) -> timedelta:
    """One or more `number unit` pairs."""
    return take_rest(reader, reader.number("a duration such as 5 minutes"))


def take_rest(reader: Reader, number: str) -> timedelta:
    """A span whose first number is read already."""
    column, total = reader.last.column, take_time(reader, number)
    while reader.next.kind == "number":
        total += take_time(reader, reader.take().text)
    if total > timing.LONGEST:
        raise PhraseError(column, "a duration is at most 100 years")
    return total


def take_time(reader: Reader, number: str) -> timedelta:
    word = reader.next
    unit = timing.UNITS.get(word.text.lower())
    if unit is None:
        reader.fail(
            f"a unit of time after {number} (ms, seconds, minutes, hours, days, weeks, months, years)"
        )
    try:
        length = timing.scaled(number, unit)
    except ValueError as error:
        raise PhraseError(word.column, str(error)) from None
    reader.take()
    return length


def take_amount(reader: Reader, unit: Unit) -> float:
    """A number in the unit; a number in another unit is refused with both named."""
    column = reader.next.column
    number = reader.number(MEASURES[unit])
    if unit == "ratio":
        if not reader.maybe("%"):
            reader.fail(f"% after {number}: {MEASURES[unit]}")
        return float(Fraction(number) / 100)
    if unit == "ms":
        if reader.next.text.lower() not in timing.UNITS:
            reader.fail(f"a unit of time after {number}: {MEASURES[unit]}")
        return take_rest(reader, number) / timedelta(milliseconds=1)
    if unit == "bytes":
        if reader.next.text.lower() not in SIZES:
            reader.fail(f"a unit of size after {number}: {MEASURES[unit]}")
        return float(Fraction(number) * SIZES[reader.take().text.lower()])
    if reader.next.text == "%" or reader.next.text.lower() in timing.UNITS.keys() | SIZES.keys():
        reader.fail(f"no unit after {number}: {MEASURES[unit]}")
    if unit == "count" and "." in number:
        raise PhraseError(column, f"expected a whole number, found {number!r}")
    return float(number)


def take_comparison(reader: Reader) -> Comparison | None:
    for sign in ("<", "<=", ">", ">="):
        if reader.next.text == sign:
            reader.take()
            return sign
    return None


def take_subject(reader: Reader) -> str:
    return next((" ".join(words) for words in SUBJECTS if reader.follows(*words)), "")


def take_period(reader: Reader, unit: Unit) -> timedelta | None:
    """`/hour`, `per hour`, `in 1 hour`: only counts have a rate."""
    if unit != "count":
        return None
    if reader.maybe("in"):
        return take_span(reader)
    if not reader.maybe("/", "per"):
        return None
    period = timing.UNITS.get(reader.next.text.lower())
    if period is None:
        reader.fail("minute, hour or day")
    reader.take()
    return period


def rank_of(text: str) -> float | None:
    match = _PERCENTILE.match(text)
    return int(match[1]) / 100 if match else None


def split_note(text: str) -> tuple[str, str]:
    """The phrase and what stands in brackets at its end."""
    phrase, bracket, note = text.rstrip().partition("(")
    if not bracket:
        return text, ""
    if not note.endswith(")"):
        raise PhraseError(len(text), "expected ) at the end")
    return phrase, note[:-1].strip()
