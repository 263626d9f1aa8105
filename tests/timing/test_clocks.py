"""The two clocks: one that runs, one that is told to."""

from datetime import UTC, datetime, timedelta, timezone

from opsdeck.timing import ManualClock, SystemClock

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def test_the_system_s_clock_is_in_utc_and_goes_on() -> None:
    clock = SystemClock()
    first, second = clock.now(), clock.now()
    assert first.tzinfo is UTC
    assert first <= second


def test_a_manual_clock_stands_still() -> None:
    clock = ManualClock(NOON)
    assert clock.now() == clock.now() == NOON


def test_a_manual_clock_moves_by_a_span() -> None:
    clock = ManualClock(NOON)
    assert clock.advance(timedelta(minutes=5)) == NOON + timedelta(minutes=5) == clock.now()


def test_a_manual_clock_moves_by_named_parts() -> None:
    clock = ManualClock(NOON)
    clock.advance(hours=4, minutes=1)
    assert clock.now() == NOON + timedelta(hours=4, minutes=1)


def test_a_manual_clock_keeps_utc() -> None:
    clock = ManualClock(NOON.astimezone(timezone(timedelta(hours=2))))
    assert clock.now().tzinfo is UTC
    assert clock.now() == NOON
