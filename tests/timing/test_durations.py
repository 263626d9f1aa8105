"""Durations as people write them, there and back."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdeck import timing

READ: dict[str, timedelta] = {
    "5 minutes": timedelta(minutes=5),
    "1 minute": timedelta(minutes=1),
    "200ms": timedelta(milliseconds=200),
    "500 ms": timedelta(milliseconds=500),
    "3s": timedelta(seconds=3),
    "1.5 hours": timedelta(minutes=90),
    "8.76 hours": timedelta(seconds=31_536),
    "1 hour 30 minutes": timedelta(minutes=90),
    "1h30m": timedelta(minutes=90),
    "24 hours": timedelta(days=1),
    "1 week": timedelta(days=7),
    "30 days": timedelta(days=30),
    "1 month": timedelta(days=30),
    "7 years": timedelta(days=2555),
    " 2  HOURS ": timedelta(hours=2),
    "0 seconds": timedelta(),
    "100 years": timedelta(days=36_500),
}


@pytest.mark.parametrize("text", READ)
def test_a_duration_reads(text: str) -> None:
    assert timing.duration(text) == READ[text]


REFUSED = {
    "": "'' is not a duration: expected a number and a unit",
    "  ": "is not a duration",
    "5": "'5' is not a duration: expected a number and a unit",
    "minutes": "is not a duration",
    "five minutes": "is not a duration",
    "-5 minutes": "is not a duration",
    "5 minutes ago": "is not a duration",
    "5 fortnights": "unknown unit of time 'fortnights'",
    "101 years": "at most 100 years",
    "60 years 60 years": "at most 100 years",
    "999999999999999 years": "at most 100 years",
    "\u0665 minutes": "is not a duration",
}


@pytest.mark.parametrize("text", REFUSED)
def test_a_duration_is_refused_with_what_was_expected(text: str) -> None:
    with pytest.raises(ValueError, match=REFUSED[text]):
        timing.duration(text)


SAID: dict[str, timedelta] = {
    "0 seconds": timedelta(),
    "1 second": timedelta(seconds=1),
    "5 minutes": timedelta(minutes=5),
    "4 hours 1 minute": timedelta(hours=4, minutes=1),
    "1 day": timedelta(days=1),
    "30 days": timedelta(days=30),
    "7 years": timedelta(days=2555),
    "1 year": timedelta(days=365),
    "366 days": timedelta(days=366),
    "1 second 500 ms": timedelta(seconds=1.5),
    "0.25 ms": timedelta(microseconds=250),
}


@pytest.mark.parametrize("text", SAID)
def test_a_span_is_said_in_words(text: str) -> None:
    assert timing.say(SAID[text]) == text


def test_a_negative_span_is_not_said() -> None:
    with pytest.raises(ValueError, match="not negative"):
        timing.say(timedelta(seconds=-1))


@given(st.timedeltas(min_value=timedelta(), max_value=timing.LONGEST))
def test_what_is_said_is_read_back_to_the_microsecond(span: timedelta) -> None:
    assert timing.duration(timing.say(span)) == span


@given(st.text(max_size=40))
def test_whatever_is_typed_is_read_or_refused(text: str) -> None:
    assert refused(text) or timing.duration(text) >= timedelta()


def refused(text: str) -> bool:
    try:
        timing.duration(text)
    except ValueError:
        return True
    return False


def test_a_moment_is_written_as_the_framework_writes_it() -> None:
    assert timing.iso(datetime(2025, 9, 9, 12, tzinfo=UTC)) == "2025-09-09T12:00:00.000Z"


def test_a_moment_of_another_zone_is_written_in_utc() -> None:
    east = timezone(timedelta(hours=2))
    assert timing.iso(datetime(2025, 9, 9, 14, 0, 0, 1999, tzinfo=east)) == "2025-09-09T12:00:00.001Z"


TIMESTAMPS = {
    "2025-09-09T12:00:00.000Z": datetime(2025, 9, 9, 12, tzinfo=UTC),
    "2025-09-09T12:00:00Z": datetime(2025, 9, 9, 12, tzinfo=UTC),
    "2025-09-09T14:00:00+02:00": datetime(2025, 9, 9, 12, tzinfo=UTC),
    "2025-09-09 12:00:00.123456Z": datetime(2025, 9, 9, 12, 0, 0, 123456, tzinfo=UTC),
}


@pytest.mark.parametrize("text", TIMESTAMPS)
def test_a_timestamp_reads_in_utc(text: str) -> None:
    found = timing.parse_iso(text)
    assert (found, found.tzinfo) == (TIMESTAMPS[text], UTC)


@pytest.mark.parametrize("text", ["2025-09-09T12:00:00", "yesterday", "", "2025-13-01T00:00:00Z"])
def test_a_timestamp_without_zone_or_sense_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"time zone|isoformat|month"):
        timing.parse_iso(text)


@pytest.mark.parametrize("text", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
def test_a_timestamp_that_utc_has_no_year_for_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a time in UTC"):
        timing.parse_iso(text)


@given(st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001  the strategy adds the zone
def test_a_moment_is_read_back_to_the_millisecond(naive: datetime) -> None:
    moment = naive.replace(tzinfo=UTC)
    assert abs(timing.parse_iso(timing.iso(moment)) - moment) < timedelta(milliseconds=1)
