"""A state store that somebody changed past the deck: the export no longer verifies, and the row is named."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import create_engine, text

from opsdeck.errors import NotFoundError
from opsdeck.govern import audit
from opsdeck.merkle.verifier import Broken

FIELDS = "at, kind, subject, old, new, reason, actor, data"
COPY = f"INSERT INTO log (seq, {FIELDS}) SELECT {{}}, {FIELDS} FROM log WHERE seq = 5"


@pytest.mark.parametrize(
    ("statements", "said"),
    [
        pytest.param(
            ["UPDATE log SET actor = 'somebody else' WHERE seq = 290"], "row 290 is not the row", id="who"
        ),
        pytest.param(
            ["UPDATE log SET at = '2020-01-01 00:00:00' WHERE seq = 290"], "row 290 is not", id="when"
        ),
        pytest.param(
            ["UPDATE log SET data = '{}' WHERE seq = 290"], "row 290 is not the row", id="what with"
        ),
        pytest.param(["DELETE FROM log WHERE seq = 290"], "row 291 follows row 289", id="a row less"),
        pytest.param(
            ["DELETE FROM log WHERE seq > 290"], "follows row 290|after row 290", id="the end cut off"
        ),
        pytest.param(["DELETE FROM log"], "not the hashes of the rows from 1 on", id="everything gone"),
        pytest.param(
            ["DELETE FROM log WHERE seq = 290", COPY.format(290)],
            "row 290 is not the row",
            id="another row there",
        ),
        pytest.param(["DELETE FROM tile WHERE key = '0/1'"], "bytes of hashes for", id="no hashes"),
        pytest.param(
            [
                "UPDATE tile SET salts = replace(salts, substr(salts, 1, 32), 'ffffffffffffffffffffffffffffffff')"
            ],
            "row 1 is not the row",
            id="other salts",
        ),
        pytest.param(
            ["UPDATE checkpoint SET note = replace(note, 'opsdeck/', 'opsdeck.')"],
            "signed by none",
            id="checkpoints",
        ),
        pytest.param(["DELETE FROM checkpoint"], "nothing of the audit log is signed", id="no checkpoints"),
    ],
)
def test_the_row_is_named(log: Any, verify: Callable[..., Any], statements: list[str], said: str) -> None:
    log.happens(400)
    log.tick()
    log.tampered(*statements)
    with pytest.raises((Broken, NotFoundError), match=said):
        verify(log.export(), log.key)


def test_a_row_of_a_signed_log_cannot_be_changed_by_accident(log: Any) -> None:
    log.happens(3)
    engine = create_engine(f"sqlite:///{log.home}/state.db")
    with engine.connect() as connection, pytest.raises(Exception, match=r"append-only|log"):
        connection.execute(text("UPDATE log SET actor = 'x'"))
    engine.dispose()


def test_rows_that_are_not_signed_yet_are_not_in_the_export(log: Any, verify: Callable[..., Any]) -> None:
    log.happens(4)
    log.tick()
    log.happens(300)
    assert verify(log.export(), log.key).rows == 5


def test_an_export_is_of_one_moment_while_the_log_goes_on(log: Any, verify: Callable[..., Any]) -> None:
    log.happens(300)
    log.tick()
    pieces = audit.export(log.state)
    head = next(pieces)
    log.happens(300)
    log.tick()
    assert verify(head + b"".join(pieces), log.key).rows == 301
    assert verify(log.export(), log.key).rows == 601
