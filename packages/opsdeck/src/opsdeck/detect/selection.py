"""A named selection of a rule: a tree of YAML in, an expression out, and every problem with its place.

    failed:
      operation.success: false
      error.code|cased|startswith: [TEMPLATE_, VARIABLE_]

A map asks for all of its fields, a list of maps for one of the maps, a list of values for one of the values (`all`:
for all). It must not know rules.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from opsdeck.detect.expression import ANY, ONE, All, Comparison, Expression, Not, Operator, Pattern, Some
from opsdeck.detect.fields import FIELDS, Field
from opsdeck.errors import Problem
from opsdeck.spec.grammar.words import nearest
from opsdeck.spec.tree import Node

LONGEST_VALUE = 1_024
MOST_WILDCARDS = 10
_NUMBER = re.compile(r"-?[0-9]{1,15}(\.[0-9]{1,9})?")
_OPERATORS: dict[str, Operator] = {
    "contains": "contains", "startswith": "startswith", "endswith": "endswith", "exists": "exists",
    "gt": "gt", "gte": "gte", "lt": "lt", "lte": "lte",
}  # fmt: skip
_ORDERED = ("gt", "gte", "lt", "lte")
_OTHERS = ("all", "cased", "neq")
_UNSUPPORTED = frozenset(
    {
        "re", "i", "m", "s", "base64", "base64offset", "utf16", "utf16le", "utf16be", "wide", "windash", "cidr",
        "expand", "fieldref", "minute", "hour", "day", "week", "month", "year",
    }
)  # fmt: skip


@dataclass(slots=True)
class Reader:
    """Reads the selections of one rule and keeps what is wrong with them."""

    problems: list[Problem] = field(default_factory=list)

    def selection(self, node: Node, path: str) -> Expression | None:
        """The selection's expression, or None where nothing of it can be used."""
        if isinstance(node.value, list):
            return self._listed(node.value, node, path)
        if not node.children:
            self.refuse(node, path, "expected a map of fields, or a list of such maps")
            return None
        parts = [self._asked(name, child, f"{path}.{name}") for name, child in node.children.items()]
        return All(tuple(part for part in parts if part))

    def refuse(self, node: Node, path: str, message: str, *, key: bool = False) -> None:
        """Note a problem at the node, or at its key."""
        self.problems.append((node.key if key else node.place).problem(path, message))

    def _listed(self, items: list[Node], node: Node, path: str) -> Expression | None:
        if not items:
            self.refuse(node, path, "nothing is listed here")
            return None
        if any(not isinstance(item.value, dict) for item in items):
            self.refuse(
                node,
                path,
                "keywords without a field are not supported: name the field, as in `error.message|contains`",
            )
            return None
        parts = [self.selection(item, f"{path}.{place}") for place, item in enumerate(items)]
        return Some(tuple(part for part in parts if part))

    def _asked(self, name: str, node: Node, path: str) -> Expression | None:
        plain, *modifiers = name.split("|")
        named = self._modifiers(modifiers, node, path)
        known = FIELDS.get(plain)
        if known is None:
            near = nearest(plain, list(FIELDS))
            self.refuse(node, path, f"there is no field {plain!r}{near}", key=True)
            return None
        if not named or not self._go_with(known, modifiers, node, path):
            return None
        items = node.value if isinstance(node.value, list) else [node]
        if not items:
            self.refuse(node, path, "nothing is listed here")
        if "all" in modifiers and len(items) <= 1:
            self.refuse(node, path, "`all` is for a list of two values or more")
        parts = tuple(part for item in items for part in self._compare(known, modifiers, item, path))
        found: Expression = All(parts) if "all" in modifiers else Some(parts)
        return Not(found) if "neq" in modifiers else found

    def _modifiers(self, modifiers: list[str], node: Node, path: str) -> bool:
        before = len(self.problems)
        for one in modifiers:
            if one in _UNSUPPORTED:
                self.refuse(node, path, f"the modifier `{one}` is not supported here", key=True)
            elif one not in _OPERATORS and one not in _OTHERS:
                self.refuse(node, path, f"there is no modifier {one!r}", key=True)
        chosen = [one for one in modifiers if one in _OPERATORS]
        if len(chosen) > 1:
            self.refuse(node, path, f"`{chosen[0]}` and `{chosen[1]}` together are not supported", key=True)
        return len(self.problems) == before

    def _go_with(self, known: Field, modifiers: list[str], node: Node, path: str) -> bool:
        chosen = next((one for one in modifiers if one in _OPERATORS), "exists")
        if chosen == "exists" or (chosen in _ORDERED) == (known.kind == "number"):
            return True
        self.refuse(node, path, f"`{chosen}` does not go with {known.name}, a {known.kind}", key=True)
        return False

    def _compare(self, known: Field, modifiers: list[str], node: Node, path: str) -> Iterator[Expression]:
        chosen: list[Operator] = [_OPERATORS[one] for one in modifiers if one in _OPERATORS]
        operator: Operator = chosen[0] if chosen else "equals"
        value, cased = node.value, "cased" in modifiers
        if value is not None and not isinstance(value, str):
            self.refuse(node, path, "expected a value or a list of values")
        elif value is None or value == "":
            yield from self._null(known, operator, node, path)
        elif operator == "exists" or known.kind == "truth":
            if value.lower() in ("true", "false"):
                yield Comparison(known, operator, value.lower() == "true")
            else:
                self.refuse(node, path, f"expected true or false, found {value[:60]!r}")
        elif known.kind == "number":
            if _NUMBER.fullmatch(value):
                yield Comparison(known, operator, float(value))
            else:
                self.refuse(node, path, f"{known.name} is a number, not {value[:60]!r}")
        elif message := _excess(value):
            self.refuse(node, path, message)
        else:
            yield Comparison(known, operator, _around(pattern(value), operator), cased)

    def _null(self, known: Field, operator: Operator, node: Node, path: str) -> Iterator[Expression]:
        if operator == "equals":
            yield Comparison(known, operator, None)
        else:
            self.refuse(node, path, f"`{operator}` needs a value")


def _excess(value: str) -> str:
    if len(value) > LONGEST_VALUE:
        return f"longer than {LONGEST_VALUE} characters"
    if value.count("*") + value.count("?") > MOST_WILDCARDS:
        return f"more than {MOST_WILDCARDS} wildcards"
    return "a character that no entry has" if "\0" in value else ""


def pattern(text: str) -> Pattern:
    r"""A text with `*` and `?`; `\*`, `\?` and `\\` stand for the characters themselves."""
    pieces: list[str | None] = [""]
    place = 0
    while place < len(text):
        letter, after = text[place], text[place + 1 : place + 2]
        if letter == "\\" and after and after in "*?\\":
            letter, place = after, place + 1
        elif letter == "*":
            pieces += [ANY, ""]
            letter = ""
        elif letter == "?":
            letter = ONE
        pieces[-1] = (pieces[-1] or "") + letter
        place += 1
    return tuple(pieces)


def _around(inner: Pattern, operator: Operator) -> Pattern:
    before: Pattern = ("", ANY) if operator in ("contains", "endswith") else ()
    after: Pattern = (ANY, "") if operator in ("contains", "startswith") else ()
    return (*before, *inner, *after)
