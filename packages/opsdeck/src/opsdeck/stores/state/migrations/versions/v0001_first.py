"""The log with its head, and the records of alerting, delivery, ticks, keys and access."""

import sqlalchemy as sa
from alembic import op

from opsdeck.stores.state.migrations.columns import index, record, typed

revision = "0001"
down_revision = None

_NO_CHANGE = {
    "sqlite": [
        f"CREATE TRIGGER log_keeps_{act} BEFORE {act} ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END"
        for act in ("update", "delete")
    ],
    "postgresql": [
        """CREATE FUNCTION log_is_append_only() RETURNS trigger LANGUAGE plpgsql
            AS $$ BEGIN RAISE EXCEPTION 'the log is append-only'; END $$""",
        """CREATE TRIGGER log_keeps BEFORE UPDATE OR DELETE OR TRUNCATE ON log
            FOR EACH STATEMENT EXECUTE FUNCTION log_is_append_only()""",
    ],
}


def upgrade() -> None:
    _log()
    record(
        "alert_state",
        text="service rule phase reason acknowledged_by inhibited_by",
        whole="fired_seq",
        real="value?",
        time="since held_from? checked_at acknowledged_at?",
    )
    record("silence", text="service rule reason actor", time="until at")
    record("decision", text="alert stage verdict detail", whole="seq", time="at", indexed="alert")
    record(
        "delivery",
        text="alert channel target status error claimed_by",
        whole="seq attempts",
        json="payload",
        time="due_at created_at sent_at? claimed_until?",
        indexed="alert status",
    )
    record("cursor", whole="seq")
    record("tick_run", text="error claimed_by", whole="last_result", time="due_at last_at? claimed_until?")
    record("ingest_key", text="service user_type label", time="created_at revoked_at?")
    record("access", text="kind actor", time="created_at expires_at used_at?")
    record("setting", text="value")


def _log() -> None:
    op.create_table(
        "log",
        sa.Column("seq", sa.BigInteger, primary_key=True, autoincrement=False),
        *typed(text="kind subject old new reason actor", time="at", json="data"),
    )
    index("log", "kind subject")
    head = op.create_table(
        "log_head",
        sa.Column("id", sa.BigInteger, primary_key=True, autoincrement=False),
        sa.Column("seq", sa.BigInteger, nullable=False),
    )
    op.bulk_insert(head, [{"id": 1, "seq": 0}])
    for statement in _NO_CHANGE[op.get_bind().dialect.name]:
        op.execute(statement)
