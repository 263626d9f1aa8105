"""Files → a checked wire form: the shipped defaults, the user's files over them, each service over both.

In: a path. Out: the Document, each service's own wire form, and all problems sorted by place. It must not know the
model. Trees are merged before they are validated, so every mistake keeps the place where somebody wrote it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from opsdeck.errors import Problem
from opsdeck.spec import source
from opsdeck.spec.phrases import Unit
from opsdeck.spec.source import Node
from opsdeck.spec.wire import INHERITED, Document

DEFAULTS = Path(__file__).with_name("defaults")


@dataclass(frozen=True, slots=True)
class Composed:
    """A document, its services with everything they inherit, and what is wrong with them."""

    document: Document
    own: Mapping[str, Any]
    """What each service says itself, without what it inherits."""
    problems: tuple[Problem, ...]


@cache
def shipped() -> Node:
    """The tree of the shipped defaults."""
    parts = [source.read(path)[0] for path in source.files(DEFAULTS)]
    return source.join(parts)[0]


def compose(path: Path | None) -> Composed:
    tree, problems = shipped(), []
    if path is not None:
        read = [source.read(one) for one in source.files(path)]
        problems = [problem for _, found in read for problem in found]
        own, twice = source.join([node for node, _ in read])
        problems += twice
        tree = source.merge(tree, own)
    whole = inherit(tree)
    units: dict[str, Unit] = {k: v.value["unit"].value for k, v in tree.value["indicators"].value.items()}
    try:
        document = Document.model_validate(whole.plain(), context=units)
    except ValidationError as error:
        raise SystemExit(str(error)) from None
    return Composed(document, tree.plain()["services"], tuple(problems))


def inherit(tree: Node) -> Node:
    """The tree with every service filled up from the sections it inherits."""
    sections = tree.value
    services = sections.get("services")
    if services is None or not isinstance(services.value, dict):
        return tree
    base = {name: sections[name] for name in INHERITED if name in sections}
    full = {name: source.merge(Node(base, own.place, own.key), own) for name, own in services.value.items()}
    return replace(tree, value={**sections, "services": replace(services, value=full)})
