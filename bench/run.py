"""All benchmarks, one after the other, into bench/RESULTS.md: `make bench`. Close what else runs first.

Each is a process of its own; a limit comes from the project's targets, a ratio is against something measured in the
same run. A missed limit is written as missed.
"""

import json
import os
import platform
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

HERE = Path(__file__).parent
RESULTS = HERE / "RESULTS.md"


@dataclass(frozen=True)
class Target:
    """A figure of a benchmark, by the name it prints, and the limit it has to keep ("" where none is set)."""

    bench: str
    figure: str
    title: str
    unit: str
    limit: float | None = None
    at_least: bool = False


TARGETS = (
    Target("unjucks", "bare_ms", "bare `python -c pass`", "ms"),
    Target("unjucks", "version_ratio", "`unjucks --version`", "x bare", 1.5),
    Target("unjucks", "generate_on_ratio", "`unjucks generate`, one file, telemetry on", "x bare", 3),
    Target("unjucks", "generate_on_dead_deck_ratio", "the same, the deck is dead", "x bare", 3),
    Target("unjucks", "list_ratio", "`unjucks list`", "x bare"),
    Target("unjucks", "on_minus_off_ms", "telemetry on minus off, `unjucks generate`", "ms", 3),
    Target("unjucks", "peak_generate_on_mib", "peak memory of `unjucks generate`, telemetry on", "MiB", 25),
    Target("emit", "telemetry_on_minus_off_ms", "telemetry on minus off, a minimal embedded CLI", "ms", 3),
    Target("emit", "import_minus_bare_ms", "`import opsdeck_emit` minus bare", "ms"),
    Target("policy", "check_ms", "reading, verifying and asking the deck's policy, in a fresh process", "ms", 1),
    Target("policy", "check_ratio", "the same", "x bare"),
    Target("policy", "generate_with_minus_without_ms", "`unjucks generate` with a policy minus without", "ms"),
    Target("secrets", "emit_us", "looking for secrets in `opsdeck_emit`, per event, one in ten failed", "µs", 20),
    Target("secrets", "collect_us", "the same at collection", "µs", 20),
    Target("secrets", "hostile_ms", "1 MB of the worst of 29 hostile texts", "ms", 50),
    Target("secrets", "recall_percent", "found of 2,000 planted secrets in 48 forms", "%", 99, at_least=True),
    Target("secrets", "false_hits", "changed of 20,000 clean lines", "", 0),
    Target("ingest", "bytes_per_event", "size of an event", "bytes"),
    Target("ingest", "events_per_second", "`POST /v1/events`, batches of 1,000, fdatasync before the 202", "events/s", 100_000, at_least=True),
    Target("ingest", "request_ms_p99", "99th percentile of those requests", "ms"),
    Target("ingest", "visible_idle_ms_max", "acknowledged to visible in a query, one event", "ms", 1_000),
    Target("ingest", "visible_steady_ms_max", "acknowledged to visible, in a steady stream", "ms", 1_000),
    Target("ingest", "resident_mib", "collection alone, resident after 1M events", "MiB", 250),
    Target("faults", "fingerprint_us_median", "fingerprint of an error, median of 200", "µs", 50),
    Target("faults", "fingerprint_us_p95", "the same, 95th percentile (recursions of 40 frames)", "µs", 50),
    Target("faults", "megabyte_ms_worst", "fingerprint of 1 MB made to be slow, the worst of 31 texts", "ms"),
    Target("tick", "tick, median", "evaluation tick of the default spec, 1M events in a month", "ms", 250),
    Target("tick_hour", "tick, median", "the same, 1M events within the last hour", "ms", 250),
    Target("tick", "objectives, median", "all objectives of a service, 1M events in a month", "ms"),
    Target("scans", "first, s", "import of 100,000 findings, all new, SQLite", "s", 30),
    Target("scans", "second tool, s", "the same by another tool: every line joins a finding", "s", 30),
    Target("scans", "again, s", "the first tool's next scan, a tenth repaired", "s", 30),
    Target("scans", "RSS after again, MiB", "resident after the three, with their files in memory", "MiB"),
    Target("scans", "page of open findings, ms", "list of open findings, 100,000 in the store", "ms"),
    Target("audit", "leaves_per_second", "changes appended in groups of 500, in the tree and signed, SQLite", "rows/s", 5_000, at_least=True),
    Target("audit", "tree_per_second", "the tree and its signature alone", "rows/s"),
    Target("audit", "added_ms", "a single change, beside a deck that ticks without a pause minus without a tree", "ms", 1),
    Target("audit", "verify_seconds", "an export of 1M rows verified offline, the whole program", "s", 10),
    Target("detect", "tick, median", "detection tick, all rules, 1M events in a month", "ms"),
    Target("detect", "look at everybody, median", "the same about everybody, as each five minutes", "ms"),
    Target("detect_hour", "tick, median", "detection tick, all rules, 1M events within the last hour", "ms"),
    Target("detect_hour", "look at everybody, median", "the same about everybody, as each five minutes", "ms"),
    Target("detect", "11th failure to log row, slowest", "the 11th failure's receipt to its row in the log", "ms", 2_000),
    Target("enforce", "answer_ms", "`GET /v1/policy` in process, 1,000 restricted users", "ms"),
    Target("enforce", "not_modified_ms", "the same with If-None-Match, 304", "ms"),
    Target("enforce", "visible_ms_max", "the 11th failure accepted to the policy that restricts, longest of 10", "ms", 2_000),
    Target("deck", "RSS at rest, MiB", "`opsdeck up` over 1M events, resident at rest", "MiB", 250),
    Target("deck", "RSS after all that, MiB", "the same after every page and 15 times status", "MiB", 250),
    Target("deck", "page /, ms", "overview page, 1M events", "ms"),
    Target("deck", "page /slo, ms", "objectives page, 1M events", "ms"),
    Target("deck", "page /alerts, ms", "alerts page, 1M events", "ms"),
    Target("deck", "page /events, ms", "event explorer, 1M events", "ms"),
    Target("deck", "opsdeck status, ms", "`opsdeck status`, the whole command, 1M events", "ms"),
)  # fmt: skip

COMMANDS = {
    "unjucks": ("unjucks.py", "--json"),
    "emit": ("emit.py", "--json"),
    "policy": ("policy_check.py", "--json"),
    "secrets": ("redaction.py", "--json"),
    "ingest": ("ingest.py", "--json"),
    "faults": ("faults.py", "--json"),
    "tick": ("tick.py", "--json"),
    "tick_hour": ("tick.py", "--hours", "1", "--json"),
    "scans": ("scans.py", "--json"),
    "audit": ("audit.py", "--json"),
    "detect": ("detect.py", "--json"),
    "detect_hour": ("detect.py", "--hours", "1", "--json"),
    "enforce": ("policy.py", "--json"),
    "deck": ("deck.py", "--json"),
}


def main() -> None:
    """Run, write, say what missed; exit code 1 if something did."""
    found = {name: run(command) for name, command in COMMANDS.items()}
    lines, missed = zip(*(row(target, found[target.bench][target.figure]) for target in TARGETS), strict=True)
    RESULTS.write_text(page(lines), encoding="utf-8")
    print(RESULTS.read_text(encoding="utf-8"))
    sys.exit(1 if any(missed) else 0)


def run(command: tuple[str, ...]) -> dict[str, float]:
    """The figures of one benchmark. Without PYTHONDONTWRITEBYTECODE, which would compile every module at every start."""
    print(" ".join(command), file=sys.stderr, flush=True)
    env = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    done = subprocess.run(
        [sys.executable, HERE / command[0], *command[1:]],
        stdout=subprocess.PIPE,
        text=True,
        check=True,
        env=env,
    )
    figures: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return figures


def row(target: Target, value: float) -> tuple[str, bool]:
    """A line of the table, and whether its limit was missed."""
    said = f"{value:,.0f}" if value >= 1_000 else f"{value:,.2f}".rstrip("0").rstrip(".")
    if target.limit is None:
        return f"| {target.title} | {said} {target.unit} | | | `{' '.join(COMMANDS[target.bench])}` |", False
    missed = value < target.limit if target.at_least else value > target.limit
    limit = f"{'≥' if target.at_least else '≤'} {target.limit:,g} {target.unit}"
    verdict = "**missed**" if missed else "kept"
    return (
        f"| {target.title} | {said} {target.unit} | {limit} | {verdict} | `{' '.join(COMMANDS[target.bench])}` |",
        missed,
    )


def page(lines: tuple[str, ...]) -> str:
    """The whole of RESULTS.md."""
    cores, day = os.cpu_count(), datetime.now(UTC).date()
    return "\n".join(
        (
            "# Measured",
            "",
            f"`make bench` on {cores} cores ({platform.machine()}, {platform.system()}, Python {platform.python_version()}), {day}. Medians of",
            "interleaved runs; ratios are against a bare interpreter in the same run. Commands are under `bench/`.",
            "",
            "| what | measured | limit | | command |",
            "|---|---|---|---|---|",
            *lines,
            "",
        )
    )


if __name__ == "__main__":
    main()
