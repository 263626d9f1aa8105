"""How migrations write tables: columns by type, hash indexes for what is searched by equality."""

from typing import Any

import sqlalchemy as sa
from alembic import op

from opsdeck.stores.state.schema import KEY, Utc

_TYPES: dict[str, Any] = {
    "text": sa.Text,
    "whole": sa.BigInteger,
    "real": sa.Double,
    "time": Utc,
    "json": sa.JSON,
}


def record(table: str, indexed: str = "", **columns: str) -> None:
    """A table of records: a key and columns by type; a name with ? may be empty."""
    op.create_table(table, sa.Column("key", KEY, primary_key=True), *typed(**columns))
    index(table, indexed)


def index(table: str, names: str) -> None:
    for name in names.split():
        op.create_index(f"{table}_{name}", table, [name], postgresql_using="hash")


def typed(**columns: str) -> list[sa.Column[Any]]:
    """Columns by type; a name with ? may be empty."""
    return [
        sa.Column(name.rstrip("?"), _TYPES[kind], nullable=name.endswith("?"))
        for kind, names in columns.items()
        for name in names.split()
    ]
