"""Time: durations as people write them, the business calendar, and the clocks.

In: texts such as `4 hours`, moments, a calendar. Out: timedeltas and aware datetimes in UTC.
It must not know what the time is used for, and nothing here sleeps. A year is 365 days and a month 30
(the framework's 8.76 hours a year and the 30-day month of its availability).
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Protocol
from zoneinfo import ZoneInfo

LONGEST = timedelta(days=365 * 100)
SEARCH_DAYS = 366 * 10

_MICROSECONDS = {
    "millisecond": 1_000,
    "second": 1_000_000,
    "minute": 60 * 1_000_000,
    "hour": 3_600 * 1_000_000,
    "day": 86_400 * 1_000_000,
    "week": 7 * 86_400 * 1_000_000,
    "month": 30 * 86_400 * 1_000_000,
    "year": 365 * 86_400 * 1_000_000,
}
_SHORT = {
    "ms": "millisecond",
    "s": "second",
    "sec": "second",
    "m": "minute",
    "min": "minute",
    "h": "hour",
    "hr": "hour",
    "d": "day",
    "w": "week",
    "y": "year",
}
UNITS = {
    **{name: timedelta(microseconds=size) for name, size in _MICROSECONDS.items()},
    **{f"{name}s": timedelta(microseconds=size) for name, size in _MICROSECONDS.items()},
    **{short: timedelta(microseconds=_MICROSECONDS[name]) for short, name in _SHORT.items()},
}
"""Every word for a unit of time, lower case."""

_PART = re.compile(r"\s*(\d{1,15}(?:\.\d{1,15})?)\s*([A-Za-z]+)", re.ASCII)


class Clock(Protocol):
    """Where the present comes from."""

    def now(self) -> datetime:
        """The present as an aware datetime in UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class ManualClock:
    """A clock that stands still until it is told to move; for tests, ours and users'."""

    def __init__(self, start: datetime) -> None:
        self._now = start.astimezone(UTC)

    def now(self) -> datetime:
        return self._now

    def advance(self, by: timedelta | None = None, **parts: float) -> datetime:
        """Move by a timedelta and by its named parts (`minutes=5`); returns the new present."""
        self._now += (by or timedelta()) + timedelta(**parts)
        return self._now


@dataclass(frozen=True, slots=True)
class Calendar:
    """Business time: weekdays (Monday is 0) from `opens` to `closes` in a zone, without its holidays."""

    zone: ZoneInfo
    days: frozenset[int]
    opens: time
    closes: time
    holidays: frozenset[date]


def scaled(number: str, unit: timedelta) -> timedelta:
    """`number` units, to the microsecond. Raises ValueError beyond 100 years."""
    length = Fraction(number) * (unit // timedelta(microseconds=1))
    if length > LONGEST // timedelta(microseconds=1):
        raise ValueError("a duration is at most 100 years")
    return timedelta(microseconds=round(length))


def duration(text: str) -> timedelta:
    """`5 minutes`, `200ms`, `1 hour 30 minutes` → timedelta. Raises ValueError that says what was expected."""
    total, at = timedelta(), 0
    while at < len(text.rstrip()) or at == 0:
        part = _PART.match(text, at)
        if part is None:
            raise ValueError(f"{text!r} is not a duration: expected a number and a unit, such as 5 minutes")
        unit = UNITS.get(part[2].lower())
        if unit is None:
            raise ValueError(
                f"unknown unit of time {part[2]!r}: expected seconds, minutes, hours, days, weeks or years"
            )
        total += scaled(part[1], unit)
        at = part.end()
    if total > LONGEST:
        raise ValueError("a duration is at most 100 years")
    return total


def say(span: timedelta) -> str:
    """The timedelta in words that `duration` reads back: `4 hours 1 minute`, `7 years`, `0 seconds`."""
    if span < timedelta():
        raise ValueError("a duration is not negative")
    left, words = span // timedelta(microseconds=1), []
    whole_years = left and left % _MICROSECONDS["year"] == 0
    for name in ("year",) if whole_years else ("day", "hour", "minute", "second"):
        count, left = divmod(left, _MICROSECONDS[name])
        if count:
            words.append(f"{count} {name}{'s' if count != 1 else ''}")
    if left:
        words.append(f"{left / 1_000:.15g} ms")
    return " ".join(words) or "0 seconds"


def iso(moment: datetime) -> str:
    """RFC 3339 in UTC with milliseconds, as the framework writes timestamps: `2025-09-09T12:00:00.000Z`."""
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def parse_iso(text: str) -> datetime:
    """An RFC 3339 timestamp → aware datetime in UTC. Raises ValueError for anything without a zone or beyond the years 1 to 9999 there."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(f"{text!r} has no time zone: expected a timestamp such as 2025-09-09T12:00:00.000Z")
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError(f"{text!r} is not a time in UTC: expected one of the years 1 to 9999") from error


def _hours(calendar: Calendar, at: datetime) -> Iterator[tuple[datetime, datetime]]:
    """Opening and closing moments (UTC) of the business days from the day of `at`, in order."""
    day = at.astimezone(calendar.zone).date()
    for _ in range(SEARCH_DAYS):
        if day.weekday() in calendar.days and day not in calendar.holidays:
            opens = datetime.combine(day, calendar.opens, calendar.zone).astimezone(UTC)
            yield opens, datetime.combine(day, calendar.closes, calendar.zone).astimezone(UTC)
        day += timedelta(days=1)
    raise ValueError("the calendar has no business day within ten years")


def next_open(calendar: Calendar, at: datetime) -> datetime:
    """The first moment of business time at or after `at`: `at` itself when it is open."""
    return next(max(opens, at.astimezone(UTC)) for opens, closes in _hours(calendar, at) if at < closes)


def add_business(calendar: Calendar, at: datetime, span: timedelta) -> datetime:
    """When `span` of business time has passed since `at`."""
    left = span
    for opens, closes in _hours(calendar, at):
        if at >= closes:
            continue
        start = max(opens, at.astimezone(UTC))
        if left <= closes - start:
            return start + left
        left -= closes - start
    raise ValueError("the calendar has no business day within ten years")


def add_business_days(calendar: Calendar, at: datetime, days: int) -> datetime:
    """The close of the `days`-th business day after the day of `at` (`next business day` is 1)."""
    today = at.astimezone(calendar.zone).date()
    for _, closes in _hours(calendar, at):
        days -= closes.astimezone(calendar.zone).date() > today
        if days <= 0:
            return closes
    raise ValueError("the calendar has no business day within ten years")
