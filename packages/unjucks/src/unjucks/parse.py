"""A folder in, a Template out: front matter, template.yaml, partials; nothing is rendered, nothing is written.

Runs once per change of a template: find.py keeps the result in the cache. Limits here bound what a hostile
folder can cost: number and size of files, and the YAML limits of metadata.py.
"""

from unjucks import engine, metadata
from unjucks.errors import FrontMatterInvalid, RenderFailed, TemplateUnreadable
from unjucks.model import TYPES, Source, Template, Variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from unjucks.model import Head, Root

MANIFEST = "template.yaml"
FILE_LIMIT = 1024 * 1024  # bytes of one template file
TAG_LIMIT = 10_000  # characters of one {{ … }} or {% … %}: 18,000 signs in a row crash the engine
MOST_ELIFS = 1000  # in one file: a chain of 6,800 crashes the engine
CLOSES = {"{{": "}}", "{%": "%}", "{#": "#}"}
TEXTS = ("to", "before", "after", "skip_if", "chmod")
FLAGS = ("inject", "append", "prepend", "unless_exists", "force")
KEYS = (*TEXTS, *FLAGS, "sh")
PLACES = ("before", "after", "append", "prepend")


def template(root: "Root", generator: str, name: str, files: list[str]) -> Template:
    """Read the template whose folder holds `files` (relative paths, sorted).

    Raises TemplateUnreadable, FrontMatterInvalid, or RenderFailed for a body that is no template.
    """
    result = Template(root, generator, name)
    for path in files:
        full = f"{result.folder}/{path}"
        text = _text(full)
        if path == MANIFEST:
            _manifest(result, metadata.read(text, full))
        elif path.rpartition("/")[2].startswith("_"):
            result.partials[path] = text
        else:
            result.sources.append(source(path, full, text))
    if not result.sources:
        raise TemplateUnreadable(f"template {result.title!r} has no files", place=result.folder)
    _add_undeclared(result)
    return result


def _text(path: str) -> str:
    try:
        with open(path, "rb") as file:
            raw = file.read(FILE_LIMIT + 1)
        if len(raw) > FILE_LIMIT:
            raise TemplateUnreadable(f"larger than {FILE_LIMIT // 1024} KiB", place=path)
        text = raw.decode("utf-8")
    except OSError as error:
        raise TemplateUnreadable(str(error.strerror), place=path) from None
    except UnicodeDecodeError as error:
        line = raw.count(b"\n", 0, error.start) + 1
        raise TemplateUnreadable("not UTF-8 text", place=f"{path}:{line}") from None
    if "\0" in text:
        raise TemplateUnreadable("a binary file, not text", place=path)
    text = text.removeprefix("\ufeff").replace("\r\n", "\n")
    _check_tags(text, path)
    return text


def _check_tags(text: str, path: str) -> None:
    """Refuse what would overflow the stack of the engine's parser, and so end the process."""
    elifs = 0
    end = text.find("{")
    while 0 <= end < len(text):
        start, opening = end, text[end : end + 2]
        if opening in CLOSES:
            end = text.find(CLOSES[opening], start + 2)
            end = len(text) if end < 0 else end
            inside = text[start + 2 : end].strip("-+ \n")
            if opening != "{#" and end - start > TAG_LIMIT:
                raise RenderFailed(
                    f"one tag longer than {TAG_LIMIT} characters", place=_at(text, start, path)
                )
            if inside == "raw":
                end = max(end, text.find("endraw", end))
            elifs += inside.startswith("elif")
            if elifs > MOST_ELIFS:
                raise RenderFailed(f"over {MOST_ELIFS} elif in one file", place=_at(text, start, path))
        end = text.find("{", end + 1)


def _at(text: str, position: int, path: str) -> str:
    return f"{path}:{text.count(chr(10), 0, position) + 1}"


def source(path: str, full: str, text: str) -> Source:
    """Split a template file into checked front matter and body; `full` is what messages call it."""
    if not text.startswith("---\n"):
        raise FrontMatterInvalid("must begin with front matter: a line '---'", place=f"{full}:1")
    if text.startswith("---\n---\n"):
        raise FrontMatterInvalid("empty front matter; give at least 'to:'", place=f"{full}:2")
    end = text.find("\n---\n", 3)
    if end < 0 and text.endswith("\n---"):
        end = len(text) - len("\n---")
    if end < 0:
        raise FrontMatterInvalid("front matter is not closed by a line '---'", place=f"{full}:1")
    front, body = text[len("---\n") : end + 1], text[end + len("\n---\n") :]
    nodes = metadata.read(_quoted(front), full, first_line=2).mapping("front matter", KEYS)
    head: Head = {}
    for key, node in nodes.items():
        head[key] = node.texts(key) if key == "sh" else node.flag(key) if key in FLAGS else node.text(key)
    lines = {key: node.line for key, node in nodes.items()}
    _check(head, lines, full)
    return Source(path, head, lines, body, text.count("\n", 0, end + 1) + 2)


def _quoted(front: str) -> str:
    """Quote values that begin with `{{` or `{%`: YAML would read them as mappings."""
    lines = []
    for line in front.split("\n"):
        key, colon, value = line.partition(":")
        value = value.strip()
        if colon and key.isidentifier() and value.startswith(("{{", "{%")):
            line = f"{key}: '{value.replace(chr(39), chr(39) * 2)}'"  # noqa: PLW2901  # the line as YAML wants it
        lines.append(line)
    return "\n".join(lines)


def _check(head: "Head", lines: dict[str, int], full: str) -> None:
    """Refuse front matter that contradicts itself."""

    def refuse(key: str, message: str) -> None:
        raise FrontMatterInvalid(message, place=f"{full}:{lines.get(key, 2)}")

    where = [key for key in PLACES if head.get(key)]
    if not head.get("to") and (not head.get("sh") or head.get("inject")):
        refuse("inject", "'to' is missing")
    if head.get("inject") and len(where) != 1:
        refuse("inject", "inject takes exactly one of before, after, append: true, prepend: true")
    if where and not head.get("inject"):
        refuse(where[0], f"{where[0]} needs 'inject: true'")
    for key in ("unless_exists", "force"):
        if head.get(key) and head.get("inject"):
            refuse(key, f"{key} is for whole files, not for inject")
    chmod = head.get("chmod")
    if isinstance(chmod, str) and (chmod.strip("01234567") or len(chmod.removeprefix("0")) != len("755")):
        refuse("chmod", f"chmod takes three octal digits such as 755, not {chmod!r}")


def _manifest(result: Template, node: metadata.Node) -> None:
    """Read template.yaml: description, restricted, variables."""
    nodes = node.mapping(MANIFEST, ("description", "restricted", "variables"))
    if "description" in nodes:
        result.description = " ".join(nodes["description"].text("description").split())
    if "restricted" in nodes:
        result.restricted = nodes["restricted"].flag("restricted")
    if "variables" in nodes:
        declared = nodes["variables"].mapping("variables")
        result.variables = [_variable(name, value) for name, value in declared.items()]


def _variable(name: str, node: metadata.Node) -> Variable:
    if not name.isidentifier():
        node.refuse(f"variable {name!r} is not a name (letters, digits, _)")
    variable = Variable(name, node.line)
    for key, value in node.mapping(
        f"variable {name!r}", ("type", "prompt", "default", "choices", "pattern")
    ).items():
        setattr(
            variable,
            key,
            value.texts(key)
            if key == "choices"
            else _default(value)
            if key == "default"
            else value.text(key),
        )
    if variable.type not in TYPES:
        node.refuse(f"variable {name!r}: type {variable.type!r} is none of {', '.join(TYPES)}")
    if variable.pattern:
        _check_pattern(variable, node)
    return variable


def _default(node: metadata.Node) -> str:
    return ",".join(node.texts("default"))


def _check_pattern(variable: Variable, node: metadata.Node) -> None:
    import re

    try:
        re.compile(variable.pattern)
    except (re.error, OverflowError, RecursionError) as error:
        node.refuse(f"variable {variable.name!r}: pattern is no regular expression: {error}")


def _add_undeclared(result: Template) -> None:
    """Add the names that the texts use and template.yaml does not declare."""
    known = {variable.name for variable in result.variables}
    found = engine.names(result)
    result.variables += [Variable(name, declared=False) for name in sorted(found - known)]
