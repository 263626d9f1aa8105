"""The two measures: known values, bounds, and what a few odd days cannot move."""

from math import log1p

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdeck.detect.divergence import at_most, distance, expected_new, level, spread

MIXES = st.dictionaries(st.sampled_from("abcdefgh"), st.integers(1, 50), min_size=1)


def test_the_same_mix_is_no_distance_whatever_its_size() -> None:
    assert distance({"a": 3, "b": 1}, {"a": 300, "b": 100}, 0) == pytest.approx(0, abs=1e-7)


def test_nothing_in_common_is_distance_one() -> None:
    assert distance({"a": 5}, {"b": 5}, 0) == pytest.approx(1)


def test_half_in_common_is_the_textbook_value() -> None:
    """P = (1/2, 1/2), Q = (1, 0): JSD = 0.311278 bits."""
    assert distance({"a": 1, "b": 1}, {"a": 1}, 0) == pytest.approx(0.311278**0.5, abs=1e-6)


@pytest.mark.parametrize(("runs", "near"), [(1, 0.2), (20, 0.6), (400, 1.0)])
def test_few_runs_cannot_be_far_away(runs: int, near: float) -> None:
    assert distance({"a": runs}, {"b": 100}, 20) < near


@given(MIXES, MIXES, st.integers(0, 40))
def test_a_distance_is_between_zero_and_one(one: dict[str, int], other: dict[str, int], prior: int) -> None:
    assert 0 <= distance(one, other, prior) <= 1 + 1e-9


@given(MIXES, MIXES)
def test_without_a_prior_a_distance_is_the_same_both_ways(one: dict[str, int], other: dict[str, int]) -> None:
    assert distance(one, other, 0) == pytest.approx(distance(other, one, 0), abs=1e-7)


@given(MIXES, MIXES, MIXES)
def test_a_detour_is_never_shorter(one: dict[str, int], two: dict[str, int], three: dict[str, int]) -> None:
    assert distance(one, three, 0) <= distance(one, two, 0) + distance(two, three, 0) + 1e-7


def test_no_runs_have_no_distance() -> None:
    assert distance({}, {"a": 1}, 20) == distance({"a": 1}, {}, 20) == 0


def test_two_odd_days_in_ten_do_not_move_median_and_deviation() -> None:
    quiet = [8, 9, 10, 10, 11, 11, 12, 12, 13, 14]
    assert spread([*quiet[:8], 900, 900], 0.1) == pytest.approx(spread(quiet, 0.1), abs=0.1)


def test_days_that_are_all_alike_still_have_a_deviation() -> None:
    middle, deviation = spread([10] * 12, 0.3)
    assert (middle, deviation) == (log1p(10), 0.3)


def test_small_counts_deviate_by_chance_more_than_the_least() -> None:
    assert spread([2] * 12, 0.3)[1] == pytest.approx(0.6745 / 3**0.5)


@pytest.mark.parametrize(("logarithm", "count"), [(0.0, 0), (log1p(7), 7), (log1p(7.9), 7), (1e9, level(40))])
def test_a_level_is_a_whole_count_and_finite(logarithm: float, count: int) -> None:
    assert level(logarithm) == count


def test_who_met_much_only_once_will_meet_more_that_is_new() -> None:
    assert expected_new({"a": 98, "b": 1, "c": 1}, 50) == pytest.approx(1)
    assert expected_new({"a": 50, "b": 50}, 50) == 0
    assert expected_new({}, 3) == 3


def test_nothing_new_expected_allows_nothing_new() -> None:
    assert at_most(0, 6) == 0
    assert at_most(4, 6) == pytest.approx(4 + 6 * 0.6745 * 2)
