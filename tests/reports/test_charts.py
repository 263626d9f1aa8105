"""Slices of a tally as columns over one axis."""

from datetime import timedelta

import pytest

from opsdeck.model import Bar, Slice, Tally, Window
from opsdeck.reports import charts
from opsdeck.reports.charts import Chart, Series
from opsdeck.testing import START

MINUTE = timedelta(minutes=1)
WINDOW = Window(START, START + 4 * MINUTE)


def slices(**at: Tally) -> list[Slice]:
    return [Slice(START + int(minute[1:]) * MINUTE, (), tally) for minute, tally in at.items()]


def columns(chart: Chart) -> dict[str, tuple[float | None, ...]]:
    return {one.name: one.values for one in chart.series}


def test_nobody_is_no_operation_but_no_error_rate() -> None:
    operations, errors, latency = charts.runs([], WINDOW, MINUTE, {})
    assert columns(operations) == {"success": (0, 0, 0, 0), "failure": (0, 0, 0, 0)}
    assert columns(errors) == {"error_rate": (None,) * 4}
    assert operations.empty
    assert errors.empty
    assert latency.empty


def test_each_step_has_its_own_figures() -> None:
    found = slices(m1=Tally(3, 1, 5, {1: Bar(4, 400.0)}), m3=Tally(1, 0, 0, {2: Bar(1, 50.0)}))
    operations, errors, latency = charts.runs(found, WINDOW, MINUTE, {})
    assert columns(operations) == {"success": (0, 3, 0, 1), "failure": (0, 1, 0, 0)}
    assert columns(errors) == {"error_rate": (None, 0.25, None, 0.0)}
    assert columns(latency)["p95"] == (None, 100.0, None, 50.0)


def test_longer_steps_are_told_per_minute() -> None:
    window = Window(START, START + 10 * MINUTE)
    operations, *_ = charts.runs(slices(m0=Tally(10, 5)), window, 5 * MINUTE, {})
    assert columns(operations) == {"success": (2, 0), "failure": (1, 0)}


def test_limits_of_the_objectives() -> None:
    operations, errors, latency = charts.runs([], WINDOW, MINUTE, {"error_rate": 0.01, "p95_latency": 2000.0})
    assert (operations.limit, errors.limit, latency.limit) == (None, 0.01, 2000.0)


def test_counts_have_cancelled_runs_too() -> None:
    chart = charts.counts(slices(m0=Tally(1, 2, 3)), WINDOW, MINUTE)
    assert columns(chart) == {"success": (1, 0, 0, 0), "failure": (2, 0, 0, 0), "cancelled": (3, 0, 0, 0)}


EMPTY = {
    "bars of nothing": ("bars", (0, 0, None), True),
    "a bar": ("bars", (0, 1), False),
    "a line without a point": ("line", (None, None), True),
    "a line at zero": ("line", (None, 0.0), False),
    "no step at all": ("line", (), True),
}


@pytest.mark.parametrize(("kind", "values", "empty"), EMPTY.values(), ids=EMPTY)
def test_empty(kind: str, values: tuple[float | None, ...], empty: bool) -> None:
    assert Chart("x", "X", kind, "ms", (), (Series("s", "S", values),)).empty is empty
