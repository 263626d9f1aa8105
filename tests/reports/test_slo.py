"""Objectives and indicators as rows."""

from datetime import timedelta

import pytest

from opsdeck.errors import NotFoundError
from opsdeck.reports import slo
from opsdeck.testing import Story

DAY = timedelta(days=1)


def test_objectives_in_the_specs_order(busy: Story) -> None:
    rows = slo.objectives(busy.events, busy.service, busy.clock.now())
    assert [row.name for row in rows] == [one.name for one in busy.service.objectives]


def test_one_objective(busy: Story) -> None:
    row = slo.objective(busy.events, busy.service, "error_rate", busy.clock.now())
    assert (row.verdict, row.value) == ("breach", pytest.approx(0.3))


def test_an_objective_that_is_none(busy: Story) -> None:
    with pytest.raises(NotFoundError, match="no objective 'nope'") as caught:
        slo.objective(busy.events, busy.service, "nope", busy.clock.now())
    assert "availability" in caught.value.hint


def test_the_frameworks_four_indicators_come_first(busy: Story) -> None:
    rows = slo.indicators(busy.events, busy.spec, busy.service, DAY, busy.clock.now())
    assert {row.name for row in rows[:4]} == {
        "cli_command_success_rate", "template_generation_latency", "binary_download_success_rate", "health_check_response_time",
    }  # fmt: skip
    assert not any(row.sli for row in rows[4:])
    assert {row.window for row in rows} == {DAY}


VERDICTS = {
    "missed": ("cli_command_success_rate", 0.7, ">= 99%", "breach"),
    "met": ("template_generation_latency", 900.0, "< 2 s", "ok"),
    "unknown": ("binary_download_success_rate", None, ">= 99%", "unknown"),
    "without a target": ("operations_per_minute", 300 / 1440, "", "ok"),
    "without data and without a target": ("critical_vulnerabilities", None, "", "unknown"),
}


@pytest.mark.parametrize(("name", "value", "target", "verdict"), VERDICTS.values(), ids=VERDICTS)
def test_verdicts(busy: Story, name: str, value: float | None, target: str, verdict: str) -> None:
    rows = slo.indicators(busy.events, busy.spec, busy.service, DAY, busy.clock.now())
    row = next(row for row in rows if row.name == name)
    assert row.value == (None if value is None else pytest.approx(value, rel=1e-3))
    assert (row.target, row.verdict) == (target, verdict)


def test_every_row_says_what_it_is(busy: Story) -> None:
    rows = slo.indicators(busy.events, busy.spec, busy.service, DAY, busy.clock.now())
    assert all(row.title and row.definition for row in rows)
