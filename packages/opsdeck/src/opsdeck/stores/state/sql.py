"""The state store in SQL (SQLAlchemy Core): SQLite for one machine, PostgreSQL for several.

Writers go one after the other: SQLite by BEGIN IMMEDIATE, PostgreSQL by the lock of the log's head row. So what a
transaction has read stays true until it commits, and commit order is sequence order. Readers see one snapshot.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import Connection, Executable, RowMapping, Select, Table, insert, or_, select, text, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError

from opsdeck.errors import ConflictError, OpsdeckError, UsageError
from opsdeck.model import Change, Transition
from opsdeck.stores.api import Transaction
from opsdeck.stores.state.engine import connect
from opsdeck.stores.state.migrate import upgrade
from opsdeck.stores.state.records import (
    CHANGE_FIELDS,
    LOG_FIELDS,
    change_values,
    checked,
    names,
    values,
    wanted,
)
from opsdeck.stores.state.schema import HEAD, LOG, TABLES
from opsdeck.stores.state.turn import Turn

R = TypeVar("R")
_NEXT = update(HEAD).values(seq=HEAD.c.seq + 1).returning(HEAD.c.seq)
_ROW = insert(LOG)
_LOG = select(LOG.c.seq, LOG.c.at, *(LOG.c[name] for name in CHANGE_FIELDS))
_INSERT: Mapping[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}
_BEGIN = {
    ("sqlite", True): "BEGIN IMMEDIATE",
    ("sqlite", False): "BEGIN",
    ("postgresql", True): "SELECT seq FROM log_head FOR UPDATE",
    ("postgresql", False): "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY",
}


class SqlState:
    """A StateStore in a SQLite or PostgreSQL database, its schema brought up to date."""

    def __init__(self, url: str) -> None:
        self._engine = connect(url)
        self._turn = Turn()
        with ExitStack() as undo:
            undo.callback(self._engine.dispose)
            self._upgrade()
            undo.pop_all()

    @contextmanager
    def begin(self, *, write: bool = True) -> Iterator[Transaction]:
        turn: AbstractContextManager[None] = self._turn.taken() if write else nullcontext()
        with turn, self._engine.connect() as connection, connection.begin():
            try:
                connection.execute(text(_BEGIN[self._engine.dialect.name, write]))
            except OperationalError as error:
                raise ConflictError(
                    "the state database is held by another process",
                    hint="try again; if it stays: opsdeck doctor",
                ) from error
            yield _Unit(connection, write)

    def close(self) -> None:
        self._engine.dispose()

    def _upgrade(self) -> None:
        try:
            upgrade(self._engine)
        except DBAPIError as error:
            raise OpsdeckError(
                f"cannot open the state database {self._engine.url}: {error.orig}",
                hint="check OPSDECK_STATE and that the database runs and may be written",
            ) from error


class _Unit:
    """A Transaction on one connection."""

    def __init__(self, connection: Connection, write: bool) -> None:
        self._connection = connection
        self._write = write

    def append(self, change: Change, at: datetime) -> int:
        self._writes()
        row = {"at": checked("at", at), **change_values(change)}
        seq = int(self._connection.execute(_NEXT).scalar_one())
        self._connection.execute(_ROW, {"seq": seq, **row})
        return seq

    def log(self, after: int = 0, limit: int = 1000, **equals: str) -> list[Transition]:
        query = _equal(_LOG, LOG, wanted(LOG_FIELDS, equals)).where(LOG.c.seq > after)
        return self._transitions(query.order_by(LOG.c.seq).limit(limit))

    def recent(self, limit: int, **equals: str) -> list[Transition]:
        query = _equal(_LOG, LOG, wanted(LOG_FIELDS, equals))
        return self._transitions(query.order_by(LOG.c.seq.desc()).limit(limit))

    def get(self, kind: type[R], key: str) -> R | None:
        found = self.find(kind, key=key)
        return found[0] if found else None

    def find(self, kind: type[R], **equals: object) -> list[R]:
        tests = wanted(names(kind), equals)
        table = TABLES[kind]
        rows = self._connection.execute(_equal(select(table), table, tests).order_by(table.c.key))
        return [kind(**row) for row in rows.mappings()]

    def put(self, record: object) -> None:
        self.put_all((record,))

    def put_all(self, records: Iterable[object]) -> None:
        self._writes()
        rows: dict[Table, dict[str, dict[str, Any]]] = {}
        for record in records:
            row = values(record)
            rows.setdefault(TABLES[type(record)], {})[row["key"]] = row
        for table, by_key in rows.items():
            self._connection.execute(self._upsert(table), list(by_key.values()))

    def _upsert(self, table: Table) -> Executable:
        fresh = _INSERT[self._connection.dialect.name](table)
        others = {column.name: fresh.excluded[column.name] for column in table.c if column.name != "key"}
        upsert: Executable = fresh.on_conflict_do_update(index_elements=[table.c.key], set_=others)
        return upsert

    def drop(self, kind: type[R], key: str) -> None:
        self._writes()
        names(kind)
        table = TABLES[kind]
        self._connection.execute(table.delete().where(table.c.key == key))

    def claim(self, kind: type[R], key: str, owner: str, now: datetime, lease: timedelta) -> bool:
        self._writes()
        if "claimed_by" not in names(kind):
            raise UsageError(f"{kind.__name__} cannot be claimed")
        c = TABLES[kind].c
        free = or_(c.claimed_by == owner, c.claimed_until.is_(None), c.claimed_until <= now)
        taken = (
            update(TABLES[kind]).where(c.key == key, free).values(claimed_by=owner, claimed_until=now + lease)
        )
        return self._connection.execute(taken).rowcount == 1

    def _transitions(self, query: Select[Any]) -> list[Transition]:
        return [_transition(row) for row in self._connection.execute(query).mappings()]

    def _writes(self) -> None:
        if not self._write:
            raise UsageError("this transaction only reads: begin(write=True) to change something")


def _equal(query: Select[Any], table: Table, tests: Mapping[str, Any]) -> Select[Any]:
    return query.where(*(table.c[name] == value for name, value in tests.items()))


def _transition(row: RowMapping) -> Transition:
    return Transition(row["seq"], row["at"], Change(**{name: row[name] for name in CHANGE_FIELDS}))
