"""Template text and values in, text out; the only module that knows minijinja.

`import minijinja` runs a Python wrapper that costs three times the engine itself (pathlib, typing, re), so the
extension module inside it is loaded by itself. The wrapper is imported by the engine when an error is raised.
"""

import sys

from unjucks import paths, words
from unjucks.errors import RenderFailed, VariableMissing

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from unjucks.model import Template

FUEL = 5_000_000  # engine steps for one text: about 0.1 s
MOST_PADDING = 64
OF_THE_TEXT = (
    "SyntaxError",
    "UnknownFilter",
    "UnknownFunction",
    "UnknownMethod",
    "UnknownTest",
)  # quote no values
CASES = ("camel", "constant", "dot", "kebab", "pascal", "plural", "sentence", "singular", "snake", "title")


def filters() -> dict[str, str]:
    """Give the name and meaning of each filter that unjucks adds to the engine's own."""
    meanings = {name: (getattr(words, name).__doc__ or "").splitlines()[0] for name in CASES}
    return meanings | {"pad": (pad.__doc__ or ""), "quote": (quote.__doc__ or "")}


def pad(value: object, width: int) -> str:
    """`7 | pad(4)` → `0007`."""
    return str(value).zfill(min(width, MOST_PADDING))


def quote(value: object) -> str:
    """`it's` → a word that a POSIX shell reads as it stands."""
    return "'" + str(value).replace("'", "'\"'\"'") + "'"


def extension() -> "Any":
    """Load the engine's extension module without the package around it; fall back to the package."""
    if "minijinja._lowlevel" in sys.modules:
        return sys.modules["minijinja._lowlevel"]
    from _frozen_importlib import module_from_spec
    from _frozen_importlib_external import PathFinder

    package = PathFinder.find_spec("minijinja")
    spec = package and PathFinder.find_spec("minijinja._lowlevel", package.submodule_search_locations)
    if not spec or not spec.loader:
        import minijinja

        return minijinja
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class Engine:
    """Renders texts of one template folder.

    Undefined names are errors, a block's own line leaves no blank line behind, HTML is not escaped (the output
    is source code), and every text has FUEL steps.
    """

    def __init__(self, partials: "Mapping[str, str]", target: str = ".") -> None:
        """`partials` are what `{% include %}` finds, name to text; `next_number` looks below `target`, a real path."""
        self.environment = extension().Environment()
        self.environment.loader = partials.get
        self.environment.fuel = FUEL
        self.environment.undefined_behavior = "strict"
        self.environment.auto_escape_callback = _never
        self.environment.keep_trailing_newline = True
        self.environment.trim_blocks = True
        self.environment.lstrip_blocks = True
        self.environment.pycompat = True
        for name in CASES:
            self.environment.add_filter(name, _on_text(getattr(words, name)))

        def next_number(folder: object) -> int:
            return paths.next_number(target, str(folder))

        self.environment.add_function("next_number", next_number)
        self.environment.add_filter("pad", pad)
        self.environment.add_filter("quote", quote)

    def render(self, text: str, values: "Mapping[str, Any]", file: str, line: int = 1) -> str:
        """Render one text; `file` and `line` say where it begins.

        Raises VariableMissing for a name without a value, RenderFailed for everything else.
        """
        if "{" not in text:
            return text
        try:
            rendered: str = self.environment.render_str(text, "", **values)
        except (RuntimeError, TypeError, ValueError) as error:
            raise self._failure(error, text, file, line, values) from None
        return rendered

    def names(self, text: str, file: str, line: int = 1) -> set[str]:
        """Give the names that a text uses without setting them."""
        try:
            found: set[str] = self.environment.undeclared_variables_in_str(text)
        except RuntimeError as error:
            raise self._failure(error, text, file, line, {}) from None
        return found - set(self.environment.globals) - {"self", "loop"}

    def _failure(
        self, error: Exception, text: str, file: str, line: int, values: "Mapping[str, Any]"
    ) -> RenderFailed | VariableMissing:
        kind, detail = getattr(error, "kind", ""), getattr(error, "detail", None) or ""
        place = f"{file}:{line + (getattr(error, 'line', None) or 1) - 1}"
        if kind == "UndefinedError" or "undefined" in detail:
            return self._undefined(error, text, place, values)
        if kind == "OutOfFuel":
            return RenderFailed("stopped: the template runs too long (an endless loop?)", place=place)
        if kind == "BadInclude":
            detail = str(error).rstrip().rpartition("caused by: ")[2]
        detail = detail or str(error).splitlines()[0].split(" (in ")[0]
        if kind in OF_THE_TEXT:
            return RenderFailed(detail, place=place)
        return RenderFailed(f"cannot be rendered ({kind or type(error).__name__})", given=detail, place=place)

    def _undefined(
        self, error: Exception, text: str, place: str, values: "Mapping[str, Any]"
    ) -> RenderFailed | VariableMissing:
        """Tell a variable without a value from an attribute that a value lacks: the engine does not."""
        start, end = getattr(error, "range", None) or (0, 0)
        expression = text.encode()[start:end].decode(errors="replace")
        open_names = sorted(self.names(text, "") - set(values))
        first = expression.split(".")[0].split("[")[0].strip()
        missing = [first] if first in open_names else open_names
        if not missing:
            return RenderFailed(f"{expression!r} has no value", place=place)
        hint = "add " + " ".join(f"--vars {name}=…" for name in missing)
        has = "has" if len(missing) == 1 else "have"
        return VariableMissing(f"{', '.join(map(repr, missing))} {has} no value", place=place, hint=hint)


def _never(_name: str) -> bool:
    return False


def _on_text(change: "Callable[[str], str]") -> "Callable[[object], str]":
    return lambda value: change(str(value))


def names(template: "Template") -> set[str]:
    """Give every name that a template's texts use without setting it.

    Raises RenderFailed naming the line that is no template.
    """
    engine = Engine(template.partials)
    found: set[str] = set()
    for source in template.sources:
        file = f"{template.folder}/{source.path}"
        found |= engine.names(source.body, file, source.line)
        for key, value in source.head.items():
            for text in [value] if isinstance(value, str) else value if isinstance(value, list) else []:
                found |= engine.names(text, file, source.lines[key])
    for path, text in template.partials.items():
        found |= engine.names(text, f"{template.folder}/{path}")
    return found
