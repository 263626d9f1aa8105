"""The one grammar: every condition, threshold, duration, size, percentage, rate, growth rate, chain, cadence and
deadline as the operational framework writes them.

In: one phrase. Out: a value of phrases.py, or a PhraseError with column and expectation.
It must not know YAML, services or where a phrase stands. docs/spec.md shows the grammar with examples.
"""

import re
from collections.abc import Mapping
from datetime import time, timedelta
from fractions import Fraction

from opsdeck import timing
from opsdeck.spec.phrases import (
    Box,
    Cadence,
    Comparison,
    Condition,
    Deadline,
    Growth,
    Notice,
    Quantity,
    Threshold,
    Unit,
)
from opsdeck.spec.words import PhraseError, Reader, nearest

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
PERIODS = {
    "minutely": "minute",
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "yearly": "year",
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ROLES = ("on-call engineer", "team lead", "manager", "director", "C-level")
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
MOST_DAYS = 1000
SAMPLE_WINDOW = timedelta(minutes=1)
"""Stands in for the default window where only the form of a condition is checked."""
_MEASURES: Mapping[Unit, str] = {
    "ratio": "a percentage such as 5%",
    "ms": "a time such as 5 seconds or 200ms",
    "bytes": "a size such as 50MB",
    "count": "a number such as 10 or 10/hour",
    "per_minute": "a number per minute such as 1000",
    "per_hour": "a number per hour such as 10",
}
_PERCENTILE = re.compile(r"[Pp](\d{1,2}(?:\.\d)?)\Z")
_DOWNTIME = re.compile(r"(.+?)\s+downtime\s*/\s*(\w+)\Z")


# ---- amounts --------------------------------------------------------------------------------------------------------


def _span(reader: Reader) -> timedelta:
    """One or more `number unit` pairs."""
    total = timedelta()
    while True:
        number = reader.number("a duration such as 5 minutes")
        total += _scaled(reader, number)
        if reader.next.kind != "number":
            return total


def _scaled(reader: Reader, number: str) -> timedelta:
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


def _amount(reader: Reader, unit: Unit) -> float:
    """A number in the unit; a number in another unit is refused with both named."""
    column = reader.next.column
    number = reader.number(_MEASURES[unit])
    if unit == "ratio":
        if not reader.maybe("%"):
            reader.fail(f"% after {number}: {_MEASURES[unit]}")
        return float(Fraction(number) / 100)
    if unit == "ms":
        if reader.next.text.lower() not in timing.UNITS:
            reader.fail(f"a unit of time after {number}: {_MEASURES[unit]}")
        return _scaled(reader, number) / timedelta(milliseconds=1)
    if unit == "bytes":
        if reader.next.text.lower() not in SIZES:
            reader.fail(f"a unit of size after {number}: {_MEASURES[unit]}")
        return float(number) * SIZES[reader.take().text.lower()]
    if reader.next.text == "%" or reader.next.text.lower() in timing.UNITS.keys() | SIZES.keys():
        reader.fail(f"no unit after {number}: {_MEASURES[unit]}")
    if unit == "count" and "." in number:
        raise PhraseError(column, f"expected a whole number, found {number!r}")
    return float(number)


def _comparison(reader: Reader) -> Comparison | None:
    for sign in ("<", "<=", ">", ">="):
        if reader.next.text == sign:
            reader.take()
            return sign
    return None


def _subject(reader: Reader) -> str:
    return next((" ".join(words) for words in SUBJECTS if reader.follows(*words)), "")


def _per(reader: Reader) -> timedelta | None:
    """`/hour`, `per hour`, `in 1 hour`."""
    if reader.maybe("in"):
        return _span(reader)
    if not reader.maybe("/", "per"):
        return None
    unit = timing.UNITS.get(reader.next.text.lower())
    if unit is None:
        reader.fail("minute, hour or day")
    reader.take()
    return unit


def _rank(text: str) -> float | None:
    match = _PERCENTILE.match(text)
    return float(match[1]) / 100 if match else None


def _note(text: str) -> tuple[str, str]:
    """The phrase and what stands in brackets at its end."""
    phrase, bracket, note = text.rstrip().partition("(")
    if not bracket:
        return text, ""
    if not note.endswith(")"):
        raise PhraseError(len(text), "expected ) at the end")
    return phrase, note[:-1].strip()


# ---- whole phrases --------------------------------------------------------------------------------------------------


def duration(text: str) -> timedelta:
    """`5 minutes`, `7 years (compliance requirement)`."""
    reader = Reader(_note(text)[0])
    span = _span(reader)
    reader.close("a number or the end")
    return span


def threshold(text: str, unit: Unit, bare: Comparison = ">=") -> Threshold:
    """`< 200ms`, `> 10/hour`, `5 errors/hour`, `P95 response time < 2 seconds`, `99.9% uptime (8.76 hours downtime/year)`.

    `bare` is the comparison of a phrase that names none.
    """
    phrase, note = _note(text)
    reader = Reader(phrase)
    rank = _rank(reader.next.text)
    if rank is not None:
        reader.take()
        reader.follows("response", "time")
    comparison = _comparison(reader) or bare
    value = _amount(reader, unit)
    subject = _subject(reader)
    per = _per(reader)
    reader.close(f"one of {', '.join(words[0] for words in SUBJECTS[5:])}, or the end")
    result = Threshold(comparison, value, unit, per, rank, subject, text=text.strip())
    _check_downtime(result, note, text)
    return result


def _check_downtime(limit: Threshold, note: str, text: str) -> None:
    """Brackets that translate a share into downtime must be right."""
    match = _DOWNTIME.match(note)
    if match is None:
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
    comparison = _comparison(reader)
    if comparison is None:
        reader.fail("<, <=, > or >=")
    column = reader.next.column
    value = _amount(reader, units[name])
    _check_possible(comparison, value, units[name], column)
    per = _per(reader)
    over = _span(reader) if reader.maybe("over") else None
    hold = _span(reader) if reader.maybe("for") else timedelta()
    reader.close("over, for or the end")
    if per is not None and over is not None:
        raise PhraseError(column, "a rate already names its window: leave out either the rate or `over`")
    return Condition(text.strip(), name, comparison, value, units[name], over or per or hold or window, hold)


def _indicator(reader: Reader, units: Mapping[str, Unit]) -> str:
    word = reader.next
    name = reader.word("the name of an indicator")
    rank = _rank(name)
    if name.lower() == "response_time":
        rank = _rank(reader.next.text)
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
    ratio = _amount(reader, "ratio")
    if reader.next.text.lower() in PERIODS:
        over = timing.UNITS[PERIODS[reader.take().text.lower()]]
    elif reader.follows("increase", "over"):
        over = _span(reader)
    else:
        reader.fail(f"{', '.join(PERIODS)} or `increase over` and a duration")
    reader.close()
    return Growth(ratio, over, text=text.strip())


def deadline(text: str) -> Deadline:
    """`2 hours`, `next business day`, `within 5 business days`."""
    reader = Reader(text)
    if reader.follows("next", "business", "day"):
        days, span = 1, timedelta()
    elif reader.maybe("within"):
        number = reader.number("a number of business days")
        if "." in number or not 0 < int(number) <= MOST_DAYS:
            raise PhraseError(1, f"expected a whole number of business days from 1 to {MOST_DAYS}")
        if not reader.follows("business", "days") and not reader.follows("business", "day"):
            reader.fail("business days")
        days, span = int(number), timedelta()
    else:
        days, span = 0, _span(reader)
    reader.close()
    return Deadline(span, days, text=text.strip())


def box(text: str) -> Box:
    """`0-5 minutes`, `30 minutes - 4 hours`, `within 5 business days`, `varies by severity`."""
    reader = Reader(text)
    if reader.follows("varies", "by", "severity"):
        reader.close()
        return Box(text=text.strip())
    if reader.next.text.lower() in ("within", "next"):
        return Box(end=deadline(text), text=text.strip())
    number = reader.number("a span such as 5-30 minutes, `within 5 business days` or `varies by severity`")
    first = None if reader.next.text == "-" else _scaled(reader, number)
    if not reader.maybe("-", "to"):
        reader.fail("- and the end of the span")
    column = reader.next.column
    end = _scaled(reader, reader.number("the end of the span"))
    start = timing.scaled(number, timing.UNITS[reader.last.text.lower()]) if first is None else first
    reader.close()
    if start >= end:
        raise PhraseError(column, "the span ends before it begins")
    return Box(start, Deadline(end), text=text.strip())


def chain(text: str, roles: tuple[str, ...] = ROLES) -> tuple[str, ...]:
    """`on-call engineer -> team lead -> manager`: the roles in order, each once."""
    reader, steps = Reader(text), []
    while True:
        column = reader.next.column
        role = _role(reader, roles)
        if role in steps:
            raise PhraseError(column, f"{role!r} stands in the chain twice")
        steps.append(role)
        if not reader.maybe("->"):
            reader.close("-> or the end")
            return tuple(steps)


def _role(reader: Reader, roles: tuple[str, ...]) -> str:
    for role in roles:
        if reader.follows(*role.lower().split()):
            return role
    column, words = reader.next.column, []
    while reader.next.kind == "word":
        words.append(reader.take().text)
    if not words:
        reader.fail(f"a role ({', '.join(roles)})")
    said, expected = " ".join(words), ", ".join(roles)
    raise PhraseError(column, f"unknown role {said!r}{nearest(said, roles) or f': expected {expected}'}")


def weekdays(text: str) -> frozenset[int]:
    """`Monday to Friday`, `Sunday to Thursday`, `Monday, Wednesday`; Monday is 0."""
    reader, days = Reader(text), set()
    while True:
        first = _weekday(reader)
        last = _weekday(reader) if reader.maybe("to") else first
        days |= {(first + step) % 7 for step in range((last - first) % 7 + 1)}
        if not reader.maybe(",", "and"):
            reader.close("`to`, a comma or the end")
            return frozenset(days)


def _weekday(reader: Reader) -> int:
    word = reader.next.text.lower()
    known = [number for number, name in enumerate(WEEKDAYS) if word in (name, name[:3])]
    if not known:
        reader.fail("a weekday such as Monday")
    reader.take()
    return known[0]


def hours(text: str) -> tuple[time, time]:
    """`09:00-17:00`: opening and closing time of a business day."""
    reader = Reader(text)
    opens = _time_of_day(reader)
    if not reader.maybe("-", "to"):
        reader.fail("- and the closing time")
    column = reader.next.column
    closes = _time_of_day(reader)
    reader.close()
    if closes <= opens:
        raise PhraseError(column, "closes before it opens")
    return opens, closes


def _time_of_day(reader: Reader) -> time:
    column = reader.next.column
    hour = reader.number("a time such as 09:00")
    if not reader.maybe(":"):
        reader.fail("a time such as 09:00")
    minute = reader.number("minutes")
    try:
        return time(int(hour), int(minute))
    except ValueError:
        raise PhraseError(column, "expected a time from 00:00 to 23:59") from None


def role(text: str, roles: tuple[str, ...] = ROLES) -> str:
    """`team lead`."""
    reader = Reader(text)
    name = _role(reader, roles)
    reader.close()
    return name


def cadence(text: str) -> Cadence:
    """`every 30 minutes`, `hourly updates`, `weekly performance reports`, `monthly or after major incidents`."""
    reader = Reader(text)
    if reader.maybe("every"):
        every = _span(reader)
    elif reader.next.text.lower() in PERIODS:
        every = timing.UNITS[PERIODS[reader.take().text.lower()]]
    else:
        reader.fail(f"`every` and a duration, or {', '.join(PERIODS)}")
    of: list[str] = []
    while reader.next.kind == "word" and reader.next.text.lower() != "or":
        of.append(reader.take().text)
    after = "major incidents" if reader.follows("or", "after", "major", "incidents") else ""
    reader.close()
    if not every:
        raise PhraseError(1, "a cadence needs a span above zero")
    return Cadence(every, " ".join(of), after, text=text.strip())


def notice(text: str, roles: tuple[str, ...] = ROLES) -> Notice:
    """`immediate C-level notification`, `director level after 4 hours`, `team lead notification`."""
    reader = Reader(text)
    immediate = reader.maybe("immediate")
    role = _role(reader, roles)
    reader.maybe("level")
    after = timedelta()
    if not reader.maybe("notification"):
        if immediate or not reader.maybe("after"):
            reader.fail("notification" if immediate else "notification, or `after` and a duration")
        after = _span(reader)
    reader.close()
    return Notice(role, after, text=text.strip())


def quantity(text: str, unit: Unit) -> Quantity:
    """`unknown (needs instrumentation)`, `< 1GB (templates)`."""
    phrase, note = _note(text)
    if phrase.strip().lower() == "unknown":
        return Quantity(None, note, text=text.strip())
    return Quantity(threshold(phrase, unit, "<="), note, text=text.strip())
