"""Percentiles from bars: close to the exact one everywhere, exact about thresholds."""

import random
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import ceil

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from opsdeck.model import Bar, Batch, Match, Tally, Window
from opsdeck.stores.events.buckets import bucket
from opsdeck.stores.events.duck import DuckEvents

Line = Callable[..., bytes]
NOON = datetime(2025, 9, 9, 12, tzinfo=UTC)
LONG = Window(NOON - timedelta(hours=6), NOON + timedelta(hours=6))
THRESHOLDS = (200.0, 500.0, 2000.0, 5000.0)
RANKS = (0.5, 0.95, 0.99)


def tally(durations: list[float]) -> Tally:
    bars: dict[int, Bar] = {}
    for duration in durations:
        bar = bars.get(bucket(duration, THRESHOLDS), Bar(0, 0.0))
        bars[bucket(duration, THRESHOLDS)] = Bar(bar.count + 1, bar.total + duration)
    return Tally(success=len(durations), bars=bars)


def exact(durations: list[float], rank: float) -> float:
    return sorted(durations)[max(1, ceil(rank * len(durations))) - 1]


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("rank", RANKS)
def test_real_looking_durations_are_within_one_percent(seed: int, rank: float) -> None:
    dice = random.Random(seed)
    durations = [dice.lognormvariate(5.7, 0.6) for _ in range(5000)]
    assert tally(durations).percentile(rank) == pytest.approx(exact(durations, rank), rel=0.01)


@settings(deadline=None, database=None)
@given(st.lists(st.floats(1, 1e6), min_size=1, max_size=60), st.sampled_from(RANKS))
def test_any_durations_are_within_the_width_of_a_cell(durations: list[float], rank: float) -> None:
    assert tally(durations).percentile(rank) == pytest.approx(exact(durations, rank), rel=0.0201)


@settings(deadline=None, database=None)
@given(
    st.lists(st.sampled_from([1990.0, 1999.9, 2000.0, 2000.1, 2010.0]), min_size=1), st.sampled_from(RANKS)
)
def test_a_threshold_is_decided_as_the_exact_percentile_decides_it(
    durations: list[float], rank: float
) -> None:
    found = tally(durations).percentile(rank)
    assert found is not None
    assert (found < 2000, found > 2000) == (exact(durations, rank) < 2000, exact(durations, rank) > 2000)


def test_equal_durations_are_answered_exactly() -> None:
    assert tally([1234.5] * 7).percentile(0.95) == 1234.5


def test_the_store_answers_within_one_percent_over_a_long_window(duck: DuckEvents, line: Line) -> None:
    dice = random.Random(4)
    durations = [round(dice.lognormvariate(6, 1), 3) for _ in range(3000)]
    lines = [line(f"{n}", NOON + timedelta(seconds=n), duration) for n, duration in enumerate(durations)]
    duck.load(Batch(b"\n".join(lines), ()))
    found = duck.tally(Match(), LONG)[0].tally
    for rank in RANKS:
        assert found.percentile(rank) == pytest.approx(exact(durations, rank), rel=0.01)


@pytest.mark.parametrize(
    ("share", "breach"), [(94, True), (95, False)], ids=["6 of 100 at the line", "5 of 100 at the line"]
)
def test_p95_under_two_seconds_turns_exactly_at_the_line(
    duck: DuckEvents, line: Line, share: int, breach: bool
) -> None:
    durations = [1999.9] * share + [2000.0] * (100 - share)
    duck.load(Batch(b"\n".join(line(f"{n}", NOON, d) for n, d in enumerate(durations)), ()))
    p95 = duck.tally(Match(), LONG)[0].tally.percentile(0.95)
    assert p95 is not None
    assert (p95 < 2000) is not breach
