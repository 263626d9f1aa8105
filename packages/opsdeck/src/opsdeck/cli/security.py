"""`opsdeck security …`: what was detected, who is restricted, who may use what, and what a person does about it."""

import shlex
from typing import Annotated, Any
from urllib.parse import quote

import typer

from opsdeck.cli import client, rights, rules
from opsdeck.cli.output import AsJson, ago, console, emit_json, local, table, word
from opsdeck.cli.output import block as lines
from opsdeck.cli.rights import OneService, Reason, User, say

app = typer.Typer(help="Security: events, review, limits and blocks, entitlements.", no_args_is_help=True)
app.add_typer(rules.app, name="rules")
for act in (rights.entitle, rights.revoke, rights.entitlements):
    app.command()(act)

Service = Annotated[str, typer.Option("--service", "-s", help="Only this service.")]
Detected = Annotated[str, typer.Argument(metavar="DETECTION", help="Its id or the id's beginning.")]
Subject = Annotated[
    str, typer.Argument(metavar="SUBJECT", help="A userId, or an address hash with --address.")
]


@app.command()
def events(
    service: Service = "",
    event: Annotated[str, typer.Option(help="Only this security event.")] = "",
    subject: Annotated[str, typer.Option(help="Only about this user or address hash.")] = "",
    number: Annotated[int, typer.Option("-n", help="How many of the newest.", min=1, max=1000)] = 20,
    as_json: AsJson = False,
) -> None:
    """Security events, newest first."""
    found = client.get(
        "/api/security/detections", service=service, event=event, subject=subject, limit=number
    )
    nothing = "nothing was detected; the rules: opsdeck security rules"
    if service or event or subject:
        nothing = "nothing was detected with this filter; all: opsdeck security events"
    _detections(found, nothing, as_json=as_json)


@app.command()
def review(service: Service = "", as_json: AsJson = False) -> None:
    """What waits for a verdict, the longest waiting first."""
    found = client.get("/api/security/review", service=service)
    _detections(found, "nothing waits for a verdict", as_json=as_json)


@app.command()
def show(detection: Detected, as_json: AsJson = False) -> None:
    """One security event: the rule, its figures and evidence, what it led to, what was said."""
    found = client.get(f"/api/security/detections/{_path(detection)}")
    if as_json:
        emit_json(found)
        return
    one = found["detection"]
    facts = {
        "event": f"{one['service']}/{one['event']}",
        "subject": f"{one['subject_kind']} {one['subject']}",
        "rule": f"{one['rule']}: {found['title']}",
        "seen": one["detail"],
        "count": one["count"],
        "from, to": f"{local(one['first_at'])} - {local(one['last_at'])}",
    }
    facts |= {n.replace("_", " "): text for n, text in found["figures"].items() if n != "count"}
    facts |= {
        "action": one["action"],
        "verdict": _verdict(one) + (f" ({one['note']})" if one["note"] else ""),
        "evidence": ", ".join(found["evidence"]) or "no single entries were kept",
    }
    lines(list(facts), [word(value) for value in facts.values()])
    if found["evidence"]:
        read = f"opsdeck logs --where {shlex.quote('eventId=' + found['evidence'][0])}"
        console.print(word(f"to read an entry of the evidence: {read}"), soft_wrap=True)
    _restrictions(found["restrictions"], "it restricted nobody")
    rows = (
        (local(t["at"]), word(t["change"]["new"]), t["change"]["actor"], t["change"]["reason"])
        for t in found["history"]
    )
    table(("at", "what", "by", "why"), rows, "the log has nothing about it")


@app.command()
def verdict(
    detection: Detected,
    said: Annotated[str, typer.Argument(metavar="VERDICT", help="fine, suspicious or confirmed.")],
    note: Annotated[str, typer.Option(help="What you found out.")] = "",
    lift: Annotated[bool, typer.Option("--lift", help="It was fine: end what it led to.")] = False,
    as_json: AsJson = False,
) -> None:
    """Say what a security event was; it teaches what is usual."""
    body = {"verdict": said, "note": note, "lift": lift}
    found = client.request("POST", f"/api/security/detections/{_path(detection)}/verdict", body=body)
    say(found, f"{found['key']}: {found['verdict']}", as_json=as_json)


@app.command()
def blocks(
    service: Service = "",
    every: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    as_json: AsJson = False,
) -> None:
    """Limits and blocks that stand."""
    found = client.get("/api/security/restrictions", service=service, ended="true" if every else "")
    if as_json:
        emit_json(found)
    else:
        _restrictions(found["restrictions"], "nobody is restricted")


@app.command()
def lift(
    restriction: Annotated[str, typer.Argument(metavar="RESTRICTION", help="Its id or the id's beginning.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """End a limit or block before its time."""
    found = client.request(
        "POST", f"/api/security/restrictions/{_path(restriction)}/lift", body={"reason": reason}
    )
    free = "" if found["still"] else f": {found['subject']} is free again"
    say(found, f"lifted {found['key']}{free}", as_json=as_json)
    if not as_json:
        rights.still(found["still"])


@app.command("block")
def add_block(
    subject: Subject,
    span: Annotated[str, typer.Option("--for", help="How long: '2 hours', '1 day'.")],
    reason: Reason,
    service: OneService = "",
    address: Annotated[
        bool,
        typer.Option(
            "--address", help="SUBJECT is an address hash; blocked for the rest of the day at most."
        ),
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Block a user, or everybody at an address, for a time."""
    body = {"service": service, "subject": subject, "for": span, "reason": reason, "address": address}
    found = client.request("POST", "/api/security/restrictions", body=body)
    made = found["restriction"]
    say(found, f"blocked {subject} until {local(made['until'])} ({made['key']})", as_json=as_json)


@app.command()
def profile(user: User, service: OneService = "", as_json: AsJson = False) -> None:
    """What is usual for a user, and what is known about them."""
    found = client.get(f"/api/security/users/{_path(user)}", service=service)
    if as_json:
        emit_json(found)
        return
    known = found["profile"]
    console.print(word(f"{known['state']}: {known['reason']}"), soft_wrap=True)
    console.print(word(f"in the last 24 hours {known['today']} generations"), soft_wrap=True)
    rows = ((name, f"{share:.0%}") for name, share in known["usual"])
    table(("usual template", "share"), rows, "nothing is usual yet")
    _restrictions(found["restrictions"], "not restricted")
    _detections(found, "nothing was detected about this user", as_json=False)


def _detections(found: dict[str, Any], empty: str, *, as_json: bool) -> None:
    if as_json:
        emit_json(found)
        return
    rows = (
        (ago(d["at"]), d["key"], f"{d['service']}/{d['event']}", d["subject"], _verdict(d), d["detail"])
        for d in found["detections"]
    )
    table(("", "id", "event", "subject", "verdict", "what was seen"), rows, empty)


def _verdict(one: dict[str, Any]) -> str:
    return str(one["verdict"]) or ("waits" if "review" in one["action"] else "-")


def _restrictions(found: list[dict[str, Any]], empty: str) -> None:
    rows = (
        (r["key"], r["kind"].replace("_", " "), r["service"], r["subject"], _until(r), r["step"], r["reason"])
        for r in found
    )
    table(("id", "what", "service", "subject", "until", "step", "why"), rows, empty)


def _until(one: dict[str, Any]) -> str:
    if one["lifted_by"]:
        return f"lifted by {one['lifted_by']}"
    return f"over {local(one['until'])}" if one["lifted_at"] else local(one["until"])


def _path(name: str) -> str:
    return quote(name, safe="")
