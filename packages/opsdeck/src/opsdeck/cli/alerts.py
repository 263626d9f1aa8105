"""`opsdeck alerts …`: what fires, why, and what a person does about it."""

from typing import Annotated

import typer

from opsdeck.cli import client
from opsdeck.cli.output import AsJson, ago, console, emit_json, local, table, word
from opsdeck.errors import UsageError
from opsdeck.measure import figures

app = typer.Typer(help="Alerts: list, explain, acknowledge, silence.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="SERVICE/RULE", help="As `alerts list` prints it.")]


@app.command("list")
def list_alerts(
    service: Annotated[str, typer.Option("--service", "-s", help="Only this service.")] = "",
    phase: Annotated[str, typer.Option(help="Only firing, pending, unknown or quiet ones.")] = "",
    as_json: AsJson = False,
) -> None:
    """Every rule and where it stands, what needs a person first."""
    found = client.get("/api/alerts", service=service, phase=phase)
    if as_json:
        emit_json(found)
        return
    rows = (
        (
            word(a["standing"]),
            f"{a['service']}/{a['rule']}",
            word(a["severity"]),
            figures.say(a["value"], a["unit"]),
            _note(a),
        )
        for a in found["alerts"]
    )
    table(
        ("", "alert", "severity", "value", "note"),
        rows,
        "no alert rule stands like that",
    )


def _note(row: dict[str, str]) -> str:
    if row["acknowledged_by"]:
        return f"acknowledged by {row['acknowledged_by']}"
    if row["inhibited_by"]:
        return f"inhibited by {row['inhibited_by']}"
    return f"silenced until {local(row['silenced_until'])}" if row["silenced_until"] else row["reason"]


@app.command()
def show(name: Name, as_json: AsJson = False) -> None:
    """One rule with its history."""
    found = client.get(f"/api/alerts/{_split(name)}")
    if as_json:
        emit_json(found)
        return
    row = found["row"]
    console.print(word(row["standing"]), f"{name}: {row['summary']} ({row['condition']})", markup=False)
    rows = (
        (local(t["at"]), ago(t["at"]), t["change"]["old"], word(t["change"]["new"]), t["change"]["actor"])
        for t in found["history"]
    )
    table(("at", "", "from", "to", "by"), rows, "it has never changed")


@app.command()
def explain(name: Name, as_json: AsJson = False) -> None:
    """Step by step why it is where it is: figures, holds, what was sent to whom, what was not."""
    found = client.get(f"/api/alerts/{_split(name)}/explain")
    if as_json:
        emit_json(found["explanation"])
        return
    for line in found["lines"]:
        console.print(word(line), soft_wrap=True)


@app.command()
def ack(
    name: Name,
    note: Annotated[str, typer.Option(help="What you are going to do.")] = "",
    as_json: AsJson = False,
) -> None:
    """Say that you are on it."""
    found = client.request("POST", f"/api/alerts/{_split(name)}/ack", body={"note": note})
    if as_json:
        emit_json(found)
    else:
        console.print(f"{name}: acknowledged by {found['acknowledged_by']}", markup=False)


@app.command()
def silence(
    name: Name,
    span: Annotated[str, typer.Option("--for", help="How long: '2 hours', '1 day'.")],
    reason: Annotated[str, typer.Option(help="Why; it is logged.")],
    as_json: AsJson = False,
) -> None:
    """Hold its notifications back for a while; it goes on being evaluated."""
    found = client.request(
        "POST", f"/api/alerts/{_split(name)}/silence", body={"for": span, "reason": reason}
    )
    if as_json:
        emit_json(found)
    else:
        console.print(f"{name}: silenced until {local(found['until'])}", markup=False)


def _split(name: str) -> str:
    service, slash, rule = name.rpartition("/")
    if not slash:
        raise UsageError(f"{name!r} names no alert", hint="opsdeck alerts list shows them as SERVICE/RULE")
    return f"{service}/{rule}"
