"""Alert rules and where they stand; one rule with its whole path; acknowledge and silence."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from opsdeck.reports import alerts, services
from opsdeck.reports.log import changes
from opsdeck.server import acts
from opsdeck.server.forms import fields
from opsdeck.server.pages.frame import render
from opsdeck.server.served import TheDeck

router = APIRouter(include_in_schema=False)

Fields = Annotated[Mapping[str, str], Depends(fields)]
RECENT = 30
SEE_OTHER = 303


@router.get("/alerts")
def board(request: Request, deck: TheDeck, service: str = "") -> HTMLResponse:
    now = deck.clock.now()
    asked = services.chosen(deck.events, deck.spec, service, now)
    watched = {one.name for one in services.watched(deck.events, deck.spec, now)}
    with deck.state.begin(write=False) as tx:
        rows, recent = alerts.board(tx, asked, now), changes(tx, RECENT, kind="alert")
    return render(
        request,
        deck,
        title="Alerts",
        part="alerts",
        template="alerts",
        service=service,
        rows=rows,
        unwatched=[name for name in services.names(deck.events, deck.spec, now) if name not in watched],
        recent=recent,
    )


@router.get("/alerts/{service}/{rule}")
def one(request: Request, deck: TheDeck, service: str, rule: str) -> HTMLResponse:
    now = deck.clock.now()
    asked = services.named(deck.events, deck.spec, service, now)
    with deck.state.begin(write=False) as tx:
        shown = alerts.story(tx, asked, rule, now)
    return render(request, deck, title=rule, part="alerts", template="alert", service=asked.name, shown=shown)


@router.post("/alerts/{service}/{rule}/ack")
def take(request: Request, deck: TheDeck, service: str, rule: str, given: Fields) -> RedirectResponse:
    acts.take(deck, service, rule, request.state.access.actor, given.get("note", ""))
    return RedirectResponse(request.url.path.rpartition("/")[0], SEE_OTHER)


@router.post("/alerts/{service}/{rule}/silence")
def mute(request: Request, deck: TheDeck, service: str, rule: str, given: Fields) -> RedirectResponse:
    actor = request.state.access.actor
    acts.mute(deck, service, rule, actor, span=given.get("for", ""), reason=given.get("reason", ""))
    return RedirectResponse(request.url.path.rpartition("/")[0], SEE_OTHER)
