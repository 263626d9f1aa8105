"""One run of a real CLI, seen from outside: how long, how it ended, what it wrote.

In: a probe of the spec and a scratch folder. Out: an Outcome. It knows neither events nor the deck.
The run gets an environment of its own (no telemetry, no colour, its own home), so that a probe never
counts as a person and never depends on one.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from opsdeck.spec.model import Probe

STDERR_KEPT = 500


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a probe run went: `duration` in ms of wall time, the exit code (None: it never ended by itself),
    an error code and message ("" for a good run), the files and bytes that it wrote, its first line of output."""

    duration: float
    exit_code: int | None
    error_code: str
    message: str
    files: int
    size: int
    output: str


def locate(command: str) -> str:
    """The program on PATH, else the one beside this interpreter (a deck run from its own virtual environment)."""
    beside = Path(sys.executable).with_name(command)
    return shutil.which(command) or (str(beside) if beside.exists() else command)


def run(probe: Probe, folder: Path) -> Outcome:
    """Run the probe once in a fresh scratch folder under `folder`, which also keeps the CLI's caches warm."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix="run-") as scratch:
        started = time.perf_counter()
        error, exit_code, output = _execute(probe, folder, scratch)
        duration = (time.perf_counter() - started) * 1000
        written = [path for path in Path(scratch).rglob("*") if path.is_file()]
        if not error[0] and probe.kind and not written:
            error = ("PROBE_WROTE_NOTHING", f"{' '.join(probe.command)} succeeded but wrote no file")
        size = sum(path.stat().st_size for path in written)
        return Outcome(duration, exit_code, *error, files=len(written), size=size, output=output)


def _execute(probe: Probe, folder: Path, scratch: str) -> tuple[tuple[str, str], int | None, str]:
    command = " ".join(probe.command)
    seconds = probe.timeout.total_seconds()
    try:
        done = subprocess.run(
            [locate(probe.command[0]), *probe.command[1:]],
            cwd=scratch,
            env=_environment(folder),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=seconds,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return ("PROBE_TIMEOUT", f"{command} did not end within {seconds:g} s"), None, ""
    except OSError as error:
        return ("PROBE_NOT_RUNNABLE", f"{command}: {error.strerror}"), None, ""
    output = done.stdout.decode(errors="replace").partition("\n")[0]
    if done.returncode == 0:
        return ("", ""), 0, output
    said = done.stderr.decode(errors="replace").strip()[:STDERR_KEPT] or "no message"
    return ("PROBE_FAILED", f"{command} exited {done.returncode}: {said}"), done.returncode, output


def _environment(folder: Path) -> dict[str, str]:
    home = str(folder)
    return {
        "PATH": os.environ.get("PATH", os.defpath),
        "LANG": "C.UTF-8",
        "HOME": home,
        "XDG_CACHE_HOME": str(folder / "cache"),
        "OPSDECK_HOME": str(folder / "no-deck"),
        "DO_NOT_TRACK": "1",
        "NO_COLOR": "1",
    }
