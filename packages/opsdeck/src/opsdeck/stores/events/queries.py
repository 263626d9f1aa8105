"""The one body of SQL that reads events: matches and windows in, statements with named parameters out.

`events` has a row per event. `rollup` has a row per minute, series (a combination of DIMENSIONS) and latency bucket,
with a count and the sum of the durations. An event is read as a rollup row of weight 1, so the same outer statement
serves both, and a window is cut so that its answer does not depend on the way it is read: whole minutes come from the
rollup, the broken minutes at its two ends from single events. Single entries alone are read for windows up to an
hour, for clauses on DETAILS, and for steps that cut through minutes.

Every value is a parameter; field names come from the model's lists only. Must not know connections.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from opsdeck.model import DIMENSIONS, Clause, Match, Window
from opsdeck.stores.events.buckets import bucket_sql
from opsdeck.stores.events.facts import NUMBERS
from opsdeck.stores.events.match import fold, known, wanted

MINUTE = timedelta(minutes=1)
# Below this a window is read from single entries: they are few, and the reading is quicker than that of a rollup.
SHORT = timedelta(hours=1)
_MICROSECOND = timedelta(microseconds=1)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_UPPER, _LOWER = "'ABCDEFGHIJKLMNOPQRSTUVWXYZ'", "'abcdefghijklmnopqrstuvwxyz'"


@dataclass(slots=True)
class Statement:
    """SQL text and the values of its parameters."""

    text: str = ""
    values: dict[str, Any] = field(default_factory=dict)

    def bind(self, value: Any) -> str:
        """Adds a value; returns the name that stands for it in the text."""
        name = f"p{len(self.values)}"
        self.values[name] = naive(value) if isinstance(value, datetime) else value
        return f"${name}"


def tally(
    match: Match, window: Window, by: tuple[str, ...], step: timedelta | None, thresholds: Sequence[float]
) -> Statement:
    """Rows of (number of the step, *by, outcome, bucket, count, sum of durations)."""
    for name in by:
        known(name, DIMENSIONS)
    query = Statement()
    source = _source(query, match, window, [*by, "outcome"], step=step, thresholds=thresholds)
    number = _step(query, window, step)
    groups = ", ".join(f'"{name}" AS by_{place}' for place, name in enumerate(by))
    query.text = (
        f"SELECT {number} AS step, {groups + ', ' if by else ''}outcome, bucket, sum(count)::BIGINT, sum(total)"
        f" FROM ({source}) GROUP BY ALL"
    )
    return query


def distinct(name: str, match: Match, window: Window) -> Statement:
    """One row: the number of different non-empty values of a field, or of `minute`."""
    query = Statement()
    if name == "minute":
        source = _source(query, match, window, [])
        query.text = f"SELECT count(DISTINCT date_trunc('minute', happened)) FROM ({source})"
        return query
    known(name)
    source = (
        _source(query, match, window, [name])
        if name in DIMENSIONS
        else f'SELECT "{name}" FROM deck.events WHERE {_between(query, window)} AND {_where(query, match)}'
    )
    query.text = f"SELECT count(DISTINCT {_value(name)}) FROM ({source})"
    return query


def groups(
    match: Match,
    window: Window,
    by: tuple[str, ...],
    *,
    step: timedelta | None,
    distinct: str,
    within: timedelta | None,
    above: int,
) -> Statement:
    """Rows of (number of the step, *by, count, different values, first, last, id of the last)."""
    query = Statement()
    number = _step(query, window, step)
    names = ", ".join(f'"{known(name)}"' for name in by)
    over = f"PARTITION BY {names}" if by else ""
    different = f"count(DISTINCT {_value(known(distinct))})" if distinct else "0"
    keys = "".join(
        f"coalesce(format('{{:.15g}}', \"{name}\"), '') AS by_{place}, "
        if name in NUMBERS
        else f'"{name}" AS by_{place}, '
        for place, name in enumerate(by)
    )
    near = (
        f" QUALIFY happened > max(happened) OVER ({over}) - to_microseconds({query.bind(within // _MICROSECOND)})"
        if within
        else ""
    )
    query.text = (
        f"SELECT {number} AS step, {keys}count(*) AS events, {different} AS different,"
        " min(happened), max(happened), max_by(event_id, (happened, event_id))"
        f" FROM (SELECT * EXCLUDE (body) FROM deck.events WHERE {_between(query, window)} AND {_where(query, match)}{near})"
        f" GROUP BY ALL HAVING {'different' if distinct else 'events'} > {query.bind(above)} ORDER BY ALL"
    )
    return query


def turns(match: Match, window: Window) -> Statement:
    """Rows of (minute, whether it had a failure) where that is not as in the matching minute before, in time order."""
    query = Statement()
    source = _source(query, match, window, ["outcome"])
    query.text = (
        "SELECT minute, bad FROM (SELECT minute, bad, lag(bad) OVER (ORDER BY minute) AS before FROM"
        " (SELECT date_trunc('minute', happened) AS minute, bool_or(outcome = 'failure') AS bad"
        f" FROM ({source}) GROUP BY minute)) WHERE bad IS DISTINCT FROM before ORDER BY minute"
    )
    return query


def find(match: Match, window: Window, limit: int, before: tuple[datetime, str] | None) -> Statement:
    """Rows of (event_id, happened, body), newest first; `before` is time and id of the entry to continue after."""
    query = Statement()
    tests = [_between(query, window), _where(query, match)]
    if before:
        at, event = query.bind(before[0]), query.bind(before[1])
        tests.append(f"happened <= {at} AND (happened < {at} OR event_id < {event})")
    query.text = (
        f"SELECT event_id, happened, body FROM deck.events WHERE {' AND '.join(tests)}"
        f" ORDER BY happened DESC, event_id DESC LIMIT {query.bind(limit)}"
    )
    return query


def moment(event_id: str, window: Window) -> Statement:
    """One row or none: the time of an entry."""
    query = Statement()
    query.text = f"SELECT happened FROM deck.events WHERE {_between(query, window)} AND event_id = {query.bind(event_id)} LIMIT 1"
    return query


def samples(name: str, service: str, window: Window) -> Statement:
    """Rows of (happened, value) of one gauge, in time order."""
    query = Statement()
    query.text = (
        f"SELECT happened, value FROM deck.samples WHERE {_between(query, window)}"
        f" AND name = {query.bind(name)} AND service = {query.bind(service)} ORDER BY happened"
    )
    return query


def naive(at: datetime) -> datetime:
    """A time as it is stored: UTC without a zone."""
    return at.astimezone(UTC).replace(tzinfo=None)


def _value(name: str) -> str:
    """A field whose absent value counts as none."""
    return f'"{name}"' if name in NUMBERS else f"nullif(\"{name}\", '')"


def _step(query: Statement, window: Window, step: timedelta | None) -> str:
    """The number of the step that a row belongs to, from the window's start."""
    if not step:
        return "0"
    return f"(epoch_us(happened) - epoch_us({query.bind(window.start)})) // {step // _MICROSECOND}"


def _source(
    query: Statement,
    match: Match,
    window: Window,
    columns: Iterable[str],
    *,
    step: timedelta | None = None,
    thresholds: Sequence[float] = (),
) -> str:
    """Rows of (happened, columns…, bucket, count, total) for the matching events of a window."""
    names = "".join(f'"{name}", ' for name in dict.fromkeys(columns))
    where = _where(query, match)
    whole = _whole_minutes(window) if _from_rollup(match, window, step) else None
    edges = [Window(window.start, whole.start), Window(whole.end, window.end)] if whole else [window]
    single = " OR ".join(_between(query, edge) for edge in edges)
    entries = (
        f"SELECT happened, {names}{bucket_sql('duration', thresholds)} AS bucket, 1 AS count, duration AS total"
        f" FROM deck.events WHERE ({single}) AND {where}"
    )
    if not whole:
        return entries
    return (
        f"{entries} UNION ALL SELECT happened, {names}bucket, count, total FROM deck.rollup"
        f" JOIN (SELECT {names}id FROM deck.series WHERE {where}) ON series = id"
        f" WHERE {_between(query, whole)}"
    )


def _from_rollup(match: Match, window: Window, step: timedelta | None) -> bool:
    if window.span <= SHORT or any(clause.field not in DIMENSIONS for clause in match.clauses):
        return False
    return step is None or (step % MINUTE == timedelta(0) and _floor(window.start) == window.start)


def _whole_minutes(window: Window) -> Window:
    return Window(-(-(window.start - _EPOCH) // MINUTE) * MINUTE + _EPOCH, _floor(window.end))


def _floor(at: datetime) -> datetime:
    return (at - _EPOCH) // MINUTE * MINUTE + _EPOCH


def _between(query: Statement, window: Window) -> str:
    return f"(happened >= {query.bind(window.start)} AND happened < {query.bind(window.end)})"


def _where(query: Statement, match: Match) -> str:
    return " AND ".join(_test(query, clause) for clause in match.clauses) or "true"


def _test(query: Statement, clause: Clause) -> str:
    against, column = wanted(clause), f'"{clause.field}"'
    if clause.op == "~":
        return f"contains(translate({column}, {_UPPER}, {_LOWER}), {query.bind(fold(str(against)))})"
    if isinstance(against, tuple):
        among = f"{column} IN ({', '.join(map(query.bind, against))})" if against else "false"
        return among if clause.op == "in" else f"NOT coalesce({among}, false)"
    if clause.op == "!=":
        return f"{column} IS DISTINCT FROM {query.bind(against)}"
    return f"{column} {clause.op} {query.bind(against)}"
