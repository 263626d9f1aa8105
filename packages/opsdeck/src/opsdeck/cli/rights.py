"""Entitlements on the command line: who may use restricted templates and features."""

from collections.abc import Iterable, Mapping
from typing import Annotated, Any

import typer

from opsdeck.cli import client
from opsdeck.cli.output import AsJson, console, emit_json, local, table, word

Service = Annotated[str, typer.Option("--service", "-s", help="Only this service.")]
OneService = Annotated[
    str, typer.Option("--service", "-s", help="Of this service; the first one without it.")
]
User = Annotated[str, typer.Argument(metavar="USER", help="A userId.")]
Feature = Annotated[
    str, typer.Argument(metavar="FEATURE", help="template:infra/vault, template:infra/*, allow-outside, …")
]
Reason = Annotated[str, typer.Option(help="Why; it is logged.")]


def entitle(
    user: User,
    feature: Feature,
    reason: Reason,
    span: Annotated[str, typer.Option("--for", help="How long; without it until it is revoked.")] = "",
    service: OneService = "",
    as_json: AsJson = False,
) -> None:
    """Let a user use a restricted template or feature."""
    body = {"service": service, "subject": user, "feature": feature, "for": span, "reason": reason}
    found = client.request("POST", "/api/security/entitlements", body=body)
    until = found["entitlement"]["until"]
    say(found, f"{user} may use {feature}{f' until {local(until)}' if until else ''}", as_json=as_json)
    if not as_json:
        still(found["still"])


def revoke(
    user: User, feature: Feature, reason: Reason, service: OneService = "", as_json: AsJson = False
) -> None:
    """Take an entitlement back."""
    body = {"service": service, "subject": user, "feature": feature, "reason": reason}
    found = client.request("POST", "/api/security/entitlements/revoke", body=body)
    say(found, f"{user} may no longer use {feature}", as_json=as_json)


def entitlements(
    service: Service = "",
    user: Annotated[str, typer.Option(help="Only of this user.")] = "",
    as_json: AsJson = False,
) -> None:
    """Who may use which restricted template or feature."""
    found = client.get("/api/security/entitlements", service=service, subject=user)
    if as_json:
        emit_json(found)
        return
    rows = (
        (e["subject"], e["feature"], e["service"], local(e["until"]), e["actor"], e["reason"])
        for e in found["entitlements"]
    )
    table(
        ("user", "feature", "service", "until", "by", "why"),
        rows,
        "nobody is entitled: opsdeck security entitle USER FEATURE --reason …",
    )


def still(standing: Iterable[Mapping[str, Any]]) -> None:
    """What stands against a user all the same, and the command that ends it."""
    for one in standing:
        kind = {"block": "blocked", "rate_limit": "rate limited"}[one["kind"]]
        ends = f"opsdeck security lift {one['key']} --reason …"
        said = f"{one['subject']} is still {kind} until {local(one['until'])} by {one['key']}: {ends}"
        console.print(word(said), soft_wrap=True)


def say(found: object, sentence: str, *, as_json: bool) -> None:
    """What was done: the answer as it came, or a sentence."""
    if as_json:
        emit_json(found)
    else:
        console.print(word(sentence), soft_wrap=True)
