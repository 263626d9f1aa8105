"""What starting unjucks costs: `--version`, `list`, and `generate` with telemetry off and on, beside a bare Python.

Runs are interleaved, so that a busy moment of the machine meets every case alike; figures are medians in ms and
ratios to `python -c pass` of the same interpreter. Peak memory is VmHWM, read by the process itself at its end.
Bytecode is cached, as after an installation: PYTHONDONTWRITEBYTECODE and PYTHONUNBUFFERED are not passed on.
Run: `python bench/unjucks.py [--runs N] [--json]`.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

UNJUCKS = str(Path(sys.executable).with_name("unjucks"))
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR")
ONE_FILE = ["generate", "docs", "adr", "{name}", "--number", "1"]
THREE_FILES = ["generate", "component", "react", "{name}"]
PEAK = """
import sys
sys.argv[0] = "unjucks"
from unjucks.cli import main
code = main()
with open("/proc/self/status") as status:
    sys.stderr.write(status.read().partition("VmHWM:")[2].split()[0])
sys.exit(code)
"""
LIMITS = {
    "version_ratio": 1.5,
    "generate_on_ratio": 3.0,
    "on_minus_off_ms": 3.0,
    "peak_generate_on_mib": 25.0,
}


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--runs", type=int, default=60)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="unjucks-bench-") as folder:
        figures = measure(Path(folder), chosen.runs)
    if chosen.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:<30} {value:8.2f}" + (f"   limit {LIMITS[name]}" if name in LIMITS else ""))


class Home:
    """A home folder of its own, with or without consent, and with a deck's address or none."""

    def __init__(self, folder: Path, *, consent: bool, deck: str = "") -> None:
        """Warm the caches and give or refuse consent."""
        self.folder = folder
        folder.mkdir()
        self.environment = {name: os.environ[name] for name in KEPT if name in os.environ} | {
            "HOME": str(folder)
        }
        if deck:
            self.environment |= {"OPSDECK_URL": deck, "OPSDECK_KEY": "bench"}
        (folder / "project").mkdir()
        for argv in (["telemetry", "on" if consent else "off"], ["list"]):
            self.run([UNJUCKS, *argv])

    def run(self, command: list[str]) -> subprocess.CompletedProcess[bytes]:
        """Run to the end."""
        return subprocess.run(
            command, cwd=self.folder / "project", env=self.environment, capture_output=True, check=True
        )

    def time(self, command: list[str]) -> float:
        """Run and give the wall time from start to exit in ms."""
        quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
        os.chdir(self.folder / "project")
        began = time.perf_counter()
        child = os.posix_spawn(command[0], command, self.environment, file_actions=quiet)
        status = os.waitpid(child, 0)[1]
        took = (time.perf_counter() - began) * 1000
        assert status == 0, f"{command} ended with {status}"
        return took

    def peak(self, argv: list[str]) -> float:
        """Give the peak memory of a run in MiB."""
        return int(self.run([sys.executable, "-c", PEAK, *argv]).stderr) / 1024

    def stop_shipper(self) -> None:
        """End the shipper that lingers for this home."""
        for lock in self.folder.rglob("shipper.lock"):
            if (pid := lock.read_text().strip()).isdecimal():
                os.kill(int(pid), signal.SIGTERM)


def measure(folder: Path, runs: int) -> dict[str, float]:
    """All figures of one run of this benchmark."""
    off = Home(folder / "off", consent=False)
    on = Home(folder / "on", consent=True)
    dead = Home(folder / "dead", consent=True, deck="http://127.0.0.1:9")
    cases = {
        "bare": (off, [sys.executable, "-c", "pass"]),
        "version": (off, [UNJUCKS, "--version"]),
        "list": (off, [UNJUCKS, "list"]),
        "generate_off": (off, [UNJUCKS, *ONE_FILE]),
        "generate_on": (on, [UNJUCKS, *ONE_FILE]),
        "generate_on_dead_deck": (dead, [UNJUCKS, *ONE_FILE]),
        "generate_three_files_on": (on, [UNJUCKS, *THREE_FILES]),
    }
    times: dict[str, list[float]] = {name: [] for name in cases}
    for number in range(-3, runs):
        for name, (home, command) in cases.items():
            took = home.time(
                [word.format(name=f"Run {number}" if number >= 0 else f"Warm {-number}") for word in command]
            )
            if number >= 0:
                times[name].append(took)
    os.chdir(folder)
    dead.stop_shipper()
    medians = {name: statistics.median(values) for name, values in times.items()}
    figures = {f"{name}_ms": value for name, value in medians.items()}
    figures |= {f"{name}_ratio": value / medians["bare"] for name, value in medians.items() if name != "bare"}
    pairs = zip(times["generate_on"], times["generate_off"], strict=True)
    figures["on_minus_off_ms"] = statistics.median(with_it - without for with_it, without in pairs)
    one_file = [word.format(name="Peak") for word in ONE_FILE]
    figures["peak_generate_on_mib"] = on.peak(one_file)
    figures["peak_list_mib"] = on.peak(["list"])
    return {name: round(value, 2) for name, value in figures.items()}


if __name__ == "__main__":
    main()
