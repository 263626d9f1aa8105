"""The state database's schema: from nothing, again, from the future, and equal to what the code expects."""

from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text

from opsdeck.errors import OpsdeckError, UsageError
from opsdeck.model import Setting
from opsdeck.stores.state import open_state
from opsdeck.stores.state.engine import connect
from opsdeck.stores.state.migrate import MIGRATIONS, REVISION, revision, upgrade
from opsdeck.stores.state.schema import metadata


def test_an_empty_database_is_brought_up_to_the_schema_of_the_code(sql_url: str) -> None:
    open_state(sql_url).close()
    engine = connect(sql_url)
    with engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
        assert revision(connection) == REVISION
    engine.dispose()


def test_opening_again_keeps_everything(sql_url: str) -> None:
    first = open_state(sql_url)
    with first.begin() as tx:
        tx.put(Setting("k", "v"))
    first.close()
    again = open_state(sql_url)
    with again.begin() as tx:
        assert tx.get(Setting, "k") == Setting("k", "v")
    again.close()


def test_a_database_of_a_newer_version_is_refused_and_left_alone(sql_url: str) -> None:
    open_state(sql_url).close()
    engine = connect(sql_url)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(OpsdeckError, match="revision 9999, which a newer opsdeck wrote"):
        open_state(sql_url)
    with engine.connect() as connection:
        assert revision(connection) == "9999"
    engine.dispose()


def test_a_migration_that_fails_leaves_nothing(sql_url: str) -> None:
    engine = connect(sql_url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE setting (other TEXT)"))
    with pytest.raises(Exception, match="setting"):
        upgrade(engine)
    with engine.connect() as connection:
        assert revision(connection) is None
    engine.dispose()


def test_the_revision_in_the_code_is_the_newest_migration() -> None:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    assert ScriptDirectory.from_config(config).get_current_head() == REVISION


@pytest.mark.parametrize(
    ("url", "message"),
    [
        pytest.param("state.db", "no state store for 'state.db'", id="a path"),
        pytest.param("mysql://x/y", "no state store", id="another database"),
        pytest.param("sqlite://", "names no file", id="SQLite without a file"),
        pytest.param(
            "postgresql://me:secret@host:port/x", "not a database URL$", id="a port that is no number"
        ),
        pytest.param("sqlite:state.db", "no state store", id="a URL without slashes"),
    ],
)
def test_a_url_that_says_nothing_is_refused(url: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        open_state(url)


def test_a_server_that_does_not_answer_is_named_without_the_password(tmp_path: Path) -> None:
    with pytest.raises(
        OpsdeckError, match=r"cannot open the state database postgresql\+psycopg://me:\*\*\*@"
    ) as caught:
        open_state(f"postgresql://me:secret@/deck?host={tmp_path}")
    assert "secret" not in caught.value.message


def test_a_file_that_is_no_database_is_named(tmp_path: Path) -> None:
    (tmp_path / "state.db").write_text("not a database, but a longer text than a header " * 40)
    with pytest.raises(OpsdeckError, match=r"cannot open .*state\.db: file is not a database"):
        open_state(f"sqlite:///{tmp_path}/state.db")
