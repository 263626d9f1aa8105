"""A real deck, as its own process in a home of its own, and commands typed against it."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest

BIN = Path(sys.executable).parent
T = TypeVar("T")
PATIENCE = 30.0  # seconds until a wait gives up; waits end as soon as they may


def until(look: Callable[[], T], patience: float = PATIENCE) -> T:
    """The first truthy answer of `look`; fails with the last one when patience ends."""
    deadline = time.monotonic() + patience
    while not (seen := look()):
        assert time.monotonic() < deadline, f"still {seen!r} after {patience:g} s"
        time.sleep(0.05)
    return seen


@dataclass
class Desk:
    """A person's machine: a home for the deck, a folder to work in, an environment."""

    home: Path
    work: Path
    process: subprocess.Popen[str] | None = None
    until = staticmethod(until)

    @property
    def env(self) -> dict[str, str]:
        kept = {
            k: v
            for k, v in os.environ.items()
            if k not in {"CI", "OPSDECK_KEY", "OPSDECK_URL", "DO_NOT_TRACK"}
        }
        return kept | {
            "OPSDECK_HOME": str(self.home),
            "HOME": str(self.home.parent),
            "PATH": f"{BIN}:{os.environ['PATH']}",
        }

    def run(self, *command: str, cwd: Path | None = None, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=cwd or self.work,
            env=self.env | env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    def start(self, *command: str) -> "subprocess.Popen[str]":
        return subprocess.Popen(command, cwd=self.work, env=self.env, stdout=subprocess.PIPE, text=True)

    def json(self, *command: str) -> Any:
        done = self.run(*command, "--json")
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def up(self, *options: str) -> "Desk":
        self.process = subprocess.Popen(
            [BIN / "opsdeck", "up", "--port", "0", *options],
            cwd=self.work, env=self.env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        until(self.ready)
        return self

    def ready(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, self.process.communicate()[0]
        try:
            return httpx.get(f"{self.url}/readyz").is_success
        except (OSError, httpx.HTTPError):
            return False

    @property
    def url(self) -> str:
        return (self.home / "url").read_text().strip()

    def stop(self, how: signal.Signals = signal.SIGINT) -> tuple[int, str]:
        assert self.process is not None
        self.process.send_signal(how)
        said, _ = self.process.communicate(timeout=PATIENCE)
        code, self.process = self.process.returncode, None
        return code, said


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """A fresh home and work folder; whatever still runs at the end is stopped."""
    made = Desk(tmp_path / "home", tmp_path / "work")
    made.work.mkdir()
    yield made
    if made.process:
        made.stop(signal.SIGKILL)
