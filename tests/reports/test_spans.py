"""Time ranges: how many steps, where they begin, what cannot be a range."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdeck.errors import UsageError
from opsdeck.reports.spans import LONGEST, MOST_POINTS, grid, parse, starts

NOON = datetime(2025, 9, 9, 12, 0, 7, tzinfo=UTC)
GRIDS = {
    "15m": (timedelta(seconds=15), 60),
    "1h": (timedelta(minutes=1), 60),
    "6h": (timedelta(minutes=5), 72),
    "24h": (timedelta(minutes=15), 96),
    "7d": (timedelta(hours=2), 84),
    "30d": (timedelta(hours=8), 90),
    "1 second": (timedelta(seconds=1), 1),
    "365 days": (timedelta(days=7), 52),
}


@pytest.mark.parametrize(("text", "expected"), GRIDS.items(), ids=GRIDS)
def test_steps(text: str, expected: tuple[timedelta, int]) -> None:
    window, step = grid(parse(text), NOON)
    assert (step, len(starts(window, step))) == expected


def test_the_window_ends_with_the_step_that_now_is_in() -> None:
    window, step = grid(timedelta(hours=1), NOON)
    assert (window.start.time().isoformat(), window.end.time().isoformat()) == ("11:01:00", "12:01:00")
    assert starts(window, step)[-1].time().isoformat() == "12:00:00"


def test_the_window_moves_by_steps_only() -> None:
    assert grid(timedelta(hours=1), NOON) == grid(timedelta(hours=1), NOON + timedelta(seconds=52))
    assert grid(timedelta(hours=1), NOON) != grid(timedelta(hours=1), NOON + timedelta(seconds=53))


@given(st.timedeltas(timedelta(seconds=1), LONGEST), st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))  # noqa: DTZ001  made aware below
def test_any_span_has_few_steps_and_holds_now(span: timedelta, at: datetime) -> None:
    now = at.replace(tzinfo=UTC)
    window, step = grid(span, now)
    assert window.start <= now < window.end
    assert 1 <= len(starts(window, step)) <= MOST_POINTS
    assert starts(window, step)[-1] + step == window.end


@pytest.mark.parametrize("text", ["", "soon", "0s", "801 days", "5 parsecs", "-1h"])
def test_what_cannot_be_a_range(text: str) -> None:
    with pytest.raises(UsageError, match="window") as caught:
        parse(text)
    assert "24h" in caught.value.hint
