"""Single entries: pages of them, at a glance, over time, and one in full."""

import json
from datetime import timedelta
from typing import Any

import pytest

from opsdeck.collect.wire import FIELDS, STAMPED
from opsdeck.errors import UsageError
from opsdeck.model import Batch, Match
from opsdeck.reports import fields, log, logs
from opsdeck.testing import Story, cancelled, failing, runs

ALL = Match()


def page(story: Story, limit: int = 10, before: str = "", match: Match = ALL) -> logs.Logs:
    return logs.logs(story.events, match, logs.since(None, story.clock.now()), limit, before)


def test_newest_first(story: Any) -> None:
    found = page(story(runs(1, every="1 minute", until="12:05")))
    assert [entry.at.minute for entry in found.entries] == [4, 3, 2, 1, 0]
    assert found.older == ""


def test_page_after_page_every_entry_comes_once(story: Any) -> None:
    told = story(runs(2, every="1 minute", until="12:05"))
    seen, before = [], ""
    for _ in range(4):
        found = page(told, 3, before)
        seen += [entry.event_id for entry in found.entries]
        before = found.older
    assert (len(seen), len(set(seen)), before) == (10, 10, "")


def test_a_full_last_page_has_nothing_older(story: Any) -> None:
    assert page(story(runs(3, at="12:01")), 3).older == ""


def test_only_what_matches(busy: Story) -> None:
    found = page(busy, 1000, match=Match.of(outcome="failure", user_type="human"))
    assert len(found.entries) == 90


@pytest.mark.parametrize("limit", [0, -1, 1001])
def test_limits(busy: Story, limit: int) -> None:
    with pytest.raises(UsageError, match=r"between 1 and 1,000"):
        page(busy, limit)


def test_since_a_time(story: Any) -> None:
    told = story(runs(1, every="1 minute", until="12:05"))
    window = logs.since(told.start + timedelta(minutes=3), told.clock.now())
    assert len(logs.logs(told.events, ALL, window, 10).entries) == 2


def test_an_entry_at_a_glance(story: Any) -> None:
    told = story(runs(1, failing, at="12:01", duration=41.5, code="TEMPLATE_NOT_FOUND"))
    line = logs.line(page(told).entries[0])
    assert (line.outcome, line.operation, line.template, line.duration) == (
        "failure", "template_generation", "component/react", 41.5,
    )  # fmt: skip
    assert (line.error_code, line.user_type) == ("TEMPLATE_NOT_FOUND", "human")


def test_an_entry_that_says_nothing(story: Any) -> None:
    told = story()
    told.events.load(Batch(b'{"eventId":"1","timestamp":"2025-09-09T12:00:00Z"}', ()))
    line = logs.line(page(told).entries[0])
    assert (line.event_id, line.operation, line.duration, line.error_code) == ("1", "", None, "")


def test_events_over_time_by_outcome(story: Any) -> None:
    told = story(runs(3, at="12:10"), runs(2, failing, at="12:10"), runs(1, cancelled, at="12:10"))
    chart = logs.over_time(told.events, ALL, timedelta(hours=1), told.clock.now())
    assert {one.name: sum(one.values) for one in chart.series} == {"success": 3, "failure": 2, "cancelled": 1}


def test_no_events_make_an_empty_chart(story: Any) -> None:
    told = story()
    assert logs.over_time(told.events, ALL, timedelta(hours=1), told.clock.now()).empty


def test_one_entry_by_its_id(busy: Story) -> None:
    event_id = page(busy, 1).entries[0].event_id
    found = logs.entry(busy.events, event_id, busy.clock.now())
    assert found is not None
    assert found.event_id == event_id
    assert logs.entry(busy.events, "nothing", busy.clock.now()) is None


# ---- what the fields mean ---------------------------------------------------------------------------------------


def test_every_field_that_can_be_kept_is_explained_and_no_other() -> None:
    assert set(fields.FRAMEWORK) | set(fields.ADDED) == FIELDS | STAMPED
    assert set(fields.FRAMEWORK) & set(fields.ADDED) == set()


def test_the_frameworks_format_is_marked_to_the_letter() -> None:
    assert set(fields.FRAMEWORK) == {
        "timestamp", "level", "service", "version", "environment", "requestId", "userId", "sessionId",
        "operation.type", "operation.template", "operation.generator", "operation.duration", "operation.success",
        "metadata.fileCount", "metadata.outputSize", "metadata.workingDirectory",
        "error.code", "error.message", "error.stack", "error.context",
    }  # fmt: skip


def test_an_entry_is_explained_field_by_field_in_its_order() -> None:
    body = {
        "level": "INFO",
        "operation": {"type": "x", "success": True},
        "metadata": {"phasesMs": {"load": 1}},
        "odd": 1,
    }
    found = [(one.name, one.value, one.framework) for one in fields.explain(body)]
    assert found == [
        ("level", "INFO", True),
        ("operation.type", "x", True),
        ("operation.success", True, True),
        ("metadata.phasesMs", {"load": 1}, False),
        ("odd", 1, False),
    ]
    assert fields.explain(body)[-1].meaning == ""


# ---- the log of changes -----------------------------------------------------------------------------------------


def test_changes_newest_first(busy: Story) -> None:
    with busy.state.begin(write=False) as tx:
        found = log.changes(tx, 5)
    assert [row.seq for row in found] == sorted((row.seq for row in found), reverse=True)


def test_changes_about_something(busy: Story) -> None:
    with busy.state.begin(write=False) as tx:
        found = log.changes(tx, 5, kind="alert", subject="unjucks-cli/high_error_rate", actor="")
    assert [row.change.new for row in found] == ["firing", "pending"]


@pytest.mark.parametrize("limit", [0, 1001])
def test_limits_of_changes(busy: Story, limit: int) -> None:
    with busy.state.begin(write=False) as tx, pytest.raises(UsageError, match="limit"):
        log.changes(tx, limit)


def test_entries_are_bodies_as_stored(story: Any) -> None:
    body = page(story(runs(1, at="12:01"))).entries[0].body
    assert json.loads(json.dumps(body)) == body
