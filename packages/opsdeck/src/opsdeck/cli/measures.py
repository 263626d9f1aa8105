"""`status`, `sli`, `slo …`, `doctor` and `link`: how things stand, in words or JSON."""

from typing import Annotated, Any

import typer

import opsdeck_emit.telemetry
from opsdeck.cli import client
from opsdeck.cli.output import AsJson, ago, console, emit_json, table, word
from opsdeck.errors import UnreachableError, UsageError
from opsdeck.measure import figures

slo = typer.Typer(help="Service level objectives: budgets, burn rates, verdicts.", no_args_is_help=True)

ServiceName = Annotated[str, typer.Option("--service", "-s", help="Only this service.")]


def status(as_json: AsJson = False) -> None:
    """The deck on one screen: services, objectives, what fires, what is unwell."""
    found = client.get("/api/status")
    if as_json:
        emit_json(found)
        return
    _say_services(found)
    for check in found["trouble"]:
        console.print(word(check["state"]), word(f"{check['title']}: {check['text']}"))
    _say_alerts(found["alerts"])
    console.print(f"last event {ago(found['last_event'])} · {client.address()}", markup=False)


def _say_services(found: dict[str, Any]) -> None:
    rows = [
        (
            row["service"]["name"],
            o["title"],
            word(o["verdict"]),
            figures.say(o["value"], o["unit"]),
            _left(o),
            o["text"],
        )
        for row in found["services"]
        for o in row["objectives"]
    ]
    table(
        ("service", "objective", "verdict", "value", "budget left", "target"),
        rows,
        "no service: opsdeck services add NAME",
    )


def _left(objective: dict[str, Any]) -> str:
    left = objective["budget_left"]
    return "-" if left is None else figures.say(left, "ratio")


def _say_alerts(rows: list[dict[str, Any]]) -> None:
    if not rows:
        console.print("no alert is firing or pending")
    for row in rows:
        console.print(
            word(row["standing"]), f"{row['service']}/{row['rule']} since {ago(row['since'])}", markup=False
        )


def sli(
    service: ServiceName = "",
    window: Annotated[str, typer.Option(help="How far to look back: 5 minutes, 24h, 30 days.")] = "24h",
    as_json: AsJson = False,
) -> None:
    """Service level indicators over a window."""
    found = client.get("/api/sli", service=service, window=window)
    if as_json:
        emit_json(found)
        return
    rows = (
        (i["title"], word(i["verdict"]), figures.say(i["value"], i["unit"]), i["target"] or "-", i["note"])
        for i in found["indicators"]
    )
    table(("indicator", "verdict", "value", "target", "from"), rows, "no indicator")


@slo.command("list")
def list_objectives(service: ServiceName = "", as_json: AsJson = False) -> None:
    """Every objective with value, budget and burn rate."""
    found = client.get("/api/slo", service=service)
    if as_json:
        emit_json(found)
        return
    rows = (
        (
            o["service"],
            o["name"],
            word(o["verdict"]),
            figures.say(o["value"], o["unit"]),
            _left(o),
            _burn(o),
            o["text"],
        )
        for o in found["objectives"]
    )
    table(
        ("service", "objective", "verdict", "value", "budget left", "burn rate", "target"),
        rows,
        "no objective",
    )


def _burn(objective: dict[str, Any]) -> str:
    return "-" if objective["burn_rate"] is None else f"{objective['burn_rate']:.2g}"


@slo.command()
def explain(
    name: Annotated[str, typer.Argument(metavar="SERVICE/OBJECTIVE", help="As unjucks-cli/availability.")],
    as_json: AsJson = False,
) -> None:
    """One objective in a sentence, with the figures behind it."""
    service, _, objective = name.rpartition("/")
    if not service:
        raise UsageError(f"{name!r} names no objective", hint="opsdeck slo list; then SERVICE/OBJECTIVE")
    found = client.get(f"/api/slo/{service}/{objective}")
    if as_json:
        emit_json(found)
        return
    console.print(f"{found['title']}: {found['text']}", style="bold", markup=False)
    console.print(word(found["verdict"]), word(found["note"]))


def doctor(as_json: AsJson = False) -> None:
    """Is the deck well, and does this machine's telemetry reach it? Exit code 1 where something fails."""
    checks = [*_this_machine(), *_deck()]
    if as_json:
        emit_json({"checks": checks})
    else:
        table(
            ("", "check", "found", "do"),
            ((word(c["state"]), c["title"], c["text"], c["hint"]) for c in checks),
            "",
        )
    if any(check["state"] == "fail" for check in checks):
        raise typer.Exit(1)


def _deck() -> list[dict[str, Any]]:
    try:
        found: list[dict[str, Any]] = client.get("/api/doctor")["checks"]
    except UnreachableError as error:
        return [{"name": "deck", "title": "Deck", "state": "fail", "text": error.message, "hint": error.hint}]
    return found


def _this_machine() -> list[dict[str, Any]]:
    return [_spool(name) for name in opsdeck_emit.telemetry.services()]


def _spool(service: str) -> dict[str, Any]:
    seen = opsdeck_emit.telemetry.status(service)
    dropped = seen["dropped"]
    lost = ", ".join(f"{count} {reason}" for reason, count in dropped.items())
    trouble = seen["lastError"] or (f"dropped: {lost}" if lost else "")
    text = f"consent {seen['consent']}, {seen['spooled']} waiting, {seen['sent']} sent"
    return {
        "name": f"spool_{service}",
        "title": f"Telemetry of {service}",
        "state": "warn" if trouble else "ok",
        "text": f"{text}; {trouble}" if trouble else text,
        "hint": "docs/telemetry.md says what each reason means" if trouble else "",
    }


def link(as_json: AsJson = False) -> None:
    """A fresh sign-in link for the pages: works once, for five minutes."""
    found = client.request("POST", "/api/links")
    if as_json:
        emit_json(found)
    else:
        console.print(found["url"], soft_wrap=True, markup=False)
