"""Words of a command line in, options and the rest out; pure. Each command says which options it has.

argparse would cost 8 ms of a 20 ms run, and cannot leave alone the options that only the template knows.
"""

from unjucks.errors import UsageError, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from unjucks.model import Template, Variable

SHORT = {"-f": "--force", "-n": "--dry-run", "-y": "--yes"}


class Options:
    """What was typed: flags that are on, values of options, and the other words in their order."""

    __slots__ = ("command", "flags", "values", "words")

    def __init__(self, command: str) -> None:
        """`command` names the command in messages."""
        self.command = command
        self.flags: set[str] = set()
        self.values: dict[str, list[str]] = {}
        self.words: list[str] = []

    def value(self, option: str) -> str:
        """Give the last value of an option, "" without one."""
        return self.values.get(option, [""])[-1]

    def wrong(self, message: str, given: str = "") -> UsageError:
        """Give the error to raise for this command line; `given` is a word of it that is not to be recorded."""
        return UsageError(message, given=given, hint=f"unjucks {self.command} --help")


def read(
    command: str, argv: list[str], flags: tuple[str, ...], takes: tuple[str, ...] = (), *, loose: bool = False
) -> Options:
    """Split `argv`; a `loose` command keeps options it does not know among the words, for its template to know.

    Raises UsageError.
    """
    options = Options(command)
    rest = list(reversed(argv))
    while rest:
        typed = rest.pop()
        name, equals, value = SHORT.get(typed, typed).partition("=")
        if typed == "--":
            options.words += reversed(rest)
            break
        if name in flags:
            if equals:
                raise options.wrong(f"{name} takes no value")
            options.flags.add(name)
        elif name in takes:
            if not equals and not rest:
                raise options.wrong(f"{name} needs a value")
            options.values.setdefault(name, []).append(value if equals else rest.pop())
        elif not loose and typed.startswith("-") and typed != "-":
            raise options.wrong(f"unknown option {name!r}{did_you_mean(name, [*flags, *takes])}")
        else:
            options.words.append(typed)
    return options


def generator_and_template(options: Options) -> tuple[str, str]:
    """Take GENERATOR TEMPLATE, or GENERATOR/TEMPLATE, off the front of the words."""
    words = options.words
    for word in words[:2]:
        if word.startswith("--"):
            raise options.wrong("options for variables must come after the template's name", repr(word))
    if words and "/" in words[0]:
        generator, _, template = words.pop(0).partition("/")
        return generator, template
    if len(words) > 1:
        return words.pop(0), words.pop(0)
    if words:
        raise UsageError("which template?", hint=f"unjucks help {words[0]}")
    raise UsageError("which generator and template?", hint="unjucks list")


def given(options: Options, template: "Template") -> "dict[str, Any]":
    """Give the values typed for a template's variables: NAME, --vars, --KEY VALUE.

    Raises UsageError for words that belong nowhere and for a variable given twice.
    """
    found: dict[str, Any] = {}
    pairs = [pair for text in options.values.get("--vars", []) for pair in _vars(options, text)]
    for name, value in pairs + _words(options, template):
        if name in found:
            raise options.wrong(f"{name} is given twice")
        found[name] = value
    return found


def _vars(options: Options, text: str) -> "list[tuple[str, Any]]":
    """Read `k=v,k=v` or a JSON object; a comma that no `name=` follows belongs to the value."""
    if text.lstrip().startswith("{"):
        return list(_json(options, text).items())
    pairs: list[tuple[str, Any]] = []
    for part in text.split(","):
        name, equals, value = part.partition("=")
        if equals and name.strip().isidentifier():
            pairs.append((name.strip(), value))
        elif pairs:
            pairs[-1] = (pairs[-1][0], f"{pairs[-1][1]},{part}")
        else:
            raise options.wrong("--vars takes name=value,name=value or a JSON object", repr(text))
    return pairs


def _json(options: Options, text: str) -> "Mapping[str, Any]":
    import json

    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise options.wrong(f"--vars is no valid JSON: {error}") from None
    return value if isinstance(value, dict) else {}


def _words(options: Options, template: "Template") -> "list[tuple[str, Any]]":
    """Read NAME and `--key value`, `--key=value`, `--flag`, `--no-flag` by the template's variables."""
    known = {variable.name: variable for variable in template.variables}
    pairs: list[tuple[str, Any]] = []
    rest = list(reversed(options.words))
    while rest:
        typed = rest.pop()
        if not typed.startswith("--"):
            pairs.append(("name", typed))
            if sum(name == "name" for name, _ in pairs) > 1:
                raise options.wrong("one NAME is enough; quote a name of several words", repr(typed))
            continue
        typed_name, equals, value = typed[2:].partition("=")
        key = typed_name.replace("-", "_")
        if key.startswith("no_") and (off := known.get(key[3:])) and off.type == "boolean" and not equals:
            pairs.append((key[3:], False))
        elif key not in known:
            options_known = ["--" + name.replace("_", "-") for name in known]
            raise options.wrong(f"unknown option {'--' + typed_name!r}{did_you_mean(typed, options_known)}")
        else:
            pairs.append((key, value if equals else _next(options, known[key], rest)))
    return pairs


def _next(options: Options, variable: "Variable", rest: list[str]) -> "Any":
    """Give the value that follows an option; a boolean needs none."""
    if variable.type == "boolean" and not (rest and rest[-1].lower() in ("true", "false", "yes", "no")):
        return True
    if not rest:
        raise options.wrong(f"--{variable.name.replace('_', '-')} needs a value")
    return rest.pop()
