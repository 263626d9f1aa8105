"""What a policy of the deck costs a tool that obeys it, beside a bare interpreter.

`check_ms` is measured inside a fresh process per round, from `import opsdeck_emit.policy` to the answer (read, verify,
decide), as an operated tool meets it: with opsdeck_emit loaded. The rest is the wall time of whole processes, in
interleaved runs, so that a busy moment of the machine meets every case alike: `unjucks generate` with consent and a
policy that restricts nothing, and with consent and without a policy. Medians.
Run: `python bench/policy_check.py [--runs N] [--json]`.
"""

import argparse
import hashlib
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import opsdeck_emit
from opsdeck_emit import consent, policy

UNJUCKS = str(Path(sys.executable).with_name("unjucks"))
KEPT = ("PATH", "LANG", "LC_ALL", "TMPDIR")
SERVICE, KEY, DEAD = "unjucks-cli", "odk_bench", "http://127.0.0.1:9"
SOURCES = str(Path(opsdeck_emit.__file__).parents[1])
LIMIT_MS = 1.0
CHECK = """
import time
import opsdeck_emit
began = time.perf_counter()
from opsdeck_emit import policy
now = time.time()
standing = policy.standing("unjucks-cli", {subject!r}, now)
answer = (standing.restriction(now), standing.entitled("template:infra/vault"))
took = time.perf_counter() - began
assert answer == (None, True), answer
print(took * 1000)
"""
NOTHING = "import opsdeck_emit"
LINES = (
    "restrict rate_limit 1764012645 R-1a2b3c4d 12 failures in 5 minutes by this user",
    "entitled template:infra/*",
    "retry TEMPLATE_UNREADABLE",
    "retry TARGET_UNREADABLE",
    "retry WRITE_FAILED",
    "retry-limits 3 50 1000 2000",
)


class Home:
    """A home with consent and the key of a deck that is down, with a cached policy or without."""

    def __init__(self, folder: Path, *, policy: bool) -> None:
        """Warm the caches."""
        self.folder = folder
        self.project = folder / "project"
        self.project.mkdir(parents=True)
        kept = {name: os.environ[name] for name in KEPT if name in os.environ}
        self.environment = kept | {"HOME": str(folder), "OPSDECK_HOME": str(folder), "PYTHONPATH": SOURCES}
        os.environ["OPSDECK_HOME"] = str(folder)
        consent.grant(SERVICE)
        self.subject = consent.pseudonym()
        (folder / "url").write_text(DEAD)
        (folder / "ingest.key").write_text(KEY)
        if policy:
            self.store()
        self.time([UNJUCKS, "list"])

    def store(self) -> None:
        """Cache a policy that the deck could have signed."""
        now = int(time.time())
        head = f"service {SERVICE}\nsubject {self.subject}\nissued {now}\nexpires {now + 3600}\n"
        text = f"opsdeck-policy 1\n{head}" + "".join(f"{line}\n" for line in LINES)
        key = hashlib.sha256(KEY.encode()).hexdigest().encode()
        mac = hashlib.blake2b(text.encode(), key=key, digest_size=32).hexdigest()
        policy.want(SERVICE)
        Path(policy.path(SERVICE)).write_text(f"{text}mac {mac}\n")

    def time(self, command: list[str]) -> float:
        """Run and give the wall time from start to exit in ms."""
        quiet = [(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0)]
        os.chdir(self.project)
        began = time.perf_counter()
        child = os.posix_spawn(command[0], command, self.environment, file_actions=quiet)
        status = os.waitpid(child, 0)[1]
        took = (time.perf_counter() - began) * 1000
        assert status == 0, f"{command} ended with {status}"
        return took

    def stop_shipper(self) -> None:
        """End the shipper that lingers for this home."""
        for lock in self.folder.rglob("shipper.lock"):
            if (pid := lock.read_text().strip()).isdecimal():
                os.kill(int(pid), signal.SIGTERM)

    def check(self) -> float:
        """The milliseconds that one check says it took, in a process of its own."""
        command = [sys.executable, "-c", CHECK.format(subject=self.subject)]
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True)
        return float(done.stdout)


def measure(folder: Path, runs: int) -> dict[str, float]:
    """All figures."""
    known, unknown = Home(folder / "known", policy=True), Home(folder / "unknown", policy=False)
    check = CHECK.format(subject=known.subject)
    cases = {
        "bare": (known, [sys.executable, "-c", "pass"]),
        "emit": (known, [sys.executable, "-c", NOTHING]),
        "emit_and_check": (known, [sys.executable, "-c", check]),
        "generate_with_policy": (known, [UNJUCKS, "generate", "docs", "adr", "{}", "--number", "1"]),
        "generate_without_policy": (unknown, [UNJUCKS, "generate", "docs", "adr", "{}", "--number", "1"]),
    }
    times: dict[str, list[float]] = {name: [] for name in [*cases, "check"]}
    for number in range(-3, runs):
        name = f"Run {number}" if number >= 0 else f"Warm {-number}"
        took = {
            case: home.time([word.format(name) if word == "{}" else word for word in command])
            for case, (home, command) in cases.items()
        }
        took["check"] = known.check()
        for case, value in took.items() if number >= 0 else ():
            times[case].append(value)
    os.chdir(folder)
    for home in (known, unknown):
        home.stop_shipper()
    medians = {name: statistics.median(values) for name, values in times.items()}
    figures = {f"{name}_ms": value for name, value in medians.items()}
    figures["check_p95_ms"] = sorted(times["check"])[int(runs * 0.95)]
    figures["check_ratio"] = medians["check"] / medians["bare"]
    for name, (more, less) in {
        "process_with_check_minus_without_ms": ("emit_and_check", "emit"),
        "generate_with_minus_without_ms": ("generate_with_policy", "generate_without_policy"),
    }.items():
        pairs = zip(times[more], times[less], strict=True)
        figures[name] = statistics.median(one - other for one, other in pairs)
    return {name: round(value, 3) for name, value in figures.items()}


def main() -> None:
    """Measure and print."""
    options = argparse.ArgumentParser()
    options.add_argument("--runs", type=int, default=60)
    options.add_argument("--json", action="store_true")
    chosen = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="policy-bench-") as folder:
        figures = measure(Path(folder), chosen.runs)
    if chosen.json:
        print(json.dumps(figures))
        return
    for name, value in figures.items():
        print(f"{name:<38} {value:8.3f}" + (f"   limit {LIMIT_MS}" if name == "check_ms" else ""))


if __name__ == "__main__":
    main()
