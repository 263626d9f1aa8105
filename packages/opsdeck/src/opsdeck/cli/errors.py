"""`opsdeck errors …`: failures by their cause, and what a person does about them."""

from typing import Annotated, Any
from urllib.parse import quote

import typer
from rich.text import Text

from opsdeck.cli import client
from opsdeck.cli.output import AsJson, ago, block, clean, console, emit_json, local, table, word

app = typer.Typer(
    help="Error groups: list, show, explain, resolve, reopen, ignore, merge, split.", no_args_is_help=True
)

BARS = "▁▂▃▄▅▆▇█"
WIDEST = 24

Id = Annotated[str, typer.Argument(metavar="ID", help="As `errors list` prints it, or its beginning.")]
Span = Annotated[str, typer.Option(help="How far to look back: 1h, 24h, '30 days'.")]
Reason = Annotated[str, typer.Option(help="Why; the log keeps it.")]


@app.command("list")
def list_errors(
    service: Annotated[str, typer.Option("--service", "-s", help="Only this service.")] = "",
    status: Annotated[str, typer.Option(help="open, regressed, resolved, ignored or all.")] = "open",
    category: Annotated[str, typer.Option(help="Such as user_errors, system_errors.")] = "",
    text: Annotated[str, typer.Option(help="In title, code, template, place or id.")] = "",
    window: Span = "24h",
    sort: Annotated[str, typer.Option(help="last, first, count or users.")] = "last",
    limit: Annotated[int, typer.Option("-n", help="How many at most.", min=1)] = 50,
    as_json: AsJson = False,
) -> None:
    """What failed in the window, a line for each cause; then the thresholds that fire."""
    found = client.get(
        "/api/errors",
        service=service,
        status=status,
        category=category,
        text=text,
        window=window,
        sort=sort,
        limit=limit,
    )
    if as_json:
        emit_json(found)
        return
    _listed(found)


def _listed(found: dict[str, Any]) -> None:
    rows = (
        (
            row["id"],
            word(row["standing"]),
            f"{row['count']:,}",
            row["users"],
            ago(row["last_seen"]),
            _bars(row["trend"]),
            f"{row['code']}: {row['title']}{_where(row)}",
        )
        for row in found["errors"]
    )
    headings = ("id", "", "count", "users", "last seen", "trend", "error")
    table(
        headings, rows, "no error group like that in this time; opsdeck errors list --status all --window 30d"
    )
    if found["more"]:
        console.print(f"{found['more']:,} more: narrow the filter, or -n", markup=False)
    for rule in found["thresholds"]:
        if rule["standing"] in {"firing", "pending"}:
            name = f"{rule['service']}/{rule['rule']}"
            console.print(word(rule["standing"]), word(f"{name}: {rule['condition']}"))


def _where(row: dict[str, Any]) -> str:
    return "".join(f" · {one}" for one in (row["template"], row["user_type"], row["place"]) if one)


def _bars(counts: list[int]) -> str:
    """The trend in as many characters as fit."""
    size = -(-len(counts) // WIDEST) or 1
    sums = [sum(counts[at : at + size]) for at in range(0, len(counts), size)]
    peak = max(sums, default=0)
    return "".join(BARS[-(-count * (len(BARS) - 1) // peak)] if peak else BARS[0] for count in sums)


@app.command()
def show(fault: Id, window: Span = "24h", as_json: AsJson = False) -> None:
    """One error group: figures, versions, what belongs to it and why, its history, its newest event."""
    found = client.get(_path(fault), window=window)
    if as_json:
        emit_json(found)
        return
    row = found["row"]
    console.print(word(row["standing"]), word(f"{row['id']}  {row['code']}: {row['title']}"))
    facts = {
        "what": _where(row).removeprefix(" · "),
        "resolution": " · ".join(filter(None, (row["resolution"], found["note"]))),
        "category": " · ".join((row["category"], *row["treatment"])),
        "count": f"{row['count']:,} by {row['users']:,} users in {row['sessions']:,} sessions, last {window}",
        "trend": _bars(row["trend"]),
        "first seen": f"{local(row['first_seen'])} on {row['first_version']}",
        "last seen": f"{local(row['last_seen'])}, newest version {row['last_version']}",
    }
    shown = {name: text for name, text in facts.items() if text}
    block(tuple(shown), [word(text) for text in shown.values()])
    _details(found)


def _details(found: dict[str, Any]) -> None:
    rows = ((one["version"], f"{one['count']:,}", local(one["last"])) for one in found["versions"])
    table(("version", "count", "last seen"), rows, "not seen in this time: --window 30d", prose=0)
    members = ((one["fingerprint"], local(one["at"]), one["reason"]) for one in found["members"])
    table(("fingerprint", "since", "why it belongs"), members, "nothing belongs to it")
    changes = (
        (
            local(t["at"]),
            t["change"]["subject"],
            word(t["change"]["new"]),
            t["change"]["actor"],
            t["change"]["reason"],
        )
        for t in found["history"]
    )
    table(("at", "id", "change", "by", "reason"), changes, "it has never changed")
    if found["sample"]:
        _sample(found["sample"])


def _sample(entry: dict[str, Any]) -> None:
    error = entry["body"]["error"]
    console.print(Text(f"newest event  {entry['event_id']}", style="bold"))
    for line in (*error["message"].splitlines(), *str(error.get("stack", "")).splitlines()):
        console.print(Text(f"  {clean(line)}"), soft_wrap=True)


@app.command()
def explain(
    a: Annotated[str, typer.Argument(metavar="EVENT_A", help="The eventId of a failed run.")],
    b: Annotated[str, typer.Argument(metavar="EVENT_B", help="Another one.")],
    as_json: AsJson = False,
) -> None:
    """Why two failures are or are not in one error group, part by part."""
    found = client.get("/api/errors/explain", a=a, b=b)
    if as_json:
        emit_json(found)
        return
    console.print(word(found["conclusion"]))
    for step in found["steps"]:
        same = step["a"] == step["b"]
        console.print(Text(f"{step['part']:<12}", style="bold") + word(step["verdict"]))
        for side in (step["a"],) if same else (step["a"], step["b"]):
            console.print(Text(f"  {clean(side)}"), soft_wrap=True)


@app.command()
def resolve(
    fault: Id,
    version: Annotated[
        str,
        typer.Option("--in", help="Fixed in this version; whatever comes after the newest seen without it."),
    ] = "",
    reason: Reason = "",
    as_json: AsJson = False,
) -> None:
    """It is fixed: it comes back only when that version or a later one of the same line reports it."""
    _act(fault, "resolve", as_json, version=version, reason=reason)


@app.command()
def reopen(fault: Id, reason: Reason = "", as_json: AsJson = False) -> None:
    """It is not fixed, or not to be ignored any more."""
    _act(fault, "reopen", as_json, reason=reason)


@app.command()
def ignore(fault: Id, reason: Reason, as_json: AsJson = False) -> None:
    """It goes on being counted, but is not listed as open until somebody reopens it."""
    _act(fault, "ignore", as_json, reason=reason)


@app.command()
def merge(
    fault: Id,
    into: Annotated[str, typer.Option(help="The error group that it becomes a part of.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Two are one: its events count there, now and later, and its id leads there."""
    _act(fault, "merge", as_json, into=into, reason=reason)


@app.command()
def split(
    fault: Id,
    fingerprint: Annotated[str, typer.Argument(help="As `errors show` prints it.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """One fingerprint becomes an error group of its own."""
    _act(fault, "split", as_json, fingerprint=fingerprint, reason=reason)


def _act(fault: str, what: str, as_json: bool, **given: str) -> None:
    found = client.request("POST", f"{_path(fault)}/{what}", body=given)
    if as_json:
        emit_json(found)
        return
    said = f"{found['key']}: {found['status']}"
    if found["status"] == "resolved":
        said += f" {_resolved(found['resolved_in'])}"
    console.print(word(f"{said}  {found['title']}"), soft_wrap=True)


def _resolved(version: str) -> str:
    if not version:
        return "for good: it was seen on no version that can be ordered, so none brings it back"
    return f"after {version[1:]}" if version.startswith(">") else f"in {version}"


def _path(fault: str) -> str:
    return f"/api/errors/{quote(fault, safe='')}"
