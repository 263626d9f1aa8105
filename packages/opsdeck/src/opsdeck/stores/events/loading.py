"""DuckDB's tables, and the statements that fill them from lines of entries (NDJSON).

A load is append-only: `events` takes the new entries, `series` the combinations of DIMENSIONS not met before, `rollup`
one row per minute, series and latency bucket of this load. Readers sum, so a late event adds a row to its minute and
nothing is rewritten. Parsing is DuckDB's own, by the PATHS of facts.py; tests hold it against the Python reading.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from opsdeck.model import CANCELLED, DETAILS, DIMENSIONS
from opsdeck.stores.events.buckets import bucket_sql
from opsdeck.stores.events.facts import DISTRUSTED, LONGEST_LINE, NUMBERS, PATHS, TIMES

_FIELDS = (*DIMENSIONS, *DETAILS)
_NAMES = ", ".join(f'"{name}"' for name in _FIELDS)
_DIMENSIONS = ", ".join(f'"{name}"' for name in DIMENSIONS)

# The layout of the tables below; a file with a number that is not here is not read.
FORMAT = "2"
# How a file of an older layout becomes one of the next. Its entries lack what nobody wrote down then.
UPGRADES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "1": (
        "2",
        tuple(
            f'ALTER TABLE deck.events ADD COLUMN "{name}" {kind}'
            for name, kind in (
                ("fingerprint", "VARCHAR DEFAULT ''"),
                ("received", "DOUBLE"),
                ("redactions", "DOUBLE"),
            )
        ),
    ),
}
TABLES = (
    # `stamped` is the entry's own time: equal for every copy of an event, so it bounds the search for a known one.
    "CREATE TABLE IF NOT EXISTS deck.events (load BIGINT, happened TIMESTAMP, stamped TIMESTAMP, "
    + ", ".join(f'"{name}" {"DOUBLE" if name in NUMBERS else "VARCHAR"}' for name in _FIELDS)
    + ", body VARCHAR USING COMPRESSION zstd)",
    "CREATE TABLE IF NOT EXISTS deck.series (id INTEGER, "
    + ", ".join(f'"{name}" VARCHAR' for name in DIMENSIONS)
    + ")",
    "CREATE TABLE IF NOT EXISTS deck.rollup (happened TIMESTAMP, series INTEGER, bucket INTEGER, count BIGINT, total DOUBLE)",
    "CREATE TABLE IF NOT EXISTS deck.positions (stream VARCHAR, reached BIGINT)",
    "CREATE TABLE IF NOT EXISTS deck.samples (happened TIMESTAMP, name VARCHAR, service VARCHAR, value DOUBLE)",
    "CREATE TABLE IF NOT EXISTS deck.meta (name VARCHAR, value VARCHAR)",
)


def _shape() -> str:
    """The part of an entry that is read, as json_transform wants it."""
    shape: dict[str, Any] = {
        "timestamp": "VARCHAR",
        "receivedAt": "VARCHAR",
        "flags": ["VARCHAR"],
        "operation": {"success": "BOOLEAN"},
        "metadata": {"fileCount": "DOUBLE"},
    }
    for name, path in PATHS.items():
        inside = shape
        for step in path[:-1]:
            inside = inside.setdefault(step, {})
        inside[path[-1]] = "DOUBLE" if name in NUMBERS - TIMES else "VARCHAR"
    return json.dumps(shape)


def _column(name: str) -> str:
    computed = {
        "outcome": f"CASE WHEN e.error.code = '{CANCELLED}' THEN 'cancelled'"
        " WHEN e.operation.success THEN 'success' ELSE 'failure' END",
        "kind": 'CASE WHEN e.metadata."fileCount" < 1 OR e.metadata."fileCount" IS NULL THEN \'\''
        " WHEN e.metadata.\"fileCount\" = 1 THEN 'single_file' ELSE 'multiple_files' END",
    }
    if name in computed:
        return computed[name]
    where = "e." + ".".join(f'"{step}"' for step in PATHS[name])
    if name in TIMES:
        return f"epoch_us(try_cast({where} AS TIMESTAMPTZ)) / 1000"
    return f"CASE WHEN isfinite({where}) THEN {where} END" if name in NUMBERS else f"coalesce({where}, '')"


def _utc(name: str) -> str:
    # A plain cast to TIMESTAMP would drop an offset, not apply it.
    return f"try_cast(e.\"{name}\" AS TIMESTAMPTZ) AT TIME ZONE 'UTC'"


# The lines come as one parameter: DuckDB's readers of files hold 32 MB a thread, however small the file. What is no
# JSON or too long becomes NULL: stored for a moment, counted by SURVEY, then left out.
ENTER = f"""
    INSERT INTO deck.events (load, happened, stamped, {_NAMES}, body)
    SELECT $load,
        CASE WHEN coalesce(list_has_any(e.flags, {sorted(DISTRUSTED)}), false)
            THEN {_utc("receivedAt")} ELSE {_utc("timestamp")} END,
        {_utc("timestamp")}, {", ".join(map(_column, _FIELDS))}, body
    FROM (
        SELECT body, TRY(json_transform(body, '{_shape()}')) AS e
        FROM (
            SELECT CASE WHEN strlen(line) <= {LONGEST_LINE} THEN line END AS body
            FROM (SELECT unnest(string_split($lines, chr(10))) AS line) WHERE line <> ''
        )
    )
"""
_READABLE = "coalesce(event_id <> '' AND isfinite(happened) AND isfinite(stamped), false)"
# One row: lines, readable ones, different ids, and the span of time in which a copy could already be stored.
SURVEY = f"""
    SELECT count(*), count(*) FILTER ({_READABLE}), count(DISTINCT event_id), min(stamped), max(stamped)
    FROM deck.events WHERE load = $load
"""
KNOWN = """
    SELECT event_id FROM deck.events
    WHERE load <> $load AND stamped BETWEEN $first AND $last
        AND event_id IN (SELECT event_id FROM deck.events WHERE load = $load)
"""
OMIT_UNREADABLE = f"DELETE FROM deck.events WHERE load = $load AND NOT {_READABLE}"
OMIT_TWINS = """
    DELETE FROM deck.events WHERE load = $load
        AND rowid NOT IN (SELECT min(rowid) FROM deck.events WHERE load = $load GROUP BY event_id)
"""
OMIT_KNOWN = f"DELETE FROM deck.events WHERE load = $load AND event_id IN ({KNOWN})"

MEET = f"""
    INSERT INTO deck.series
    SELECT (SELECT coalesce(max(id), 0) FROM deck.series) + row_number() OVER (), *
    FROM (
        SELECT DISTINCT {_DIMENSIONS} FROM deck.events WHERE load >= $load
        EXCEPT SELECT {_DIMENSIONS} FROM deck.series
    )
"""
# Minutes whose entries are gone keep their rows: there is nothing to make others from.
FORGET_ROLLUP = """
    DELETE FROM deck.rollup
    WHERE happened >= (SELECT date_trunc('minute', min(happened)) FROM deck.events)
"""


def roll_up(thresholds: Sequence[float]) -> str:
    """Adds the rollup rows of load $load and later ones."""
    return f"""
        INSERT INTO deck.rollup
        SELECT date_trunc('minute', happened), id, {bucket_sql("duration", thresholds)},
            count(*), coalesce(sum(duration), 0)
        FROM deck.events JOIN deck.series USING ({_DIMENSIONS})
        WHERE load >= $load GROUP BY ALL ORDER BY ALL
    """
