"""init, new, help, doctor, telemetry: the commands that are no operations."""

import shutil
from pathlib import Path
from typing import Any

import pytest

from opsdeck_emit import spool
from unjucks import cache, cli
from unjucks.commands import describe


def test_init_makes_an_example_that_works(run: Any, tree: Any) -> None:
    outcome = run("init")
    assert outcome.code == 0
    argv = outcome.out.splitlines()[-1].removeprefix("next: unjucks ").split()
    assert run(*argv).code == 0
    assert tree() == {"greetings/world.txt": "Hello, World!\n"}


def test_the_example_of_init_greets_in_french(run: Any, tree: Any) -> None:
    run("init")
    run("generate", "example", "greeting", "monde", "--language", "fr")
    assert tree() == {"greetings/monde.txt": "Bonjour, Monde !\n"}


def test_init_adds_its_example_to_templates_that_are_there(run: Any, tree: Any, project: Path) -> None:
    run("new", "page", "blog")
    mine = project / "_templates/page/blog/page.txt.t"
    mine.write_text("mine")
    assert run("init").code == 0
    assert mine.read_text() == "mine"
    assert run("generate", "example", "greeting", "World").code == 0


def test_a_second_init_changes_nothing_and_says_so(run: Any, project: Path) -> None:
    run("init")
    mine = project / "_templates/example/greeting/greeting.txt.t"
    mine.write_text("mine")
    outcome = run("init")
    assert (outcome.code, outcome.err) == (0, "")
    assert outcome.out.startswith("_templates is there with its example: nothing to do\n")
    assert mine.read_text() == "mine"


def test_init_leaves_a_file_of_that_name_alone(run: Any, project: Path) -> None:
    (project / "_templates").write_text("mine")
    assert run("init").error == "WRITE_FAILED"
    assert (project / "_templates").read_text() == "mine"


@pytest.mark.parametrize("argv", [["page", "blog"], ["page/blog"]], ids=["two words", "one word"])
def test_new_makes_a_template_that_works(run: Any, tree: Any, argv: list[str]) -> None:
    assert run("new", *argv).code == 0
    assert run("generate", "page", "blog", "First post").code == 0
    assert tree() == {"first-post.txt": "Hello, First Post!\n"}


def test_new_without_a_template_calls_it_new(run: Any) -> None:
    run("new", "page")
    assert run("generate", "page", "new", "x").code == 0


def test_new_adds_to_the_projects_root_from_below(
    templates: Any, run: Any, project: Path, monkeypatch: Any
) -> None:
    templates({"gen/one/a.t": "---\nto: a\n---\n"})
    (project / "src").mkdir()
    monkeypatch.chdir(project / "src")
    run("new", "page", "blog")
    assert (project / "_templates/page/blog/template.yaml").is_file()


def test_new_does_not_touch_a_template_that_is_there(templates: Any, run: Any, project: Path) -> None:
    templates({"gen/one/a.t": "mine"})
    assert run("new", "gen", "one").error == "FILE_EXISTS"
    assert (project / "_templates/gen/one/a.t").read_text() == "mine"


WRONG = {
    "new without a name": ["new"],
    "new with a name that climbs": ["new", "..", "x"],
    "new with a hidden name": ["new", "_x", "y"],
    "new with three words": ["new", "a", "b", "c"],
    "new with a path": ["new", "a/b/c"],
    "init with a word": ["init", "here"],
    "help with three words": ["help", "component", "react", "x"],
    "doctor with a word": ["doctor", "x"],
    "telemetry with an unknown word": ["telemetry", "maybe"],
    "an unknown command": ["genrate"],
    "an unknown option": ["--verbose"],
}


@pytest.mark.parametrize("argv", WRONG.values(), ids=WRONG)
def test_a_wrong_command_line_is_a_usage_error(run: Any, tree: Any, argv: list[str]) -> None:
    outcome = run(*argv)
    assert (outcome.code, outcome.error) == (2, "USAGE")
    assert "  try: unjucks" in outcome.err
    assert tree() == {}


def test_an_unknown_command_names_the_nearest(run: Any) -> None:
    assert "unknown command 'genrate'; did you mean 'generate'?" in run("genrate").err


@pytest.mark.parametrize("argv", [[], ["--help"], ["-h"], ["help"]], ids=["nothing", "--help", "-h", "help"])
def test_help_shows_every_command(run: Any, argv: list[str]) -> None:
    outcome = run(*argv)
    assert outcome.code == 0
    assert all(f"unjucks {command}" in outcome.out for command in cli.COMMANDS)


@pytest.mark.parametrize("command", cli.COMMANDS)
def test_every_command_has_help_of_its_own(run: Any, command: str) -> None:
    for argv in (["help", command], [command, "--help"], [command, "-h"]):
        outcome = run(*argv)
        assert outcome.code == 0
        assert outcome.out.startswith(f"usage: unjucks {command}")


def test_the_table_of_help_is_the_table_of_commands() -> None:
    assert tuple(sorted(describe.COMMANDS)) == tuple(sorted(cli.COMMANDS))


def test_help_of_generate_explains_every_option(run: Any) -> None:
    text = run("generate", "--help").out
    assert all(
        option in text for option in ("--vars", "--to", "--root", "--dry-run", "--force", "--yes", "--json")
    )


def test_help_of_a_generator_lists_its_templates(run: Any) -> None:
    lines = run("help", "component").out.splitlines()
    assert [line.split()[0] for line in lines[:2]] == ["component/react", "component/vue"]


def test_help_of_an_unknown_generator_names_the_nearest(run: Any) -> None:
    assert run("help", "componet").error == "GENERATOR_NOT_FOUND"


DESCRIBED = {
    "gen/one/template.yaml": (
        "description: Says a\nrestricted: true\nvariables:\n"
        "  size: {choices: [s, m], default: s}\n  name: {type: name, prompt: Who?}\n"
    ),
    "gen/one/a.t": "---\nto: '{{ name }}.txt'\nunless_exists: true\nsh: [x, y]\n---\n{{ extra }}",
}
DESCRIPTION = """\
gen/one  Says a
from _templates/gen/one (project, restricted)

usage: unjucks generate gen one NAME [--KEY VALUE …]

variables
  size          one of s, m; default 's'
  name          a name (a letter, then letters, digits, spaces, - and _); required; Who?
  extra         used in the text, not declared

files
  a.t
    to: {{ name }}.txt
    unless_exists: true
    sh: x
    sh: y
"""


def test_help_of_a_template_shows_variables_files_and_front_matter(templates: Any, run: Any) -> None:
    templates(DESCRIBED)
    assert run("help", "gen/one").out == DESCRIPTION


def doctor(run: Any) -> tuple[int, dict[str, str]]:
    outcome = run("doctor", "--json")
    return outcome.code, {check["check"]: check["state"] for check in outcome.json}


def test_doctor_finds_a_good_installation_good(run: Any) -> None:
    assert doctor(run) == (
        0,
        {
            "unjucks": "ok",
            "engine": "ok",
            "templates": "ok",
            "cache": "ok",
            "telemetry": "ok",
            "policy": "ok",
        },
    )


def test_doctor_names_what_is_broken(templates: Any, run: Any) -> None:
    templates({"gen/one/a.t": "junk", "gen/two/a.t": "junk"})
    outcome = run("doctor")
    assert outcome.code == 1
    assert "FAIL  templates" in outcome.out
    assert "gen/one/a.t:1" in outcome.out
    assert "gen/two/a.t:1" in outcome.out


def test_doctor_sees_a_broken_root(run: Any, project: Path) -> None:
    (project / "_templates").write_text("x")
    assert doctor(run)[1]["templates"] == "FAIL"


def test_doctor_sees_a_cache_that_others_may_write(run: Any) -> None:
    run("list")
    folder = Path(cache.folder())
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o777)
    assert doctor(run)[1]["cache"] == "warn"


def test_doctor_sees_a_cache_that_cannot_be_made(run: Any) -> None:
    folder = Path(cache.folder())
    shutil.rmtree(folder, ignore_errors=True)
    folder.parent.mkdir(parents=True, exist_ok=True)
    folder.write_text("x")
    code, states = doctor(run)
    assert (code, states["cache"]) == (0, "warn")


def test_telemetry_can_be_turned_on_and_off(run: Any) -> None:
    assert run("telemetry").out.startswith("consent   unknown")
    assert run("telemetry", "on").out.startswith("consent   granted")
    assert run("telemetry", "status").out.startswith("consent   granted")
    assert run("telemetry", "off").out.startswith("consent   denied")


def test_telemetry_shows_and_purges_what_was_recorded(run: Any) -> None:
    run("telemetry", "on")
    run("list")
    assert '"template_discovery"' in run("telemetry", "show").out
    assert run("telemetry", "purge").out.splitlines()[1].startswith("waiting   0 records")
    assert run("telemetry", "show").out == ""


def test_telemetry_names_what_was_dropped_and_why(run: Any, project: Path) -> None:
    run("telemetry", "on")
    folder = project.parent / "opsdeck" / "emit" / "spool" / "local" / "unjucks-cli"
    folder.mkdir(parents=True, exist_ok=True)
    spool.dropped(str(folder), "full", 3, "no space")
    assert "dropped   3 (full)" in run("telemetry").out


def test_telemetry_answers_in_json(run: Any) -> None:
    assert run("telemetry", "--json").json["consent"] == "unknown"


def test_an_answer_that_cannot_be_kept_is_an_error(
    run: Any, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "f").write_text("")
    monkeypatch.setenv("OPSDECK_HOME", str(project / "f"))
    assert run("telemetry", "on").error == "WRITE_FAILED"
