"""What the house asks of its two stores. Method names are storage acts; a memory reference defines the meaning.

The contract suite in tests/contract runs every implementation through the same sentences.
"""

from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import Protocol, TypeVar

from opsdeck.model import (
    Batch,
    Change,
    Entry,
    Group,
    Match,
    Position,
    Sample,
    Slice,
    Transition,
    Turn,
    Window,
)

R = TypeVar("R")

UNREADABLE = "unreadable_lines"
"""The gauge that counts what `load` set aside: a Sample with the number of lines, at the time of loading."""


class Query(Protocol):
    """The reading half of an EventStore: all that measuring, detecting and reporting ask of it."""

    def tally(
        self, match: Match, window: Window, by: tuple[str, ...] = (), step: timedelta | None = None
    ) -> list[Slice]:
        """Counts and histograms of matching events, grouped by DIMENSIONS and, with `step`, by time from the
        window's start; ordered by start, then group. Always exact in its counts; fast for long windows where steps
        and start are whole minutes. Groups and steps without events are left out; without `by` and `step` there is
        always one slice.
        """

    def distinct(self, field: str, match: Match, window: Window) -> int:
        """How many different non-empty values `field` (a DIMENSION or DETAIL, or `minute`) has among the matching events."""

    def groups(
        self,
        match: Match,
        window: Window,
        by: tuple[str, ...],
        *,
        step: timedelta | None = None,
        distinct: str = "",
        within: timedelta | None = None,
        above: int = 0,
    ) -> list[Group]:
        """Matching events grouped by any DIMENSIONS and DETAILS, read from single entries; ordered by start, then key.

        With `step` also by time from the window's start. With `distinct` it counts the different non-empty values of
        that field. With `within` a group holds only the events that happened less than that before its newest one,
        whatever the time now: a wrong clock of the sender changes nothing. Groups whose count (with `distinct`: whose
        number of values) is not greater than `above` are left out. Numbers in a key are texts, absent ones "".
        """

    def turns(self, match: Match, window: Window) -> list[Turn]:
        """Where minutes with failures begin and where they end: the first matching minute, then each that differs
        from the one before it. Minutes without matching events are passed over.
        """

    def find(self, match: Match, window: Window, limit: int, before: str = "") -> list[Entry]:
        """The newest matching entries, newest first; `before` is an event id to continue after (for paging)."""

    def samples(self, name: str, service: str, window: Window) -> list[Sample]:
        """Readings of one gauge in time order; service "" is the deck's own host."""


class EventStore(Query, Protocol):
    """Events, their rollups and samples: a projection of the journal that can be rebuilt from it."""

    def load(self, batch: Batch) -> int:
        """Load a batch and its positions in one transaction; returns how many events were new.

        Loading the same events or the same batch again changes nothing (identity is `eventId`).
        A batch whose positions are not ahead of the stored ones is skipped whole.
        A line that is no entry (no JSON object, no id, no time) never stops the rest: it is set aside, still in the
        journal, and counted in the gauge `UNREADABLE`.
        """

    def positions(self) -> Mapping[str, Position]:
        """How far each journal stream has been loaded, by stream."""

    def record(self, samples: Iterable[Sample]) -> None:
        """Append gauge readings."""

    def close(self) -> None:
        """Release files and memory; the store cannot be used afterwards."""


class Transaction(Protocol):
    """One all-or-nothing unit of work on state. Records are the frozen dataclasses of the model, a table each."""

    def append(self, change: Change, at: datetime) -> int:
        """Add a row to the log under the lock of its head; returns its sequence number (1, 2, 3, … without a gap)."""

    def log(self, after: int = 0, limit: int = 1000, **equals: str) -> list[Transition]:
        """Transitions with seq > after in order; `equals` filters on kind, subject or actor."""

    def recent(self, limit: int, **equals: str) -> list[Transition]:
        """The newest transitions first; `equals` as for `log`."""

    def get(self, kind: type[R], key: str) -> R | None:
        """The record with that key."""

    def find(self, kind: type[R], **equals: object) -> list[R]:
        """Records whose fields equal the given values, by key order."""

    def put(self, record: object) -> None:
        """Insert or replace the record by its key."""

    def put_all(self, records: Iterable[object]) -> None:
        """Insert or replace many records of any kinds: as `put` for each, the last of two with one key stays."""

    def drop(self, kind: type[R], key: str) -> None:
        """Remove the record if it is there."""

    def claim(self, kind: type[R], key: str, owner: str, now: datetime, lease: timedelta) -> bool:
        """Take a record (one with claimed_by and claimed_until) unless somebody else's lease is running: a conditional UPDATE."""


class StateStore(Protocol):
    """Everything that changes: the log, alert states, deliveries, keys."""

    def begin(self, *, write: bool = True) -> AbstractContextManager[Transaction]:
        """A transaction: commits when the block ends, rolls back when it raises.

        Transactions that write run one at a time, so what was read stays true until the commit: do no network or
        other slow work inside. `write=False` reads one consistent state and neither waits for a writer nor stops it.
        """

    def close(self) -> None:
        """Release files and connections."""
