"""A small spec, a journal and a door in a temporary folder, and entries to hand in at it."""

import json
from collections.abc import Callable, Iterator, Mapping
from copy import deepcopy
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from opsdeck.collect.door import Door
from opsdeck.collect.journal import Journal
from opsdeck.collect.wire import FIELDS
from opsdeck.model import IngestKey
from opsdeck.spec import load
from opsdeck.spec.model import Spec
from opsdeck.stores.state import open_state
from opsdeck.timing import ManualClock

NOW = datetime(2025, 9, 9, 12, 0, 5, tzinfo=UTC)
ENTRY: Mapping[str, Any] = {
    "timestamp": "2025-09-09T12:00:00.000Z",
    "level": "INFO",
    "service": "unjucks-cli",
    "version": "2025.9.8",
    "environment": "production",
    "requestId": "req_12345",
    "userId": "user_abc123",
    "sessionId": "sess_xyz789",
    "operation": {
        "type": "template_generation",
        "template": "component/react",
        "generator": "Button",
        "duration": 1250,
        "success": True,
    },
    "metadata": {"fileCount": 3, "outputSize": 2048, "workingDirectory": "/projects/myapp"},
    "eventId": "01992e58-de00-7000-8000-000000000001",
}
ERROR = {
    "code": "TEMPLATE_NOT_FOUND",
    "message": "Template 'component/angular' not found",
    "stack": "detailed stack trace",
    "context": "additional error context",
}

Make = Callable[..., dict[str, Any]]


def changed(changes: Mapping[str, Any]) -> dict[str, Any]:
    """The framework's example entry with dotted fields set, or taken out where the value is `...`."""
    made: dict[str, Any] = json.loads(json.dumps(ENTRY))
    for dotted, value in changes.items():
        holder, *_, name = made, *dotted.split(".")
        for part in dotted.split(".")[:-1]:
            holder = holder.setdefault(part, {})
        if value is ...:
            del holder[name]
        else:
            holder[name] = deepcopy(value)
    return made


@pytest.fixture
def entry() -> Make:
    """`entry(level="ERROR", **{"operation.duration": 5})`: the framework's example, changed."""
    return lambda changes=(), **plain: changed({**dict(changes), **plain})


@pytest.fixture
def failing(entry: Make) -> Make:
    """The same for a run that failed."""
    base = {"operation.success": False, "error": dict(ERROR)}
    return lambda changes=(), **plain: entry({**base, **dict(changes), **plain})


@pytest.fixture
def body() -> Callable[..., bytes]:
    """Entries (or raw lines) as NDJSON."""
    return lambda *entries: b"".join(
        (e if isinstance(e, bytes) else json.dumps(e).encode()) + b"\n" for e in entries
    )


@pytest.fixture(scope="session")
def shipped() -> Spec:
    return load(None)


@pytest.fixture
def spec(shipped: Spec) -> Spec:
    """The shipped spec with `unjucks-cli` and, beside it, `frugal`, which keeps little."""
    service = replace(shipped.service("unjucks-cli"), fields=FIELDS)
    frugal = replace(service, name="frugal", fields=frozenset({"userId"}))
    return replace(shipped, services={"unjucks-cli": service, "frugal": frugal})


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(NOW)


@pytest.fixture
def key() -> IngestKey:
    return IngestKey("k", "unjucks-cli", "", "test", NOW)


@pytest.fixture
def any_key() -> IngestKey:
    return IngestKey("k", "*", "", "local", NOW)


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    opened = Journal(tmp_path / "journal")
    yield opened
    opened.close()


@pytest.fixture
def door(journal: Journal, spec: Spec, clock: ManualClock) -> Door:
    return Door(journal, spec, clock, open_state("memory://"))


@pytest.fixture
def stored(journal: Journal) -> Callable[[], list[dict[str, Any]]]:
    """Every entry in the journal, stream by stream."""
    return lambda: [
        json.loads(line)
        for stream, end in sorted(journal.ends().items())
        for line in journal.read(stream, 0, end).lines.splitlines()
    ]
