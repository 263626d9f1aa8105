"""Figures as people read them."""

from datetime import timedelta

import pytest

from opsdeck.measure.figures import counted, lasted, limit, number, say


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (None, "ratio", "unknown"),
        (0.7, "ratio", "70%"),
        (0.012, "ratio", "1.2%"),
        (0.9989814814, "ratio", "99.89%"),
        (0.9995, "ratio", "99.95%"),
        (0.9876543, "ratio", "98.77%"),
        (0.999999, "ratio", "99.99%"),
        (0.999999999999, "ratio", "99.99%"),
        (0.000001, "ratio", "< 0.01%"),
        (-157.1234, "ratio", "-15,712.3%"),
        (0.0, "ratio", "0%"),
        (850.0, "ms", "850 ms"),
        (207.34, "ms", "207 ms"),
        (61.523, "ms", "61.5 ms"),
        (2.0467, "ms", "2.05 ms"),
        (0.4321, "ms", "0.432 ms"),
        (999.7, "ms", "1 s"),
        (1_257.3, "ms", "1.26 s"),
        (59_999.0, "ms", "1 minute"),
        (75_230.0, "ms", "1 minute 15 seconds"),
        (2100.0, "ms", "2.1 s"),
        (60_000.0, "ms", "1 minute"),
        (14_460_000.0, "ms", "4 hours 1 minute"),
        (3.0, "count", "3"),
        (12_345.0, "count", "12,345"),
        (2.5, "per_minute", "2.5 per minute"),
        (10.0, "per_hour", "10 per hour"),
        (2048.0, "bytes", "2,048 bytes"),
    ],
)
def test_a_value_with_its_unit(value: float | None, unit: str, text: str) -> None:
    assert say(value, unit) == text


@pytest.mark.parametrize(
    ("value", "text"), [(-0.8, "-0.8"), (-0.00001, "0"), (43.2000004, "43.2"), (100, "100")]
)
def test_numbers_have_no_digits_that_say_nothing(value: float, text: str) -> None:
    assert number(value) == text


@pytest.mark.parametrize(("count", "text"), [(0, "0 runs"), (1, "1 run"), (1_200, "1,200 runs")])
def test_one_is_not_several(count: int, text: str) -> None:
    assert counted(count, "run") == text


def test_a_limit_reads_like_the_spec() -> None:
    assert limit("<", 2000, "ms") == "< 2 s"
    assert limit(">=", 0.99999, "ratio") == ">= 99.999%"


def test_how_long_something_took_has_no_tail() -> None:
    assert lasted(timedelta(seconds=75, milliseconds=230)) == "1 minute 15 seconds"
