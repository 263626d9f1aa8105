"""Objectives with budget and burn, and the indicators behind them."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from opsdeck.reports.services import named
from opsdeck.reports.slo import indicators, objectives
from opsdeck.reports.spans import parse
from opsdeck.server.pages.frame import chosen_range, render
from opsdeck.server.served import TheDeck

router = APIRouter(include_in_schema=False)


@router.get("/slo")
def page(request: Request, deck: TheDeck, service: str = "", window: str = "24h") -> HTMLResponse:
    now = deck.clock.now()
    asked = named(deck.events, deck.spec, service, now)
    return render(
        request,
        deck,
        title="Service level objectives",
        part="slo",
        template="slo",
        every="10s",
        service=asked.name,
        range=chosen_range(window),
        objectives=objectives(deck.events, asked, now),
        indicators=indicators(deck.events, deck.spec, asked, parse(window), now),
    )
