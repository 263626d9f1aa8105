"""The six built-in generators against their committed output, and that output against its own tools.

After a wanted change: `UPDATE_GOLDEN=1 pytest tests/unjucks/test_golden.py`, then read the diff.
"""

import ast
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

from unjucks import find

GOLDEN = Path(__file__).parent / "golden"
RUNS = {
    "component-react": [["component", "react", "Button"]],
    "component-react-story": [["component", "react", "user card", "--story", "--dir", "ui"]],
    "component-vue": [["component", "vue", "UserCard"]],
    "cli-python": [["cli", "python", "log tool", "--description", "Reads 'logs' and counts."]],
    "api-fastapi": [["api", "fastapi", "order"], ["api", "fastapi", "Category"]],
    "ci-github": [["ci", "github"], ["ci", "github", "node ci", "--language", "node", "--branch", "trunk"]],
    "docs-adr": [["docs", "adr", "use SQLite for state", "--number", "12", "--status", "accepted"]],
}


def generated(run: Any, name: str) -> None:
    for argv in RUNS[name]:
        assert run("generate", *argv).code == 0


def files(folder: Path) -> dict[str, str]:
    """Path → text; golden files carry `.golden`, so that no tool takes them for code of this repository."""
    return {
        str(path.relative_to(folder)).removesuffix(".golden"): path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.mark.parametrize("name", RUNS)
def test_a_built_in_generator_writes_its_golden_files(run: Any, project: Path, name: str) -> None:
    generated(run, name)
    if os.environ.get("UPDATE_GOLDEN"):
        shutil.rmtree(GOLDEN / name, ignore_errors=True)
        for path, text in files(project).items():
            kept = GOLDEN / name / f"{path}.golden"
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(text)
    assert files(project) == files(GOLDEN / name)


@pytest.mark.parametrize("name", RUNS)
def test_generating_twice_changes_nothing(run: Any, project: Path, name: str) -> None:
    generated(run, name)
    before = files(project)
    generated(run, name)
    assert files(project) == before


def test_decision_records_are_numbered_one_after_another(run: Any, project: Path) -> None:
    for name in ("A", "B"):
        assert run("generate", "docs", "adr", name).code == 0
    records = files(project)
    assert list(records) == ["docs/adr/0001-a.md", "docs/adr/0002-b.md"]
    assert records["docs/adr/0002-b.md"].startswith("# 2. B\n")


def test_every_built_in_template_has_golden_files() -> None:
    built_in = {f"{generator}-{name}" for generator, name, _ in find.names(find.roots("/"))}
    assert built_in <= set(RUNS)
    assert len(built_in) == 6


def test_every_built_in_template_describes_itself() -> None:
    templates, troubles = find.survey(find.roots("/"))
    assert troubles == []
    assert all(template.description for template in templates)
    assert all(variable.declared for template in templates for variable in template.variables)


def test_no_built_in_template_runs_commands() -> None:
    templates, _ = find.survey(find.roots("/"))
    assert [source.path for template in templates for source in template.sources if "sh" in source.head] == []


@pytest.mark.parametrize("name", [name for name in RUNS if name.startswith(("cli", "api"))])
def test_generated_python_is_python(name: str) -> None:
    for path, text in files(GOLDEN / name).items():
        if path.endswith(".py"):
            ast.parse(text, path)


def test_the_generated_workflows_are_yaml() -> None:
    for text in files(GOLDEN / "ci-github").values():
        steps = yaml.safe_load(text)["jobs"]["test"]["steps"]
        assert steps[0] == {"uses": "actions/checkout@v4"}


def test_the_generated_project_file_is_toml() -> None:
    project = tomllib.loads(files(GOLDEN / "cli-python")["log-tool/pyproject.toml"])["project"]
    assert project["scripts"] == {"log-tool": "log_tool.cli:main"}


@pytest.mark.parametrize(("name", "folder"), [("cli-python", "log-tool"), ("api-fastapi", ".")])
def test_the_generated_tests_pass(run: Any, project: Path, name: str, folder: str) -> None:
    generated(run, name)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", "tests"]
    environment = {**os.environ, "PYTHONPATH": ".", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(
        command,
        cwd=project / folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["cli-python", "api-fastapi"])
def test_the_generated_python_is_formatted(run: Any, project: Path, name: str) -> None:
    generated(run, name)
    ruff = Path(sys.executable).with_name("ruff")
    for arguments in (["check", "--select=E,F,W,B,UP"], ["format", "--check"]):
        done = subprocess.run(
            [ruff, *arguments, "--isolated", "."], capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stdout
