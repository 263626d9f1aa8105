"""Probes of the deck by others: is it alive, may it be sent traffic, what does it measure."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from opsdeck.reports.doctor import ready
from opsdeck.reports.metrics import metrics
from opsdeck.reports.openmetrics import CONTENT_TYPE, text
from opsdeck.server.api.answer import answer
from opsdeck.server.served import TheDeck

router = APIRouter(tags=["health"])


@router.get("/healthz", summary="Is the process alive?")
async def alive() -> Response:
    return answer(status="alive")


@router.get("/readyz", summary="May it be sent events and questions? 503 with the reasons if not")
def is_ready(deck: TheDeck) -> Response:
    reasons = [
        f"{check.title}: {check.text}" for check in ready(deck, deck.clock.now()) if check.state == "fail"
    ]
    return answer(503 if reasons else 200, status="not ready" if reasons else "ready", reasons=reasons)


@router.get("/metrics", summary="OpenMetrics: operations, budgets, alerts, and the deck itself")
def scrape(request: Request, deck: TheDeck) -> Response:
    families = metrics(deck, deck.spec, request.app.state.started, deck.clock.now())
    return PlainTextResponse(text(families), media_type=CONTENT_TYPE)
