"""YAML text → a tree of nodes that know their place. The only module that imports YAML.

In: files. Out: nodes whose scalars are the text as written (what a value means is for the wire form to say), and
every problem of the text: syntax, duplicate keys, what a spec does not need (aliases, tags, several documents), size.
It must not know what a spec holds. Built on the parser's events, so neither depth nor aliases can blow it up.
"""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import yaml

from opsdeck.errors import Problem
from opsdeck.spec.tree import Node, Place, merge

LARGEST_FILE = 1024 * 1024
MOST_FILES = 100
MOST_DOCUMENTS = 100
MOST_NODES = 20_000
DEEPEST = 24
QUOTES = 2
SECOND = 2
NULLS = ("", "~", "null", "Null", "NULL")

_LOADER: type[yaml.CSafeLoader | yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def files(path: Path) -> list[Path]:
    """The file itself, or the YAML files of a folder by name."""
    if not path.is_dir():
        return [path]
    return sorted(
        one for one in path.iterdir() if one.suffix in (".yaml", ".yml") and not one.name.startswith(".")
    )


def read(path: Path, name: str) -> tuple[Node, list[Problem]]:
    """One file, called `name` in problems. A file that cannot be read gives an empty map and the problem."""
    text, problems = _text(path, name)
    return (_Builder(name).root, problems) if problems else parse(text, name)


def read_all(path: Path, name: str) -> tuple[list[Node], list[Problem]]:
    """One file of several documents (`---`): the tree of each, none for a file that cannot be read or parsed."""
    text, problems = _text(path, name)
    return ([], problems) if problems else parse_all(text, name)


def _text(path: Path, name: str) -> tuple[str, list[Problem]]:
    start = Place(name, 1, 1)
    if path.exists() and not (path.is_file() or path.is_dir()):
        return "", [start.problem("(file)", "is no regular file")]
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or error
        return "", [start.problem("(file)", f"cannot be read: {reason}")]
    if len(data) > LARGEST_FILE:
        return "", [start.problem("(file)", f"larger than {LARGEST_FILE // 1024} KiB")]
    try:
        return data.decode("utf-8-sig"), []
    except UnicodeDecodeError as error:
        place = _place_of(data[: error.start].decode(), name)
        return "", [place.problem("(file)", "not UTF-8 text")]


class _Mark(Protocol):
    line: int
    column: int


def _place_at(mark: _Mark | None, name: str) -> Place:
    return Place(name, mark.line + 1, mark.column + 1) if mark else Place(name, 1, 1)


def _place_of(before: str, name: str) -> Place:
    return Place(name, before.count("\n") + 1, len(before) - before.rfind("\n"))


def parse(text: str, name: str) -> tuple[Node, list[Problem]]:
    """A YAML text: its tree and its problems. A syntax error leaves an empty map."""
    builder = _Builder(name)
    problems = _events(text, name, builder.see)
    return (_Builder(name).root, problems) if problems else (builder.finish(), builder.problems)


def parse_all(text: str, name: str) -> tuple[list[Node], list[Problem]]:
    """A YAML text of several documents: their trees and the problems of all. A syntax error leaves none."""
    builders: list[_Builder] = []

    def see(event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            if len(builders) == MOST_DOCUMENTS:
                place = _place_at(event.start_mark, name)
                raise ExcessError(place, f"more than {MOST_DOCUMENTS} documents")
            builders.append(_Builder(name))
        if builders:
            builders[-1].see(event)

    problems = _events(text, name, see)
    trees = [] if problems else [builder.finish() for builder in builders]
    return trees, problems or [problem for builder in builders for problem in builder.problems]


def _events(text: str, name: str, see: Callable[[yaml.Event], None]) -> list[Problem]:
    """Show every event of the text; the problem that ended it early, if any."""
    try:
        for event in yaml.parse(text, Loader=_LOADER):
            see(event)
    except yaml.MarkedYAMLError as error:
        place = _place_at(error.problem_mark or error.context_mark, name)
        return [place.problem("(syntax)", str(error.problem or error.context))]
    except yaml.reader.ReaderError as error:
        place = _place_of(text[: error.position], name)
        return [place.problem("(syntax)", f"unprintable character: {error.reason}")]
    except ExcessError as error:
        return [error.place.problem("(syntax)", error.message)]
    return []


class ExcessError(Exception):
    """More than any spec needs, of nesting or of values."""

    def __init__(self, place: Place, message: str) -> None:
        super().__init__(message)
        self.place = place
        self.message = message


class _Builder:
    """Collects the parser's events into nodes."""

    def __init__(self, name: str) -> None:
        self.name = name
        start = Place(name, 1, 1)
        self.root = Node({}, start, start)
        self.problems: list[Problem] = []
        self._open: list[Node] = []
        self._names: list[str] = []
        self._keys: list[Node | None] = []
        self._again: list[tuple[dict[str, Node], str, Node]] = []
        self._documents = 0
        self._count = 0

    def see(self, event: yaml.Event) -> None:
        if isinstance(event, yaml.DocumentStartEvent):
            self._documents += 1
            if self._documents == SECOND:
                place = _place_at(event.start_mark, self.name)
                self._refuse(place, "a spec is one document: remove what begins here")
        elif self._documents > 1:
            return
        elif isinstance(event, yaml.CollectionEndEvent):
            for stack in (self._open, self._names, self._keys):
                stack.pop()
        elif isinstance(event, yaml.NodeEvent):
            self._node(event)

    def finish(self) -> Node:
        """The whole tree. What stood twice is merged, so that its second half is checked as well."""
        for parent, name, second in reversed(self._again):
            parent[name] = merge(parent[name], second)
        return self.root

    def _refuse(self, place: Place, message: str, name: str = "") -> None:
        path = ".".join(one for one in (*self._names, name) if one)
        self.problems.append(place.problem(path or "(root)", message))

    def _node(self, event: yaml.NodeEvent) -> None:
        place = _place_at(event.start_mark, self.name)
        self._count += 1
        if self._count > MOST_NODES:
            raise ExcessError(place, f"more than {MOST_NODES} values")
        self._refuse_cleverness(event, place)
        node = Node(None, place, place)
        if isinstance(event, yaml.ScalarEvent):
            node = self._scalar(event, place)
        elif isinstance(event, yaml.MappingStartEvent):
            node = Node({}, place, place)
        elif isinstance(event, yaml.SequenceStartEvent):
            node = Node([], place, place)
        name, node = self._put(node)
        if isinstance(event, yaml.CollectionStartEvent):
            if len(self._open) >= DEEPEST:
                raise ExcessError(place, f"nested deeper than {DEEPEST} levels")
            self._open.append(node)
            self._names.append(name)
            self._keys.append(None)

    def _refuse_cleverness(self, event: yaml.NodeEvent, place: Place) -> None:
        pending = self._keys[-1] if self._keys else None
        name = str(pending.value) if pending else ""
        if isinstance(event, yaml.AliasEvent) or event.anchor:
            message = "anchors and aliases (& and *) are not supported: services inherit instead"
            self._refuse(place, message, name)
        tag = getattr(event, "tag", None)
        if tag:
            self._refuse(place, f"tags are not supported: {tag}", name)

    def _scalar(self, event: yaml.ScalarEvent, place: Place) -> Node:
        if event.implicit[0] and event.value in NULLS:
            return Node(None, place, place)
        end = _place_at(event.end_mark, self.name)
        quotes = end.column - place.column - len(event.value)
        verbatim = end.line == place.line and quotes in (0, QUOTES)
        return Node(event.value, place, place, quotes // 2 if verbatim else None)

    def _put(self, node: Node) -> tuple[str, Node]:
        """Hang the node into the open collection: as an item, as a key, or as a key's value. Gives its name."""
        if not self._open:
            self.root = node
            return "", node
        parent, key = self._open[-1].value, self._keys[-1]
        if isinstance(parent, list):
            parent.append(node)
            return str(len(parent) - 1), node
        if key is None:
            self._keys[-1] = self._key(node)
            return "", node
        self._keys[-1] = None
        return str(key.value), self._entry(str(key.value), replace(node, key=key.place))

    def _entry(self, name: str, node: Node) -> Node:
        parent = self._open[-1].children
        if name in parent:
            self._refuse(node.key, f"stands here twice; first in line {parent[name].key.line}", name)
            self._again.append((parent, name, node))
        else:
            parent[name] = node
        return node

    def _key(self, node: Node) -> Node:
        if isinstance(node.value, str):
            return node
        self._refuse(node.place, "a key is a plain word")
        return replace(node, value=f"?{node.place.line}:{node.place.column}")
