"""Rule files tried on made-up entries: FILE.yml with FILE.fixtures.yml beside it.

    fires:
      eleven failures within a minute:
        rule: multiple_failed_operations_by_user
        subject: user_1
        events:
          - {count: 11, every: 5s, userId: user_1, error.code: RENDER_FAILED}
    quiet:
      ten of them:
        rule: …

In: a path and the framework. Out: every problem of both files, and per fixture whether it did what it says. Each line
of `events` stands for `count` entries, `every` so often, after the ones before it (`after`: a pause first), received
`late` after they happened. Other keys are wire names; `%n%` in a value is the entry's number. What is not said is a
successful generation. The rules look once, when the last entry has been received.
"""

import itertools
import json
import re
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from opsdeck import timing
from opsdeck.detect.fields import FIELDS
from opsdeck.detect.loading import FIXTURES, read_files, rule_files
from opsdeck.detect.looking import Found, look
from opsdeck.detect.rule import Rule
from opsdeck.errors import Problem
from opsdeck.model import Batch, Position
from opsdeck.spec import source
from opsdeck.spec.framework import Framework
from opsdeck.spec.grammar.words import nearest
from opsdeck.spec.tree import Node
from opsdeck.stores.api import EventStore
from opsdeck.stores.events import open_events

START = datetime(2025, 9, 9, 12, tzinfo=UTC)
APART = timedelta(days=60)  # so that no fixture is in another's windows
MOST_EVENTS = 20_000
MOST_FIXTURES = 200
SERVICE = "unjucks-cli"
_SPANS = ("every", "after", "late")
_SPAN = re.compile(r"(\d{1,7})(ms|s|m|h|d)")
_UNITS = {"ms": "milliseconds", "s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_KEYS = ("rule", "subject", "events")


@dataclass(frozen=True, slots=True)
class Fixture:
    """A stream of entries, and which rule fires (or not) about whom ("": about anybody)."""

    name: str
    fires: bool
    rule: str
    subject: str
    events: tuple[Mapping[str, Any], ...]
    end: datetime


@dataclass(frozen=True, slots=True)
class Result:
    """Whether a fixture did what it says, and what happened."""

    file: str
    name: str
    passed: bool
    said: str


@dataclass(frozen=True, slots=True)
class Checked:
    """What `check` found: mistakes, results, and the rules that were read."""

    problems: tuple[Problem, ...]
    results: tuple[Result, ...] = ()
    rules: tuple[Rule, ...] = ()

    @property
    def passed(self) -> bool:
        return not self.problems and all(one.passed for one in self.results)


def check(path: Path, framework: Framework) -> Checked:
    """A rule file or a folder of them, and their fixtures, on a real event store."""
    rules, problems = read_files([(path, str(path))], framework)
    if problems:
        return Checked(problems)
    results: list[Result] = []
    reader = _Reader()
    for file in rule_files(path):
        beside = file.with_name(file.stem + FIXTURES)
        if beside.exists():
            fixtures = reader.fixtures(beside)
            results += [] if reader.problems else run(fixtures, rules, beside.name)
    return Checked(tuple(reader.problems), tuple(results), rules)


def run(fixtures: list[Fixture], rules: tuple[Rule, ...], file: str = "") -> list[Result]:
    """Every fixture once."""
    with tempfile.TemporaryDirectory(prefix="opsdeck-rules-") as folder:
        store = open_events(f"duckdb:///{folder}/events.duckdb", ())
        try:
            return [_tried(store, one, number, rules, file) for number, one in enumerate(fixtures, 1)]
        finally:
            store.close()


def _tried(store: EventStore, one: Fixture, number: int, rules: tuple[Rule, ...], file: str) -> Result:
    lines = b"\n".join(json.dumps(event).encode() for event in one.events)
    store.load(Batch(lines, (Position("fixtures", number),)))
    meant = [rule for rule in rules if rule.name == one.rule]
    if not meant:
        return Result(file, one.name, passed=False, said=f"there is no rule {one.rule!r} in the file")
    services = {str(event["service"]) for event in one.events}
    found = look(store, meant, services, lambda *_: None, one.end)
    return Result(file, one.name, _as_said(one, found), _told(found))


def _as_said(one: Fixture, found: list[Found]) -> bool:
    about = [hit for hit in found if one.subject in ("", hit.hit.subject)]
    return bool(about) is one.fires


def _told(found: list[Found]) -> str:
    return "; ".join(f"{one.hit.subject}: {one.hit.detail}" for one in found) or "nothing fired"


@dataclass(slots=True)
class _Reader:
    """Reads fixture files and keeps what is wrong with them."""

    problems: list[Problem] = field(default_factory=list)

    def fixtures(self, path: Path) -> list[Fixture]:
        tree, problems = source.read(path, str(path))
        self.problems += problems
        for name, child in tree.children.items():
            if name not in ("fires", "quiet"):
                self._refuse(child, name, "unknown key; expected fires and quiet")
        named = [
            (kind, name, child)
            for kind in ("fires", "quiet")
            for name, child in tree.child(kind).children.items()
        ]
        if len(named) > MOST_FIXTURES:
            self._refuse(tree, "(file)", f"more than {MOST_FIXTURES} fixtures")
            return []
        return [self._fixture(*one, START + number * APART) for number, one in enumerate(named)]

    def _refuse(self, node: Node, path: str, message: str) -> None:
        self.problems.append(node.key.problem(path, message))

    def _fixture(self, kind: str, name: str, node: Node, start: datetime) -> Fixture:
        path = f"{kind}.{name}"
        for key, child in node.children.items():
            if key not in _KEYS:
                self._refuse(child, f"{path}.{key}", f"unknown key; expected {', '.join(_KEYS)}")
        lines = node.child("events").value
        if not isinstance(lines, list) or not all(line.children for line in lines):
            self._refuse(node.child("events"), f"{path}.events", "expected a list of maps")
            lines = []
        events: list[dict[str, Any]] = []
        moment, end = start, start
        for line in lines:
            for at, late, event in self._line(line, f"{path}.events", moment):
                if len(events) >= MOST_EVENTS:
                    self._refuse(line, f"{path}.events", f"more than {MOST_EVENTS} entries")
                    break
                moment, end = at, max(end, at + late)
                number = len(events)
                events.append(event | {"eventId": f"{start:%Y%m%d}-{number:08}"})
        said = {key: str(node.child(key).value or "") for key in ("rule", "subject")}
        return Fixture(name, kind == "fires", said["rule"], said["subject"], tuple(events), end)

    def _line(
        self, line: Node, path: str, moment: datetime
    ) -> Iterator[tuple[datetime, timedelta, dict[str, Any]]]:
        spans = {name: self._span(line.child(name), f"{path}.{name}") for name in _SPANS}
        count = str(line.child("count").value or "1")
        if not count.isascii() or not count.isdigit() or len(count) > 6:  # noqa: PLR2004  digits
            self._refuse(line.child("count"), f"{path}.count", "expected a whole number")
            return
        fields = {name: child for name, child in line.children.items() if name not in (*_SPANS, "count")}
        for name, child in fields.items():
            if name not in FIELDS:
                self._refuse(child, f"{path}.{name}", f"there is no field {name!r}{nearest(name, FIELDS)}")
        for number in itertools.islice(range(int(count)), MOST_EVENTS + 1):
            at = moment + spans["after"] + number * spans["every"]
            yield at, spans["late"], _entry(fields, at, spans["late"], number)

    def _span(self, node: Node, path: str) -> timedelta:
        if node.value is None:
            return timedelta(0)
        parts = _SPAN.fullmatch(str(node.value))
        if parts is None:
            self._refuse(node, path, "expected such as 10s, 5m or 2h")
            return timedelta(0)
        return timedelta(**{_UNITS[parts[2]]: int(parts[1])})


def _entry(fields: Mapping[str, Node], at: datetime, late: timedelta, number: int) -> dict[str, Any]:
    entry: dict[str, Any] = {
        "timestamp": timing.iso(at),
        "receivedAt": timing.iso(at + late),
        "service": SERVICE,
        "version": "1.0.0",
        "userId": "user_1",
        "userType": "human",
        "operation": {"type": "template_generation", "template": "component/react", "success": True},
    }
    for name, node in fields.items():
        _put(entry, name.split("."), _value(name, str(node.value or "").replace("%n%", str(number + 1))))
    if "error" in entry and "operation.success" not in fields:
        entry["operation"]["success"] = False
    return entry


def _value(name: str, text: str) -> object:
    kind = FIELDS[name].kind if name in FIELDS else "text"
    if kind == "truth":
        return text.lower() == "true"
    return float(text) if kind == "number" and re.fullmatch(r"-?\d{1,15}(\.\d+)?", text) else text


def _put(entry: dict[str, Any], steps: list[str], value: object) -> None:
    *outer, last = steps
    for step in outer:
        entry = entry.setdefault(step, {})
    entry[last] = value
