"""The memory state store: the reference that says what the protocol means. One lock, dictionaries, copies to roll back.

Used by tests and by `opsdeck.testing`.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, TypeVar, cast

from opsdeck.errors import UsageError
from opsdeck.model import Change, Transition
from opsdeck.stores.api import Transaction
from opsdeck.stores.state.records import LOG_FIELDS, RECORDS, change_values, checked, names, values, wanted
from opsdeck.stores.state.turn import Turn

R = TypeVar("R")
_Tables = dict[type[Any], dict[str, Any]]


class MemoryState:
    """A StateStore that lives as long as the process."""

    def __init__(self) -> None:
        self._turn = Turn()
        # Replaced whole at each commit and never changed, so a reader needs no lock and sees one state.
        self._state: tuple[_Tables, tuple[Transition, ...]] = ({kind: {} for kind in RECORDS}, ())

    @contextmanager
    def begin(self, *, write: bool = True) -> Iterator[Transaction]:
        if not write:
            yield _Unit(*self._state, write)
            return
        with self._turn.taken():
            tables, transitions = self._state
            unit = _Unit({kind: dict(rows) for kind, rows in tables.items()}, transitions, write)
            yield unit
            self._state = unit.tables, unit.transitions

    def close(self) -> None:
        """Nothing to release."""


class _Unit:
    """A Transaction on a copy; `begin` makes the copy the state."""

    def __init__(self, tables: _Tables, transitions: tuple[Transition, ...], write: bool) -> None:
        self.tables = tables
        self.transitions = transitions
        self._write = write

    def append(self, change: Change, at: datetime) -> int:
        self._writes()
        seq = len(self.transitions) + 1
        self.transitions += (Transition(seq, checked("at", at), Change(**change_values(change))),)
        return seq

    def log(self, after: int = 0, limit: int = 1000, **equals: str) -> list[Transition]:
        tests = wanted(LOG_FIELDS, equals)
        return [t for t in self.transitions[max(after, 0) :] if _equal(t.change, tests)][:limit]

    def recent(self, limit: int, **equals: str) -> list[Transition]:
        tests = wanted(LOG_FIELDS, equals)
        return [t for t in reversed(self.transitions) if _equal(t.change, tests)][:limit]

    def get(self, kind: type[R], key: str) -> R | None:
        names(kind)
        return cast("R | None", self.tables[kind].get(key))

    def find(self, kind: type[R], **equals: object) -> list[R]:
        tests = wanted(names(kind), equals)
        return sorted((r for r in self.tables[kind].values() if _equal(r, tests)), key=attrgetter("key"))

    def put(self, record: object) -> None:
        self._writes()
        kept = values(record)
        self.tables[type(record)][kept["key"]] = type(record)(**kept)

    def put_all(self, records: Iterable[object]) -> None:
        for record in records:
            self.put(record)

    def drop(self, kind: type[R], key: str) -> None:
        self._writes()
        names(kind)
        self.tables[kind].pop(key, None)

    def claim(self, kind: type[R], key: str, owner: str, now: datetime, lease: timedelta) -> bool:
        self._writes()
        if "claimed_by" not in names(kind):
            raise UsageError(f"{kind.__name__} cannot be claimed")
        record: Any = self.get(kind, key)
        if record is None:
            return False
        if record.claimed_by != owner and record.claimed_until is not None and record.claimed_until > now:
            return False
        self.put(replace(record, claimed_by=owner, claimed_until=now + lease))
        return True

    def _writes(self) -> None:
        if not self._write:
            raise UsageError("this transaction only reads: begin(write=True) to change something")


def _equal(record: object, tests: dict[str, Any]) -> bool:
    return all(getattr(record, name) == value for name, value in tests.items())
