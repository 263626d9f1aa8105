"""`opsdeck slo list --json` over a known bad month, in a real deck: four breaches, figures as worked out by hand.

The month is the one of tests/measure/test_objectives.py, moved to end now: 44 minutes down in short spells, an outage
of 4 h 1 min sixty days ago, 12 of 1,000 runs failed, 60 of them took 2.1 s.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opsdeck import spec
from opsdeck.stores.events import open_events
from opsdeck.testing import Load, failing, given, ok, probes, runs

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)


def bad_month(now: datetime) -> list[Load]:
    month, outage = now - 30 * DAY + 2 * MINUTE, now - 60 * DAY
    over = outage + timedelta(hours=4, minutes=1)
    return [
        probes(ok, at=month, every=MINUTE, until=now - MINUTE),
        *(probes(failing, at=month + n * timedelta(hours=7)) for n in range(44)),
        probes(failing, at=outage, every=MINUTE, until=over),
        probes(ok, at=over, every=MINUTE, until=over + MINUTE),
        runs(928, ok, at=now - 5 * DAY, duration=300),
        runs(60, ok, at=now - 5 * DAY, duration=2100),
        runs(12, failing, at=now - 5 * DAY, duration=300, code="TEMPLATE_NOT_FOUND"),
    ]


def remember(home: Path, *loads: Load, now: datetime) -> None:
    home.mkdir()
    events = open_events(f"duckdb:///{home / 'events.duckdb'}", spec.load(None).edges)
    given(spec.load(None), *loads, start=now - 61 * DAY, events=events).jump(now)
    events.close()


def test_four_objectives_are_breached_by_known_figures(desk: Any) -> None:
    now = datetime.now(UTC).replace(second=0, microsecond=0)
    remember(desk.home, *bad_month(now), now=now)
    found = {o["name"]: o for o in desk.up().json("opsdeck", "slo", "list")["objectives"]}
    assert {name: o["verdict"] for name, o in found.items()} == dict.fromkeys(found, "breach")
    assert found["error_rate"]["value"] == 0.012
    assert found["performance"]["value"] == 2100
    assert found["recovery_time"]["value"] == 241 * 60_000
    # the minutes since the month was made, at its edge and now, may be probe minutes too
    assert found["availability"]["value"] == pytest.approx(1 - 44 / 43_200, abs=1e-5)


def test_seven_good_and_three_failing_runs_are_70_percent(desk: Any) -> None:
    now = datetime.now(UTC)
    loads = runs(7, ok, at=now - MINUTE), runs(3, failing, at=now - MINUTE, code="TEMPLATE_NOT_FOUND")
    remember(desk.home, *loads, now=now)
    found = {i["name"]: i for i in desk.up().json("opsdeck", "sli")["indicators"]}
    assert found["cli_command_success_rate"]["value"] == 0.7
