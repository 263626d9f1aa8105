"""Runs a scanner that is installed. In: a file or folder, how long it may take. Out: what it wrote, for `read`.

It must not know decks. A scanner that fails says so in its own words, shortened; nothing of it is guessed.
"""

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import IO

from opsdeck.collect.scans import text
from opsdeck.collect.scans.read import LARGEST
from opsdeck.errors import NotFoundError, OpsdeckError, UsageError

# 1: there are vulnerabilities.
FINE = (0, 1)
MOST_SAID = 600
REQUIREMENTS = "requirements.txt"


def _osv_scanner(path: Path) -> Sequence[str]:
    return ("--format", "json", "--recursive" if path.is_dir() else "--lockfile", str(path))


def _pip_audit(path: Path) -> Sequence[str]:
    quiet = ("--format", "json", "--progress-spinner", "off")
    if path.is_file():
        return (*quiet, "--requirement", str(path))
    if (path / REQUIREMENTS).is_file():
        return (*quiet, "--requirement", str(path / REQUIREMENTS))
    return (*quiet, str(path)) if (path / "pyproject.toml").is_file() else quiet


# The first that is found runs: osv-scanner reads lock files of every language.
SCANNERS = {"osv-scanner": _osv_scanner, "pip-audit": _pip_audit}
GET = "pip install pip-audit, or install osv-scanner as its documentation says"


def found(tool: str = "") -> tuple[str, str]:
    """The scanner's name and program. Raises NotFoundError where none is installed, UsageError for another tool."""
    if tool and tool not in SCANNERS:
        raise UsageError(
            f"{text.plain(tool, text.SHOWN)!r} is not run from here", hint=f"one of: {', '.join(SCANNERS)}"
        )
    for name in (tool,) if tool else SCANNERS:
        program = shutil.which(name)
        if program:
            return name, program
    raise NotFoundError(
        f"{tool or 'no scanner'} is not installed" if tool else "no scanner is installed", hint=GET
    )


def run(
    path: Path, tool: str, limit: timedelta, environment: Mapping[str, str] | None = None
) -> tuple[str, bytes]:
    """The scanner's name and its report on `path`. Raises OpsdeckError where it fails, takes too long or says too much."""
    if not path.exists():
        raise UsageError(f"there is no {path}", hint="name the folder or file to scan")
    name, program = found(tool)
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as said:
        code = _wait([program, *SCANNERS[name](path.absolute())], out, said, limit, environment)
        size = out.seek(0, os.SEEK_END)
        if size > LARGEST:
            raise OpsdeckError(f"{name} wrote more than {LARGEST:,} bytes", hint="scan in parts")
        if code not in FINE or not size:
            said.seek(-min(MOST_SAID, said.seek(0, os.SEEK_END)), os.SEEK_END)
            why = text.plain(said.read().decode("utf-8", "replace"), MOST_SAID) or "it said nothing"
            raise OpsdeckError(
                f"{name} failed with exit code {code}: {why}", hint=f"run it by hand: {name} --help"
            )
        out.seek(0)
        return name, out.read()


def _wait(
    command: Sequence[str],
    out: IO[bytes],
    said: IO[bytes],
    limit: timedelta,
    environment: Mapping[str, str] | None,
) -> int:
    """The exit code. What it started is ended with it when its time is over."""
    process = subprocess.Popen(
        command, stdin=subprocess.DEVNULL, stdout=out, stderr=said, env=environment, start_new_session=True
    )
    try:
        return process.wait(limit.total_seconds())
    except subprocess.TimeoutExpired:
        raise OpsdeckError(
            f"{Path(command[0]).name} did not end within {limit}",
            hint='give it longer: --timeout "30 minutes"',
        ) from None
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
