"""What one category of entries has to tell since the last tick, in portions that memory holds.

In: an event store, how far it was read, services, now. Out: groups of failures by cause and version, how far it is
read then. It must not know faults.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from opsdeck.collect.stamp import AHEAD, LATE
from opsdeck.faults.members import CAUSE, FAILURES
from opsdeck.model import Clause, Cursor, Group, Match, Window
from opsdeck.stores.api import Query
from opsdeck.timing import parse_iso

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
BEGINNING = EPOCH + LATE
# Requests are stamped before they are written, so those of one category may be stored out of order by as long as the
# largest of them takes to read. What was seen already is seen again, and nothing comes of it.
OVERLAP = timedelta(seconds=10)
# Failures at once: a sender may give each a cause of its own, and the event store groups within its memory limit.
MOST = 20_000


@dataclass(frozen=True, slots=True)
class News:
    """Groups of failures since the cursor, and where it then is; `behind`: there is more than this portion."""

    cursor: Cursor
    groups: tuple[Group, ...]
    behind: bool


def news(query: Query, cursor: Cursor, services: tuple[str, ...], now: datetime) -> News | None:
    """None where nothing came in. The cursor moves to the receipt of the newest entry: never beyond what is loaded."""
    category = cursor.key.partition("/")[2]
    period = Window(max(EPOCH + cursor.seq * MILLISECOND, BEGINNING) - LATE, now + AHEAD)
    seen = Clause("received", ">=", float(cursor.seq))
    newest = query.find(Match.of(category=category).also(seen), period, 1)
    if not newest:
        return None
    match = FAILURES.also(category=category, service=services)
    first, last, whole = _portion(query, match, period, cursor.seq, (now - EPOCH) // MILLISECOND)
    groups = query.groups(_between(match, first, last), period, (*CAUSE, "version"))
    reached = _received(newest[0].body) if whole else last
    return News(Cursor(cursor.key, reached), tuple(groups), behind=not whole)


def _portion(query: Query, match: Match, period: Window, since: int, now: int) -> tuple[int, int, bool]:
    """From which receipt to which, and whether that is all. In a flood what was seen is not looked at again, or there
    would be no end of it; what came after a portion shows that the portion is loaded."""

    def too_many(first: int, last: int) -> bool:
        return query.tally(_between(match, first, last), period)[0].tally.failure > MOST

    first, last = since - OVERLAP // MILLISECOND, now + OVERLAP // MILLISECOND
    if not too_many(first, last):
        return first, last, True
    first = since + 1
    if not too_many(first, last):
        return first, last, True
    least = first  # what came at one moment is one portion, however much it is
    while least < last:
        middle = (least + last + 1) // 2
        least, last = (least, middle - 1) if too_many(first, middle) else (middle, last)
    return first, least, False


def _between(match: Match, first: int, last: int) -> Match:
    return match.also(Clause("received", ">=", float(first)), Clause("received", "<=", float(last)))


def _received(body: Any) -> int:
    return (parse_iso(body["receivedAt"]) - EPOCH) // MILLISECOND
