"""What the wire form refuses, in our own words.

In: a pydantic ValidationError. Out: Mistakes: a path and a sentence that says what was expected and what is near.
It must not know places; document.py looks those up.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from types import UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from pydantic import BaseModel, ValidationError

from opsdeck.spec.grammar.words import nearest

MOST_GUESSES = 100
"""Beyond so many mistakes nobody reads guesses, and they take time."""
Path = tuple[str | int, ...]

_PLAIN = {
    "model_type": "expected a map (name: value), found {found}",
    "model_attributes_type": "expected a map (name: value), found {found}",
    "dict_type": "expected a map (name: value), found {found}",
    "tuple_type": "expected a list, found {found}",
    "string_type": "expected a text, found {found}",
    "string_too_short": "nothing is written here",
    "string_too_long": "longer than {max_length} characters",
    "bool_type": "expected true or false, found {found}",
    "bool_parsing": "expected true or false, found {found}",
    "int_type": "expected a whole number, found {found}",
    "int_parsing": "expected a whole number, found {found}",
    "int_parsing_size": "expected a smaller number, found {found}",
    "greater_than_equal": "expected at least {ge}, found {found}",
    "less_than_equal": "expected at most {le}, found {found}",
    "string_pattern_mismatch": "{found} is not a name: expected letters, digits, dots, dashes and underscores",
}


@dataclass(frozen=True, slots=True)
class Mistake:
    """Something wrong at a path. `column` counts characters of the text from 1; 0 means the whole value.

    `blame` are further paths that are part of it: the place is the first one that somebody wrote himself.
    """

    path: Path
    message: str
    column: int = 0
    blame: tuple[Path, ...] = ()
    at_key: bool = False


def refused(error: ValidationError, model: type[BaseModel]) -> Iterator[Mistake]:
    """Every refusal of the error."""
    for number, one in enumerate(error.errors(include_url=False)):
        path = tuple(step for step in one["loc"] if step != "[key]")
        context: dict[str, Any] = one.get("ctx", {})
        if one["type"] == "opsdeck":
            yield Mistake(path, context["message"], context["column"], at_key="[key]" in one["loc"])
        elif one["type"] == "extra_forbidden":
            known = _names(model, path[:-1])
            near = nearest(str(path[-1]), known) if number < MOST_GUESSES else ""
            near = near or f"; expected {', '.join(known)}"
            yield Mistake(path, f"unknown key{near}", at_key=True)
        elif one["type"] == "missing":
            yield Mistake(path, "is missing", at_key=True)
        elif one["type"] == "literal_error":
            expected = context["expected"].replace("'", "")
            near = nearest(str(one["input"]), expected.replace(" or ", ", ").split(", "))
            yield Mistake(path, f"expected {expected}, found {found(one['input'])}{near}")
        else:
            text = _PLAIN.get(one["type"], one["msg"].replace("{", "{{").replace("}", "}}"))
            message = text.format(**{**context, "found": found(one["input"])})
            yield Mistake(path, message, at_key="[key]" in one["loc"])


def found(value: object) -> str:
    """The value as a message shows it."""
    if value is None:
        return "nothing"
    if isinstance(value, dict):
        return "a map"
    if isinstance(value, list | tuple):
        return "a list"
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "…")  # noqa: PLR2004  what fits a line of a terminal


def _names(model: type[BaseModel], path: Path) -> list[str]:
    """The keys that may stand there."""
    here: Any = model
    for step in path:
        here = _inner(here)
        if isinstance(here, type) and issubclass(here, BaseModel):
            field = here.model_fields.get(str(step))
            here = field.annotation if field else None
        else:
            here = (get_args(here) or (None,))[-1]
    here = _inner(here)
    if isinstance(here, type) and issubclass(here, BaseModel):
        return [field.alias or name for name, field in here.model_fields.items()]
    return []


def _inner(annotation: Any) -> Any:
    """The annotation without `Annotated` and `| None`."""
    while get_origin(annotation) in (Annotated, Union, UnionType):
        annotation = next(one for one in get_args(annotation) if one is not type(None))
    return annotation
