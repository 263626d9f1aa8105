"""The shapes that flow through a run, a sentence each: Root → Template → Rendered → Plan.

Plain slotted classes: `dataclasses` and `typing` would cost a run more than everything unjucks itself does.
`record()` gives the form that is cached or crosses a pipe: nothing but tuples, dicts and scalars.
"""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Self

    Head = dict[str, str | bool | list[str]]


TYPES = ("string", "name", "boolean", "integer", "number", "list")
WRITES = ("create", "overwrite", "inject")
ACTIONS = (*WRITES, "skip", "unchanged", "conflict")


class _Shape:
    __slots__: tuple[str, ...] = ()

    def record(self) -> "tuple[Any, ...]":
        return tuple(getattr(self, name) for name in self.__slots__)

    @classmethod
    def of(cls, record: "tuple[Any, ...]") -> "Self":
        shape = cls.__new__(cls)
        for name, value in zip(cls.__slots__, record, strict=True):
            setattr(shape, name, value)
        return shape


class Root(_Shape):
    """A folder of generators; `trusted` says that a person vouched for it by where it lies."""

    __slots__ = ("kind", "path", "trusted")

    def __init__(self, path: str, kind: str, *, trusted: bool) -> None:
        """`kind` is project, user, built-in or given."""
        self.kind = kind
        self.path = path
        self.trusted = trusted


class Variable(_Shape):
    """What a template asks for: its type, and how an answer is found or refused."""

    __slots__ = ("choices", "declared", "default", "line", "name", "pattern", "prompt", "type")

    def __init__(self, name: str, line: int = 0, *, declared: bool = True) -> None:
        """Give a required string; `declared` is false for a name only seen in a template's text."""
        self.name = name
        self.line = line
        self.declared = declared
        self.type = "string"
        self.prompt = ""
        self.pattern = ""
        self.choices: list[str] = []
        self.default: str | None = None


class Source(_Shape):
    """One template file: front matter with the line of each key, and the body with its first line."""

    __slots__ = ("body", "head", "line", "lines", "path")

    def __init__(self, path: str, head: "Head", lines: dict[str, int], body: str, line: int) -> None:
        """`path` is relative to the template's folder."""
        self.path = path
        self.head = head
        self.lines = lines
        self.body = body
        self.line = line


class Template(_Shape):
    """A folder of sources with its variables, as read; nothing in it is rendered."""

    __slots__ = (
        "description",
        "folder",
        "generator",
        "name",
        "partials",
        "restricted",
        "root",
        "sources",
        "variables",
    )

    def __init__(self, root: Root, generator: str, name: str) -> None:
        """Give an empty template; parse.py fills it."""
        self.root = root
        self.generator = generator
        self.name = name
        self.folder = f"{root.path}/{generator}/{name}"
        self.description = ""
        self.restricted = False
        self.variables: list[Variable] = []
        self.sources: list[Source] = []
        self.partials: dict[str, str] = {}

    @property
    def title(self) -> str:
        """`component/react`: what events call the template."""
        return f"{self.generator}/{self.name}"

    @property
    def injects_only(self) -> bool:
        """Whether the template changes files and creates none."""
        return bool(self.sources) and all(source.head.get("inject") for source in self.sources)


class Rendered(_Shape):
    """One source after rendering: where it goes, what it says, and on which conditions."""

    __slots__ = (
        "anchor",
        "body",
        "chmod",
        "commands",
        "force",
        "lines",
        "place",
        "skip_if",
        "source",
        "to",
        "unless_exists",
        "where",
    )

    def __init__(self, source: str, place: str, lines: dict[str, int]) -> None:
        """`where` is "" for a whole file, else before, after, append or prepend; `to` "" writes nothing."""
        self.source = source
        self.place = place
        self.lines = lines
        self.to = ""
        self.body = ""
        self.where = ""
        self.anchor = ""
        self.skip_if = ""
        self.unless_exists = False
        self.force = False
        self.chmod: int | None = None
        self.commands: list[str] = []

    def at(self, key: str) -> str:
        """Give `file:line` of a front matter key."""
        return f"{self.place}:{self.lines.get(key, 1)}"


class Change(_Shape):
    """One file of the target: what it holds now (None: absent), what it will hold, and in a word what happens."""

    __slots__ = ("action", "after", "before", "mode", "path")

    def __init__(self, path: str, before: bytes | None, after: bytes, action: str, mode: int | None) -> None:
        """`path` is relative to the target folder, without symlinks; `action` is one of ACTIONS."""
        self.path = path
        self.before = before
        self.after = after
        self.action = action
        self.mode = mode


class Command(_Shape):
    """A shell command of a template and what it reads on standard input."""

    __slots__ = ("place", "stdin", "text")

    def __init__(self, text: str, stdin: str, place: str) -> None:
        """`place` is the `file:line` that asks for it."""
        self.text = text
        self.stdin = stdin
        self.place = place


class Plan:
    """Everything a run would do, decided before anything is done."""

    __slots__ = ("changes", "commands")

    def __init__(self, changes: list[Change], commands: list[Command]) -> None:
        """Changes come in the order they are written, commands in the order they run."""
        self.changes = changes
        self.commands = commands

    def record(self) -> "tuple[Any, ...]":
        """Give the form that crosses a pipe."""
        return [change.record() for change in self.changes], [command.record() for command in self.commands]

    @classmethod
    def of(cls, record: "tuple[Any, ...]") -> "Plan":
        """Read the form back."""
        changes, commands = record
        return cls([Change.of(change) for change in changes], [Command.of(command) for command in commands])
