"""When and how often: durations, deadlines, time boxes, cadences, business days and hours.

In: one phrase. Out: a value of phrases.py or of the standard library. Raises PhraseError with column and expectation.
"""

from datetime import time, timedelta
from functools import lru_cache

from opsdeck import timing
from opsdeck.spec.grammar.amounts import REMEMBERED, split_note, take_rest, take_span
from opsdeck.spec.grammar.words import PhraseError, Reader
from opsdeck.spec.phrases import Box, Cadence, Deadline

PERIODS = {
    "minutely": "minute",
    "hourly": "hour",
    "daily": "day",
    "weekly": "week",
    "monthly": "month",
    "yearly": "year",
}
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MOST_DAYS = 1000


@lru_cache(maxsize=REMEMBERED)
def duration(text: str) -> timedelta:
    """`5 minutes`, `7 years (compliance requirement)`."""
    reader = Reader(split_note(text)[0])
    length = take_span(reader)
    reader.close("a number or the end")
    return length


def span(text: str) -> timedelta:
    """A duration above zero."""
    length = duration(text)
    if not length:
        raise PhraseError(1, "expected a duration above zero")
    return length


def deadline(text: str) -> Deadline:
    """`2 hours`, `next business day`, `within 5 business days`."""
    reader = Reader(text)
    if reader.follows("next", "business", "day"):
        days, length = 1, timedelta()
    elif reader.maybe("within"):
        column = reader.next.column
        number = reader.number("a number of business days")
        if "." in number or not 0 < int(number) <= MOST_DAYS:
            raise PhraseError(column, f"expected a whole number of business days from 1 to {MOST_DAYS}")
        if not reader.follows("business", "days") and not reader.follows("business", "day"):
            reader.fail("business days")
        days, length = int(number), timedelta()
    else:
        days, length = 0, take_span(reader)
    reader.close()
    return Deadline(length, days, text=text.strip())


def box(text: str) -> Box:
    """`0-5 minutes`, `30 minutes - 4 hours`, `within 5 business days`, `varies by severity`."""
    reader = Reader(text)
    if reader.follows("varies", "by", "severity"):
        reader.close()
        return Box(text=text.strip())
    if reader.next.text.lower() in ("within", "next"):
        return Box(end=deadline(text), text=text.strip())
    column = reader.next.column
    number = reader.number("a span such as 5-30 minutes, `within 5 business days` or `varies by severity`")
    start = None if reader.next.text == "-" else take_rest(reader, number)
    if not reader.maybe("-", "to"):
        reader.fail("- and the end of the span")
    after = reader.number("the end of the span")
    unit = reader.next.text
    end = take_rest(reader, after)
    if start is None:
        start = duration(f"{number} {unit}")
    reader.close()
    if start >= end:
        raise PhraseError(column, "the span ends before it begins")
    return Box(start, Deadline(end), text=text.strip())


def cadence(text: str) -> Cadence:
    """`every 30 minutes`, `hourly updates`, `weekly performance reports`, `monthly or after major incidents`."""
    reader = Reader(text)
    if reader.maybe("every"):
        every = take_span(reader)
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
