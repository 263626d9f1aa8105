"""Tables of the state store: each record type of the model is a table with a column per field, named like it.

Times are kept in UTC, mappings as JSON, everything else as what it is. `log` is append-only (triggers of the first
migration see to it), `log_head` holds the last sequence number; locking its row is what makes writers wait.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from sqlalchemy import JSON, BigInteger, Column, DateTime, Dialect, Double, Index, MetaData, Table, Text
from sqlalchemy.types import TypeDecorator, TypeEngine

from opsdeck.stores.state.records import RECORDS

metadata = MetaData()


class Utc(TypeDecorator[datetime]):
    """An aware time: with its zone where the database has one (PostgreSQL), else as UTC text (SQLite)."""

    impl = DateTime
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return dialect.type_descriptor(DateTime(timezone=dialect.name == "postgresql"))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name == "postgresql":
            return value
        return value.astimezone(UTC).replace(tzinfo=None)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None or dialect.name == "postgresql":
            return value and value.astimezone(UTC)
        return value.replace(tzinfo=UTC)


# Sorted by code point everywhere: key order must not depend on the database's language.
KEY = Text().with_variant(Text(collation="C"), "postgresql")
_TYPES: Mapping[Any, TypeEngine[Any]] = {
    str: Text(),
    int: BigInteger(),
    float: Double(),
    datetime: Utc(),
    Mapping: JSON(),
}
# What is searched for on every tick.
_INDEXED = {
    ("decision", "alert"),
    ("delivery", "status"),
    ("delivery", "alert"),
    ("fault_member", "fault"),
    ("detection", "verdict"),
    ("restriction", "subject"),
    ("finding", "service"),
    ("checkpoint", "tile"),
}


def _table(kind: type[Any]) -> Table:
    name = "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")
    columns = [_column(field, hint) for field, hint in get_type_hints(kind).items()]
    indexes = [_index(name, field) for table, field in sorted(_INDEXED) if table == name]
    return Table(name, metadata, *columns, *indexes)


def _index(table: str, field: str) -> Index:
    # A hash takes text of any length; only equality is asked for.
    return Index(f"{table}_{field}", field, postgresql_using="hash")


def _column(field: str, hint: Any) -> Column[Any]:
    if field == "key":
        return Column(field, KEY, primary_key=True)
    optional = get_origin(hint) in (Union, UnionType)
    plain = next(part for part in get_args(hint) if part is not type(None)) if optional else hint
    base = str if get_origin(plain) is Literal else get_origin(plain) or plain
    return Column(field, _TYPES[base], nullable=optional)


TABLES: Mapping[type[Any], Table] = {kind: _table(kind) for kind in RECORDS}
HEAD = Table(
    "log_head",
    metadata,
    Column("id", BigInteger, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)
LOG = Table(
    "log",
    metadata,
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("at", Utc, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("kind", "subject", "old", "new", "reason", "actor")),
    Column("data", JSON, nullable=False),
    _index("log", "kind"),
    _index("log", "subject"),
)
