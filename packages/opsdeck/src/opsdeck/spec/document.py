"""Files → a checked wire form: the shipped defaults, the user's files over them, each service over both.

In: a path. Out: the Document, what each service says itself, and all problems sorted by place. It must not know
the model. Trees are merged before they are validated, so every mistake keeps the place where somebody wrote it.

1. Read every file into a tree with places; the shipped defaults lie below, `services` are filled up from above them.
2. Validate. What is refused is noted, then replaced by the default or left out, until the rest is valid.
3. Check the rest across values (check/), so that one run shows both kinds of mistakes.
"""

import itertools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from opsdeck.errors import Problem
from opsdeck.spec.check import cautions, check
from opsdeck.spec.check.names import Names
from opsdeck.spec.mistakes import Mistake, refused
from opsdeck.spec.mistakes import Path as Steps
from opsdeck.spec.source import MOST_FILES, files, read
from opsdeck.spec.tree import Node, Place, join, merge
from opsdeck.spec.wire import INHERITED, Document

DEFAULTS = Path(__file__).with_name("defaults")
SHIPPED = "(defaults)/"
ROUNDS = 50


@dataclass(frozen=True, slots=True)
class Composed:
    """A document, what its services say themselves, what is wrong and what deserves a second look."""

    document: Document
    own: Mapping[str, Any]
    problems: tuple[Problem, ...]
    warnings: tuple[Problem, ...]


@cache
def shipped() -> Node:
    """The tree of the shipped defaults."""
    parts = [read(path, SHIPPED + path.name)[0] for path in files(DEFAULTS)]
    return join(parts)[0]


def compose(path: Path | None) -> Composed:
    """The shipped defaults with what the path says laid over them."""
    tree, problems = shipped(), list[Problem]()
    if path is not None:
        own, problems = _read(path)
        tree = merge(tree, own)
    whole = inherit(tree)
    document, found = validate(whole)
    names = Names(document, whole, _shipped_document())
    found += check(document, names)
    return Composed(
        document,
        {name: node.plain() or {} for name, node in tree.child("services").children.items()},
        _sorted([*problems, *_locate_all(found, whole)]),
        _sorted(_locate_all(cautions(document, names), whole)),
    )


def _read(path: Path) -> tuple[Node, list[Problem]]:
    start = Place(str(path), 1, 1)
    try:
        found = files(path)
    except OSError as error:
        return Node({}, start, start), [start.problem("(folder)", f"cannot be read: {error.strerror}")]
    if not found:
        return Node({}, start, start), [start.problem("(folder)", "no .yaml file in it")]
    if len(found) > MOST_FILES:
        return Node({}, start, start), [start.problem("(folder)", f"more than {MOST_FILES} files")]
    parts, problems = [], list[Problem]()
    for one in found:
        node, trouble = read(one, str(one))
        problems += trouble
        if isinstance(node.value, dict):
            parts.append(node)
        elif node.value is not None:
            problems.append(node.place.problem("(root)", "a spec is a map of sections"))
    whole, twice = join(parts or [Node({}, start, start)])
    return whole, problems + twice


def inherit(tree: Node) -> Node:
    """The tree with every service filled up from the sections it inherits."""
    if not isinstance(tree.value, dict):
        return tree
    base = {name: node for name, node in tree.value.items() if name in INHERITED}
    full = {
        name: merge(Node(base, own.place, own.key), own)
        for name, own in tree.child("services").children.items()
    }
    if not full:
        return tree
    return replace(tree, value={**tree.value, "services": replace(tree.value["services"], value=full)})


@cache
def _units() -> Mapping[str, Any]:
    """The indicators that the deck measures, with their units."""
    return {name: one.child("unit").value for name, one in shipped().child("indicators").children.items()}


@cache
def _shipped_whole() -> Node:
    return inherit(shipped())


@cache
def _shipped_document() -> Document:
    return Document.model_validate(_shipped_whole().plain(), context=_units())


def validate(whole: Node) -> tuple[Document, list[Mistake]]:
    """The wire form of the tree, and every refusal. What was refused is replaced by its default or left out."""
    data, found = whole.plain(), list[Mistake]()
    for _ in range(ROUNDS):
        try:
            return Document.model_validate(data, context=_units()), found
        except ValidationError as error:
            fresh = list(refused(error, Document))
        found = found or fresh
        for one in fresh:
            _repair(data, one.path)
    return _shipped_document(), found


def _repair(data: Any, path: Steps) -> None:
    """Put the default in place of what was refused; without one, leave it out, or what lacks it."""
    steps = [*itertools.takewhile(lambda step: isinstance(step, str), path)]
    while steps:
        default = _default(steps)
        parent = data
        for step in steps[:-1]:
            parent = parent.get(step) if isinstance(parent, dict) else None
        if isinstance(parent, dict) and default is not None:
            parent[steps[-1]] = default.plain()
            return
        if isinstance(parent, dict) and steps[-1] in parent:
            del parent[steps[-1]]
            return
        steps.pop()


def _default(steps: list[Any]) -> Node | None:
    """What stands there in the shipped spec; a service of the user's has the sections it inherits."""
    whole = _shipped_whole()
    return whole.exact(tuple(steps)) or (
        whole.exact(tuple(steps[2:])) if steps[0] == "services" and steps[2:] else None
    )


def _place(one: Mistake, whole: Node) -> Place:
    """Of all paths that take part, the first that is not shipped."""
    spots = [_spot(one, path, whole) for path in (one.path, *one.blame)]
    return next((place for place in spots if not place.file.startswith(SHIPPED)), spots[0])


def _spot(one: Mistake, path: Steps, whole: Node) -> Place:
    node = whole.at(path)
    if one.at_key or not isinstance(node.value, str):
        return node.key
    if one.column and node.inside is not None and path == one.path:
        return replace(node.place, column=node.place.column + node.inside + one.column - 1)
    return node.place


def _locate_all(found: Iterable[Mistake], whole: Node) -> list[Problem]:
    """Every mistake at its place; one that several services inherit is told once."""
    once: dict[tuple[Place, str, Steps], Problem] = {}
    for one in found:
        of_service = one.path[:1] == ("services",) and one.path[2:3] and one.path[2] in INHERITED
        place = _place(one, whole)
        problem = place.problem(".".join(map(str, one.path)) or "(root)", one.message)
        once.setdefault((place, one.message, one.path[2:] if of_service else one.path), problem)
    return list(once.values())


def _sorted(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    return tuple(sorted(problems, key=lambda one: (one.file, one.line, one.column, one.path)))
