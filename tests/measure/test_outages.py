"""Outages on probe minutes: first bad minute to next good one, unknown minutes do not end it."""

from datetime import timedelta

import pytest

from opsdeck import spec, timing
from opsdeck.measure.outages import outages, probe_minutes, whole_minutes
from opsdeck.model import Window
from opsdeck.testing import START, Load, Moment, failing, given, probes

SPEC = spec.load(None)


def found(*loads: Load, now: Moment = "13:00", over: timedelta = timedelta(hours=2)) -> list[tuple[str, str]]:
    story = given(SPEC, *loads).jump(now)
    seen = outages(story.events, story.service, Window.last(over, story.clock.now()))
    return [(f"{one.start:%H:%M}", "open" if one.open else f"{one.end:%H:%M}") for one in seen]


STORIES = {
    "no probes, no outage": ((), []),
    "good probes, no outage": ((probes(every="1 minute", until="12:30"),), []),
    "one bad minute": ((probes(failing, at="12:10"), probes(at="12:11")), [("12:10", "12:11")]),
    "bad minutes in a row are one outage": (
        (probes(failing, at="12:10", every="1 minute", until="12:15"), probes(at="12:15")),
        [("12:10", "12:15")],
    ),
    "a good minute between makes two": (
        (probes(failing, at="12:10"), probes(at="12:11"), probes(failing, at="12:12"), probes(at="12:13")),
        [("12:10", "12:11"), ("12:12", "12:13")],
    ),
    "minutes without probes do not end it": (
        (probes(failing, at="12:10"), probes(failing, at="12:20"), probes(at="12:40")),
        [("12:10", "12:40")],
    ),
    "a minute is bad if one of its probes failed": (
        (probes(failing, at="12:10:10"), probes(at="12:10:50"), probes(at="12:11")),
        [("12:10", "12:11")],
    ),
    "no good minute yet": ((probes(at="12:00"), probes(failing, at="12:10")), [("12:10", "open")]),
    "checks of dependencies are not the CLI": (
        (probes(failing, at="12:10", operation="health_check"), probes(at="12:11")),
        [],
    ),
    "a good check of dependencies ends nothing": (
        (probes(failing, at="12:10"), probes(at="12:11", operation="health_check"), probes(at="12:12")),
        [("12:10", "12:12")],
    ),
}


@pytest.mark.parametrize(("loads", "expected"), STORIES.values(), ids=STORIES)
def test_outages(loads: tuple[Load, ...], expected: list[tuple[str, str]]) -> None:
    assert found(*loads) == expected


def test_an_outage_over_midnight_is_one() -> None:
    loads = (
        probes(failing, at="23:50", every="1 minute", until="2025-09-10T00:20:00Z"),
        probes(at="2025-09-10T00:20:00Z"),
    )
    assert found(*loads, now="2025-09-11T12:00:00Z", over=timedelta(days=30)) == [("23:50", "00:20")]


def test_an_outage_of_days_without_probes_is_one() -> None:
    loads = (probes(failing, at="12:10"), probes(at="2025-09-12T09:00:00Z"))
    assert found(*loads, now="2025-09-20T12:00:00Z", over=timedelta(days=30)) == [("12:10", "09:00")]


def test_an_open_outage_lasts_until_now() -> None:
    story = given(SPEC, probes(failing, at="12:10")).jump("12:30")
    open_one = outages(story.events, story.service, Window.last(timedelta(hours=1), story.clock.now()))[0]
    assert open_one.span == timedelta(minutes=20)


def test_minutes_are_counted_once_however_many_probes_they_have() -> None:
    story = given(SPEC, probes(count=4, every="1 minute", until="12:10"), probes(failing, at="12:03")).jump(
        "12:30"
    )
    assert probe_minutes(story.events, story.service, Window.last(timedelta(hours=1), story.clock.now())) == (
        1,
        10,
    )


@pytest.mark.parametrize(
    ("now", "start", "end"),
    [("12:30:00", "11:31", "12:31"), ("12:30:59", "11:31", "12:31"), ("12:31:00", "11:32", "12:32")],
    ids=["on the minute", "within it", "on the next"],
)
def test_a_window_ends_with_the_minute_that_runs(now: str, start: str, end: str) -> None:
    at = timing.parse_iso(f"{START.date()}T{now}Z")
    whole = whole_minutes(Window.last(timedelta(hours=1), at))
    assert (f"{whole.start:%H:%M}", f"{whole.end:%H:%M}") == (start, end)
