"""What a rule asks of one entry: a tree of tests, and whether it holds.

In: an entry as collected. Out: true or false, in time linear in the entry's text, whatever the wildcards say.
Texts are compared without regard to the case of ASCII letters, as the event store's `~` does, unless a test is
`cased`. It must not know YAML or stores.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from opsdeck.detect.fields import Field
from opsdeck.stores.events.match import fold

Operator = Literal["equals", "contains", "startswith", "endswith", "gt", "gte", "lt", "lte", "exists"]
ANY = None
"""The piece of a pattern that stands for any text."""
ONE = "\0?"
"""Stands in a pattern for any one character; no text of an entry is compared with it literally."""

Pattern = tuple[str | None, ...]
"""A text with wildcards: pieces of text, ANY for `*`; a piece may hold ONE for `?`."""

_ORDER: Mapping[str, Callable[[float, float], bool]] = {
    "gt": lambda value, limit: value > limit,
    "gte": lambda value, limit: value >= limit,
    "lt": lambda value, limit: value < limit,
    "lte": lambda value, limit: value <= limit,
}


@dataclass(frozen=True, slots=True)
class Comparison:
    """One field against one value: a Pattern for texts, a number, or a truth (`exists`, truth fields).

    The value None is `null`: the entry has no such field, or an empty one.
    """

    field: Field
    operator: Operator
    value: Pattern | float | bool | None
    cased: bool = False


@dataclass(frozen=True, slots=True)
class All:
    """Every part holds."""

    parts: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Some:
    """At least one part holds."""

    parts: "tuple[Expression, ...]"


@dataclass(frozen=True, slots=True)
class Not:
    """The part does not hold."""

    part: "Expression"


Expression = Comparison | All | Some | Not


def holds(asked: Expression, body: Mapping[str, Any]) -> bool:
    """Whether the entry is what the expression asks for."""
    if isinstance(asked, All):
        return all(holds(part, body) for part in asked.parts)
    if isinstance(asked, Some):
        return any(holds(part, body) for part in asked.parts)
    if isinstance(asked, Not):
        return not holds(asked.part, body)
    return _compared(asked, value_of(body, asked.field.name))


def value_of(body: Mapping[str, Any], name: str) -> Any:
    """The entry's value of a dotted name; None where it has none."""
    found: Any = body
    for step in name.split("."):
        found = found.get(step) if isinstance(found, Mapping) else None
    return found


def _compared(test: Comparison, value: Any) -> bool:
    absent = value is None or value == ""
    if test.operator == "exists":
        return (not absent) is test.value
    if test.value is None or absent:
        return absent and (test.value is None or (test.field.kind == "truth" and test.value is False))
    if test.field.kind == "truth":
        return (value is True) is test.value
    if isinstance(test.value, float):
        return _number(test.operator, value, test.value)
    return isinstance(test.value, tuple) and _text(test.value, str(value), cased=test.cased)


def _text(wanted: Pattern, text: str, *, cased: bool) -> bool:
    if cased:
        return matches(wanted, text)
    return matches(tuple(piece if piece is ANY else fold(piece) for piece in wanted), fold(text))


def _number(operator: str, value: Any, limit: float) -> bool:
    try:
        number = float(value)
    except (TypeError, ValueError):
        return False
    return number == limit if operator == "equals" else _ORDER[operator](number, limit)


def matches(pattern: Pattern, text: str) -> bool:
    """Whether the text is what the pattern says, piece by piece from the left: no piece is ever looked for twice."""
    if ANY not in pattern:
        whole = pattern[0] if pattern else ""
        return whole is not None and _width(whole) == len(text) and _at(whole, text, 0)
    first, *middle, last = pattern
    start, end = _width(first or ""), len(text) - _width(last or "")
    if end < start or not _at(first or "", text, 0) or not _at(last or "", text, end):
        return False
    for piece in filter(None, middle):
        found = _find(piece, text, start, end)
        if found < 0:
            return False
        start = found + _width(piece)
    return True


def _width(piece: str) -> int:
    return len(piece) - piece.count(ONE)


def _at(piece: str, text: str, place: int) -> bool:
    for part in _split(piece):
        if part is not ANY and not text.startswith(part, place):
            return False
        place += 1 if part is ANY else len(part)
    return True


def _find(piece: str, text: str, start: int, end: int) -> int:
    if ONE not in piece:
        return text.find(piece, start, end)
    last = end - _width(piece)
    return next((place for place in range(start, last + 1) if _at(piece, text, place)), -1)


def _split(piece: str) -> Pattern:
    """The piece's texts, with None where any one character stands."""
    parts: list[str | None] = []
    for number, part in enumerate(piece.split(ONE)):
        parts += [ANY] * (number > 0) + [part]
    return tuple(parts)
