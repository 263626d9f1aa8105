"""Latency buckets: Python and SQL agree, order is kept, thresholds split, numbers are stable."""

import math
from collections.abc import Callable, Iterator, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdeck.stores.events.buckets import PARTS, RATIO, bucket, bucket_sql, cell

THRESHOLDS = (200.0, 500.0, 1000.0, 2000.0, 2001.0, 2002.5, 5000.0)
InSql = Callable[[Sequence[float | None], Sequence[float]], list[int | None]]
durations = st.floats(0, 1e12) | st.sampled_from([0.0, 0.99, 1.0, 1e12, *THRESHOLDS])


@pytest.fixture(scope="module")
def in_sql() -> Iterator[InSql]:
    """The bucket expression run by DuckDB over some values."""
    import duckdb  # hypothesis keeps this module's globals beyond exit, where DuckDB complains of being kept

    with duckdb.connect(":memory:") as connection:

        def run(values: Sequence[float | None], thresholds: Sequence[float]) -> list[int | None]:
            text = f"SELECT {bucket_sql('x', thresholds)} FROM (SELECT unnest($values::DOUBLE[]) AS x)"
            return [row[0] for row in connection.execute(text, {"values": list(values)}).fetchall()]

        yield run


def edges() -> list[float]:
    """Every power of the ratio up to a day, and its neighbours on both sides."""
    powers = [RATIO**n for n in range(930)]
    return [x for p in powers for x in (math.nextafter(p, 0), p, math.nextafter(p, math.inf))]


@pytest.mark.parametrize("thresholds", [(), THRESHOLDS], ids=["plain", "split"])
def test_sql_and_python_agree_at_every_edge(in_sql: InSql, thresholds: Sequence[float]) -> None:
    values = edges()
    assert in_sql(values, thresholds) == [bucket(x, thresholds) for x in values]


@settings(max_examples=25, deadline=None, database=None)
@given(st.lists(durations, min_size=1, max_size=50))
def test_sql_and_python_agree_anywhere(in_sql: InSql, values: list[float]) -> None:
    assert in_sql(values, THRESHOLDS) == [bucket(x, THRESHOLDS) for x in values]


@settings(max_examples=25, deadline=None, database=None)
@given(st.lists(durations, max_size=20), st.sets(st.floats(0, 1e4), max_size=5))
def test_sql_and_python_agree_for_any_thresholds(
    in_sql: InSql, values: list[float], thresholds: set[float]
) -> None:
    around = [*values, *thresholds, *(math.nextafter(t, math.inf) for t in thresholds)]
    assert in_sql(around, sorted(thresholds)) == [bucket(x, sorted(thresholds)) for x in around]


def test_an_unknown_duration_has_no_bucket(in_sql: InSql) -> None:
    assert in_sql([None, 5.0], THRESHOLDS) == [None, bucket(5.0, THRESHOLDS)]


@settings(deadline=None, database=None)
@given(durations, durations)
def test_a_longer_run_is_never_in_an_earlier_bucket(one: float, other: float) -> None:
    assert (bucket(min(one, other), THRESHOLDS)) <= bucket(max(one, other), THRESHOLDS)


@settings(deadline=None, database=None)
@given(st.floats(1, 1e12))
def test_a_cell_is_two_percent_wide(duration: float) -> None:
    low = RATIO ** (cell(duration) - 1)
    assert low * (1 - 1e-9) <= duration <= low * RATIO * (1 + 1e-9)


@pytest.mark.parametrize("threshold", THRESHOLDS, ids=str)
def test_a_threshold_is_apart_from_what_is_below_and_above(threshold: float) -> None:
    below, above = math.nextafter(threshold, 0), math.nextafter(threshold, math.inf)
    found = [bucket(x, THRESHOLDS) for x in (below, threshold, above)]
    assert found == sorted(set(found))


def test_other_thresholds_do_not_renumber_other_cells() -> None:
    assert bucket(300.0, THRESHOLDS) == bucket(300.0, ()) == cell(300.0) * PARTS


def test_a_threshold_given_twice_splits_once() -> None:
    assert bucket(2001.0, (2000.0, 2000.0)) == bucket(2001.0, (2000.0,))


def test_below_a_millisecond_is_one_cell() -> None:
    assert {bucket(x) for x in (0, 0.001, 0.5, 0.999)} == {0}
