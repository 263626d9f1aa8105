"""Vulnerabilities: counts, findings with a filter, one of them in full; risks accepted and waivers withdrawn."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from opsdeck.collect.scans.shape import SEVERITIES
from opsdeck.errors import UsageError
from opsdeck.reports import scans, services
from opsdeck.server.api.scans import Acceptance, accept, withdraw
from opsdeck.server.forms import fields
from opsdeck.server.pages.frame import render
from opsdeck.server.served import TheDeck

router = APIRouter(include_in_schema=False)

Fields = Annotated[Mapping[str, str], Depends(fields)]
Text = Annotated[str, Query(max_length=200)]
PER_PAGE = 50
RECENT = 10
SHOWN = 20
SEE_OTHER = 303
LONGEST = {"vulnerability": 128, "package": 600, "until": 40, "reason": 500}


@router.get("/scans")
def board(
    request: Request,
    deck: TheDeck,
    service: Text = "",
    severity: Text = "",
    status: Text = "open",
    text: Text = "",
    offset: int = 0,
) -> HTMLResponse:
    now = deck.clock.now()
    asked = services.named(deck.events, deck.spec, service, now)
    wanted = scans.Filter(severity, status, text)
    with deck.state.begin(write=False) as tx:
        shown = scans.listing(tx, asked.name, wanted, PER_PAGE, offset)
        recent, waivers = scans.scans(tx, asked.name, RECENT), scans.waivers(tx, asked.name, SHOWN)
    return render(
        request,
        deck,
        title="Vulnerabilities",
        part="scans",
        template="scans",
        service=asked.name,
        every="30s",
        shown=shown,
        recent=recent,
        waivers=waivers,
        severity=severity,
        status=status,
        text=text,
        severities=SEVERITIES,
        statuses=scans.STATUSES,
        offset=max(offset, 0),
        step=PER_PAGE,
    )


@router.get("/scans/{service}/{name}")
def one(request: Request, deck: TheDeck, service: str, name: str) -> HTMLResponse:
    now = deck.clock.now()
    asked = services.named(deck.events, deck.spec, service, now)
    with deck.state.begin(write=False) as tx:
        stories = scans.story(tx, asked.name, name, now)[:SHOWN]
    return render(
        request,
        deck,
        title=stories[0].finding.id,
        part="scans",
        template="scan",
        service=asked.name,
        live=False,
        stories=stories,
        name=name,
    )


@router.post("/scans/{service}/{name}/accept")
def take(request: Request, deck: TheDeck, service: str, name: str, given: Fields) -> RedirectResponse:
    said = {field: given.get(field, "").strip() for field in LONGEST}
    for field, longest in LONGEST.items():
        if len(said[field]) > longest:
            raise UsageError(f"{field}: more than {longest} characters", hint="shorten it")
    accept(deck, Acceptance(service=service, **said), request.state.access.actor)
    return RedirectResponse(request.url_for("one", service=service, name=name).path, SEE_OTHER)


@router.post("/waivers/{key}/withdraw")
def end(request: Request, deck: TheDeck, key: str, given: Fields) -> RedirectResponse:
    reason = given.get("reason", "")
    if len(reason) > LONGEST["reason"]:
        raise UsageError(f"reason: more than {LONGEST['reason']} characters", hint="shorten it")
    ended = withdraw(deck, key, request.state.access.actor, reason)
    return RedirectResponse(f"/scans?service={ended.service}", SEE_OTHER)
