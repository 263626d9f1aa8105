"""Figures of faults out of a real event store: who is counted once, what a merge does to the past, where windows begin."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opsdeck import faults
from opsdeck.reports import error_windows, errors
from opsdeck.reports.error_windows import grid
from opsdeck.reports.errors import Errors, ErrorStory, Wanted
from opsdeck.timing import duration

DAY = timedelta(days=1)


def listed(desk: Any, **wanted: Any) -> Errors:
    services = [desk.spec.service("unjucks-cli")]
    with desk.state.begin(write=False) as tx:
        return errors.errors(desk.events, tx, desk.spec, services, Wanted(**wanted), desk.clock.now())


def story(desk: Any, fault: str) -> ErrorStory:
    with desk.state.begin(write=False) as tx:
        return errors.story(desk.events, tx, desk.spec, fault, DAY, desk.clock.now())


def test_users_and_sessions_are_counted_once(desk: Any) -> None:
    for user in ("ada", "bob", "ada"):
        desk.happens(2, user=user, session=f"{user}-1")
    (row,) = listed(desk).rows
    assert (row.count, row.users, row.sessions, sum(row.trend)) == (6, 2, 2, 6)


@pytest.fixture
def merged(desk: Any) -> str:
    """Ada met both causes, Bob one, on two templates."""
    one = desk.happens(user="ada", template="page/vue", version="2025.9.7")
    two = desk.happens(user="ada", message="the disk is full")
    desk.happens(user="bob", message="the disk is full")
    desk.happens(user="eve", code="WRITE_FAILED")
    desk.act(faults.merge, one.key, two.key)
    return str(two.key)


def test_a_merge_counts_in_the_past_too(desk: Any, merged: str) -> None:
    row = next(row for row in listed(desk).rows if row.id == merged)
    assert (row.count, row.users, row.sessions) == (3, 2, 1)
    assert (set(row.versions), row.templates) == ({"2025.9.7", "2025.9.8"}, ("page/vue",))


def test_one_fault_has_the_figures_of_its_row(desk: Any, merged: str) -> None:
    assert story(desk, merged).row in listed(desk).rows


def test_the_others_have_figures_too(desk: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("opsdeck.faults.sight.MOST_CAUSES", 1)
    for user, message in (("ada", "the disk is full"), ("bob", "no such file"), ("eve", "permission denied")):
        desk.happens(user=user, message=message)
    (others,) = [row for row in listed(desk).rows if row.title.startswith("others")]
    assert (others.count, others.users) == (2, 2)
    assert story(desk, others.id).row == others


def test_a_fault_out_of_sight_is_still_shown_by_its_id(desk: Any) -> None:
    fault = desk.happens()
    desk.clock.advance(days=3)
    assert listed(desk).rows == ()
    shown = story(desk, fault.key)
    assert (shown.row.count, shown.sample, set(shown.row.trend)) == (0, None, {0})


def test_a_resolved_one_is_listed_where_it_is_asked_for(desk: Any) -> None:
    fault = desk.happens()
    desk.act(faults.resolve, fault.key, "")
    assert [listed(desk, status=status).rows != () for status in ("open", "resolved", "all")] == [
        False,
        True,
        True,
    ]
    assert listed(desk, status="all").rows[0].resolution == "resolved after 2025.9.8"


def test_the_windows_hold_every_failure_once(desk: Any) -> None:
    for _ in range(4):
        desk.happens(3, template="page/vue")
        desk.clock.advance(minutes=4)
    found = error_windows.windows(desk.events, desk.spec.service("unjucks-cli"), desk.clock.now())
    (row,) = found.rows
    assert (row.group, row.causes, sum(row.counts)) == (("TEMPLATE_NOT_FOUND", "page/vue", "human"), 1, 12)
    assert found.window.span == len(row.counts) * found.step == timedelta(minutes=60)


SPANS = {
    "15m": ("5 minutes", 3),
    "1h": ("5 minutes", 12),
    "8h": ("5 minutes", 96),
    "24h": ("15 minutes", 96),
    "30 days": ("7 hours 30 minutes", 96),
    "1 second": ("5 minutes", 1),
}


@pytest.mark.parametrize(("span", "step", "points"), [(k, *v) for k, v in SPANS.items()], ids=SPANS)
def test_a_trend_is_made_of_whole_windows(span: str, step: str, points: int) -> None:
    now = datetime(2025, 9, 9, 12, 3, 7, tzinfo=UTC)
    window, found = grid(duration(span), timedelta(minutes=5), now)
    assert (found, window.span // found) == (duration(step), points)
    assert window.start < now < window.end <= now + found
