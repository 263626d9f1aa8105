"""A log on SQLite that a deck grew and signed in steps, its export, and who verifies it."""

import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from opsdeck.govern import audit
from opsdeck.merkle import verifier
from opsdeck.merkle.verifier import Key, Verified
from opsdeck.model import Change
from opsdeck.stores.api import StateStore
from opsdeck.stores.state import open_state

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Log:
    """A state store with its home: rows happen, the tick takes them in."""

    state: StateStore
    home: Path

    def happens(self, count: int, actor: str = "local") -> None:
        with self.state.begin() as tx:
            for number in range(count):
                subject = f"cli/rule-{number}"
                change = Change(
                    "alert", subject, "inactive", "firing", "because", actor, {"value": number / 7}
                )
                tx.append(change, NOON)

    def tick(self) -> int:
        return audit.tick(self.state, self.home, "deck", NOON)

    def tampered(self, *statements: str) -> None:
        """As somebody does who has the database file: past the deck, past its triggers."""
        engine = create_engine(f"sqlite:///{self.home}/state.db")
        with engine.begin() as connection:
            for name in connection.scalars(
                text("SELECT name FROM sqlite_master WHERE type = 'trigger'")
            ).all():
                connection.execute(text(f"DROP TRIGGER {name}"))
            for statement in statements:
                connection.execute(text(statement))
        engine.dispose()

    def export(self) -> bytes:
        return b"".join(audit.export(self.state))

    @property
    def key(self) -> Key:
        return Key.read((self.home / "audit.pub").read_text())

    def standing(self) -> audit.Standing:
        with self.state.begin(write=False) as tx:
            return audit.standing(tx)


def verified(data: bytes, *keys: Key, known: tuple[str, ...] = ()) -> Verified:
    return verifier.verify(io.BytesIO(data), keys, known)


@pytest.fixture
def verify() -> Callable[..., Verified]:
    return verified


@pytest.fixture
def log(tmp_path: Path) -> Iterator[Log]:
    state = open_state(f"sqlite:///{tmp_path}/state.db")
    yield Log(state, tmp_path)
    state.close()


@pytest.fixture(scope="module")
def signed(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    """700 rows and one more, signed in nine steps: within a tile, at its end, across it."""
    home = tmp_path_factory.mktemp("signed")
    state = open_state(f"sqlite:///{home}/state.db")
    made = Log(state, home)
    for step in (1, 3, 100, 152, 100, 156, 1, 187):
        made.happens(step)
        made.tick()
    yield made
    state.close()
