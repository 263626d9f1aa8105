"""`sh`: when commands of a template run, where, and what their failure means."""

from pathlib import Path
from typing import Any

import pytest

TOUCH = "---\nto: a\nsh: touch by-shell\n---\nhi"


def test_with_yes_a_command_runs_after_the_files_are_written(generate: Any, tree: Any) -> None:
    outcome = generate("---\nto: a\nsh: cp a b\n---\nhi", "--yes")
    assert outcome.out.startswith("create     a\nran        cp a b\n")
    assert tree() == {"a": "hi", "b": "hi"}


def test_without_anybody_to_agree_nothing_happens(generate: Any, tree: Any) -> None:
    outcome = generate(TOUCH)
    assert (outcome.code, outcome.error) == (1, "SHELL_UNCONFIRMED")
    assert "a.t:3: a command, and nobody is here to agree: touch by-shell" in outcome.err
    assert "--yes" in outcome.err
    assert tree() == {}


def test_a_dry_run_shows_the_command_and_runs_nothing(generate: Any, tree: Any) -> None:
    assert "run        touch by-shell\n" in generate(TOUCH, "--dry-run").out
    assert tree() == {}


def test_a_users_own_root_needs_no_agreement(templates: Any, run: Any, project: Path, tree: Any) -> None:
    templates({"gen/one/a.t": TOUCH}, project.parent / "config" / "unjucks" / "templates")
    assert run("generate", "gen", "one").code == 0
    assert sorted(tree()) == ["a", "by-shell"]


def test_a_command_runs_in_the_target_folder(generate: Any, tree: Any) -> None:
    generate(TOUCH, "--yes", "--to", "sub")
    assert sorted(tree()) == ["sub/a", "sub/by-shell"]


def test_a_command_is_rendered(generate: Any, tree: Any) -> None:
    generate("---\nsh: touch {{ name | quote }}\n---\n", "two words; rm", "--yes")
    assert list(tree()) == ["two words; rm"]


def test_commands_run_in_order(generate: Any, project: Path) -> None:
    files = {"a.t": "---\nsh: [echo 1 >> out, echo 2 >> out]\n---\n", "b.t": "---\nsh: echo 3 >> out\n---\n"}
    generate(files, "--yes")
    assert (project / "out").read_text() == "1\n2\n3\n"


def test_a_template_without_to_gives_its_body_to_the_command(generate: Any, project: Path) -> None:
    generate("---\nsh: cat > out\n---\nHello {{ name }}\n", "Bob", "--yes")
    assert (project / "out").read_text() == "Hello Bob\n"


def test_a_command_of_a_template_with_to_reads_nothing(generate: Any, project: Path) -> None:
    generate("---\nto: a\nsh: cat > out\n---\nbody", "--yes")
    assert (project / "out").read_text() == ""


FAILURES = {"an exit code": ("exit 3", "exit 3"), "a signal": ("kill -9 $$", "signal 9")}


@pytest.mark.parametrize(("command", "how"), FAILURES.values(), ids=FAILURES)
def test_a_command_that_fails_leaves_the_files_and_says_so(
    generate: Any, tree: Any, command: str, how: str
) -> None:
    outcome = generate(f"---\nto: a\nsh: {command}\n---\nhi", "--yes")
    assert (outcome.code, outcome.error) == (1, "SHELL_FAILED")
    assert f"command failed ({how})" in outcome.err
    assert tree() == {"a": "hi"}


def test_after_a_failure_no_further_command_runs(generate: Any, tree: Any) -> None:
    generate("---\nsh: ['false', touch b]\n---\n", "--yes")
    assert tree() == {}


def test_a_failure_before_the_commands_runs_none(generate: Any, project: Path, tree: Any) -> None:
    (project / "f").write_text("")
    outcome = generate({"a.t": TOUCH, "b.t": "---\nto: f/x\n---\n"}, "--yes")
    assert outcome.code == 1
    assert list(tree()) == ["f"]


def test_control_characters_of_a_command_are_shown_not_obeyed(generate: Any) -> None:
    outcome = generate('---\nsh: "true \\e[2J"\n---\n', "--dry-run")
    assert "\x1b" not in outcome.out
    assert "true \\x1b[2J" in outcome.out
