"""What of an expression the event store can test by itself.

In: an expression. Out: clauses that hold for every entry that the expression asks for, and whether they ask for
exactly those. What the store cannot test costs nothing but a look at more entries. It must not know rules.
"""

from dataclasses import dataclass, replace
from typing import Literal

from opsdeck.detect.expression import ANY, ONE, All, Comparison, Expression, Not, Some
from opsdeck.detect.fields import OUTCOME, SUCCESS
from opsdeck.model import Clause

_OPPOSITE: dict[str, Literal["=", "!="]] = {"=": "!=", "!=": "="}
_OPERATORS: dict[str, Literal["<", "<=", ">", ">="]] = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


@dataclass(frozen=True, slots=True)
class Pushed:
    """Clauses for the store; `exact`: nothing but them needs to be tested."""

    clauses: tuple[Clause, ...]
    exact: bool


NOTHING = Pushed((), exact=False)


def push(asked: Expression) -> Pushed:
    """The store's share of the expression."""
    if isinstance(asked, All):
        parts = [push(part) for part in asked.parts]
        return Pushed(
            tuple(dict.fromkeys(clause for part in parts for clause in part.clauses)),
            all(part.exact for part in parts),
        )
    if isinstance(asked, Some):
        return _some(asked)
    if isinstance(asked, Not):
        return _not(asked.part)
    return _test(asked)


def _some(asked: Some) -> Pushed:
    """Alternatives are one clause where they are values of one field."""
    parts = [push(part) for part in asked.parts]
    if len(parts) == 1:
        return parts[0]
    clauses = [part.clauses[0] for part in parts if part.exact and len(part.clauses) == 1]
    fields = {clause.field for clause in clauses}
    if len(clauses) != len(parts) or len(fields) != 1 or any(c.op not in ("=", "in") for c in clauses):
        return NOTHING
    values = [v for c in clauses for v in (c.value if isinstance(c.value, tuple) else (str(c.value),))]
    return Pushed((Clause(fields.pop(), "in", tuple(dict.fromkeys(values))),), exact=True)


def _not(asked: Expression) -> Pushed:
    if isinstance(asked, Not):
        return push(asked.part)
    if isinstance(asked, Some):
        return push(All(tuple(Not(part) for part in asked.parts)))
    if isinstance(asked, All):
        return push(Some(tuple(Not(part) for part in asked.parts)))
    found = push(asked)
    if found.exact and len(found.clauses) == 1 and found.clauses[0].op in _OPPOSITE:
        (clause,) = found.clauses
        return Pushed((replace(clause, op=_OPPOSITE[clause.op]),), exact=True)
    return NOTHING


def _test(test: Comparison) -> Pushed:
    field, value = test.field, test.value
    if field.name == SUCCESS and isinstance(value, bool) and test.operator == "equals":
        return Pushed((Clause(OUTCOME, "=" if value else "!=", "success"),), exact=True)
    if not field.stored:
        return NOTHING
    if isinstance(value, float):
        return Pushed((Clause(field.stored, _OPERATORS.get(test.operator, "="), value),), exact=True)
    if isinstance(value, tuple):
        return _text(test)
    wants = value is True  # the rest: `exists`, and `null`
    return (
        Pushed((Clause(field.stored, "!=" if wants else "=", ""),), exact=True)
        if field.kind == "text"
        else NOTHING
    )


def _text(test: Comparison) -> Pushed:
    pieces = [piece for piece in test.value if piece is not ANY] if isinstance(test.value, tuple) else []
    parts = [part for piece in pieces for part in piece.split(ONE) if part]
    if not parts:
        return NOTHING
    wild = ANY in (test.value or ()) if isinstance(test.value, tuple) else False
    plain = len(parts) == 1 and not any(ONE in piece for piece in pieces)
    if plain and not wild and test.cased:
        return Pushed((Clause(test.field.stored, "=", parts[0]),), exact=True)
    longest = max(parts, key=len)
    only = plain and test.operator == "contains" and not test.cased
    return Pushed((Clause(test.field.stored, "~", longest),), exact=only)
