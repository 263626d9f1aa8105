"""YAML text in, plain values with their lines out. Imported only when a template is read for the first time.

Works on YAML's event stream and keeps every scalar as the text that was written: no objects are built, aliases
(and so alias bombs), tags, deep nesting and duplicate keys are refused, and `chmod: 0755` stays 0755.
"""

import yaml

from unjucks.errors import FrontMatterInvalid, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import NoReturn

LIMIT = 64 * 1024  # characters of one front matter or template.yaml
DEPTH = 8
TRUE = ("true", "yes", "on")
FALSE = ("false", "no", "off")

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Node:
    """A value with its place; `value` is a str, a list of nodes, or a dict of name to node."""

    __slots__ = ("file", "line", "value")

    def __init__(self, value: "str | list[Node] | dict[str, Node]", file: str, line: int) -> None:
        """`file` is what messages call the text; `line` counts from 1 there."""
        self.value = value
        self.file = file
        self.line = line

    def refuse(self, message: str) -> "NoReturn":
        """Raise FrontMatterInvalid at this value's place."""
        raise FrontMatterInvalid(message, place=f"{self.file}:{self.line}")

    def text(self, key: str) -> str:
        """Give the scalar's text."""
        if not isinstance(self.value, str):
            self.refuse(f"{key} takes a text")
        return self.value

    def flag(self, key: str) -> bool:
        """Give the scalar as a truth value."""
        word = self.text(key).lower()
        if word not in TRUE + FALSE:
            self.refuse(f"{key} takes true or false, not {word!r}")
        return word in TRUE

    def texts(self, key: str) -> list[str]:
        """Give a list of texts; a single text is a list of one."""
        if isinstance(self.value, list):
            return [item.text(key) for item in self.value]
        return [self.text(key)]

    def mapping(self, key: str, allowed: "tuple[str, ...] | None" = None) -> "dict[str, Node]":
        """Give the mapping, every key of which is among `allowed` where that is given."""
        if not isinstance(self.value, dict):
            self.refuse(f"{key} takes a mapping (name: value)")
        for name, node in self.value.items():
            if allowed is not None and name not in allowed:
                node.refuse(f"{key} has no key {name!r}{did_you_mean(name, list(allowed))}")
        return self.value


def read(text: str, file: str, first_line: int = 1) -> Node:
    """Read one YAML document; an empty one is an empty mapping.

    Raises FrontMatterInvalid naming `file:line`; `first_line` is where `text` begins in the file.
    """
    if len(text) > LIMIT:
        raise FrontMatterInvalid(f"longer than {LIMIT // 1024} KiB", place=f"{file}:{first_line}")
    try:
        return _build(text, file, first_line)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = first_line + (mark.line if mark else 0)
        message = f"not valid YAML: {error.problem or error.context}"
        raise FrontMatterInvalid(message, place=f"{file}:{line}") from None
    except (yaml.YAMLError, ValueError) as error:
        message = f"not valid YAML: {str(error).splitlines()[0]}"
        raise FrontMatterInvalid(message, place=f"{file}:{first_line}") from None


def _build(text: str, file: str, first_line: int) -> Node:
    top = Node({}, file, first_line)
    stack: list[tuple[Node, Node | None]] = []  # open containers, each with the key that waits for a value
    documents = 0
    for event in yaml.parse(text, Loader=LOADER):
        documents += isinstance(event, yaml.DocumentStartEvent)
        if isinstance(event, yaml.CollectionEndEvent):
            done, _ = stack.pop()
            _place(stack, done)
        if not isinstance(event, yaml.NodeEvent):
            continue
        node = Node("", file, first_line + (event.start_mark.line if event.start_mark else 0))
        _refuse_cleverness(event, node, len(stack), documents)
        if isinstance(event, yaml.ScalarEvent):
            node.value = "" if event.implicit[0] and event.value in ("~", "null") else event.value
        else:
            node.value = {} if isinstance(event, yaml.MappingStartEvent) else []
        if not stack:
            top = node
        if isinstance(event, yaml.ScalarEvent):
            _place(stack, node)
        else:
            stack.append((node, None))
    return top if top.value != "" else Node({}, file, first_line)


def _refuse_cleverness(event: yaml.NodeEvent, node: Node, depth: int, documents: int) -> None:
    if isinstance(event, yaml.AliasEvent) or event.anchor:
        node.refuse("anchors and aliases (& and *) are not supported here; quote the text if it is one")
    if getattr(event, "tag", None):
        node.refuse("tags (!…) are not supported here; quote the text if it is one")
    if depth > DEPTH:
        node.refuse("nested too deeply")
    if documents > 1:
        node.refuse("holds more than one document")


def _place(stack: list[tuple[Node, Node | None]], node: Node) -> None:
    """Put a finished node into the container that is open."""
    if not stack:
        return
    container, key = stack[-1]
    if isinstance(container.value, list):
        container.value.append(node)
    elif key is None:
        stack[-1] = (container, node)
    elif isinstance(container.value, dict):
        name = key.text("a key")
        if name in container.value:
            key.refuse(f"{name!r} is given twice")
        node.line = key.line if isinstance(node.value, str) else node.line
        container.value[name] = node
        stack[-1] = (container, None)
