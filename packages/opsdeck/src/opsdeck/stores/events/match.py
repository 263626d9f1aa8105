"""What a Match means for the facts of one event, and which field names there are.

Text is compared by code points, numbers as numbers. Absent text is ""; for an absent number no comparison holds
except `!=` and `not in`. `~` means contains, ignoring the case of ASCII letters.
"""

import operator
from collections.abc import Callable, Collection, Mapping
from typing import Any

from opsdeck.errors import UsageError
from opsdeck.model import DETAILS, DIMENSIONS, Clause, Match
from opsdeck.stores.events.facts import NUMBERS, Value

FIELDS = (*DIMENSIONS, *DETAILS)
_UPPER = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_FOLD = str.maketrans(_UPPER, _UPPER.lower())
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "~": lambda value, wanted: fold(wanted) in fold(value),
    "in": lambda value, wanted: value in wanted,
    "not in": lambda value, wanted: value not in wanted,
}


def known(field: str, fields: Collection[str] = FIELDS) -> str:
    """The field's name, if there is such a field; else UsageError."""
    if field not in fields:
        raise UsageError(f"there is no field {field!r} here", hint="fields: " + ", ".join(fields))
    return field


def wanted(clause: Clause) -> Value | tuple[Value, ...]:
    """What a clause compares with, in the type of its field; UsageError where that makes no sense."""
    known(clause.field)
    if clause.op not in _COMPARE:
        raise UsageError(f"there is no operator {clause.op!r}", hint="operators: " + ", ".join(_COMPARE))
    several = isinstance(clause.value, tuple)
    if several != (clause.op in ("in", "not in")):
        raise UsageError(
            f"{clause.field} {clause.op}: {'one value' if several else 'a list of values'} expected"
        )
    if clause.op == "~" and clause.field in NUMBERS:
        raise UsageError(f"{clause.field} is a number: `~` is for text")
    if isinstance(clause.value, tuple):
        return tuple(_typed(clause.field, value) for value in clause.value)
    return _typed(clause.field, clause.value)


def holds(match: Match, values: Mapping[str, Value]) -> bool:
    """Whether every clause holds for an event with these values."""
    return all(_holds(clause, values[known(clause.field)]) for clause in match.clauses)


def fold(text: str) -> str:
    """Text with ASCII letters in lower case: the same in every store, unlike Unicode's case rules."""
    return text.translate(_FOLD)


def _holds(clause: Clause, value: Value) -> bool:
    against = wanted(clause)
    if value is None:
        return clause.op in ("!=", "not in")
    return _COMPARE[clause.op](value, against)


def _typed(field: str, value: str | float) -> Value:
    if field not in NUMBERS:
        return _text(field, value if isinstance(value, str) else f"{value:.15g}")
    try:
        return float(value)
    except ValueError:
        raise UsageError(f"{field} is a number, not {value!r}") from None


def _text(field: str, value: str) -> str:
    try:
        value.encode()
    except UnicodeEncodeError:
        raise UsageError(f"{field}: {value!r} cannot be in any entry: it is half a character") from None
    return value
