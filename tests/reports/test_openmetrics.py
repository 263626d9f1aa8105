"""The text format, character by character. tests/server reads the whole exposition with a strict reader."""

import pytest

from opsdeck.reports.openmetrics import Family, Sample, number, text

NUMBERS = {
    "whole": (3.0, "3"),
    "zero": (0, "0"),
    "a fraction": (0.25, "0.25"),
    "negative": (-1.5, "-1.5"),
    "true": (True, "1"),
    "endless": (float("inf"), "+Inf"),
    "endless below": (float("-inf"), "-Inf"),
    "tiny": (1e-7, "1e-07"),
    "large": (1e15, "1000000000000000"),
}


@pytest.mark.parametrize(("value", "expected"), NUMBERS.values(), ids=NUMBERS)
def test_numbers(value: float, expected: str) -> None:
    assert number(value) == expected


def test_nothing_is_still_an_exposition() -> None:
    assert text([]) == "# EOF\n"


def test_a_family_without_samples_is_left_out() -> None:
    assert text([Family("x", "gauge", "About.")]) == "# EOF\n"


def test_a_counter() -> None:
    family = Family("runs", "counter", "Runs.", (Sample("_total", {"service": "x"}, 3),))
    assert text([family]) == '# TYPE runs counter\n# HELP runs Runs.\nruns_total{service="x"} 3\n# EOF\n'


def test_a_unit_and_no_labels() -> None:
    family = Family("lag_bytes", "gauge", "Lag.", (Sample("", {}, 0),), "bytes")
    assert text([family]).splitlines()[1:] == [
        "# UNIT lag_bytes bytes",
        "# HELP lag_bytes Lag.",
        "lag_bytes 0",
        "# EOF",
    ]


@pytest.mark.parametrize(
    ("value", "escaped"),
    [('a"b', r"a\"b"), ("a\\b", r"a\\b"), ("a\nb", r"a\nb"), ("ä€", "ä€"), ("\\n", r"\\n")],
)
def test_labels_are_escaped(value: str, escaped: str) -> None:
    line = text([Family("x", "gauge", "About.", (Sample("", {"l": value}, 1),))]).splitlines()[2]
    assert line == f'x{{l="{escaped}"}} 1'
