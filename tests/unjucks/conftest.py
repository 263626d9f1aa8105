"""A project folder of its own for every test, templates written as text, and the command run in two ways.

`run` calls the command in this process (fast); `spawn` starts the real one (honest about start-up, signals, streams).
"""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from unjucks import cli

UNJUCKS = str(Path(sys.executable).with_name("unjucks"))
Files = dict[str, str]
Run = Callable[..., "Outcome"]


@dataclass(frozen=True)
class Outcome:
    code: int
    out: str
    err: str

    @property
    def error(self) -> str:
        """The stable code printed with the failure."""
        return self.err.partition("[")[2].partition("]")[0]

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder, entered; home, cache and telemetry live beside it."""
    for name in ("CI", "OPSDECK_KEY", "OPSDECK_URL", "DO_NOT_TRACK", "PYTHONUNBUFFERED"):
        monkeypatch.delenv(name, raising=False)
    home = tmp_path / "home"
    for name, path in {
        "HOME": home,
        "XDG_CACHE_HOME": home / "cache",
        "XDG_CONFIG_HOME": home / "config",
        "XDG_DATA_HOME": home / "data",
        "OPSDECK_HOME": home / "opsdeck",
    }.items():
        monkeypatch.setenv(name, str(path))
    folder = home / "project"
    folder.mkdir(parents=True)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def templates(project: Path) -> Callable[..., Path]:
    """Write template files below `_templates` (or another root): path → text."""

    def write(files: Files, root: Path = project / "_templates") -> Path:
        for name, text in files.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(text.encode() if isinstance(text, str) else text)
        return root

    return write


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command in this process."""

    def call(*argv: str) -> Outcome:
        monkeypatch.setattr(sys, "argv", ["unjucks", *argv])
        capsys.readouterr()
        code = cli.main()
        out, err = capsys.readouterr()
        return Outcome(code, out, err)

    return call


@pytest.fixture
def generate(templates: Callable[..., Path], run: Run) -> Run:
    """Write files of a template `gen/one` and run `generate gen one …`."""

    def call(files: Files | str, *argv: str, root: Path | None = None) -> Outcome:
        named = {"a.t": files} if isinstance(files, str) else files
        paths = {f"gen/one/{name}": text for name, text in named.items()}
        templates(paths, root) if root else templates(paths)
        return run("generate", "gen", "one", *argv)

    return call


@pytest.fixture
def spawn() -> Run:
    """Run the installed command as a process of its own."""

    def call(*argv: str, **options: Any) -> Outcome:
        done = subprocess.run(
            [UNJUCKS, *argv], capture_output=True, text=True, check=False, timeout=60, **options
        )
        return Outcome(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture
def tree(project: Path) -> Callable[[], Files]:
    """Everything in the project but its templates: path → text."""

    def read() -> Files:
        return {
            str(path.relative_to(project)): path.read_text()
            for path in sorted(project.rglob("*"))
            if path.is_file() and "_templates" not in path.parts
        }

    return read


@pytest.fixture
def granted() -> Callable[[], list[dict[str, Any]]]:
    """Consent to recording; gives a reader of the events recorded since."""
    from opsdeck_emit import consent, telemetry

    consent.grant("unjucks-cli")
    return lambda: [json.loads(line) for line in telemetry.waiting("unjucks-cli")]


@pytest.fixture
def as_nobody() -> Iterator[None]:
    """Lose root's powers over permission bits for one test."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)
