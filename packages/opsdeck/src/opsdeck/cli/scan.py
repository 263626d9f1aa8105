"""`opsdeck scan …`: bring what scanners found to the deck, look at it, accept a risk for a time."""

from pathlib import Path
from typing import Annotated, Any

import typer
from rich.text import Text

from opsdeck.cli import client
from opsdeck.cli.output import AsJson, ago, block, console, emit_json, errors, local, table, word
from opsdeck.errors import OpsdeckError, UnreachableError, UsageError

app = typer.Typer(help="Vulnerabilities: import scans, list findings, accept risks.", no_args_is_help=True)

LARGEST = 64 * 1024 * 1024

Service = Annotated[
    str, typer.Option("--service", "-s", help="Whose findings; the first service without it.")
]
Source = Annotated[str, typer.Option(help="What was scanned, to tell scans of several things apart.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="The same file counts as a new look.")]


@app.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(metavar="FILE…", help="As the scanner wrote them.")],
    service: Service = "",
    format_: Annotated[str, typer.Option("--format", help="Instead of recognising it.")] = "",
    source: Source = "",
    fresh: Fresh = False,
    as_json: AsJson = False,
) -> None:
    """OSV, osv-scanner, pip-audit, Trivy, Grype, CycloneDX, SARIF and OpenVEX files, each whole or not at all.

    A file that cannot be imported does not stop the others; the exit code is 1 then.
    """
    done, failed = [], []
    for file in files:
        try:
            done.append(_send(_bytes(file), service, format_, source, fresh=fresh))
        except UnreachableError:
            raise
        except OpsdeckError as error:
            failed.append(_failed(file, error))
        else:
            if not as_json:
                _say(str(file), done[-1])
    if as_json:
        emit_json({"imports": done, "failed": failed})
    if failed:
        names = ", ".join(one["file"] for one in failed)
        errors.print(word(f"{len(done):,} of {len(files):,} files imported; not: {names}"), soft_wrap=True)
        raise typer.Exit(1)


@app.command("run")
def run_scanner(
    path: Annotated[Path, typer.Argument(help="A folder or a lock file.")] = Path(),
    service: Service = "",
    tool: Annotated[
        str, typer.Option(help="osv-scanner or pip-audit; the one that is installed without it.")
    ] = "",
    timeout: Annotated[str, typer.Option(help="How long it may take.")] = "10 minutes",
    source: Source = "",
    as_json: AsJson = False,
) -> None:
    """Run osv-scanner or pip-audit, whichever is installed, and import what it found."""
    from opsdeck import timing
    from opsdeck.collect.scans import run

    try:
        limit = timing.duration(timeout)
    except ValueError as error:
        raise UsageError(f"timeout: {error}", hint='for example: --timeout "10 minutes"') from None
    client.address()
    name, report = run.run(path, tool, limit)
    done = _send(report, service, name, source, fresh=True)
    if as_json:
        emit_json(done)
    else:
        _say(f"{name} {path}", done)


@app.command("list")
def list_findings(
    service: Service = "",
    severity: Annotated[str, typer.Option(help="critical, high, medium, low, none or unknown.")] = "",
    status: Annotated[
        str, typer.Option(help="open, accepted, not_affected, fixed, gone, or any (all).")
    ] = "open",
    text: Annotated[str, typer.Option(help="In a name, a package or a title.")] = "",
    number: Annotated[int, typer.Option("-n", help="How many of the worst.", min=1, max=1_000)] = 100,
    as_json: AsJson = False,
) -> None:
    """Findings, worst first."""
    found = client.get(
        "/api/vulnerabilities", service=service, severity=severity, status=status, text=text, limit=number
    )
    if as_json:
        emit_json(found)
        return
    rows = (
        (word(f["severity"]), f["id"], _package(f), f["fixed_in"] or "-", word(f["status"]), f["title"])
        for f in found["findings"]
    )
    empty = "nothing found" if found["looked_at"] else "no scan was imported yet: opsdeck scan import FILE"
    table(("severity", "vulnerability", "package", "fixed in", "status", "what"), rows, empty)
    if found["more"]:
        console.print(f"the worst {number} are shown; more: -n {min(2 * number, 1_000)}")
    if found["hidden"]:
        console.print(f"{found['hidden']:,} accepted or not affected are hidden; with them: --status any")


@app.command()
def show(
    name: Annotated[str, typer.Argument(metavar="VULNERABILITY", help="Any of its names.")],
    package: Annotated[str, typer.Argument(help="Only in this package (a purl).")] = "",
    service: Service = "",
    as_json: AsJson = False,
) -> None:
    """One vulnerability: its names, who says so, the fix, why it stands where it stands."""
    from urllib.parse import quote

    named = service or client.get("/api/vulnerabilities", limit=1)["service"]
    found = client.get(
        f"/api/vulnerabilities/{quote(named, safe='')}/{quote(name, safe='')}", package=package
    )
    if as_json:
        emit_json(found)
        return
    for story in found["findings"]:
        _tell(story)


@app.command()
def accept(
    vulnerability: Annotated[str, typer.Argument(help="Any of its names.")],
    until: Annotated[str, typer.Option(help='"30 days", or a time.')],
    reason: Annotated[str, typer.Option(help="Why; it is logged.")],
    package: Annotated[str, typer.Argument(help="Only in this package (a purl).")] = "",
    service: Service = "",
    as_json: AsJson = False,
) -> None:
    """Accept a risk until a time; then it counts again."""
    body = {
        "service": service,
        "vulnerability": vulnerability,
        "package": package,
        "until": until,
        "reason": reason,
    }
    done = client.request("POST", "/api/waivers", body=body)["waiver"]
    if as_json:
        emit_json(done)
    else:
        console.print(
            f"{vulnerability}: accepted until {local(done['until'])} ({done['key'][:8]})", markup=False
        )


@app.command()
def waivers(service: Annotated[str, typer.Option("--service", "-s")] = "", as_json: AsJson = False) -> None:
    """VEX statements and accepted risks in force."""
    found = client.get("/api/waivers", service=service)
    if as_json:
        emit_json(found)
        return
    rows = (
        (w["key"][:8], w["vulnerability"], w["package"] or "every package", word(w["status"]), local(w["until"]), w["justification"])
        for w in found["waivers"]
    )  # fmt: skip
    table(("key", "vulnerability", "package", "says", "until", "why"), rows, "no waiver is in force")


@app.command()
def withdraw(
    key: Annotated[str, typer.Argument(help="As `scan waivers` prints it.")],
    reason: Annotated[str, typer.Option(help="Why; it is logged.")],
    as_json: AsJson = False,
) -> None:
    """End a waiver: what it covered counts again."""
    from urllib.parse import quote

    done = client.request("POST", f"/api/waivers/{quote(key, safe='')}/withdraw", body={"reason": reason})
    if as_json:
        emit_json(done)
    else:
        console.print(f"{done['vulnerability']}: the waiver is withdrawn", markup=False)


@app.command()
def history(service: Annotated[str, typer.Option("--service", "-s")] = "", as_json: AsJson = False) -> None:
    """The last imports, newest first."""
    found = client.get("/api/scans", service=service)
    if as_json:
        emit_json(found)
        return
    rows = (
        (ago(s["imported_at"]), s["service"], s["tool"], s["source"] or "-", local(s["made_at"]), "statements" if s["stated_only"] else str(s["findings"]), s["actor"])
        for s in found["scans"]
    )  # fmt: skip
    columns = ("imported", "service", "tool", "source", "made", "findings", "by")
    table(columns, rows, "no scan was imported yet: opsdeck scan import FILE")


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            read = opened.read(LARGEST + 1)
    except OSError as error:
        raise UsageError(f"{file}: {error.strerror}", hint="name the file that the scanner wrote") from None
    if len(read) > LARGEST:
        raise UsageError(
            f"{file} is larger than {LARGEST:,} bytes", hint="scan in parts, each with a --source"
        )
    return read


def _failed(file: Path, error: OpsdeckError) -> dict[str, str]:
    said = error.message if error.message.startswith(str(file)) else f"{file}: {error.message}"
    errors.print(Text("error: ", style="red") + word(said), soft_wrap=True)
    if error.hint:
        errors.print(word(f"try: {error.hint}"), soft_wrap=True)
    return {"file": str(file), "error": error.message, "hint": error.hint}


def _send(body: bytes, service: str, format_: str, source: str, *, fresh: bool) -> Any:
    asked = {"service": service, "format": format_, "source": source, "fresh": "true" if fresh else ""}
    return client.request("POST", "/api/scans", body=body, **asked)


def _say(what: str, done: dict[str, Any]) -> None:
    if done["unchanged"]:
        said = "imported before; nothing changed (a new look at the same things: --fresh)"
    else:
        counts = f"{done['findings']:,} findings, {done['new']:,} new, {done['gone']:,} gone"
        stated = (
            f", {done['statements']:,} statements (they end {done['applied']:,})"
            if done["statements"]
            else ""
        )
        said = (
            f"{done['format']} into {done['service']}: {counts}{stated}; {done['critical']:,} critical open"
        )
        if stay := done["stay_withdrawn"]:
            what = "statement stays" if stay == 1 else "statements stay"
            said += f"; {stay:,} {what} withdrawn by {', '.join(done['withdrawn_by'])}"
    console.print(word(f"{what}: {said}"), soft_wrap=True)


def _package(finding: dict[str, Any]) -> str:
    return str(finding["package"]) + (f"@{finding['version']}" if finding["version"] else "")


def _tell(story: dict[str, Any]) -> None:
    one = story["finding"]
    said = ", ".join(
        name + (" (not any more)" if tool["gone"] else f" ({tool['severity']})")
        for name, tool in one["tools"].items()
    )
    rows = {
        "vulnerability": one["id"], "what": one["title"] or "-", "package": _package(one),
        "severity": one["severity"] + (f" ({one['score']:g})" if one["score"] is not None else ""),
        "status": f"{one['status']}: {story['reason']}", "names": ", ".join(one["ids"]["all"]),
        "reported by": said, "fixed in": one["fixed_in"] or "-", "first seen": local(one["first_seen"]),
        "last seen": local(one["last_seen"]),
    }  # fmt: skip
    for waiver in story["waivers"]:
        ends = f" until {local(waiver['until'])}" if waiver["until"] else ""
        rows[f"waiver {waiver['key'][:8]}"] = (
            f"{waiver['status']}{ends}: {waiver['justification']} ({waiver['source']})"
        )
    block(list(rows), [word(value) for value in rows.values()])
    console.print(Text())
