"""What looking for secrets costs, and what it finds: both nets over realistic events and over hostile text.

In: nothing. Out: JSON figures. Run: `python bench/redaction.py --json`.

    emit_us, collect_us   per event, of 2,000: one in ten failed, one in a hundred failures holds a secret
    hostile_ms            1 MB of the worst text of a table, in one piece; `hostile_parts_ms` in fields of 32 KiB
    recall, false_hits    over the table of tests/secrets

Times are processor time, the least of a few rounds: the work is pure, and what else runs is no part of it.
"""

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path

import msgspec

from opsdeck.collect.scrub import Scrubber
from opsdeck.collect.wire import Entry
from opsdeck_emit import failure
from opsdeck_emit.forms import take_out
from opsdeck_emit.wire import dumps, suspect

sys.path.insert(0, str(Path(__file__).parents[1] / "tests/secrets"))

from clean import lines
from forms import planted

EVENTS, ROUNDS, MEGABYTE, FIELD = 2000, 7, 1_000_000, 32_768
HOSTILE = (
    "a", "key=", "password=", 'token="', "://a:", "https://", "-----BEGIN PRIVATE KEY-----", "-" * 9 + "PRIVATE", "eyJ-",
    "eyJaaaaaaaa.", "sk-", "ghp_", "cookie:a=", "bearer ", "basic aaaa", "--token ", 'password\\\\\\"', "AKIA", "SG.", "api_key: x",
    "AGE-SECRET-KEY-1", "glpat-", "\u0130", "pass=&", "authorization: ", "hooks.slack.com/a/", "sig=", "xoxb-", "_auth=",
)  # fmt: skip


def stack(number: int) -> str:
    frames = [f'  File "/srv/app/module_{n}.py", line {n * 7 + number}, in act_{n}' for n in range(12)]
    return "\n".join([*frames, f"ValueError: no such key {number}"])


def entries() -> list[Entry]:
    """As a deck gets them."""
    secrets = planted(EVENTS)
    made = []
    for number in range(EVENTS):
        failed = number % 10 == 0
        said = next(secrets).text if number % 1000 == 0 else f"Template 'component/{number}' not found"
        error = {"code": "TEMPLATE_NOT_FOUND", "message": said, "stack": stack(number)} if failed else None
        made.append(event(number, error))
    return made


def event(number: int, error: object) -> Entry:
    operation = {"type": "template_generation", "template": "component/react", "generator": f"Button{number}"}
    return msgspec.convert(
        {
            "timestamp": "2026-11-24T12:00:00.000Z", "level": "INFO", "service": "unjucks-cli", "version": "2026.11.0",
            "environment": "production", "requestId": f"req_{number:016x}", "userId": f"user_{number % 50:016x}",
            "sessionId": f"sess_{number % 90:016x}", "operation": {**operation, "duration": 12, "success": error is None},
            "metadata": {"workingDirectory": f"~/projects/app{number % 20}", "phasesMs": {"find": 1, "render": 2}},
            **({"error": error} if error else {}), "command": "generate", "os": "linux", "arch": "x86_64",
        },
        Entry,
    )  # fmt: skip


def collect_us() -> float:
    batches = [entries() for _ in range(ROUNDS)]
    return min(timed(lambda batch=batch: Scrubber().scrub(batch)) for batch in batches) / EVENTS * 1e6


def emit_us() -> float:
    """What a run pays: a look at every record, and the filter on those that failed."""
    records = [dumps(msgspec.to_builtins(entry)["operation"]) * 3 for entry in entries()]
    said = [(entry.error.message, entry.error.stack) for entry in entries() if entry.error]

    def act() -> None:
        for record in records:
            suspect(record)
        for message, where in said:
            failure.error("TEMPLATE_NOT_FOUND", message, "user_errors", stack=where)

    return min(timed(act) for _ in range(ROUNDS)) / EVENTS * 1e6


def failed_us() -> float:
    """One failed event alone: message and stack of twelve frames."""
    where = stack(1)

    def act() -> None:
        for number in range(EVENTS):
            take_out(f"Template 'component/{number}' not found")
            take_out(where)

    return min(timed(act) for _ in range(ROUNDS)) / EVENTS * 1e6


def hostile_ms(size: int) -> dict[str, float]:
    """1 MB of each, in pieces of this size."""
    found = {}
    for text in HOSTILE:
        whole = (text * (MEGABYTE // len(text) + 1))[:MEGABYTE]
        parts = [whole[at : at + size] for at in range(0, MEGABYTE, size)]
        found[text] = (
            min(timed(lambda parts=parts: [take_out(part) for part in parts]) for _ in range(3)) * 1000
        )
    return found


def timed(act: Callable[[], object]) -> float:
    began = time.process_time()
    act()
    return time.process_time() - began


def main() -> None:
    """Measure and print."""
    table, clean = list(planted(2000)), lines(20_000)
    missed = sum(one.secret in take_out(one.text)[0] for one in table)
    whole, parts = hostile_ms(MEGABYTE), hostile_ms(FIELD)
    figures = {
        "emit_us": emit_us(),
        "collect_us": collect_us(),
        "failed_event_us": failed_us(),
        "hostile_ms": max(whole.values()),
        "hostile_parts_ms": max(parts.values()),
        "recall_percent": 100 * (1 - missed / len(table)),
        "false_hits": sum(take_out(line)[1] for line in clean),
    }
    if "--json" in sys.argv:
        print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
        return
    for name, value in figures.items():
        print(f"{name:<20} {value:10.2f}")
    for text, took in sorted(whole.items(), key=lambda pair: -pair[1])[:6]:
        print(f"  {text!r:<40} {took:8.1f} ms, in parts {parts[text]:.1f}")


if __name__ == "__main__":
    main()
