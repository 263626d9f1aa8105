"""Error groups: the list with its filters, one group with what people do about it, why two events are or are not together."""

from collections.abc import Mapping
from typing import Annotated

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from opsdeck import faults
from opsdeck.errors import UsageError
from opsdeck.reports import error_windows, errors, services
from opsdeck.reports.errors import SORTS, STATUSES, Wanted
from opsdeck.reports.spans import parse
from opsdeck.server.forms import fields
from opsdeck.server.pages.events import coloured
from opsdeck.server.pages.frame import chosen_range, render
from opsdeck.server.served import TheDeck

router = APIRouter(include_in_schema=False)

Fields = Annotated[Mapping[str, str], Depends(fields)]
Text = Annotated[str, Query(max_length=200)]
EVERY = "5s"
SHOWN = 100
SEE_OTHER = 303


@router.get("/errors")
def board(
    request: Request,
    deck: TheDeck,
    service: Text = "",
    status: Text = "open",
    category: Text = "",
    text: Text = "",
    window: str = "24h",
    sort: Text = "last",
) -> HTMLResponse:
    now = deck.clock.now()
    asked = services.chosen(deck.events, deck.spec, service, now)
    wanted = Wanted(status, category, text, parse(window), sort, SHOWN)
    with deck.state.begin(write=False) as tx:
        found = errors.errors(deck.events, tx, deck.spec, asked, wanted, now)
    return render(
        request,
        deck,
        title="Errors",
        part="errors",
        template="errors",
        every=EVERY,
        service=service,
        range=chosen_range(window),
        shown=found,
        wanted=wanted,
        filtered=(status, category, text) != ("open", "", ""),
        choices={"status": STATUSES, "category": tuple(deck.spec.error_categories), "sort": SORTS},
        windows=[error_windows.windows(deck.events, one, now) for one in asked],
    )


@router.get("/errors/explain")
def explain(request: Request, deck: TheDeck, a: Text = "", b: Text = "") -> HTMLResponse:
    mistake, found = None, None
    if a or b:
        try:
            with deck.state.begin(write=False) as tx:
                found = errors.explain(deck.events, tx, a, b, deck.clock.now())
        except UsageError as error:
            mistake = error
    return render(
        request,
        deck,
        title="Why are two events together?",
        part="errors",
        template="error_explain",
        live=False,
        found=found,
        mistake=mistake,
        a=a,
        b=b,
    )


@router.get("/errors/{fault}")
def one(request: Request, deck: TheDeck, fault: str, window: str = "24h") -> HTMLResponse:
    now = deck.clock.now()
    with deck.state.begin(write=False) as tx:
        shown = errors.story(deck.events, tx, deck.spec, fault, parse(window), now)
    return render(
        request,
        deck,
        title=shown.row.title,
        part="errors",
        template="error",
        every=EVERY,
        service=shown.row.service,
        range=chosen_range(window),
        shown=shown,
        tokens=list(coloured(shown.sample.body)) if shown.sample else [],
    )


@router.post("/errors/{fault}/resolve")
def resolve(request: Request, deck: TheDeck, fault: str, given: Fields) -> RedirectResponse:
    with deck.state.begin() as tx:
        version = given.get("version", "").strip()
        done = faults.resolve(tx, fault, version, _actor(request), given.get("reason", ""), deck.clock.now())
    return _back(done.key)


@router.post("/errors/{fault}/reopen")
def reopen(request: Request, deck: TheDeck, fault: str, given: Fields) -> RedirectResponse:
    with deck.state.begin() as tx:
        done = faults.reopen(tx, fault, _actor(request), given.get("reason", ""), deck.clock.now())
    return _back(done.key)


@router.post("/errors/{fault}/ignore")
def ignore(request: Request, deck: TheDeck, fault: str, given: Fields) -> RedirectResponse:
    with deck.state.begin() as tx:
        done = faults.ignore(tx, fault, _actor(request), given.get("reason", ""), deck.clock.now())
    return _back(done.key)


@router.post("/errors/{fault}/merge")
def merge(request: Request, deck: TheDeck, fault: str, given: Fields) -> RedirectResponse:
    into, reason = given.get("into", "").strip(), given.get("reason", "")
    with deck.state.begin() as tx:
        done = faults.merge(tx, fault, into, _actor(request), reason, deck.clock.now())
    return _back(done.key)


@router.post("/errors/{fault}/split")
def split(request: Request, deck: TheDeck, fault: str, given: Fields) -> RedirectResponse:
    done = faults.split(
        deck.state,
        deck.events,
        fault,
        given.get("fingerprint", "").strip(),
        actor=_actor(request),
        reason=given.get("reason", ""),
        now=deck.clock.now(),
    )
    return _back(done.key)


def _actor(request: Request) -> str:
    return str(request.state.access.actor)


def _back(fault: str) -> RedirectResponse:
    return RedirectResponse(f"/errors/{fault}", SEE_OTHER)
