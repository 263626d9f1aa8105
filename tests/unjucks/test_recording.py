"""What a run leaves as its event, with consent; and that nothing is left without."""

from pathlib import Path
from typing import Any

import pytest

HELLO = "---\nto: '{{ name | kebab }}.txt'\n---\nHello, {{ name }}!\n"


def only(events: list[dict[str, Any]]) -> dict[str, Any]:
    (event,) = events
    return event


def test_a_generation_is_recorded_as_the_framework_says(run: Any, granted: Any) -> None:
    run("generate", "component", "react", "Button")
    event = only(granted())
    operation = {key: event["operation"][key] for key in ("type", "template", "generator", "success")}
    assert operation == {
        "type": "template_generation",
        "template": "component/react",
        "generator": "Button",
        "success": True,
    }
    assert (event["service"], event["version"], event["command"]) == ("unjucks-cli", "2026.11.0", "generate")
    assert "error" not in event


def test_a_generation_counts_its_files_and_bytes(generate: Any, granted: Any, project: Path) -> None:
    generate({"a.t": HELLO, "b.t": "---\nto: b\nunless_exists: true\n---\n"}, "World")
    metadata = only(granted())["metadata"]
    assert (metadata["fileCount"], metadata["outputSize"], metadata["dryRun"]) == (2, 14, False)
    assert metadata["templateRoot"] == "project"
    assert metadata["workingDirectory"].endswith("/project")


def test_a_generation_is_timed_by_phase(generate: Any, granted: Any) -> None:
    generate(HELLO, "World")
    assert list(only(granted())["metadata"]["phasesMs"]) == ["find", "ask", "render", "apply"]


def test_a_dry_run_is_recorded_as_one(generate: Any, granted: Any) -> None:
    generate(HELLO, "World", "--dry-run")
    event = only(granted())
    assert event["metadata"]["dryRun"] is True
    assert "apply" not in event["metadata"]["phasesMs"]


def test_an_injection_is_an_operation_of_its_own(generate: Any, granted: Any, project: Path) -> None:
    (project / "f").write_text("")
    generate("---\nto: f\ninject: true\nappend: true\n---\nx\n")
    assert only(granted())["operation"]["type"] == "template_injection"


def test_discovery_is_recorded(run: Any, granted: Any) -> None:
    run("list")
    event = only(granted())
    assert event["operation"]["type"] == "template_discovery"
    assert event["metadata"]["templateCount"] == 6


FAILURES: dict[str, tuple[list[str], int, str, str]] = {
    "a wrong command line": (["generate"], 2, "USAGE", "user_errors"),
    "an unknown generator": (["generate", "x", "y"], 1, "GENERATOR_NOT_FOUND", "user_errors"),
    "an unknown template": (["generate", "component", "angular"], 1, "TEMPLATE_NOT_FOUND", "user_errors"),
    "a missing value": (["generate", "component", "react"], 1, "VARIABLE_MISSING", "user_errors"),
    "broken front matter": (["generate", "gen", "broken"], 1, "FRONT_MATTER_INVALID", "system_errors"),
    "a broken template in the list": (["list"], 1, "FRONT_MATTER_INVALID", "system_errors"),
    "a template that escapes": (["generate", "gen", "climbs"], 1, "PATH_ESCAPE", "critical_errors"),
}


@pytest.mark.parametrize(("argv", "exit_code", "code", "category"), FAILURES.values(), ids=FAILURES)
def test_a_failure_is_recorded_with_code_and_category(
    templates: Any, run: Any, granted: Any, argv: list[str], exit_code: int, code: str, category: str
) -> None:
    templates({"gen/broken/a.t": "junk", "gen/climbs/a.t": "---\nto: ../x\n---\n"})
    run(*argv)
    event = only(granted())
    assert event["operation"]["success"] is False
    assert (event["exitCode"], event["error"]["code"], event["error"]["category"]) == (
        exit_code,
        code,
        category,
    )


def test_a_failure_has_message_stack_and_context(run: Any, granted: Any) -> None:
    run("generate", "component", "angular")
    error = only(granted())["error"]
    assert error["message"] == "Template 'component/angular' not found; it has react, vue"
    assert "TemplateNotFound" in error["stack"]
    assert error["context"] == "unjucks help component"


def test_a_failing_run_still_says_what_was_asked_for(run: Any, granted: Any) -> None:
    run("generate", "component", "angular", "Button")
    operation = only(granted())["operation"]
    assert (operation["template"], operation["generator"]) == ("component/angular", "Button")


@pytest.mark.parametrize(
    "command", ["help", "--version", "telemetry", "doctor", "init", "new page", "genrate"]
)
def test_what_is_no_operation_is_not_recorded(run: Any, granted: Any, command: str) -> None:
    run(*command.split())
    assert granted() == []


def test_without_consent_nothing_is_left(generate: Any, project: Path) -> None:
    assert generate(HELLO, "World").code == 0
    assert not (project.parent / "opsdeck").exists()


def test_do_not_track_beats_consent(generate: Any, granted: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", "1")
    assert generate(HELLO, "World").code == 0
    assert granted() == []


SECRET = "s3cret"
TELLING = {
    "a value that is used": (HELLO + "{{ v }}", ["World", "--v", SECRET]),
    "a value of the wrong type": (
        {"template.yaml": "variables:\n  v: {type: integer}\n", "a.t": HELLO},
        ["--v", SECRET],
    ),
    "a value that is no choice": (
        {"template.yaml": "variables:\n  v: {choices: [a]}\n", "a.t": HELLO},
        ["--v", SECRET],
    ),
    "a value that breaks the engine": ("---\nto: a\n---\n{{ v + 1 }}{{ w }}", ["--v", SECRET, "--w", "1"]),
    "a value that names no partial": ("---\nto: a\n---\n{% include v %}", ["--v", SECRET]),
    "a value that a filter refuses": ("---\nto: a\n---\n{{ 1 | pad(v) }}", ["--v", SECRET]),
    "a path that escapes": ("---\nto: ../{{ v }}\n---\n", ["--v", SECRET]),
    "a path that is a folder": ("---\nto: {{ v }}/\n---\n", ["--v", SECRET]),
    "a file in the way": ("---\nto: s3cret-file\n---\nnew", []),
    "a folder in the way": ("---\nto: s3cret-folder\n---\nnew", []),
    "a file where a folder is needed": ("---\nto: s3cret-file/x\n---\nnew", []),
    "a name that is too long": ("---\nto: {{ v }}\n---\n", ["--v", SECRET * 99]),
    "a file to inject into that is missing": (
        "---\nto: {{ v }}\ninject: true\nappend: true\n---\n",
        ["--v", SECRET],
    ),
    "an anchor that is missing": (
        "---\nto: s3cret-file\ninject: true\nafter: {{ v }}\n---\nx",
        ["--v", SECRET + "!"],
    ),
    "an expression that is none": ("---\nto: s3cret-file\nskip_if: '/{{ v }}(/'\n---\nx", ["--v", SECRET]),
    "a command that nobody agreed to": ("---\nsh: echo {{ v }}\n---\n", ["--v", SECRET]),
    "a command that fails": ("---\nsh: exit 3; {{ v }}\n---\n", ["--v", SECRET, "--yes"]),
    "vars that are no pairs": (HELLO, ["--vars", SECRET]),
    "vars that are no JSON": (HELLO, ["--vars", '{"v": ' + SECRET]),
    "a word too many": (HELLO, ["World", SECRET]),
    "a word given twice": (HELLO, ["World", "--name", SECRET]),
}


@pytest.mark.parametrize(("files", "argv"), TELLING.values(), ids=TELLING)
def test_no_value_path_or_content_is_recorded(
    generate: Any, granted: Any, project: Path, files: Any, argv: list[str]
) -> None:
    (project / "s3cret-file").write_text("s3cret content")
    (project / "s3cret-folder").mkdir()
    generate(files, *argv)
    assert SECRET not in str(only(granted()))


BROKEN_EMIT = {
    "missing": "raise ImportError",
    "unreadable": "this is no python",
    "of another version": "other = 1",
}


@pytest.mark.parametrize("source", BROKEN_EMIT.values(), ids=BROKEN_EMIT)
def test_a_broken_emit_changes_nothing(spawn: Any, project: Path, monkeypatch: Any, source: str) -> None:
    broken = project.parent / "broken"
    broken.mkdir()
    (broken / "opsdeck_emit.py").write_text(source)
    monkeypatch.setenv("PYTHONPATH", str(broken))
    outcome = spawn("generate", "docs", "adr", "Use emit")
    assert (outcome.code, outcome.err) == (0, "")
    assert (project / "docs/adr/0001-use-emit.md").is_file()
    assert spawn("telemetry").error == "EMIT_MISSING"
    assert "warn  telemetry" in spawn("doctor").out
