"""Finding templates: which roots are searched, which wins, and the errors with the nearest names."""

import os
from pathlib import Path
from typing import Any

import pytest

from unjucks import find

SAYS = "---\nto: a\n---\n"


def user_root(project: Path) -> Path:
    return project.parent / "config" / "unjucks" / "templates"


def test_the_nearest_templates_folder_upwards_is_the_projects(templates: Any, project: Path) -> None:
    root = templates({"gen/one/a.t": SAYS})
    (project / "a" / "b").mkdir(parents=True)
    assert find.project_folder(str(project / "a" / "b")) == str(root)


def test_a_nearer_folder_wins(templates: Any, project: Path) -> None:
    templates({"gen/one/a.t": SAYS})
    near = templates({"gen/one/a.t": SAYS}, project / "a" / "_templates")
    assert find.project_folder(str(project / "a")) == str(near)


def test_the_search_ends_at_a_repository(templates: Any, project: Path) -> None:
    templates({"gen/one/a.t": SAYS})
    (project / "repo" / ".git").mkdir(parents=True)
    (project / "repo" / "src").mkdir()
    assert find.project_folder(str(project / "repo" / "src")) == ""


def test_a_repositorys_own_templates_are_found(templates: Any, project: Path) -> None:
    (project / "repo" / ".git").mkdir(parents=True)
    (project / "repo" / "src").mkdir()
    root = templates({"gen/one/a.t": SAYS}, project / "repo" / "_templates")
    assert find.project_folder(str(project / "repo" / "src")) == str(root)


def test_the_search_ends_at_home(templates: Any, project: Path) -> None:
    templates({"gen/one/a.t": SAYS}, project.parent.parent / "_templates")
    assert find.project_folder(str(project)) == ""


def test_the_project_hides_the_user_who_hides_the_built_in(
    templates: Any, run: Any, project: Path, tree: Any
) -> None:
    for root, text in ((project / "_templates", "project"), (user_root(project), "user")):
        templates({"component/react/a.t": f"---\nto: a\n---\n{text}"}, root)
    run("generate", "component", "react")
    assert tree() == {"a": "project"}


def test_a_user_root_is_searched(templates: Any, run: Any, project: Path, tree: Any) -> None:
    templates({"gen/one/a.t": SAYS}, user_root(project))
    assert run("generate", "gen", "one").code == 0
    assert list(tree()) == ["a"]


def test_a_given_root_stands_alone(templates: Any, run: Any, project: Path) -> None:
    root = templates({"gen/one/a.t": SAYS}, project.parent / "theirs")
    assert [line.split()[0] for line in run("list", "--root", str(root)).out.splitlines()] == ["gen/one"]


def test_a_generator_of_two_roots_has_the_templates_of_both(templates: Any, run: Any) -> None:
    templates({"component/svelte/a.t": SAYS})
    found = [line.split()[0] for line in run("list").out.splitlines() if line.startswith("component/")]
    assert found == ["component/react", "component/svelte", "component/vue"]


NOT_FOUND = {
    "an unknown generator": (["componnet", "react"], "GENERATOR_NOT_FOUND", "did you mean 'component'?"),
    "a generator like nothing": (["zzzzz", "react"], "GENERATOR_NOT_FOUND", "try: unjucks list"),
    "an unknown template": (["component", "raect"], "TEMPLATE_NOT_FOUND", "did you mean 'react'?"),
    "a template like nothing": (["component", "angular"], "TEMPLATE_NOT_FOUND", "it has react, vue"),
    "a generator that climbs": (["../secrets", "x"], "GENERATOR_NOT_FOUND", "unjucks list"),
    "a template that climbs": (["component", "../../x"], "TEMPLATE_NOT_FOUND", "unjucks help component"),
    "a hidden generator": ([".git", "hooks"], "GENERATOR_NOT_FOUND", "unjucks list"),
    "a name with a NUL": (["a\0b", "x"], "GENERATOR_NOT_FOUND", "unjucks list"),
    "a folder that is a file": (["readme.md", "x"], "GENERATOR_NOT_FOUND", "unjucks list"),
    "the only other template": (["docs", "adx"], "TEMPLATE_NOT_FOUND", "try: unjucks generate docs adr"),
}


@pytest.mark.parametrize(("argv", "code", "words"), NOT_FOUND.values(), ids=NOT_FOUND)
def test_what_is_not_found_is_a_user_error_with_help(
    templates: Any, run: Any, argv: list[str], code: str, words: str
) -> None:
    templates({"readme.md": "about these templates"})
    generator, _, template = argv[0].rpartition("/") if "/" in argv[0] else ("", "", argv[0])
    outcome = run("generate", *(argv if not generator else [f"{generator}{template}", argv[1]]))
    assert (outcome.code, outcome.error) == (1, code)
    assert words in outcome.err


def test_the_message_is_the_frameworks(run: Any) -> None:
    assert "Template 'component/angular' not found" in run("generate", "component", "angular").err


def test_a_missing_template_is_a_user_error_in_json(run: Any) -> None:
    assert run("generate", "component", "angular", "--json").json["error"]["category"] == "user_errors"


BROKEN_ROOTS = {
    "a file": lambda path: path.write_text("x"),
    "a link to nowhere": lambda path: path.symlink_to("nowhere"),
    "a link to itself": lambda path: path.symlink_to(path),
}


@pytest.mark.parametrize("make", BROKEN_ROOTS.values(), ids=BROKEN_ROOTS)
@pytest.mark.parametrize(
    "argv", [["list"], ["generate", "component", "react", "X"]], ids=["list", "generate"]
)
def test_a_broken_root_is_a_system_error(run: Any, project: Path, make: Any, argv: list[str]) -> None:
    make(project / "_templates")
    error = run(*argv, "--json").json["error"]
    assert (error["code"], error["category"]) == ("TEMPLATE_UNREADABLE", "system_errors")
    assert error["message"].startswith(f"{project}/_templates: templates folder: ")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
@pytest.mark.parametrize("make", BROKEN_ROOTS.values(), ids=BROKEN_ROOTS)
def test_what_somebody_else_put_in_the_way_is_passed_over(
    templates: Any, run: Any, project: Path, monkeypatch: pytest.MonkeyPatch, make: Any
) -> None:
    templates({"gen/one/a.t": SAYS})
    (project / "below").mkdir()
    monkeypatch.chdir(project / "below")
    make(project / "below/_templates")
    os.chown(project / "below/_templates", 65534, 65534, follow_symlinks=False)
    assert run("generate", "gen", "one").code == 0


@pytest.mark.usefixtures("as_nobody")
def test_a_root_that_may_not_be_read_is_a_system_error(project: Path) -> None:
    root = project.parent / "closed"
    with pytest.raises(find.TemplateUnreadable):
        find.roots(str(project), str(root))


def test_a_root_that_is_not_there_is_unreadable(run: Any) -> None:
    assert run("list", "--root", "nowhere").error == "TEMPLATE_UNREADABLE"


def test_names_that_cannot_be_printed_are_left_out(templates: Any, run: Any) -> None:
    templates({"gen/\x1b[2J/a.t": SAYS, "gen/one/a.t": SAYS})
    assert "\x1b" not in run("list").out


def test_hidden_folders_are_no_generators(templates: Any, run: Any) -> None:
    templates({".git/one/a.t": SAYS, "_shared/one/a.t": SAYS})
    assert "/one" not in run("list").out


COMMANDS = ["list", "generate component react X", "help component react", "init", "new a b", "doctor"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_current_folder_that_is_gone_is_said(run: Any, project: Path, command: str) -> None:
    project.rmdir()
    outcome = run(*command.split())
    assert outcome.code == 1
    assert "the current folder no longer exists" in outcome.out + outcome.err


def test_list_shows_name_description_and_where_from(templates: Any, run: Any) -> None:
    templates({"gen/one/a.t": SAYS, "gen/one/template.yaml": "description: Says  a\n"})
    lines = run("list").out.splitlines()
    assert "gen/one          Says a  (project)" in lines
    assert "docs/adr         Architecture decision record (context, decision, consequences)" in lines


def test_list_answers_in_json(templates: Any, run: Any, project: Path) -> None:
    templates({"gen/one/a.t": SAYS, "gen/one/template.yaml": "restricted: true\nvariables:\n  name: {}\n"})
    found = {one["generator"] + "/" + one["template"]: one for one in run("list", "--json").json}
    assert found["gen/one"] == {
        "generator": "gen",
        "template": "one",
        "description": "",
        "root": "project",
        "folder": f"{project}/_templates/gen/one",
        "restricted": True,
        "variables": ["name"],
    }


def test_list_takes_no_words(run: Any) -> None:
    assert run("list", "component").code == 2
