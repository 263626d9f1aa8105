"""Variables: types, defaults, choices, patterns, and the errors that name them."""

from pathlib import Path
from typing import Any

import pytest

from unjucks import ask
from unjucks.errors import VariableInvalid
from unjucks.model import Variable

FITS: dict[str, tuple[dict[str, Any], Any, Any]] = {
    "a text": ({}, "any, thing!", "any, thing!"),
    "a name": ({"type": "name"}, "User profile-2_x", "User profile-2_x"),
    "a name in another script": ({"type": "name"}, "Größe", "Größe"),
    "true": ({"type": "boolean"}, "yes", True),
    "false": ({"type": "boolean"}, "OFF", False),
    "a JSON truth value": ({"type": "boolean"}, False, False),
    "a whole number": ({"type": "integer"}, "-12", -12),
    "a JSON number": ({"type": "integer"}, 12, 12),
    "a number": ({"type": "number"}, "1.5", 1.5),
    "a number that is whole": ({"type": "number"}, "2.0", 2),
    "a list": ({"type": "list"}, "a, b,,c", ["a", "b", "c"]),
    "a JSON list": ({"type": "list"}, ["a, b"], ["a, b"]),
    "an empty list": ({"type": "list"}, "", []),
    "a choice": ({"choices": ["a", "b"]}, "b", "b"),
    "a text that matches": ({"pattern": "[a-z]+"}, "abc", "abc"),
}
MISFITS: dict[str, tuple[dict[str, Any], Any, str]] = {
    "a number as a text": ({}, 1, "a text"),
    "an empty name": ({"type": "name"}, "", "a name"),
    "a name with a slash": ({"type": "name"}, "a/b", "a name"),
    "a name that climbs": ({"type": "name"}, "..", "a name"),
    "a name that begins with a digit": ({"type": "name"}, "1a", "a name"),
    "a name with a line end": ({"type": "name"}, "a\nb", "a name"),
    "no truth value": ({"type": "boolean"}, "perhaps", "true or false"),
    "a fraction for a whole number": ({"type": "integer"}, "1.5", "a whole number"),
    "a word for a number": ({"type": "number"}, "many", "a number"),
    "not a number": ({"type": "number"}, "nan", "a number"),
    "an infinite number": ({"type": "number"}, "inf", "a number"),
    "a truth value for a number": ({"type": "integer"}, True, "a whole number"),
    "a list of numbers": ({"type": "list"}, [1], "a list"),
    "no choice": ({"choices": ["a", "b"]}, "c", "one of a, b"),
    "a text that does not match": ({"pattern": "[a-z]+"}, "abc1", "a text that matches [a-z]+"),
}


def variable(**properties: Any) -> Variable:
    made = Variable("v")
    for key, value in properties.items():
        setattr(made, key, value)
    return made


@pytest.mark.parametrize(("properties", "given", "value"), FITS.values(), ids=FITS)
def test_a_value_that_fits_is_taken_in_its_type(properties: dict[str, Any], given: Any, value: Any) -> None:
    taken = ask.check(variable(**properties), given)
    assert (taken, type(taken)) == (value, type(value))


@pytest.mark.parametrize(("properties", "given", "wanted"), MISFITS.values(), ids=MISFITS)
def test_a_value_that_does_not_fit_says_what_would(
    properties: dict[str, Any], given: Any, wanted: str
) -> None:
    with pytest.raises(VariableInvalid) as caught:
        ask.check(variable(**properties), given)
    assert caught.value.message.startswith(f"v takes {wanted}")
    assert caught.value.given == repr(given)


BODY = "---\nto: out\n---\n{{ v }}"


def manifest(properties: str) -> dict[str, str]:
    return {"template.yaml": f"variables:\n  name: {{}}\n  v: {{{properties}}}\n", "a.t": BODY}


TYPED = {
    "a default": ("default: x", [], "x"),
    "a default from another variable": ("default: '{{ name | upper }}'", [], "BOB"),
    "a value over the default": ("default: x", ["--v", "y"], "y"),
    "a value after an equals sign": ("default: x", ["--v=y"], "y"),
    "a flag": ("type: boolean, default: false", ["--v"], "True"),
    "a flag with a word": ("type: boolean, default: true", ["--v", "no"], "False"),
    "a flag turned off": ("type: boolean, default: true", ["--no-v"], "False"),
    "a list": ("type: list", ["--v", "a,b"], "['a', 'b']"),
    "a list as default": ("type: list, default: [a, b]", [], "['a', 'b']"),
    "a negative number": ("type: integer", ["--v", "-3"], "-3"),
}


@pytest.mark.parametrize(("properties", "argv", "out"), TYPED.values(), ids=TYPED)
def test_a_declared_variable_has_an_option_of_its_own(
    generate: Any, tree: Any, properties: str, argv: list[str], out: str
) -> None:
    assert generate(manifest(properties), "Bob", *argv).code == 0
    assert tree() == {"out": out}


def test_a_flag_before_the_name_takes_no_name_for_its_value(generate: Any, tree: Any) -> None:
    generate(manifest("type: boolean, default: false"), "--v", "Bob")
    assert tree() == {"out": "True"}


def test_an_option_may_be_written_with_dashes(generate: Any, tree: Any) -> None:
    files = {"template.yaml": "variables:\n  two_words: {}\n", "a.t": "---\nto: out\n---\n{{ two_words }}"}
    generate(files, "--two-words", "x")
    assert tree() == {"out": "x"}


def test_every_missing_variable_is_named_at_once_with_the_command_to_type(generate: Any) -> None:
    outcome = generate(manifest(""))
    assert (outcome.code, outcome.error) == (1, "VARIABLE_MISSING")
    assert "gen/one needs a value for name, v" in outcome.err
    assert "  try: unjucks generate gen one NAME --vars v=…\n" in outcome.err


def test_an_unknown_variable_is_refused_with_the_nearest_name(generate: Any) -> None:
    outcome = generate({"template.yaml": "variables:\n  story: {}\n", "a.t": BODY}, "--vars", "stroy=1")
    assert outcome.error == "VARIABLE_UNKNOWN"
    assert "did you mean 'story'?" in outcome.err


def test_a_name_for_a_template_without_one_is_refused(generate: Any) -> None:
    outcome = generate("---\nto: a\n---\n", "Bob")
    assert outcome.error == "VARIABLE_UNKNOWN"
    assert "gen/one takes no NAME" in outcome.err


def test_a_default_that_does_not_fit_is_an_error(generate: Any) -> None:
    outcome = generate(manifest("type: integer, default: many"), "Bob")
    assert outcome.error == "VARIABLE_INVALID"


def test_a_default_that_cannot_be_rendered_names_its_line(generate: Any) -> None:
    outcome = generate(manifest("default: '{{ nobody }}'"), "Bob")
    assert outcome.error == "VARIABLE_MISSING"
    assert "template.yaml:3: " in outcome.err


NUMBERED = {
    "no folder": ([], "d", "1"),
    "an empty folder": (["d/"], "d", "1"),
    "names without a number": (["d/a", "d/b9"], "d", "1"),
    "a gap": (["d/0001-a", "d/0012-b", "d/3"], "d", "13"),
    "a folder among them": (["d/7/x"], "d/", "8"),
    "the target itself": (["4"], ".", "5"),
    "a folder outside": (["../9"], "..", "1"),
    "a file for a folder": (["d"], "d", "1"),
}


@pytest.mark.parametrize(("files", "folder", "number"), NUMBERED.values(), ids=NUMBERED)
def test_the_next_number_follows_the_highest(
    generate: Any, project: Path, files: list[str], folder: str, number: str
) -> None:
    for name in files:
        path = project / "to" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.mkdir() if name.endswith("/") else path.touch()
    generate(f"---\nto: out\n---\n{{{{ next_number('{folder}') }}}}", "--to", "to")
    assert (project / "to" / "out").read_text() == number


def test_a_next_number_of_no_folder_names_the_line(generate: Any) -> None:
    outcome = generate("---\nto: out\n---\n{{ next_number() }}")
    assert outcome.error == "RENDER_FAILED"
    assert "a.t:4: " in outcome.err
    assert "next_number() missing 1 required positional argument: 'folder'" in outcome.err


def test_names_only_used_in_the_text_need_no_declaration(generate: Any, tree: Any) -> None:
    generate("---\nto: out\n---\n{{ a }}{{ b | default('-') }}", "--a", "1")
    assert tree() == {"out": "1-"}
