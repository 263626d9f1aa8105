"""One document of a rule file: a tree of YAML in, a Draft out, and every problem with its place.

A draft is a detection (selections and a condition) or a correlation over other rules; who it refers to and which
figures it takes from the spec is for binding.py to find. What Sigma has and we do not is refused by its name.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from opsdeck.detect.condition import ConditionError
from opsdeck.detect.condition import parse as parse_condition
from opsdeck.detect.expression import All, Comparison, Expression
from opsdeck.detect.fields import FIELDS
from opsdeck.detect.selection import Reader
from opsdeck.spec.grammar.words import nearest
from opsdeck.spec.tree import Node

NAMED = (
    "title", "id", "name", "status", "description", "license", "author", "date", "modified", "references", "related",
    "tags", "level", "fields", "falsepositives", "logsource", "detection", "correlation", "generate", "opsdeck",
)  # fmt: skip
_UNSUPPORTED: Mapping[str, str] = {
    "filter": "Sigma filters are not supported: write `and not …` into the condition",
    "action": "collections of Sigma 1 are not supported: write correlation rules",
    "taxonomy": "other taxonomies are not supported: fields are those of the entry",
    "scope": "scope is not supported: logsource.service says which service is meant",
}
LEVELS = ("informational", "low", "medium", "high", "critical")
STATUSES = ("stable", "test", "experimental", "deprecated", "unsupported")
PRODUCT = "opsdeck"
LONGEST_TITLE = 256
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,127}")
_LOGSOURCE = {"service": "service", "category": "category"}


@dataclass(frozen=True, slots=True)
class Draft:
    """A document as read: its names, what it asks of an entry (a detection), and its tree for the rest."""

    node: Node
    path: str
    name: str
    title: str
    asked: Expression | None

    @property
    def names(self) -> frozenset[str]:
        """What a correlation may call it."""
        node = self.node.children
        own = (node[key].value for key in ("id", "name") if key in node)
        return frozenset({self.name} | {one for one in own if isinstance(one, str)})


def read(node: Node, path: str, reader: Reader) -> Draft | None:
    """The draft in a document; None where it is neither a detection nor a correlation."""
    if not node.children:
        reader.refuse(node, path, "expected a rule: a map with title, logsource and detection")
        return None
    for name, child in node.children.items():
        if name in _UNSUPPORTED:
            reader.refuse(child, name, _UNSUPPORTED[name], key=True)
        elif name not in NAMED:
            reader.refuse(child, name, f"unknown key{nearest(name, NAMED)}", key=True)
    title = _head(node, reader)
    kinds = [name for name in ("detection", "correlation") if name in node.children]
    if len(kinds) != 1:
        reader.refuse(node, path, "a rule has either `detection` or `correlation`")
        return None
    name = _named(node, title, reader)
    asked = _detection(node, reader) if kinds == ["detection"] else None
    return Draft(node, path, name, title, asked)


def text(node: Node, name: str, reader: Reader, path: str = "") -> str:
    """The text of that entry, "" where there is none; a list or map in its place is refused."""
    child = node.child(name)
    if child.value is None:
        return ""
    if isinstance(child.value, str):
        return child.value
    reader.refuse(child, path or name, "expected a text")
    return ""


def _head(node: Node, reader: Reader) -> str:
    title = text(node, "title", reader)
    if not title or len(title) > LONGEST_TITLE:
        reader.refuse(node.child("title"), "title", f"expected a title of at most {LONGEST_TITLE} characters")
    for name, words in (("level", LEVELS), ("status", STATUSES), ("generate", ("false",))):
        said = text(node, name, reader)
        if said and said not in words:
            what = "is not supported beyond `false`" if name == "generate" else f"expected {', '.join(words)}"
            reader.refuse(node.child(name), name, f"{what}, found {said[:60]!r}")
    if text(node, "status", reader) == "unsupported":
        reader.refuse(node.child("status"), "status", "the rule says itself that it cannot be used")
    for name in ("description", "author", "license", "date", "modified"):
        text(node, name, reader)
    return title


def _named(node: Node, title: str, reader: Reader) -> str:
    for key in ("name", "id"):
        said = text(node, key, reader)
        if said and not _NAME.fullmatch(said):
            reader.refuse(node.child(key), key, "expected letters, digits, dots, dashes and underscores")
        elif said:
            return said
    return re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:128]


def _detection(node: Node, reader: Reader) -> Expression | None:
    """Log source and condition together: what an entry must be."""
    source, detection = _logsource(node, reader), node.child("detection")
    found = {
        name: reader.selection(child, f"detection.{name}")
        for name, child in detection.children.items()
        if name not in ("condition", "timeframe")
    }
    if "timeframe" in detection.children:
        child = detection.child("timeframe")
        reader.refuse(
            child, "detection.timeframe", "timeframe is not supported: write a correlation rule", key=True
        )
    if not found:
        reader.refuse(detection, "detection", "no selection is written here")
    whole = detection.child("condition")
    if not isinstance(whole.value, str):
        reader.refuse(whole, "detection.condition", "expected one condition, a text")
        return None
    try:
        asked = parse_condition(whole.value, {name: one or All(()) for name, one in found.items()})
    except ConditionError as error:
        column = whole.place.column + (whole.inside or 0) + error.column - 1
        place = (
            whole.place
            if whole.inside is None
            else type(whole.place)(whole.place.file, whole.place.line, column)
        )
        reader.problems.append(place.problem("detection.condition", error.message))
        return None
    return All((*source, asked))


def _logsource(node: Node, reader: Reader) -> tuple[Expression, ...]:
    source, tests = node.child("logsource"), []
    product = text(source, "product", reader, "logsource.product")
    if product != PRODUCT:
        message = f"product: {PRODUCT} expected: only what the deck collects is looked at"
        reader.refuse(source.child("product"), "logsource", message)
    for name, child in source.children.items():
        if name in _LOGSOURCE:
            said = text(source, name, reader, f"logsource.{name}")
            if said:
                tests.append(Comparison(FIELDS[_LOGSOURCE[name]], "equals", (said,), cased=True))
        elif name not in ("product", "definition"):
            reader.refuse(
                child,
                f"logsource.{name}",
                "unknown key; expected product, service, category, definition",
                key=True,
            )
    return tuple(tests)
