"""`opsdeck logs`: log entries as people read them, or one JSON object a line; `-f` follows."""

import json
import sys
import time
from collections.abc import Iterator
from typing import Annotated, Any

import typer
from rich.text import Text

from opsdeck.cli import client
from opsdeck.cli.output import clean, console, errors, local, word
from opsdeck.measure import figures

POLL = 0.5  # seconds between two looks of `-f`
PAGE = 1000  # what the API gives at most at once
PEOPLE = "category!=performance"


def logs(
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on with what comes.")] = False,
    number: Annotated[int, typer.Option("-n", help="How many of the newest.", min=0)] = 20,
    where: Annotated[
        str,
        typer.Option(
            help="Filter: error.code=TEMPLATE_NOT_FOUND and duration>1000. Without one, probe runs are left out."
        ),
    ] = "",
    service: Annotated[str, typer.Option("--service", "-s", help="Only this service.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line, as stored.")] = False,
) -> None:
    """Log entries, oldest of the chosen ones first."""
    asked = {"where": where or PEOPLE, "service": service}
    shown = _newest(number, asked)
    for entry in shown:
        _print(entry, as_json)
    if not shown and number and not follow and not as_json:
        errors.print(_nothing(where, service), markup=False)
    if follow:
        try:
            for entry in _following(asked):
                _print(entry, as_json)
        except KeyboardInterrupt:
            raise typer.Exit(0) from None


def _nothing(where: str, service: str) -> str:
    if where or service:
        return "no entry matches; opsdeck services list shows who sent any"
    return (
        "no run by people yet: unjucks telemetry on, then run it\n"
        "probe runs: opsdeck logs --where category=performance"
    )


def _newest(number: int, asked: dict[str, str]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    before = ""
    while len(found) < number:
        answer = client.get("/api/logs", limit=min(PAGE, number - len(found)), before=before, **asked)
        found += answer["entries"]
        before = answer["older"]
        if not before:
            break
    return found[::-1]


def _following(asked: dict[str, str]) -> Iterator[dict[str, Any]]:
    """Entries that come from now on; only the ids of the newest page need remembering."""
    page = client.get("/api/logs", limit=PAGE, **asked)["entries"]
    while True:
        known = {entry["eventId"] for entry in page}
        sys.stdout.flush()
        time.sleep(POLL)
        page = client.get("/api/logs", limit=PAGE, **asked)["entries"]
        yield from (entry for entry in reversed(page) if entry["eventId"] not in known)


def _print(entry: dict[str, Any], as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n")
        return
    operation = entry["operation"]
    line = Text(f"{local(entry['timestamp'])} ")
    line.append_text(word(f"{entry['level']:<5}"))
    name = operation.get("template") or entry.get("command", "")
    took = figures.say(operation.get("duration"), "ms")
    line.append(clean(f" {entry['service']} {entry['version']} {operation['type']} {name} {took}"))
    if error := entry.get("error"):
        line.append(clean(f" {error['code']}: {error['message']}"), style="red")
    console.print(line, soft_wrap=True)
