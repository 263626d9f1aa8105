"""`unjucks generate` through its front door: what lands in the folder, what is said, what is refused."""

from pathlib import Path
from typing import Any

import pytest

HELLO = "---\nto: '{{ name | kebab }}.txt'\n---\nHello, {{ name }}!\n"


def test_writes_the_file_of_a_template(generate: Any, tree: Any) -> None:
    assert generate(HELLO, "World").code == 0
    assert tree() == {"world.txt": "Hello, World!\n"}


def test_says_what_it_wrote_and_how_much(generate: Any) -> None:
    assert generate(HELLO, "World").out == "create     world.txt\n1 file, 14 bytes\n"


def test_takes_generator_and_template_as_one_word(templates: Any, run: Any, tree: Any) -> None:
    templates({"gen/one/a.t": HELLO})
    assert run("generate", "gen/one", "World").code == 0
    assert tree() == {"world.txt": "Hello, World!\n"}


def test_writes_below_another_folder_and_makes_it(generate: Any, tree: Any) -> None:
    assert generate(HELLO, "World", "--to", "deep/er").out.startswith("create     deep/er/world.txt\n")
    assert tree() == {"deep/er/world.txt": "Hello, World!\n"}


def test_makes_the_folders_of_a_file(generate: Any, tree: Any) -> None:
    generate("---\nto: a/b/c.txt\n---\nx\n")
    assert tree() == {"a/b/c.txt": "x\n"}


def test_writes_every_file_of_a_template(generate: Any, tree: Any) -> None:
    generate({"a.t": HELLO, "deep/b.t": "---\nto: b.txt\n---\nb"}, "World")
    assert tree() == {"b.txt": "b", "world.txt": "Hello, World!\n"}


def test_a_file_whose_path_comes_out_empty_is_left_out(generate: Any, tree: Any) -> None:
    files = {"a.t": HELLO, "b.t": '---\nto: "{% if more is defined %}b.txt{% endif %}"\nsh: exit 9\n---\n'}
    assert generate(files, "World").code == 0
    assert list(tree()) == ["world.txt"]


def test_a_value_that_begins_with_braces_needs_no_quotes(generate: Any, tree: Any) -> None:
    generate("---\nto: {{ name }}'s.txt\n---\n", "World")
    assert list(tree()) == ["World's.txt"]


def test_includes_a_partial_of_the_template(generate: Any, tree: Any) -> None:
    generate({"a.t": "---\nto: a\n---\n{% include '_head' %}body\n", "_head": "# {{ name }}\n"}, "World")
    assert tree() == {"a": "# World\nbody\n"}


def test_the_output_is_not_html_escaped(generate: Any, tree: Any) -> None:
    generate("---\nto: a.html\n---\n{{ name }}", "--vars", "name=<b>\"&'")
    assert tree() == {"a.html": "<b>\"&'"}


def test_lines_of_blocks_leave_no_blank_lines(generate: Any, tree: Any) -> None:
    generate("---\nto: a\n---\n{% for x in [1, 2] %}\n  {{ x }}\n{% endfor %}\nend\n")
    assert tree() == {"a": "  1\n  2\nend\n"}


@pytest.mark.parametrize("body", ["", "no newline", "one\n", "two\n\n", "\n", "é ✓ \U0001f600\n"])
def test_a_body_comes_out_as_it_stands(generate: Any, project: Path, body: str) -> None:
    generate(f"---\nto: a\n---\n{body}")
    assert (project / "a").read_text() == body


def test_template_files_with_windows_line_ends_work(generate: Any, tree: Any) -> None:
    generate("---\r\nto: a\r\n---\r\none\r\n")
    assert tree() == {"a": "one\n"}


def test_a_byte_order_mark_before_the_front_matter_is_ignored(generate: Any, tree: Any) -> None:
    generate("\ufeff---\nto: a\n---\none\n")
    assert tree() == {"a": "one\n"}


def test_chmod_sets_the_mode(generate: Any, project: Path) -> None:
    generate("---\nto: run.sh\nchmod: 0750\n---\n#!/bin/sh\n")
    assert (project / "run.sh").stat().st_mode & 0o7777 == 0o750


def test_without_chmod_the_umask_rules(generate: Any, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    generate("---\nto: a\n---\n")
    assert (project / "a").stat().st_mode & 0o111 == 0


def test_a_file_in_the_way_is_not_overwritten(generate: Any, project: Path) -> None:
    (project / "world.txt").write_text("mine")
    outcome = generate(HELLO, "World")
    assert (outcome.code, outcome.error) == (1, "FILE_EXISTS")
    assert (project / "world.txt").read_text() == "mine"


def test_one_file_in_the_way_keeps_the_others_from_being_written(
    generate: Any, project: Path, tree: Any
) -> None:
    (project / "world.txt").write_text("mine")
    generate({"0.t": "---\nto: other\n---\n", "a.t": HELLO}, "World")
    assert tree() == {"world.txt": "mine"}


def test_force_overwrites(generate: Any, project: Path) -> None:
    (project / "world.txt").write_text("mine")
    assert generate(HELLO, "World", "--force").out.startswith("overwrite  world.txt\n")
    assert (project / "world.txt").read_text() == "Hello, World!\n"


def test_force_in_the_front_matter_overwrites(generate: Any, project: Path) -> None:
    (project / "a").write_text("mine")
    assert generate("---\nto: a\nforce: true\n---\nnew").code == 0
    assert (project / "a").read_text() == "new"


def test_overwriting_keeps_the_mode_of_the_file(generate: Any, project: Path) -> None:
    (project / "a").write_text("mine")
    (project / "a").chmod(0o640)
    generate("---\nto: a\nforce: true\n---\nnew")
    assert (project / "a").stat().st_mode & 0o7777 == 0o640


def test_a_file_that_is_already_right_is_left_alone(generate: Any, run: Any, project: Path) -> None:
    generate(HELLO, "World")
    before = (project / "world.txt").stat()
    assert run("generate", "gen", "one", "World").out == "unchanged  world.txt\n0 files, 0 bytes\n"
    assert (project / "world.txt").stat() == before


def test_chmod_alone_changes_a_file_that_is_otherwise_right(generate: Any, project: Path) -> None:
    (project / "a").write_text("x")
    (project / "a").chmod(0o644)
    assert generate("---\nto: a\nchmod: 755\n---\nx").code == 0
    assert (project / "a").stat().st_mode & 0o777 == 0o755


def test_unless_exists_leaves_a_file_alone(generate: Any, project: Path) -> None:
    (project / "a").write_text("mine")
    assert generate("---\nto: a\nunless_exists: true\n---\nnew").out.startswith("skip       a\n")
    assert (project / "a").read_text() == "mine"


SKIPS = {
    "plain text that the file holds": ("mine", "skip"),
    "an expression that the file matches": ("/^m.*e$/", "skip"),
    "plain text that it does not hold": ("yours", "overwrite"),
    "a rendered text that it holds": ("{{ 'MINE' | lower }}", "skip"),
    "a text rendered to nothing": ("{{ '' }}", "overwrite"),
}


@pytest.mark.parametrize(("skip_if", "outcome"), SKIPS.values(), ids=SKIPS)
def test_skip_if_looks_into_the_file_in_the_way(
    generate: Any, project: Path, skip_if: str, outcome: str
) -> None:
    (project / "a").write_text("mine")
    generated = generate(f'---\nto: a\nforce: true\nskip_if: "{skip_if}"\n---\nnew')
    assert generated.out.split()[0] == outcome


def test_two_files_for_one_path_are_a_mistake_of_the_template(generate: Any) -> None:
    outcome = generate({"a.t": "---\nto: x\n---\n", "b.t": "---\nto: ./x\n---\n"})
    assert outcome.error == "FRONT_MATTER_INVALID"
    assert "b.t:2" in outcome.err


def test_a_dry_run_changes_nothing(generate: Any, tree: Any, project: Path) -> None:
    outcome = generate(HELLO, "World", "--dry-run", "--to", "elsewhere")
    assert outcome.code == 0
    assert outcome.out.endswith("1 file, 14 bytes; a dry run: nothing was written\n")
    assert sorted(path.name for path in project.iterdir()) == ["_templates"]


def test_a_dry_run_shows_what_would_change_in_a_file(generate: Any, project: Path) -> None:
    (project / "a").write_text("old\n")
    outcome = generate("---\nto: a\nforce: true\n---\nnew\n", "-n")
    assert "    -old\n    +new\n" in outcome.out


def test_a_dry_run_shows_a_file_in_the_way_as_a_conflict(generate: Any, tree: Any, project: Path) -> None:
    (project / "world.txt").write_text("mine\n")
    outcome = generate(HELLO, "World", "--dry-run")
    assert outcome.code == 0
    assert outcome.out == (
        "conflict   world.txt\n    @@ -1 +1 @@\n    -mine\n    +Hello, World!\n"
        "0 files, 0 bytes; a dry run: nothing was written\n"
    )
    assert tree() == {"world.txt": "mine\n"}


def test_a_dry_run_names_a_conflict_in_json(generate: Any, project: Path) -> None:
    (project / "world.txt").write_text("mine")
    document = generate(HELLO, "World", "--dry-run", "--json").json
    assert [file["action"] for file in document["files"]] == ["conflict"]


def test_answers_in_json(generate: Any, project: Path) -> None:
    document = generate(HELLO, "World", "--json").json
    assert document == {
        "template": "gen/one",
        "target": str(project.resolve()),
        "dryRun": False,
        "files": [{"path": "world.txt", "action": "create", "bytes": 14}],
        "commands": [],
    }


def test_fails_in_json(generate: Any) -> None:
    error = generate(HELLO, "World", "--to", "x", "--vars", "nam=x", "--json").json["error"]
    assert (error["code"], error["category"]) == ("VARIABLE_UNKNOWN", "user_errors")


def test_an_undefined_name_is_named_with_its_place(generate: Any) -> None:
    outcome = generate("---\nto: a\n---\none\n{{ who }}\n")
    assert outcome.error == "VARIABLE_MISSING"
    assert outcome.err == (
        "unjucks: _templates/gen/one/a.t:5: 'who' has no value [VARIABLE_MISSING]\n  try: add --vars who=…\n"
    )


BROKEN = {
    "an unknown filter": ("\n{{ name | shout }}", 5, "filter shout is unknown"),
    "a block left open": ("{% if name %}", 4, "unexpected end of input"),
    "a division by zero": ("{{ 1 / 0 }}", 4, "unable to calculate"),
    "a missing partial": ("{% include '_x' %}", 4, "'_x'"),
    "a filter with too few values": ("{{ name | pad }}", 4, "width"),
    "an endless loop": (
        "{% for i in range(9999) %}{% for j in range(9999) %}x{% endfor %}{% endfor %}",
        4,
        "endless loop",
    ),
    "endless recursion": ("{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", 4, "recursion limit"),
    "an attribute of a value that has none": ("{{ name.x }}", 4, "'name.x' has no value"),
}


@pytest.mark.parametrize(("body", "line", "words"), BROKEN.values(), ids=BROKEN)
def test_a_template_that_cannot_be_rendered_names_the_line(
    generate: Any, tree: Any, body: str, line: int, words: str
) -> None:
    outcome = generate(f"---\nto: a\n---\n{body}\n", *["World"] * ("name" in body))
    assert (outcome.code, outcome.error) == (1, "RENDER_FAILED")
    assert f"a.t:{line}: " in outcome.err
    assert words in outcome.err
    assert tree() == {}


MISSING = {
    "alone": ("{{ who }}", "'who' has no value"),
    "in a filter": ("{{ who | upper }}", "'who' has no value"),
    "in a sum": ("{{ 1 + who }}", "'who' has no value"),
    "with an attribute": ("{{ who.a.b }}", "'who' has no value"),
    "as a list": ("{% for x in who %}{% endfor %}", "'who' has no value"),
    "two of them": ("{{ 1 + who + whom }}", "'who', 'whom' have no value"),
}


@pytest.mark.parametrize(("body", "words"), MISSING.values(), ids=MISSING)
def test_a_name_without_a_value_is_missing_wherever_it_is_used(generate: Any, body: str, words: str) -> None:
    outcome = generate(f"---\nto: a\n---\n{body}\n")
    assert outcome.error == "VARIABLE_MISSING"
    assert words in outcome.err


def test_an_undefined_name_in_a_partial_names_the_partial(generate: Any) -> None:
    outcome = generate({"a.t": "---\nto: a\n---\n{% include '_p' %}\n", "_p": "\n{{ who }}"})
    assert "in _p:2" in outcome.err
    assert "a.t:4" in outcome.err


WRONG = {
    "no generator": ([], "which generator and template?"),
    "no template": (["gen"], "which template?"),
    "two names": (["gen", "one", "A", "B"], "one NAME is enough"),
    "an unknown option": (["gen", "one", "--naem", "x"], "unknown option '--naem'; did you mean '--name'?"),
    "an option without its value": (["gen", "one", "--to"], "--to needs a value"),
    "a variable without its value": (["gen", "one", "--name"], "--name needs a value"),
    "a flag with a value": (["gen", "one", "--force=yes"], "--force takes no value"),
    "a variable's option before the template": (["--name", "gen", "one"], "must come after"),
    "vars that are no pairs": (["gen", "one", "--vars", "x"], "takes name=value"),
    "vars that are no JSON": (["gen", "one", "--vars", "{x"], "no valid JSON"),
    "a variable given twice": (["gen", "one", "A", "--vars", "name=B"], "name is given twice"),
}


@pytest.mark.parametrize(("argv", "words"), WRONG.values(), ids=WRONG)
def test_a_wrong_command_line_is_a_usage_error(templates: Any, run: Any, argv: list[str], words: str) -> None:
    templates({"gen/one/a.t": HELLO})
    outcome = run("generate", *argv)
    assert (outcome.code, outcome.error) == (2, "USAGE")
    assert words in outcome.err


GIVEN = {
    "NAME": (["A"], {"name": "A"}),
    "pairs": (["--vars", "name=A,x=1"], {"name": "A", "x": "1"}),
    "pairs repeated": (["--vars", "name=A", "--vars", "x=1"], {"name": "A", "x": "1"}),
    "a comma in a value": (["--vars", "name=A, or B,x=1"], {"name": "A, or B", "x": "1"}),
    "an equals sign in a value": (["--vars", "name=a=b"], {"name": "a=b"}),
    "JSON": (["--vars", '{"name": "A", "x": {"y": [1]}}'], {"name": "A", "x": "{'y': [1]}"}),
    "options of their own": (["--name", "A", "--x=1"], {"name": "A", "x": "1"}),
    "a value that looks like an option": (["--name=--force"], {"name": "--force"}),
    "a NAME after --": (["--", "--dry-run"], None),
    "an empty value": (["--vars", "name="], {"name": ""}),
}


@pytest.mark.parametrize(("argv", "values"), GIVEN.values(), ids=GIVEN)
def test_values_are_given_in_many_ways(
    generate: Any, project: Path, argv: list[str], values: dict[str, str] | None
) -> None:
    body = "---\nto: a\n---\n{% if name is defined %}name={{ name }}\n{% endif %}{% if x is defined %}x={{ x }}\n{% endif %}"
    outcome = generate(body, *argv)
    if values is None:
        assert outcome.code == 2
    else:
        assert (project / "a").read_text() == "".join(f"{key}={value}\n" for key, value in values.items())
