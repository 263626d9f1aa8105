"""Error groups over the API: list, show, explain; resolve, reopen, ignore, merge, split. Each act is one row in the log."""

from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from opsdeck import faults
from opsdeck.reports import error_windows, errors, services
from opsdeck.reports.errors import Wanted
from opsdeck.reports.spans import parse
from opsdeck.server.api.answer import answer, plain
from opsdeck.server.served import TheDeck

router = APIRouter()

Text = Annotated[str, Query(max_length=200)]
Span = Annotated[str, Query(description="How far to look back, such as 1h, 24h, 30 days.", max_length=40)]
EventId = Annotated[str, Query(description="The eventId of a failed run.", max_length=64)]
Words = Annotated[str, Field(max_length=500)]
Id = Annotated[str, Field(max_length=64)]


class Why(BaseModel):
    """Why it is done; the log keeps it."""

    model_config = ConfigDict(extra="forbid")
    reason: Words = ""


class Fixed(Why):
    """In which version it is fixed; "" is whatever comes after the newest one that it was seen on."""

    version: Annotated[str, Field(max_length=64, examples=["2025.9.9"])] = ""


class Into(Why):
    """The fault that it becomes a part of."""

    into: Id


class Part(Why):
    """The fingerprint that leaves."""

    fingerprint: Id


@router.get("/errors", summary="Error groups, and the framework's own grouping by windows")
def list_errors(
    deck: TheDeck,
    service: Text = "",
    status: Text = "open",
    category: Text = "",
    text: Text = "",
    window: Span = "24h",
    sort: Text = "last",
    limit: int = 100,
) -> Response:
    now = deck.clock.now()
    asked = services.chosen(deck.events, deck.spec, service, now)
    wanted = Wanted(status, category, text, parse(window), sort, limit)
    with deck.state.begin(write=False) as tx:
        found = errors.errors(deck.events, tx, deck.spec, asked, wanted, now)
    return answer(
        errors=found.rows,
        more=found.more,
        window=found.window,
        step=found.step,
        thresholds=found.alerts,
        windows=[error_windows.windows(deck.events, one, now) for one in asked],
    )


@router.get("/errors/explain", summary="Step by step why two failures are or are not in one error group")
def explain(deck: TheDeck, a: EventId, b: EventId) -> Response:
    with deck.state.begin(write=False) as tx:
        return plain(errors.explain(deck.events, tx, a, b, deck.clock.now()))


@router.get("/errors/{fault}", summary="One error group in full; the beginning of its id is enough")
def show_error(deck: TheDeck, fault: str, window: Span = "24h") -> Response:
    now = deck.clock.now()
    with deck.state.begin(write=False) as tx:
        return plain(errors.story(deck.events, tx, deck.spec, fault, parse(window), now))


@router.post("/errors/{fault}/resolve", summary="It is fixed, in this version or after the newest one seen")
def resolve(request: Request, deck: TheDeck, fault: str, given: Fixed) -> Response:
    now, actor = deck.clock.now(), request.state.access.actor
    with deck.state.begin() as tx:
        return plain(faults.resolve(tx, fault, given.version, actor, given.reason, now))


@router.post("/errors/{fault}/reopen", summary="It is not fixed, or not to be ignored any more")
def reopen(request: Request, deck: TheDeck, fault: str, given: Why) -> Response:
    with deck.state.begin() as tx:
        return plain(faults.reopen(tx, fault, request.state.access.actor, given.reason, deck.clock.now()))


@router.post("/errors/{fault}/ignore", summary="It is counted, but not listed as open until it is reopened")
def ignore(request: Request, deck: TheDeck, fault: str, given: Why) -> Response:
    with deck.state.begin() as tx:
        return plain(faults.ignore(tx, fault, request.state.access.actor, given.reason, deck.clock.now()))


@router.post("/errors/{fault}/merge", summary="It becomes a part of another error group")
def merge(request: Request, deck: TheDeck, fault: str, given: Into) -> Response:
    now, actor = deck.clock.now(), request.state.access.actor
    with deck.state.begin() as tx:
        return plain(faults.merge(tx, fault, given.into, actor, given.reason, now))


@router.post("/errors/{fault}/split", summary="One fingerprint becomes an error group of its own")
def split(request: Request, deck: TheDeck, fault: str, given: Part) -> Response:
    now, actor = deck.clock.now(), request.state.access.actor
    return plain(
        faults.split(
            deck.state, deck.events, fault, given.fingerprint, actor=actor, reason=given.reason, now=now
        )
    )
