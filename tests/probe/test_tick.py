"""The probe tick through the front door: services in, accepted entries out."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from opsdeck import spec
from opsdeck.errors import DamagedError
from opsdeck.probe import health, tick
from opsdeck.spec.model import Probe, Service
from opsdeck.stores.events import open_events
from opsdeck.stores.state import open_state

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def service(*probes: Probe) -> Service:
    return replace(spec.load(None).services["unjucks-cli"], name="tool", probes=probes)


def run(script: str, operation: str, kind: str = "") -> Probe:
    return Probe(operation, ("sh", "-c", script), operation, timedelta(seconds=10), kind)  # type: ignore[arg-type]  # a word of the spec


def entries(tmp_path: Path, given: Service, checks: dict[str, Any] | None = None) -> list[dict[str, Any]]:
    handed: list[bytes] = []
    tick.tick([given], checks or {}, handed.append, tmp_path, NOW)
    return [json.loads(line) for line in handed[0].splitlines()]


def broken() -> None:
    raise DamagedError("the file is not a database")


def test_each_probe_is_one_entry_and_health_is_one_more(tmp_path: Path) -> None:
    found = entries(
        tmp_path, service(run("echo tool 1.2.3", "cli_startup"), run("true", "template_discovery"))
    )
    assert [e["operation"]["type"] for e in found] == ["cli_startup", "template_discovery", "health_check"]
    assert {e["category"] for e in found} == {"performance"}


def test_the_version_comes_from_the_tool_itself(tmp_path: Path) -> None:
    found = entries(
        tmp_path, service(run("echo tool 1.2.3", "cli_startup"), run("true", "template_discovery"))
    )
    assert {e["version"] for e in found} == {"1.2.3"}


def test_a_broken_tool_has_no_version(tmp_path: Path) -> None:
    found = entries(tmp_path, service(run("exit 1", "cli_startup")))
    assert {e["version"] for e in found} == {"unknown"}


def test_a_failing_probe_is_an_error_entry(tmp_path: Path) -> None:
    entry = entries(tmp_path, service(run("exit 7", "cli_startup")))[0]
    assert (entry["level"], entry["operation"]["success"], entry["exitCode"]) == ("ERROR", False, 7)
    assert (entry["error"]["code"], entry["error"]["category"]) == ("PROBE_FAILED", "system_errors")


def test_a_generation_says_how_many_files_it_wrote(tmp_path: Path) -> None:
    entry = entries(tmp_path, service(run("touch a b c", "template_generation", "multiple_files")))[0]
    assert entry["metadata"] == {"fileCount": 3, "outputSize": 0}


def test_a_broken_dependency_fails_the_health_check_by_name(tmp_path: Path) -> None:
    entry = entries(tmp_path, service(), {"event store": broken, "disk": lambda: None})[-1]
    assert entry["error"]["message"] == "event store: the file is not a database"


def test_the_dependencies_of_a_working_deck_are_well(tmp_path: Path) -> None:
    events, state = open_events("memory://"), open_state("memory://")
    found = health.examine(health.dependencies(events, state, tmp_path, NOW))
    assert [(h.name, h.ok) for h in found] == [("event store", True), ("state store", True), ("disk", True)]


def test_an_event_store_that_is_gone_is_down(tmp_path: Path) -> None:
    events = open_events(f"duckdb:///{tmp_path}/events.duckdb")
    events.close()
    found = health.examine(health.dependencies(events, open_state("memory://"), tmp_path, NOW))
    assert [h.name for h in found if not h.ok] == ["event store"]


def test_a_state_store_that_is_gone_is_down(tmp_path: Path) -> None:
    state = open_state(f"sqlite:///{tmp_path}/state.db")
    state.close()
    (tmp_path / "state.db").unlink()
    (tmp_path / "state.db").mkdir()
    found = health.examine(health.dependencies(open_events("memory://"), state, tmp_path, NOW))
    assert [h.name for h in found if not h.ok] == ["state store"]


def test_a_missing_disk_is_down(tmp_path: Path) -> None:
    checks = health.dependencies(open_events("memory://"), open_state("memory://"), tmp_path / "gone", NOW)
    assert [h.name for h in health.examine(checks) if not h.ok] == ["disk"]
