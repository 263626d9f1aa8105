"""The host's processor usage: two readings of the kernel's counters make one share."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from opsdeck.measure.host import Ticks, parse, sampler, usage
from opsdeck.model import Window
from opsdeck.stores.events import open_events

NOON = datetime(2025, 9, 9, 12, tzinfo=UTC)
#                          user nice system idle iowait irq softirq steal guest guest_nice
FIRST = "cpu  100 0 50 800 50 0 0 0 90 0\ncpu0 1 1 1 1 1 1 1 1 1 1\n"
LATER = "cpu  160 0 60 820 60 0 0 0 95 0\n"


def test_guest_time_is_counted_once() -> None:
    assert parse(FIRST) == Ticks(busy=150, total=1000)


def test_usage_is_the_busy_share_of_what_passed() -> None:
    first, later = parse(FIRST), parse(LATER)
    assert first is not None
    assert later is not None
    assert usage(first, later) == 0.7


@pytest.mark.parametrize("text", ["", "intr 1 2 3", "cpu 1 2 3"], ids=["empty", "another line", "too short"])
def test_what_is_no_counter_line_is_no_reading(text: str) -> None:
    assert parse(text) is None


def test_no_time_passed_is_unknown() -> None:
    assert usage(Ticks(1, 10), Ticks(1, 10)) is None


def test_counters_that_go_back_are_unknown() -> None:
    assert usage(Ticks(5, 100), Ticks(1, 10)) is None


def test_each_tick_records_the_share_since_the_tick_before(tmp_path: Path) -> None:
    stat, events = tmp_path / "stat", open_events("memory://")
    stat.write_text(FIRST)
    tick = sampler(events, stat)
    stat.write_text(LATER)
    assert tick(NOON) == 1
    found = events.samples("cpu_usage", "", Window.last(timedelta(minutes=1), NOON))
    assert [(sample.at, sample.value) for sample in found] == [(NOON, 0.7)]


def test_a_second_tick_at_once_records_nothing(tmp_path: Path) -> None:
    stat, events = tmp_path / "stat", open_events("memory://")
    stat.write_text(FIRST)
    tick = sampler(events, stat)
    assert tick(NOON) == 0


def test_a_machine_without_the_file_records_nothing(tmp_path: Path) -> None:
    assert sampler(open_events("memory://"), tmp_path / "none")(NOON) == 0
