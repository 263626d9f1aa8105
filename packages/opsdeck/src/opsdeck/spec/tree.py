"""Trees of values that know their place, and one tree laid over another.

In: nodes that source.py made. Out: merged nodes whose every part still knows who wrote it where. It must not know
YAML, nor what a spec holds.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from opsdeck.errors import Problem

LONGEST_SHOWN = 500
OFF = "off"
"""Stands in place of a map to take an inherited entry away."""


@dataclass(frozen=True, slots=True)
class Place:
    """A position in a file: line and column count from 1."""

    file: str
    line: int
    column: int

    def problem(self, path: str, message: str) -> Problem:
        return Problem(self.file, self.line, self.column, _shown(path), _shown(message))


def _shown(text: str) -> str:
    """As a terminal may print it: no control characters, no end of the screen."""
    text = text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + "…"
    return text if text.isprintable() else "".join(c if c.isprintable() else ascii(c)[1:-1] for c in text)


@dataclass(frozen=True, slots=True)
class Node:
    """A value and where it begins; `key` is where its name begins.

    `inside` is how far the text starts behind `place` (1 behind a quote), or None where columns inside the text
    cannot be told (blocks, escapes).
    """

    value: "str | dict[str, Node] | list[Node] | None"
    place: Place
    key: Place
    inside: int | None = None

    @property
    def children(self) -> "dict[str, Node]":
        """The entries of a map; none for anything else."""
        return self.value if isinstance(self.value, dict) else {}

    def child(self, name: str) -> "Node":
        """The entry of that name; nothing where there is none."""
        return self.children.get(name) or Node(None, self.place, self.key)

    def exact(self, path: "tuple[str | int, ...]") -> "Node | None":
        """The node there, if the tree has it."""
        found: Node | None = self
        for step in path:
            found = found.children.get(str(step)) if found else None
        return found

    def plain(self) -> object:
        """The tree without its places."""
        if isinstance(self.value, dict):
            return {name: child.plain() for name, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def at(self, path: tuple[str | int, ...]) -> "Node":
        """The node there, or the nearest one above it."""
        if not path:
            return self
        if isinstance(self.value, dict) and path[0] in self.value:
            return self.value[str(path[0])].at(path[1:])
        if isinstance(self.value, list) and isinstance(path[0], int) and path[0] < len(self.value):
            return self.value[path[0]].at(path[1:])
        return self


def merge(base: Node, over: Node) -> Node:
    """`over` laid over `base`: maps are merged key by key, all else is replaced, nothing said changes nothing,
    and `off` in place of a map takes the entry away."""
    if over.value is None:
        return base
    if not isinstance(base.value, dict) or not isinstance(over.value, dict):
        return over
    merged = dict(base.value)
    for name, child in over.value.items():
        if name not in merged:
            merged[name] = child
        elif child.value == OFF and isinstance(merged[name].value, dict):
            del merged[name]
        else:
            merged[name] = merge(merged[name], child)
    return Node(merged, over.place, over.key)


def join(parts: list[Node]) -> tuple[Node, list[Problem]]:
    """The files of one folder as one tree; a value set in two of them is a problem."""
    whole, problems = parts[0], []
    for part in parts[1:]:
        problems += list(_twice(whole, part, ""))
        whole = merge(whole, part)
    return whole, problems


def _twice(first: Node, second: Node, path: str) -> Iterator[Problem]:
    if isinstance(first.value, dict) and isinstance(second.value, dict):
        for name, child in second.value.items():
            if name in first.value:
                yield from _twice(first.value[name], child, f"{path}.{name}".lstrip("."))
    elif first.value is not None and second.value is not None:
        where = f"{first.key.file}:{first.key.line}"
        yield second.key.problem(path or "(root)", f"is set twice; first in {where}")
