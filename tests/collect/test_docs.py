"""docs/ingest.md and docs/event.schema.json say what the code does: every code, status, limit and field."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from opsdeck.collect import schema, wire
from opsdeck.collect.codes import EVENT_CODES, REQUEST_CODES, RETRY_SECONDS, Limits
from opsdeck.collect.door import Door
from opsdeck.model import IngestKey
from opsdeck.server import ingest
from opsdeck.spec.model import Spec

Make = Callable[..., dict[str, Any]]
DOCS = Path(__file__).parents[2] / "docs"
INGEST = (DOCS / "ingest.md").read_text()
VALIDATOR = Draft202012Validator(
    json.loads((DOCS / "event.schema.json").read_text()), format_checker=Draft202012Validator.FORMAT_CHECKER
)


def _problems(entry: dict[str, Any]) -> list[str]:
    return [error.json_path for error in VALIDATOR.iter_errors(entry)]


def test_every_request_code_is_documented_with_its_status_and_meaning() -> None:
    rows = re.findall(r"^\| (\d{3}) \| `(\w+)` \| (.*?) \| (.*) \|$", INGEST, re.MULTILINE)
    assert {code: (int(status), meaning) for status, code, meaning, _ in rows} == REQUEST_CODES
    assert {code for _, code, _, again in rows if "Retry-After" in again} == set(RETRY_SECONDS)


def test_every_event_code_is_documented_with_its_meaning() -> None:
    assert dict(re.findall(r"^\| `(\w+)` \| (.*?) \|$", INGEST, re.MULTILINE)) == EVENT_CODES


@pytest.mark.parametrize(
    "figure",
    [
        Limits().body,
        Limits().events,
        Limits().event,
        wire.MESSAGE_LIMIT,
        wire.STACK_LIMIT,
        wire.CONTEXT_LIMIT,
        int(ingest.DEADLINE_SECONDS),
    ],
)
def test_every_limit_is_documented(figure: int) -> None:
    assert f" {figure:,} " in re.sub("[,;](?= )", " ", INGEST)


def test_every_content_type_is_documented() -> None:
    assert all(f"`{kind}`" in INGEST for kind in ingest.CONTENT_TYPES if kind)


def test_the_schema_is_what_the_code_says() -> None:
    assert (DOCS / "event.schema.json").read_text() == schema.text()


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(schema.entry_schema())


def test_the_schema_describes_every_field() -> None:
    assert sorted(schema.names()) == sorted(schema.MEANING)
    assert set(schema.names()) - set(wire.PARTS) == wire.FIELDS | wire.STAMPED


def test_the_shipped_spec_keeps_every_field_of_the_schema(shipped: Spec) -> None:
    assert shipped.undeclared.fields == wire.FIELDS


def test_the_frameworks_example_is_valid(entry: Make, failing: Make) -> None:
    assert _problems(entry()) == _problems(failing()) == []


@pytest.mark.parametrize("sent", ["entry", "failing"])
def test_what_is_stored_is_valid(
    door: Door,
    key: IngestKey,
    body: Callable[..., bytes],
    stored: Callable[[], list[dict[str, Any]]],
    request: pytest.FixtureRequest,
    sent: str,
) -> None:
    make = request.getfixturevalue(sent)
    full = {
        "signal": "SIGTERM",
        "exitCode": -15,
        "startupMs": 1.5,
        "metadata.phasesMs": {"render": 2},
        "userType": "ci",
    }
    door.accept(body(make(), make(full), make(timestamp="1999-01-01T00:00:00Z")), key, "192.0.2.1")
    assert [_problems(found) for found in stored()] == [[], [], []]


WRONG: dict[str, tuple[str, Any]] = {
    "a level": ("level", "DEBUG"),
    "a level's alternatives": ("level", "INFO|WARN"),
    "an environment": ("environment", "qa"),
    "a category": ("category", "logs"),
    "a user type": ("userType", "robot"),
    "a flag": ("flags", ["odd"]),
    "a duration": ("operation.duration", -1),
    "a missing duration": ("operation.duration", ...),
    "a missing type": ("operation.type", ...),
    "success in words": ("operation.success", "true"),
    "a file count": ("metadata.fileCount", 1.5),
    "an id": ("eventId", "1"),
    "a timestamp": ("timestamp", "yesterday"),
    "an address": ("addressHash", "192.0.2.1"),
    "an unknown field": ("argv", []),
    "an unknown field of the operation": ("operation.color", "blue"),
    "an error on success": ("error", {"code": "X", "message": "m"}),
    "no error on failure": ("operation.success", False),
}


@pytest.mark.parametrize(("dotted", "value"), WRONG.values(), ids=WRONG)
def test_an_entry_is_invalid_with(entry: Make, dotted: str, value: object) -> None:
    assert _problems(entry({dotted: value})) != []


def test_an_abandoned_run_is_valid_without_a_duration(failing: Make) -> None:
    lost = {"operation.duration": ..., "error.code": "ABANDONED"}
    assert _problems(failing(lost)) == []
    assert _problems(failing({**lost, "error.code": "SIGNALED"})) != []
