"""Real-looking failures of 12 causes come in at the door: 12 faults, and the same 12 after a release."""

import runpy
from pathlib import Path
from typing import Any

import pytest

MADE = runpy.run_path(str(Path(__file__).parents[2] / "bench/failures.py"))


@pytest.fixture
def came(desk: Any) -> Any:
    """200 failures of a release, and the causes that each fault then holds."""

    def come(release: str, version: str, seed: int) -> dict[str, set[int]]:
        found: dict[str, set[int]] = {}
        sent = [
            (
                error.cause,
                *desk.fail(message=error.message, stack=error.stack, version=version, code="FAILED"),
            )
            for error in MADE["failures"](200, MADE[release], seed)
        ]
        desk.tick()
        for cause, event_id in sent:
            found.setdefault(desk.of(event_id).key, set()).add(cause)
        return found

    return come


def test_200_failures_of_12_causes_are_12_faults_and_stay_so_after_a_release(desk: Any, came: Any) -> None:
    before = came("FIRST", "2025.9.8", 1)
    assert sorted(map(list, before.values())) == [[cause] for cause in range(12)]
    assert came("BUMPED", "2025.9.9", 2) == before
    assert len(desk.all()) == len(desk.log()) == 12
    assert {fault.last_version for fault in desk.all()} == {"2025.9.9"}
