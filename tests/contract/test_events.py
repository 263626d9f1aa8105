"""What every event store does, in sentences."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest

from opsdeck.errors import UsageError
from opsdeck.model import Bar, Batch, Clause, Group, Match, Position, Sample, Tally, Window
from opsdeck.stores.api import UNREADABLE, EventStore

Line = Callable[..., bytes]
NOON = datetime(2025, 9, 9, 12, tzinfo=UTC)
HOUR = Window(NOON, NOON + timedelta(hours=1))
DAY = Window(NOON - timedelta(hours=12), NOON + timedelta(hours=12))
ALL = Match()


def batch(*lines: bytes, **positions: int) -> Batch:
    return Batch(b"\n".join(lines), tuple(Position(stream, offset) for stream, offset in positions.items()))


def after(**span: float) -> datetime:
    return NOON + timedelta(**span)


# ---- load -------------------------------------------------------------------------------------------------------


def test_a_load_says_how_many_events_were_new(events: EventStore, line: Line) -> None:
    assert events.load(batch(line("a", NOON), line("b", NOON))) == 2


def test_a_load_ends_with_or_without_a_line_end(events: EventStore, line: Line) -> None:
    assert events.load(Batch(line("a", NOON) + b"\n", ())) == 1


def test_a_load_of_nothing_moves_the_position(events: EventStore) -> None:
    assert events.load(batch(app=7)) == 0
    assert events.positions() == {"app": Position("app", 7)}


def test_an_event_twice_in_a_batch_counts_once(events: EventStore, line: Line) -> None:
    assert events.load(batch(line("a", NOON), line("a", NOON), line("b", NOON))) == 2
    assert events.tally(ALL, HOUR)[0].tally.runs == 2


def test_an_event_of_an_earlier_batch_counts_once(events: EventStore, line: Line) -> None:
    events.load(batch(line("a", NOON), line("b", NOON)))
    assert events.load(batch(line("b", NOON), line("c", NOON))) == 1
    assert events.tally(ALL, DAY)[0].tally.runs == 3


def test_an_event_again_that_is_late_by_now_counts_once_and_where_it_was(
    events: EventStore, line: Line
) -> None:
    events.load(batch(line("a", NOON, receivedAt=NOON.isoformat())))
    late = line("a", NOON, receivedAt=after(days=40).isoformat(), flags=["late"])
    assert events.load(batch(late)) == 0
    assert events.tally(ALL, HOUR)[0].tally.runs == 1


def test_a_batch_that_is_not_ahead_is_skipped_whole(events: EventStore, line: Line) -> None:
    events.load(batch(line("a", NOON), app=10))
    assert events.load(batch(line("b", NOON), app=10)) == 0
    assert events.load(batch(line("b", NOON), app=9)) == 0
    assert events.tally(ALL, HOUR)[0].tally.runs == 1


def test_a_batch_ahead_in_one_stream_of_two_is_loaded(events: EventStore, line: Line) -> None:
    events.load(batch(line("a", NOON), app=10, perf=5))
    assert events.load(batch(line("b", NOON), app=10, perf=6)) == 1
    assert events.positions() == {"app": Position("app", 10), "perf": Position("perf", 6)}


def test_a_batch_without_positions_is_always_loaded(events: EventStore, line: Line) -> None:
    assert events.load(batch(line("a", NOON))) == 1
    assert events.load(batch(line("a", NOON))) == 0


@pytest.mark.parametrize(
    "bad",
    {
        "no JSON": b"oops",
        "half an object": b'{"eventId": "x", "timestamp"',
        "no object": b"[1, 2]",
        "no id": b'{"timestamp": "2025-09-09T12:00:00Z"}',
        "an empty id": b'{"eventId": "", "timestamp": "2025-09-09T12:00:00Z"}',
        "no time": b'{"eventId": "x"}',
        "a time that is none": b'{"eventId": "x", "timestamp": "noon"}',
        "a line of five megabytes": b'{"eventId": "x", "timestamp": "2025-09-09T12:00:00Z", "a": "%s"}'
        % (b"x" * 5_000_000),
        "bytes that are no text": b'{"eventId": "\xff\xfe", "timestamp": "2025-09-09T12:00:00Z"}',
    }.items(),
    ids=lambda case: case[0],
)
def test_an_unreadable_line_is_counted_and_stops_nothing(
    events: EventStore, line: Line, bad: tuple[str, bytes]
) -> None:
    assert events.load(batch(line("a", NOON), bad[1], line("b", NOON), app=99)) == 2
    assert events.positions()["app"].offset == 99
    (seen,) = events.samples(UNREADABLE, "", Window.last(timedelta(minutes=5), datetime.now(UTC)))
    assert seen.value == 1


# ---- facts ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("success", "code", "outcome"),
    [
        pytest.param(True, "", "success", id="a run that worked"),
        pytest.param(False, "BROKEN", "failure", id="a run that failed"),
        pytest.param(False, "CANCELLED", "cancelled", id="a run that somebody stopped"),
    ],
)
def test_outcome(events: EventStore, line: Line, success: bool, code: str, outcome: str) -> None:
    events.load(batch(line("a", NOON, operation__success=success, error__code=code)))
    assert events.tally(ALL, HOUR, ("outcome",))[0].group == (outcome,)


@pytest.mark.parametrize(
    ("files", "kind"),
    [(None, ""), (0, ""), (1, "single_file"), (2, "multiple_files")],
    ids=["unknown", "none", "one file", "two files"],
)
def test_kind_by_files_written(events: EventStore, line: Line, files: int | None, kind: str) -> None:
    events.load(batch(line("a", NOON, metadata__fileCount=files)))
    assert events.tally(ALL, HOUR, ("kind",))[0].group == (kind,)


@pytest.mark.parametrize("flag", ["late", "ahead"])
def test_a_distrusted_time_counts_at_its_receipt(events: EventStore, line: Line, flag: str) -> None:
    events.load(batch(line("a", after(days=90), receivedAt=after(minutes=3).isoformat(), flags=[flag])))
    assert [e.at for e in events.find(ALL, HOUR, 9)] == [after(minutes=3)]


def test_an_offset_in_a_time_is_applied(events: EventStore, line: Line) -> None:
    events.load(batch(line("a", NOON, timestamp="2025-09-09T14:30:00+02:00")))
    assert [e.at for e in events.find(ALL, HOUR, 9)] == [after(minutes=30)]


def test_a_run_without_a_duration_counts_but_has_no_bar(events: EventStore, line: Line) -> None:
    events.load(batch(line("a", NOON, operation__duration=None), line("b", NOON, operation__duration=7)))
    (found,) = events.tally(ALL, HOUR)
    assert (found.tally.runs, found.tally.percentile(1)) == (2, 7)


def test_a_cancelled_run_is_on_neither_side_and_has_no_bar(events: EventStore, line: Line) -> None:
    events.load(batch(line("a", NOON, operation__success=False, error__code="CANCELLED")))
    assert events.tally(ALL, HOUR)[0].tally == Tally(cancelled=1)


# ---- tally ------------------------------------------------------------------------------------------------------


def test_nothing_stored_is_one_empty_slice(events: EventStore) -> None:
    assert [(s.start, s.group, s.tally) for s in events.tally(ALL, DAY)] == [(DAY.start, (), Tally())]


def test_nothing_stored_has_no_groups_and_no_steps(events: EventStore) -> None:
    assert events.tally(ALL, DAY, ("service",)) == []
    assert events.tally(ALL, DAY, step=timedelta(hours=1)) == []


@pytest.mark.parametrize("span", [timedelta(minutes=5), timedelta(hours=9)], ids=["short", "long"])
def test_a_window_takes_its_start_and_leaves_its_end(events: EventStore, line: Line, span: timedelta) -> None:
    before, start, last, end = (
        NOON - timedelta(microseconds=1),
        NOON,
        NOON + span - timedelta(microseconds=1),
        NOON + span,
    )
    events.load(batch(*(line(at.isoformat(), at) for at in (before, start, last, end))))
    assert [e.at for e in events.find(ALL, Window(NOON, end), 9)] == [last, start]
    assert events.tally(ALL, Window(NOON, end))[0].tally.runs == 2


def test_a_long_window_is_exact_within_the_minutes_at_its_ends(events: EventStore, line: Line) -> None:
    events.load(batch(*(line(f"{s}", after(seconds=s)) for s in range(0, 10_800, 10))))
    window = Window(after(seconds=25), after(hours=2, seconds=35))
    assert events.tally(ALL, window)[0].tally.runs == 721


def test_seven_good_and_three_failing_runs_are_thirty_percent_errors(events: EventStore, line: Line) -> None:
    events.load(batch(*(line(f"{n}", after(minutes=n), operation__success=n < 7) for n in range(10))))
    assert events.tally(ALL, HOUR)[0].tally.error_rate == pytest.approx(0.3)
    assert events.tally(ALL, DAY)[0].tally.error_rate == pytest.approx(0.3)


def test_groups_come_in_order_with_their_own_counts(events: EventStore, line: Line) -> None:
    events.load(
        batch(line("a", NOON, version="2"), line("b", NOON, version="1"), line("c", NOON, version="2"))
    )
    assert [(s.group, s.tally.runs) for s in events.tally(ALL, DAY, ("version",))] == [
        (("1",), 1),
        (("2",), 2),
    ]


def test_two_groupings_at_once(events: EventStore, line: Line) -> None:
    events.load(batch(line("a", NOON, version="1", command="x"), line("b", NOON, version="1", command="y")))
    assert [s.group for s in events.tally(ALL, DAY, ("command", "version"))] == [("x", "1"), ("y", "1")]


@pytest.mark.parametrize("span", [timedelta(minutes=30), timedelta(hours=3)], ids=["short", "long"])
def test_steps_start_at_the_window_and_empty_ones_are_left_out(
    events: EventStore, line: Line, span: timedelta
) -> None:
    events.load(batch(line("a", after(minutes=1)), line("b", after(minutes=4)), line("c", after(minutes=12))))
    slices = events.tally(ALL, Window(NOON, NOON + span), step=timedelta(minutes=5))
    assert [(s.start, s.tally.runs) for s in slices] == [(NOON, 2), (after(minutes=10), 1)]


@pytest.mark.parametrize("step", [timedelta(seconds=90), timedelta(minutes=7)], ids=str)
def test_steps_that_cut_through_minutes_are_exact(events: EventStore, line: Line, step: timedelta) -> None:
    events.load(batch(*(line(f"{s}", after(seconds=s)) for s in range(0, 7200, 5))))
    window = Window(after(seconds=12), after(hours=2))
    for one in events.tally(ALL, window, step=step):
        inside = range(0, 7200, 5)
        start = (one.start - NOON).total_seconds()
        assert one.tally.runs == sum(start <= s < min(start + step.total_seconds(), 7200) for s in inside)


def test_a_late_event_is_added_to_its_minute(events: EventStore, line: Line) -> None:
    events.load(batch(line("a", NOON, operation__duration=100)))
    events.load(batch(line("b", after(hours=5))))
    events.load(batch(line("c", after(seconds=30), operation__duration=100)))
    (first, *_) = events.tally(ALL, DAY, step=timedelta(minutes=1))
    assert (first.start, first.tally.runs, list(first.tally.bars.values())) == (NOON, 2, [Bar(2, 200.0)])


def test_thresholds_part_the_bars_in_long_windows_too(events: EventStore, line: Line) -> None:
    durations = [1999.9, 2000, 2000.1]
    events.load(batch(*(line(f"{d}", NOON, operation__duration=d) for d in durations)))
    bars = events.tally(ALL, DAY)[0].tally.bars
    assert [bar.total for _, bar in sorted(bars.items())] == durations


def test_tally_cannot_group_by_a_detail(events: EventStore) -> None:
    with pytest.raises(UsageError, match="'user_id'"):
        events.tally(ALL, DAY, ("user_id",))


# ---- match ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("clause", "ids"),
    [
        pytest.param(Clause("version", "=", "1.0"), "a", id="equal text"),
        pytest.param(Clause("version", "!=", "1.0"), "bc", id="unequal text, absent included"),
        pytest.param(Clause("version", "in", ("1.0", "2.0")), "ab", id="one of several"),
        pytest.param(Clause("version", "in", ()), "", id="one of none"),
        pytest.param(Clause("version", "not in", ("1.0",)), "bc", id="none of several"),
        pytest.param(Clause("version", "not in", ()), "abc", id="none of none"),
        pytest.param(Clause("version", ">", "1.0"), "b", id="text after"),
        pytest.param(Clause("version", "=", ""), "c", id="absent text"),
        pytest.param(Clause("version", "=", 2.0), "", id="a number against text is that number's text"),
        pytest.param(Clause("exit_code", "=", 3.0), "b", id="equal number"),
        pytest.param(Clause("exit_code", "=", "3"), "b", id="equal number, written as text"),
        pytest.param(Clause("exit_code", "!=", 3.0), "ac", id="unequal number, absent included"),
        pytest.param(Clause("exit_code", "<", 9.0), "ab", id="smaller number, absent excluded"),
        pytest.param(Clause("exit_code", "in", ("0", "3")), "ab", id="one of several numbers"),
        pytest.param(
            Clause("exit_code", "not in", ("0",)), "bc", id="none of several numbers, absent included"
        ),
        pytest.param(Clause("duration", ">=", 200.0), "bc", id="slow ones"),
        pytest.param(Clause("error_message", "~", "NOT found"), "b", id="contains, ignoring case"),
        pytest.param(Clause("error_message", "~", "%"), "c", id="contains a percent sign"),
        pytest.param(Clause("error_message", "~", ""), "abc", id="contains nothing"),
    ],
)
def test_clause(events: EventStore, line: Line, clause: Clause, ids: str) -> None:
    a = line("a", NOON, version="1.0", exitCode=0, operation__duration=100)
    b = line("b", NOON, version="2.0", exitCode=3, operation__duration=200, error__message="File Not Found")
    c = line("c", NOON, operation__duration=300, error__message="100% wrong")
    events.load(batch(a, b, c))
    match = Match((clause,))
    assert "".join(e.event_id for e in reversed(events.find(match, DAY, 9))) == ids
    assert events.tally(match, DAY)[0].tally.runs == len(ids)


def test_all_clauses_hold(events: EventStore, line: Line) -> None:
    events.load(batch(line("a", NOON, version="1", command="x"), line("b", NOON, version="1", command="y")))
    match = Match.of(version="1", command=("y", "z")).also(service="cli")
    assert [e.event_id for e in events.find(match, DAY, 9)] == ["b"]


@pytest.mark.parametrize(
    ("clause", "message"),
    [
        pytest.param(Clause("colour", "=", "red"), "no field 'colour'", id="a field that is not there"),
        pytest.param(Clause("version; DROP", "=", ""), "no field", id="SQL for a field"),
        pytest.param(
            Clause("version", "like", "x"), "no operator 'like'", id="an operator that is not there"
        ),
        pytest.param(Clause("duration", ">", "fast"), "duration is a number", id="words for a number"),
        pytest.param(Clause("duration", "~", "1"), "`~` is for text", id="contains on a number"),
        pytest.param(Clause("version", "in", "1"), "list of values", id="one value where several belong"),
        pytest.param(Clause("version", "=", ("1",)), "one value", id="several values where one belongs"),
        pytest.param(Clause("version", "=", "\ud800"), "cannot be", id="half a surrogate pair"),
    ],
)
def test_a_clause_that_makes_no_sense_is_refused(events: EventStore, clause: Clause, message: str) -> None:
    for ask in (
        events.tally,
        lambda m, w: events.find(m, w, 1),
        lambda m, w: events.distinct("minute", m, w),
    ):
        with pytest.raises(UsageError, match=message):
            ask(Match((clause,)), DAY)


# ---- distinct ---------------------------------------------------------------------------------------------------


# ---- groups -----------------------------------------------------------------------------------------------------


def test_groups_count_by_any_field_and_name_the_newest(events: EventStore, line: Line) -> None:
    events.load(
        batch(
            line("a", NOON, userId="ann"),
            line("b", after(minutes=2), userId="ann"),
            line("c", after(minutes=1)),
        )
    )
    assert events.groups(ALL, HOUR, ("user_id",)) == [
        Group(NOON, ("",), 1, 0, after(minutes=1), after(minutes=1), "c"),
        Group(NOON, ("ann",), 2, 0, NOON, after(minutes=2), "b"),
    ]


def test_groups_without_fields_are_one_and_none_when_nothing_matches(events: EventStore, line: Line) -> None:
    assert events.groups(ALL, HOUR, ()) == []
    events.load(batch(line("a", NOON), line("b", NOON)))
    assert events.groups(ALL, HOUR, ()) == [Group(NOON, (), 2, 0, NOON, NOON, "b")]


def test_groups_of_a_step_start_with_it(events: EventStore, line: Line) -> None:
    events.load(batch(*(line(str(n), after(minutes=20 * n)) for n in range(3))))
    found = events.groups(ALL, HOUR, (), step=timedelta(minutes=30))
    assert [(one.start, one.count) for one in found] == [(NOON, 2), (after(minutes=30), 1)]


def test_groups_count_different_values_that_are_there(events: EventStore, line: Line) -> None:
    names = ["x", "x", "y", ""]
    events.load(batch(*(line(str(n), NOON, operation__template=name) for n, name in enumerate(names))))
    found = events.groups(ALL, HOUR, ("service",), distinct="template")
    assert [(one.count, one.distinct) for one in found] == [(4, 2)]


def test_within_counts_back_from_each_group_s_newest(events: EventStore, line: Line) -> None:
    times = {"ann": (0, 4, 5), "bob": (30, 31, 37)}
    lines = [
        line(f"{user}{n}", after(minutes=n), userId=user) for user, minutes in times.items() for n in minutes
    ]
    events.load(batch(*lines))
    found = events.groups(ALL, HOUR, ("user_id",), within=timedelta(minutes=5))
    assert [(one.key, one.count, one.first) for one in found] == [
        (("ann",), 2, after(minutes=4)),
        (("bob",), 1, after(minutes=37)),
    ]


def test_within_without_fields_looks_at_all(events: EventStore, line: Line) -> None:
    events.load(batch(line("a", NOON), line("b", after(minutes=9)), line("c", after(minutes=10))))
    assert events.groups(ALL, HOUR, (), within=timedelta(minutes=5))[0].count == 2


@pytest.mark.parametrize(("above", "kept"), [(0, ["ann", "bob"]), (1, ["ann"]), (2, [])])
def test_groups_above_a_count(events: EventStore, line: Line, above: int, kept: list[str]) -> None:
    events.load(batch(*(line(str(n), NOON, userId=who) for n, who in enumerate(["ann", "ann", "bob"]))))
    assert [one.key[0] for one in events.groups(ALL, HOUR, ("user_id",), above=above)] == kept


def test_above_is_about_the_different_values_where_those_are_asked(events: EventStore, line: Line) -> None:
    events.load(batch(*(line(str(n), NOON, operation__template="same") for n in range(5))))
    assert events.groups(ALL, HOUR, (), distinct="template", above=1) == []


def test_numbers_in_a_key_are_texts(events: EventStore, line: Line) -> None:
    events.load(batch(line("a", NOON, exitCode=77), line("b", NOON)))
    assert [one.key for one in events.groups(ALL, HOUR, ("exit_code",))] == [("",), ("77",)]


def test_receipt_is_a_number_of_milliseconds(events: EventStore, line: Line) -> None:
    events.load(batch(line("a", NOON, receivedAt="2025-09-09T12:00:01.500Z"), line("b", NOON)))
    since = Match((Clause("received", ">=", NOON.timestamp() * 1000 + 1500),))
    assert [one.newest for one in events.groups(since, HOUR, ())] == ["a"]


def test_groups_by_a_field_that_is_not_there(events: EventStore) -> None:
    with pytest.raises(UsageError, match="no field 'color'"):
        events.groups(ALL, HOUR, ("color",))


@pytest.mark.parametrize(
    ("field", "count"),
    [("user_id", 2), ("version", 2), ("template", 0), ("exit_code", 1), ("event_id", 4), ("minute", 3)],
    ids=str,
)
def test_distinct_counts_values_that_are_there(
    events: EventStore, line: Line, field: str, count: int
) -> None:
    users = [line(f"{n}", after(seconds=n * 40), userId=f"u{n % 2}", version=f"v{n % 2}") for n in range(3)]
    events.load(batch(*users, line("3", after(hours=9), exitCode=1)))
    assert events.distinct(field, ALL, Window(NOON, after(hours=10))) == count


def test_distinct_minutes_of_a_short_window(events: EventStore, line: Line) -> None:
    events.load(batch(*(line(f"{n}", after(seconds=n * 20)) for n in range(10))))
    assert events.distinct("minute", ALL, Window(after(seconds=30), after(seconds=130))) == 3


# ---- turns ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("minutes", "turns"),
    [
        ("", []),
        ("gg", [(0, False)]),
        ("ggbbg", [(0, False), (2, True), (4, False)]),
        ("b--b-g", [(0, True), (5, False)]),
        ("g-b", [(0, False), (2, True)]),
        ("gxg", [(0, False), (1, True), (2, False)]),
    ],
    ids=[
        "no minute, no turn", "the first minute is one", "to bad and back", "a gap ends nothing",
        "a gap before bad ones", "one failure makes a minute bad",
    ],
)  # fmt: skip
@pytest.mark.parametrize("hours", [1, 30], ids=["from entries", "from rollups"])
def test_turns(
    events: EventStore, line: Line, minutes: str, turns: list[tuple[int, bool]], hours: int
) -> None:
    runs = [
        (n, good)
        for n, kind in enumerate(minutes)
        for good in {"g": [1], "b": [0], "x": [1, 0], "-": []}[kind]
    ]
    at = [line(f"{i}", after(minutes=n), operation__success=bool(good)) for i, (n, good) in enumerate(runs)]
    events.load(batch(*at))
    found = events.turns(ALL, Window(NOON, after(hours=hours)))
    assert [((turn.minute - NOON) // timedelta(minutes=1), turn.bad) for turn in found] == turns


def test_distinct_of_a_field_that_is_not_there(events: EventStore) -> None:
    with pytest.raises(UsageError, match="'colour'"):
        events.distinct("colour", ALL, DAY)


# ---- find -------------------------------------------------------------------------------------------------------


def test_find_gives_whole_entries_newest_first(events: EventStore, line: Line) -> None:
    events.load(batch(line("a", NOON, note={"deep": [1, None]}), line("b", after(minutes=1))))
    newest, oldest = events.find(ALL, HOUR, 9)
    assert (newest.event_id, newest.at) == ("b", after(minutes=1))
    assert oldest.body["note"] == {"deep": [1, None]}


def test_find_pages_without_gap_or_repetition(events: EventStore, line: Line) -> None:
    events.load(batch(*(line(f"{n:02}", after(seconds=n // 4)) for n in range(20))))
    pages, before = [], ""
    while page := events.find(ALL, HOUR, 3, before):
        pages += [e.event_id for e in page]
        before = pages[-1]
    assert pages == [f"{n:02}" for n in reversed(range(20))]


def test_find_after_an_entry_that_is_not_there(events: EventStore) -> None:
    with pytest.raises(UsageError, match="no entry with id 'gone'"):
        events.find(ALL, DAY, 3, "gone")


# ---- samples ----------------------------------------------------------------------------------------------------


def test_samples_come_in_time_order_of_one_gauge_and_service(events: EventStore) -> None:
    mine = [Sample("cpu", after(minutes=m), m / 10) for m in (2, 1)]
    events.record([*mine, Sample("cpu", NOON, 9, "other"), Sample("disk", NOON, 9)])
    assert events.samples("cpu", "", HOUR) == mine[::-1]
    assert events.samples("cpu", "other", HOUR) == [Sample("cpu", NOON, 9, "other")]


def test_samples_outside_the_window_are_left_out(events: EventStore) -> None:
    events.record([Sample("cpu", HOUR.start, 1), Sample("cpu", HOUR.end, 2)])
    assert [s.value for s in events.samples("cpu", "", HOUR)] == [1]
