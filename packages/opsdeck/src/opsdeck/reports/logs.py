"""Single log entries. In: a match, a window, a place to continue. Out: a page of entries, newest first, and their number over time."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from opsdeck.collect.stamp import AHEAD
from opsdeck.errors import UsageError
from opsdeck.model import Entry, Match, Window
from opsdeck.reports.charts import Chart, counts
from opsdeck.reports.spans import grid
from opsdeck.stores.api import Query
from opsdeck.stores.events.facts import PATHS, outcome

TEXTS = ("service", "version", "operation", "template", "command", "user_type", "error_code", "error_message")
MOST = 1_000
ALL_TIME = timedelta(days=365 * 8)  # longer than the longest retention


@dataclass(frozen=True, slots=True)
class Logs:
    """Entries, newest first; `older` continues after the last one, "" at the end."""

    entries: tuple[Entry, ...]
    older: str


@dataclass(frozen=True, slots=True)
class Line:
    """One entry at a glance; what it does not say is "" (duration: None)."""

    event_id: str
    at: datetime
    service: str
    version: str
    outcome: str
    operation: str
    template: str
    command: str
    duration: float | None
    user_type: str
    error_code: str
    error_message: str


def line(entry: Entry) -> Line:
    """The entry at a glance."""
    values = {name: _value(entry.body, path) for name, path in PATHS.items()}
    return Line(
        event_id=entry.event_id,
        at=entry.at,
        outcome=outcome(entry.body),
        duration=values["duration"],
        **{name: str(values[name] or "") for name in TEXTS},
    )


def _value(body: Any, path: tuple[str, ...]) -> Any:
    for name in path:
        body = body.get(name) if isinstance(body, Mapping) else None
    return body


def logs(query: Query, match: Match, window: Window, limit: int, before: str = "") -> Logs:
    """At most `limit` (1 to 1,000) matching entries, continued after the entry `before`."""
    if not 1 <= limit <= MOST:
        raise UsageError(f"limit: {limit} is not between 1 and {MOST:,}", hint="page on with before=EVENT_ID")
    found = query.find(match, window, limit + 1, before)
    entries = tuple(found[:limit])
    return Logs(entries, entries[-1].event_id if len(found) > limit else "")


def since(start: datetime | None, now: datetime) -> Window:
    """Everything from `start` on (all time without one), clocks a little ahead included."""
    return Window(start or now - ALL_TIME, now + AHEAD)


def over_time(query: Query, match: Match, span: timedelta, now: datetime) -> Chart:
    """How many matching events there were, by outcome."""
    window, step = grid(span, now)
    return counts(query.tally(match, window, step=step), window, step)


def entry(query: Query, event_id: str, now: datetime) -> Entry | None:
    """The entry of that id."""
    return next(iter(query.find(Match.of(event_id=event_id), since(None, now), 1)), None)
