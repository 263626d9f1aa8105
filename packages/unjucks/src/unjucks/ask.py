"""A template's variables and what was given in, a value for each out; knows no console: prompts are passed in.

Order of a value's sources: what was given, what a person answers, the default (a template over the values so far).
A person is asked for a variable that has a `prompt` or no default.
"""

from unjucks.errors import VariableInvalid, VariableMissing, VariableUnknown, did_you_mean

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Any

    from unjucks.model import Template, Variable

    Render = Callable[[str, Mapping[str, Any], str, int], str]  # text, values, file, line → text
    Bounded = Callable[..., Any]  # calls a function, within limits where the template is not trusted
    Prompt = Callable[
        [Variable, str, str], str
    ]  # variable, default, why the last answer did not fit → as typed

TRUE = ("true", "yes", "y", "on", "1")
PLAIN = "x"
FALSE = ("false", "no", "n", "off", "0")


def values(
    template: "Template",
    given: "Mapping[str, Any]",
    render: "Render",
    bounded: "Bounded",
    prompt: "Prompt | None" = None,
) -> "dict[str, Any]":
    """Give each variable its value; names that only the texts use may stay without one.

    Raises VariableUnknown, VariableInvalid, or VariableMissing naming every variable that lacks a value.
    """
    _refuse_unknown(template, given)
    found: dict[str, Any] = {}
    missing: list[str] = []
    for variable in template.variables:
        if variable.name in given:
            found[variable.name] = bounded(check, variable, given[variable.name])
            continue
        default = variable.default
        if default is not None:
            manifest = f"{template.folder}/template.yaml"
            default = bounded(render, default, found, manifest, variable.line)
        if prompt and (variable.prompt or default is None):
            _answer(variable, default, prompt, bounded, found)
        elif default is not None:
            found[variable.name] = bounded(check, variable, default)
        elif variable.declared:
            missing.append(variable.name)
    if missing:
        raise _lacking(template, missing)
    return found


def _refuse_unknown(template: "Template", given: "Mapping[str, Any]") -> None:
    known = [variable.name for variable in template.variables]
    for name in given:
        if name not in known:
            what = (
                f"{template.title} takes no NAME"
                if name == "name"
                else f"{template.title} has no variable {name!r}"
            )
            hint = f"unjucks help {template.generator} {template.name}"
            raise VariableUnknown(what + did_you_mean(name, known), hint=hint)


def _lacking(template: "Template", missing: list[str]) -> VariableMissing:
    example = f"unjucks generate {template.generator} {template.name}"
    example += " NAME" if "name" in missing else ""
    example += "".join(f" --vars {name}=…" for name in missing if name != "name")
    return VariableMissing(f"{template.title} needs a value for {', '.join(missing)}", hint=example)


def _answer(
    variable: "Variable", default: str | None, prompt: "Prompt", bounded: "Bounded", found: "dict[str, Any]"
) -> None:
    """Ask until the answer fits; an empty one means the default, or nothing for a name that may stay open."""
    trouble = ""
    while True:
        text = prompt(variable, default or "", trouble) or default
        if not text and not variable.declared:
            return
        try:
            found[variable.name] = bounded(check, variable, text or "")
        except VariableInvalid as error:
            trouble = error.told
        else:
            return


def check(variable: "Variable", value: "Any") -> "Any":
    """Give the value in its variable's type; texts are read, other JSON values must be of it already.

    Raises VariableInvalid naming the variable and what it takes.
    """
    if not variable.declared:
        return value
    result = _typed(variable, value)
    if result is None or (variable.type in ("string", "name") and not _fits(variable, result)):
        raise VariableInvalid(f"{variable.name} takes {wanted(variable)}", given=repr(value))
    return result


def harmless(template: "Template", values: "Mapping[str, Any]", render: "Render") -> "dict[str, Any]":
    """Give `values` with each free text replaced by the template's own default, else by a plain word."""
    found: dict[str, Any] = {}
    for variable in template.variables:
        value = values.get(variable.name)
        if isinstance(value, str) and not variable.choices:
            manifest = f"{template.folder}/template.yaml"
            default = variable.default
            value = PLAIN if default is None else render(default, found, manifest, variable.line)
        if variable.name in values:
            found[variable.name] = value
    return found


def wanted(variable: "Variable") -> str:
    """Say what a variable takes, for messages and help."""
    if variable.choices:
        return "one of " + ", ".join(variable.choices)
    if variable.pattern:
        return f"a text that matches {variable.pattern}"
    kinds = {
        "string": "a text",
        "name": "a name (a letter, then letters, digits, spaces, - and _)",
        "boolean": "true or false",
        "integer": "a whole number",
        "number": "a number",
        "list": "a list (a,b,c)",
    }
    return kinds[variable.type]


def _typed(variable: "Variable", value: "Any") -> "Any":
    """Give the value in the variable's type, None if it is not of it."""
    if variable.type == "boolean":
        word = str(value).lower()
        return True if word in TRUE else False if word in FALSE else None
    if variable.type == "list":
        items = value.split(",") if isinstance(value, str) else value
        fits = isinstance(items, list) and all(isinstance(item, str) for item in items)
        return [item.strip() for item in items if item.strip()] if fits else None
    if variable.type in ("integer", "number"):
        return _number(variable.type, value)
    return value if isinstance(value, str) else None


def _number(kind: str, value: "Any") -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    try:
        number = float(value) if kind == "number" else int(value) if isinstance(value, str) else value
    except (ValueError, OverflowError):
        return None
    if number - number != 0:  # infinite, or no number at all
        return None
    whole = isinstance(number, int) or number.is_integer()
    return (int(number) if whole else number) if kind == "number" or whole else None


def _fits(variable: "Variable", text: str) -> bool:
    if variable.choices and text not in variable.choices:
        return False
    if variable.pattern:
        import re

        return re.fullmatch(variable.pattern, text) is not None
    return variable.type != "name" or (
        text[:1].isalpha() and all(char.isalnum() or char in " -_" for char in text)
    )
