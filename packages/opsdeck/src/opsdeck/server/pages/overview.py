"""The first page: one service's real-time metrics, charts and probes."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import HTMLResponse

from opsdeck.reports import words
from opsdeck.reports.overview import overview
from opsdeck.reports.services import first_run, named
from opsdeck.reports.spans import parse
from opsdeck.server.pages.frame import chosen_range, render
from opsdeck.server.served import TheDeck

router = APIRouter(include_in_schema=False)


@router.get("/")
def page(request: Request, deck: TheDeck, service: str = "", window: str = "1h") -> HTMLResponse:
    now = deck.clock.now()
    asked = named(deck.events, deck.spec, service, now)
    with deck.state.begin(write=False) as tx:
        shown = overview(deck.events, tx, deck.spec, asked, span=parse(window), now=now)
    return render(
        request,
        deck,
        title=shown.title,
        part="overview",
        template="overview",
        service=asked.name,
        range=chosen_range(window),
        charts=True,
        shown=shown,
        over=words.last(shown.window),
        quiet=all(chart.empty for chart in shown.charts),
        first_run=first_run(asked),
    )
