"""A door, a journal, DuckDB and SQLite in a temporary folder, a clock that stands still, and runs that fail."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opsdeck import faults, spec
from opsdeck.collect.door import Door
from opsdeck.collect.journal import Journal
from opsdeck.collect.loader import Loader
from opsdeck.model import Change, Fault, FaultMember, IngestKey
from opsdeck.spec.model import Spec
from opsdeck.stores.api import EventStore, StateStore
from opsdeck.stores.events import open_events
from opsdeck.stores.state import open_state
from opsdeck.testing import START, ManualClock
from opsdeck.timing import iso

SERVICE = "unjucks-cli"
MESSAGE = "Template 'component/angular' not found"
STACK = """Traceback (most recent call last):
  File "/usr/lib/python3.11/site-packages/unjucks/find.py", line {line}, in template
    raise NotFound(name)
unjucks.errors.NotFound: not found"""


@dataclass
class Desk:
    """What a deck has for its faults, without its processes."""

    spec: Spec
    clock: ManualClock
    door: Door
    loader: Loader
    events: EventStore
    state: StateStore
    sent: list[str] = field(default_factory=list)

    def fail(
        self, count: int = 1, *, at: timedelta = timedelta(), user_type: str = "", **changes: Any
    ) -> list[str]:
        """So many failed runs come in now, that happened `at` after now; returns their ids."""
        bodies = [self._body(self.clock.now() + at, changes) for _ in range(count)]
        key = IngestKey("key", "*", user_type, "test", self.clock.now())
        lines = "\n".join(json.dumps(body) for body in bodies).encode()
        assert self.door.accept(lines, key).rejected == ()
        self.loader.tick()
        self.sent += [body["eventId"] for body in bodies]
        return [body["eventId"] for body in bodies]

    def _body(self, moment: Any, changes: dict[str, Any]) -> dict[str, Any]:
        said = {
            "code": "TEMPLATE_NOT_FOUND",
            "message": MESSAGE,
            "stack": STACK.format(line=7),
            "template": "",
        }
        said |= {"service": SERVICE, "version": "2025.9.8", "user": "user_1", "session": "sess_1"} | changes
        error = {name: said[name] for name in ("code", "message", "stack")}
        return {
            "timestamp": iso(moment), "level": "ERROR", "service": said["service"], "version": said["version"],
            "environment": "production", "requestId": "req_1", "userId": said["user"], "sessionId": said["session"],
            "operation": {"type": "template_generation", "template": said["template"], "duration": 5, "success": False},
            "metadata": {}, "error": error, "command": "generate", "exitCode": 1, "eventId": str(uuid.uuid4()),
        }  # fmt: skip

    def tick(self, later: timedelta = timedelta(seconds=2), state: StateStore | None = None) -> int:
        """Time passes and the tick comes."""
        now = self.clock.advance(later)
        return faults.tick(state or self.state, self.events, [self.spec.service(SERVICE)], now)

    def happens(self, count: int = 1, **changes: Any) -> Fault:
        """It comes in and is sorted; returns its fault."""
        (*_, last) = self.fail(count, **changes)
        self.tick()
        return self.of(last)

    def of(self, event_id: str) -> Fault:
        """The fault of an event."""
        cause = faults.cause(self.entry(event_id).body)
        with self.state.begin(write=False) as tx:
            found = faults.fault_of(tx, cause) if cause else None
        assert found is not None
        return found

    def entry(self, event_id: str) -> Any:
        from opsdeck.reports import logs

        found = logs.entry(self.events, event_id, self.clock.now())
        assert found is not None
        return found

    def all(self) -> list[Fault]:
        with self.state.begin(write=False) as tx:
            return tx.find(Fault)

    def members(self, fault: str) -> list[FaultMember]:
        with self.state.begin(write=False) as tx:
            return faults.members_of(tx, fault)

    def log(self) -> list[Change]:
        with self.state.begin(write=False) as tx:
            return [row.change for row in tx.log(kind="fault")]

    def act(self, what: Any, *args: str) -> Any:
        """A person does something a minute later."""
        now = self.clock.advance(minutes=1)
        with self.state.begin() as tx:
            return what(tx, *args, "ada", "because", now)


@pytest.fixture(scope="session")
def shipped() -> Spec:
    return spec.load(None)


@pytest.fixture
def desk(tmp_path: Path, shipped: Spec) -> Iterator[Desk]:
    clock = ManualClock(START)
    state = open_state(f"sqlite:///{tmp_path / 'state.db'}")
    events = open_events(f"duckdb:///{tmp_path / 'events.duckdb'}", shipped.edges)
    journal = Journal(tmp_path / "journal")
    yield Desk(shipped, clock, Door(journal, shipped, clock, state), Loader(journal, events), events, state)
    journal.close()
    events.close()
    state.close()
