"""Business time: hand-counted hours and days around weekends, holidays, midnight and the change of clocks."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdeck.timing import Calendar, add_business, add_business_days, next_open

OFFICE = Calendar(ZoneInfo("UTC"), frozenset(range(5)), time(9), time(17), frozenset({date(2026, 12, 25)}))
BERLIN = Calendar(ZoneInfo("Europe/Berlin"), frozenset(range(5)), time(9), time(17), frozenset())
NEVER = Calendar(ZoneInfo("UTC"), frozenset(), time(9), time(17), frozenset())


def at(text: str) -> datetime:
    """`Mon 10:00` of the week of Monday 21 December 2026, whose Friday is a holiday; `+` is the week behind it."""
    day, clock = text.split()
    number = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun").index(day.rstrip("+")) + 7 * day.count("+")
    return datetime.combine(date(2026, 12, 21) + timedelta(days=number), time.fromisoformat(clock), UTC)


OPEN = {
    "inside business hours it is now": ("Mon 10:00", "Mon 10:00"),
    "at the opening it is now": ("Mon 09:00", "Mon 09:00"),
    "before the opening it is the opening": ("Mon 03:00", "Mon 09:00"),
    "at the close it is tomorrow": ("Mon 17:00", "Tue 09:00"),
    "in the evening it is tomorrow": ("Mon 22:00", "Tue 09:00"),
    "before a holiday it is after the weekend": ("Thu 18:00", "Mon+ 09:00"),
    "on a holiday it is after the weekend": ("Fri 12:00", "Mon+ 09:00"),
    "on Sunday it is Monday": ("Sun 12:00", "Mon+ 09:00"),
}


@pytest.mark.parametrize("sentence", OPEN)
def test_business_time_opens_next(sentence: str) -> None:
    start, expected = OPEN[sentence]
    assert next_open(OFFICE, at(start)) == at(expected)


ADDED = {
    "two hours within a day": ("Mon 10:00", 2, "Mon 12:00"),
    "two hours to the very close": ("Mon 15:00", 2, "Mon 17:00"),
    "two hours over the night": ("Mon 16:00", 2, "Tue 10:00"),
    "four hours over holiday and weekend": ("Thu 15:00", 4, "Mon+ 11:00"),
    "a whole day from the opening": ("Mon 09:00", 8, "Mon 17:00"),
    "a day and an hour": ("Mon 09:00", 9, "Tue 10:00"),
    "from the night before": ("Mon 02:00", 1, "Mon 10:00"),
    "from the weekend": ("Sat 12:00", 3, "Mon+ 12:00"),
    "nothing from inside": ("Mon 10:00", 0, "Mon 10:00"),
    "nothing from outside is the opening": ("Mon 20:00", 0, "Tue 09:00"),
}


@pytest.mark.parametrize("sentence", ADDED)
def test_business_hours_pass(sentence: str) -> None:
    start, hours, expected = ADDED[sentence]
    assert add_business(OFFICE, at(start), timedelta(hours=hours)) == at(expected)


DAYS = {
    "the next business day ends at its close": ("Mon 10:00", 1, "Tue 17:00"),
    "from the evening it is tomorrow as well": ("Mon 22:00", 1, "Tue 17:00"),
    "a holiday and a weekend are no business days": ("Thu 10:00", 1, "Mon+ 17:00"),
    "from the weekend it is Monday": ("Sat 10:00", 1, "Mon+ 17:00"),
    "five business days skip the holiday": ("Mon 10:00", 5, "Tue+ 17:00"),
    "none is the close of today": ("Mon 10:00", 0, "Mon 17:00"),
}


@pytest.mark.parametrize("sentence", DAYS)
def test_business_days_pass(sentence: str) -> None:
    start, days, expected = DAYS[sentence]
    assert add_business_days(OFFICE, at(start), days) == at(expected)


def test_business_hours_are_those_of_the_zone() -> None:
    summer = datetime(2026, 7, 1, 6, 30, tzinfo=UTC)
    assert next_open(BERLIN, summer) == datetime(2026, 7, 1, 7, tzinfo=UTC)


def test_business_hours_follow_the_change_of_clocks() -> None:
    friday = datetime(
        2026, 3, 27, 15, tzinfo=UTC
    )  # 16:00 in Berlin, an hour before the close; clocks change on Sunday
    assert add_business(BERLIN, friday, timedelta(hours=2)) == datetime(2026, 3, 30, 8, tzinfo=UTC)


def test_answers_are_in_utc_whatever_the_question() -> None:
    asked = datetime(2026, 7, 1, 12, tzinfo=ZoneInfo("Asia/Tokyo"))
    assert next_open(BERLIN, asked).tzinfo is UTC
    assert add_business(BERLIN, asked, timedelta(hours=1)).tzinfo is UTC


@pytest.mark.parametrize("ask", [next_open, lambda c, a: add_business(c, a, timedelta(hours=1))])
def test_a_calendar_without_business_days_says_so(ask: object) -> None:
    assert callable(ask)
    with pytest.raises(ValueError, match="no business day within ten years"):
        ask(NEVER, at("Mon 10:00"))


moments = st.datetimes(min_value=datetime(2026, 1, 1), max_value=datetime(2028, 1, 1)).map(  # noqa: DTZ001  see replace
    lambda naive: naive.replace(tzinfo=UTC)
)
spans = st.integers(0, 200 * 3600).map(lambda seconds: timedelta(seconds=seconds))


@given(moments, spans, spans)
def test_business_time_adds_up(start: datetime, first: timedelta, second: timedelta) -> None:
    stop = add_business(BERLIN, start, first)
    assert add_business(BERLIN, stop, second) in (
        add_business(BERLIN, start, first + second),
        next_open(BERLIN, add_business(BERLIN, start, first + second)),
    )


@given(moments, spans)
def test_business_time_is_never_before_it_began(start: datetime, span: timedelta) -> None:
    assert add_business(BERLIN, start, span) >= max(start + span, next_open(BERLIN, start))


@given(moments)
def test_the_next_opening_is_open(start: datetime) -> None:
    local = next_open(BERLIN, start).astimezone(BERLIN.zone)
    assert local.weekday() < 5
    assert time(9) <= local.time() < time(17)
