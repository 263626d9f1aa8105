"""What may be kept as state: the record types of the model, and the checks that every state store makes alike.

The checks are those of the strictest store (PostgreSQL): text is valid UTF-8 without NUL, times are aware,
numbers finite, mappings JSON.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from datetime import UTC, datetime
from math import isfinite
from typing import Any

from opsdeck import model
from opsdeck.errors import UsageError

RECORDS: tuple[type[Any], ...] = (
    model.AlertState,
    model.Silence,
    model.Decision,
    model.Delivery,
    model.Cursor,
    model.TickRun,
    model.IngestKey,
    model.Access,
    model.Setting,
    model.Fault,
    model.FaultMember,
    model.Detection,
    model.Restriction,
    model.Entitlement,
    model.Scan,
    model.Finding,
    model.Waiver,
    model.Tile,
    model.Checkpoint,
)
# PostgreSQL indexes no longer text: a third of a page, at up to four bytes a character.
LONGEST_KEY = 500
CHANGE_FIELDS = ("kind", "subject", "old", "new", "reason", "actor", "data")
# What a log can be filtered by.
LOG_FIELDS = ("kind", "subject", "actor")
_NAMES = {kind: tuple(f.name for f in fields(kind)) for kind in RECORDS}


def names(kind: type[Any]) -> tuple[str, ...]:
    """The field names of a record type; UsageError for a type that is not kept."""
    if kind not in _NAMES:
        raise UsageError(f"{kind.__name__} is not a record of the state store")
    return _NAMES[kind]


def values(record: object) -> dict[str, Any]:
    """A record's values by field, checked, times in UTC."""
    return {name: checked(name, getattr(record, name)) for name in names(type(record))}


def change_values(change: model.Change) -> dict[str, Any]:
    """A change's values by field, checked."""
    return {name: checked(name, getattr(change, name)) for name in CHANGE_FIELDS}


def wanted(allowed: Iterable[str], equals: Mapping[str, object]) -> dict[str, Any]:
    """The values of a filter, checked like stored ones; UsageError for a field that is not there."""
    allowed = tuple(allowed)
    for name, value in equals.items():
        if name not in allowed:
            raise UsageError(f"there is no field {name!r} here", hint="fields: " + ", ".join(allowed))
        if isinstance(value, Mapping):
            raise UsageError(f"{name}: a mapping cannot be searched for")
    return {name: checked(name, value) for name, value in equals.items()}


def checked(name: str, value: Any) -> Any:
    """The value as every store keeps it; UsageError says what is wrong with it."""
    if isinstance(value, Mapping):
        return _json(name, value)
    if isinstance(value, float) and not isfinite(value):
        raise UsageError(f"{name}: {value} is no number that can be stored; unknown is None")
    if isinstance(value, datetime):
        if value.tzinfo is None:
            raise UsageError(f"{name}: a time without a zone")
        return value.astimezone(UTC)
    if name == "key" and len(value) > LONGEST_KEY:
        raise UsageError(f"key: {len(value)} characters; {LONGEST_KEY} are the most")
    if isinstance(value, str) and ("\0" in value or not _encodable(value)):
        raise UsageError(f"{name}: text with a NUL character or half a surrogate pair cannot be stored")
    return value


def _json(name: str, value: Mapping[str, Any]) -> Any:
    try:
        return json.loads(json.dumps(dict(value), allow_nan=False))
    except (TypeError, ValueError) as error:
        raise UsageError(f"{name}: not JSON: {error}") from error


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
