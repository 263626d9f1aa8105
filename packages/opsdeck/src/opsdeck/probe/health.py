"""Is each thing that the deck depends on working? One short real use of each, timed.

In: named checks (callables that raise or return). Out: a Health per check, never an exception.
"""

import shutil
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from opsdeck.errors import DamagedError, OpsdeckError
from opsdeck.model import Match, Setting, Window
from opsdeck.stores.api import EventStore, StateStore
from opsdeck.stores.trouble import TROUBLE

DISK_RESERVE = 100_000_000  # bytes: below this the journal could fill the disk between two looks

# What a store or a disk raises when it is not there; anything else is a mistake of ours and should be seen.
FAILURES: tuple[type[Exception], ...] = (*TROUBLE, OpsdeckError)


@dataclass(frozen=True, slots=True)
class Health:
    """One dependency: its name, whether it answered, how long that took in ms, and what it said if not."""

    name: str
    ok: bool
    duration: float
    message: str


def examine(checks: Mapping[str, Callable[[], None]]) -> list[Health]:
    """Use every dependency once, in order."""
    return [_examine(name, check) for name, check in checks.items()]


def _examine(name: str, check: Callable[[], None]) -> Health:
    started = time.perf_counter()
    message = ""
    try:
        check()
    except FAILURES as error:
        message = f"{name}: {str(error).partition(chr(10))[0] or type(error).__name__}"
    return Health(name, not message, (time.perf_counter() - started) * 1000, message)


def dependencies(
    events: EventStore, state: StateStore, folder: Path, now: datetime
) -> dict[str, Callable[[], None]]:
    """The checks of a deck on one machine: it can query events, read state and write to its journal's disk."""

    def query() -> None:
        events.tally(Match(), Window.last(timedelta(minutes=1), now))

    def read() -> None:
        with state.begin() as tx:
            tx.get(Setting, "health")

    def disk() -> None:
        free = shutil.disk_usage(folder).free
        if free < DISK_RESERVE:
            raise DamagedError(f"{free:,} bytes free under {folder.name}, {DISK_RESERVE:,} wanted")

    return {"event store": query, "state store": read, "disk": disk}
