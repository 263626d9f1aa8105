"""Values as tables show them."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdeck.model import Window
from opsdeck.reports import words

VALUES = {
    "nothing known": (None, "ratio", "unknown"),
    "a share": (0.0123456, "ratio", "1.23%"),
    "a round share": (0.3, "ratio", "30%"),
    "a small share": (0.000123, "ratio", "0.01%"),
    "nearly all": (0.9995, "ratio", "99.95%"),
    "not quite all": (0.999999, "ratio", "99.99%"),
    "all": (1, "ratio", "100%"),
    "none": (0, "ratio", "0%"),
    "overspent": (-1.5712, "ratio", "-157%"),
    "a fast run": (0.4321, "ms", "0.432 ms"),
    "milliseconds": (433.272, "ms", "433 ms"),
    "seconds": (2104.2, "ms", "2.1 s"),
    "minutes": (125_000, "ms", "2 minutes 5 seconds"),
    "a count": (12_345, "count", "12,345"),
    "a mean": (4.3111, "per_minute", "4.31 per minute"),
    "bytes": (2048, "bytes", "2,048 bytes"),
}


@pytest.mark.parametrize(("number", "unit", "text"), VALUES.values(), ids=VALUES)
def test_values(number: float | None, unit: str, text: str) -> None:
    assert words.value(number, unit) == text


@given(st.floats(-1e12, 1e12))
def test_rounding_stays_within_half_a_percent(number: float) -> None:
    assert abs(words.rounded(number) - number) <= abs(number) * 0.005 + 1e-12


@pytest.mark.parametrize(
    ("span", "text"),
    [
        (timedelta(hours=1), "last hour"),
        (timedelta(minutes=5), "last 5 minutes"),
        (timedelta(days=30), "last 30 days"),
    ],
)
def test_how_long_ago(span: timedelta, text: str) -> None:
    assert words.last(Window.last(span, datetime(2025, 9, 9, tzinfo=UTC))) == text
