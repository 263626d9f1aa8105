"""docs/unjucks.md names every command, option, front matter key, type, filter, error code and exit code; and is true."""

from pathlib import Path
from typing import Any

import pytest

from unjucks import cli, engine, errors, model, parse
from unjucks.commands import describe, generate

TEXT = (Path(__file__).parents[2] / "docs" / "unjucks.md").read_text()


def leaves(kind: type[errors.UnjucksError]) -> list[type[errors.UnjucksError]]:
    return [leaf for below in kind.__subclasses__() for leaf in leaves(below)] or [kind]


ERRORS = leaves(errors.UnjucksError)


@pytest.mark.parametrize("error", ERRORS, ids=[error.code for error in ERRORS])
def test_every_error_code_is_documented_with_its_category(error: type[errors.UnjucksError]) -> None:
    assert f"| `{error.code}` | {error.category} |" in TEXT


def test_no_error_code_is_documented_that_does_not_exist() -> None:
    table = TEXT.partition("## Error codes")[2].partition("## ")[0]
    documented = {line.split("`")[1] for line in table.splitlines() if line.startswith("| `")}
    assert documented == {error.code for error in ERRORS}


def test_error_codes_are_unique_and_well_formed() -> None:
    codes = [error.code for error in ERRORS]
    assert len(codes) == len(set(codes))
    assert all(code.replace("_", "").isalpha() and code.isupper() for code in codes)


@pytest.mark.parametrize("error", ERRORS, ids=[error.code for error in ERRORS])
def test_every_error_is_in_the_drawn_tree(error: type[errors.UnjucksError]) -> None:
    assert error.__name__ in (errors.__doc__ or "")


def test_every_exit_code_is_documented() -> None:
    codes = {0, 77, cli.INTERRUPTED, cli.READER_GONE} | {error.exit_code for error in ERRORS}
    assert all(f"\n| {code} | " in TEXT for code in codes)


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_is_documented(command: str) -> None:
    assert f"| `unjucks {command}" in TEXT


@pytest.mark.parametrize("option", [*generate.FLAGS, *generate.TAKES])
def test_every_option_of_generate_is_documented_and_in_its_help(option: str) -> None:
    assert f"`{option}" in TEXT
    assert any(option in known for known in describe.OPTIONS)


@pytest.mark.parametrize("key", parse.KEYS)
def test_every_front_matter_key_is_documented(key: str) -> None:
    assert f"`{key}" in TEXT.partition("### A template file")[2].partition("### ")[0]


@pytest.mark.parametrize("kind", model.TYPES)
def test_every_type_is_documented(kind: str) -> None:
    assert f"`{kind}`" in TEXT


@pytest.mark.parametrize("name", engine.filters())
def test_every_filter_is_documented(name: str) -> None:
    assert f"`{name}" in TEXT.partition("### Filters")[2].partition("## ")[0]


def filter_rows() -> list[tuple[str, str]]:
    rows = [line.split("|") for line in TEXT.partition("### Filters")[2].partition("## ")[0].splitlines()]
    cells = [(row[at].strip(), row[at + 1].strip()) for row in rows if len(row) > 5 for at in (1, 4)]
    return [
        (name.strip("`"), value.strip("`"))
        for name, value in cells
        if name.startswith("`") and "→" not in value
    ]


@pytest.mark.parametrize(("name", "value"), [row for row in filter_rows() if " for " not in row[1]])
def test_the_examples_of_filters_are_true(name: str, value: str) -> None:
    assert engine.Engine({}).render(f"{{{{ 'user profile' | {name} }}}}", {}, "f") == value


def test_the_quick_start_is_true(run: Any) -> None:
    shown = TEXT.partition("unjucks generate component react Button\n\n")[2].partition("\n\nBuilt in")[0]
    said = run("generate", "component", "react", "Button").out
    assert [line.strip() for line in shown.splitlines()] == said.splitlines()


def test_every_built_in_template_is_named(run: Any) -> None:
    assert all(f"`{line.split()[0]}`" in TEXT for line in run("list").out.splitlines())


def test_the_example_of_a_template_works(templates: Any, run: Any, tree: Any) -> None:
    def block(after: str) -> str:
        text = TEXT.partition(after)[2].partition("\n    ")[2].partition("\n\n|")[0]
        return "\n".join(line.removeprefix("    ") for line in ("    " + text).splitlines()) + "\n"

    templates(
        {
            "page/blog/template.yaml": block("### template.yaml"),
            "page/blog/a.t": block("text full of braces."),
        }
    )
    assert run("generate", "page", "blog", "First post").code == 0
    assert tree() == {"src/pages/first-post.md": "# First Post\n"}
