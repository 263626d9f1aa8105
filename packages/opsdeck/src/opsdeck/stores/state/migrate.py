"""Brings a state database up to date on opening, whole or not at all, one process at a time.

The revision that this version writes is a literal here, so that opening a current database costs one query and does
not import Alembic; a test holds it against the migrations.
"""

from pathlib import Path

from sqlalchemy import Connection, Engine, inspect, text

from opsdeck.errors import OpsdeckError

REVISION = "0003"
MIGRATIONS = Path(__file__).parent / "migrations"
# Any number that only we use: who holds this lock migrates.
_LOCK = 7_460_131


def upgrade(engine: Engine) -> None:
    """Migrates to REVISION; OpsdeckError, and nothing changed, if a newer opsdeck wrote the database."""
    with engine.connect() as connection:
        if revision(connection) == REVISION:
            return
    with engine.connect() as connection, connection.begin():
        if engine.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN IMMEDIATE")
        else:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        _run(connection)


def revision(connection: Connection) -> str | None:
    """The revision that a database has; None for an empty one."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _run(connection: Connection) -> None:
    from alembic import command  # 15 MB and 0.1 s that an up-to-date database does without
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    here = revision(connection)
    if here is not None and here not in {
        script.revision for script in ScriptDirectory.from_config(config).walk_revisions()
    }:
        raise OpsdeckError(
            f"the state database is at revision {here}, which a newer opsdeck wrote; this one knows {REVISION}",
            hint="install that version, or restore a backup made before the upgrade",
        )
    command.upgrade(config, "head")
