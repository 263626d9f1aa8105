"""Security: what was detected, what waits for a verdict, who is restricted, who may use what; one detection; one user.

In: a request, forms. Out: pages; after a form the way back to where it stood.
"""

from collections.abc import Mapping
from typing import Annotated
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Depends, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse

from opsdeck.errors import NotFoundError
from opsdeck.reports import security, services
from opsdeck.respond.enforce.people import SUBJECT, VERDICTS
from opsdeck.server import enforcing
from opsdeck.server.forms import fields
from opsdeck.server.pages.frame import render
from opsdeck.server.served import TheDeck

router = APIRouter(prefix="/security", include_in_schema=False)

Fields = Annotated[Mapping[str, str], Depends(fields)]
Text = Annotated[str, Query(max_length=200)]
SHOWN = 50
SEE_OTHER = 303


@router.get("")
def board(request: Request, deck: TheDeck, service: Text = "", about: Text = "") -> HTMLResponse:
    now, events = deck.clock.now(), deck.spec.framework.security_events
    asked = services.named(deck.events, deck.spec, service, now)
    with deck.state.begin(write=False) as tx:
        shown = security.board(tx, deck.events, asked.name, events, limit=SHOWN, now=now)
        still = security.of_subject(tx, asked.name, about, now) if SUBJECT.fullmatch(about) else ()
    return render(
        request,
        deck,
        title="Security",
        part="security",
        template="security",
        service=asked.name,
        every="5s",
        shown=shown,
        rules=len(deck.rules),
        about=about if SUBJECT.fullmatch(about) else "",
        still=still,
        verdicts=VERDICTS,
    )


@router.get("/detections/{key}")
def one(request: Request, deck: TheDeck, key: str) -> HTMLResponse:
    with deck.state.begin(write=False) as tx:
        found = security.detection(tx, key)
        story = security.story(tx, found, deck.rules)
    return render(
        request,
        deck,
        title=found.event,
        part="security",
        template="detection",
        service=found.service,
        live=False,
        story=story,
        verdicts=VERDICTS,
    )


@router.get("/users/{user}")
def user(request: Request, deck: TheDeck, user: str, service: Text = "") -> HTMLResponse:
    if not SUBJECT.fullmatch(user):
        raise NotFoundError(f"{user[:80]!r} is no userId", hint="look at /security")
    now, baseline = deck.clock.now(), deck.spec.framework.baseline
    asked = services.named(deck.events, deck.spec, service, now)
    with deck.state.begin(write=False) as tx:
        shown = security.person(tx, deck.events, asked.name, user, baseline=baseline, now=now)
    return render(
        request,
        deck,
        title=user,
        part="security",
        template="subject",
        service=asked.name,
        live=False,
        shown=shown,
    )


@router.post("/detections/{key}/verdict")
def give_verdict(request: Request, deck: TheDeck, key: str, given: Fields) -> RedirectResponse:
    enforcing.review(
        deck,
        key,
        request.state.access.actor,
        verdict=given.get("verdict", ""),
        note=given.get("note", ""),
        lifting=given.get("lift", "") == "yes",
    )
    return RedirectResponse(f"/security/detections/{quote(key, safe='')}", SEE_OTHER)


@router.post("/restrictions/{key}/lift")
def lift(request: Request, deck: TheDeck, key: str, given: Fields) -> RedirectResponse:
    with deck.state.begin(write=False) as tx:
        key = security.restriction(tx, key).key
    lifted = enforcing.lift(deck, key, request.state.access.actor, given.get("reason", ""))
    return _back(lifted.service, lifted.subject)


@router.post("/restrictions")
def block(request: Request, deck: TheDeck, given: Fields) -> RedirectResponse:
    made = enforcing.block(
        deck,
        given.get("service", ""),
        given.get("subject", "").strip(),
        request.state.access.actor,
        span=given.get("for", ""),
        reason=given.get("reason", ""),
        address=given.get("address", "") == "yes",
    )
    return _back(made.service)


@router.post("/entitlements")
def entitle(request: Request, deck: TheDeck, given: Fields) -> RedirectResponse:
    made = enforcing.entitle(
        deck,
        given.get("service", ""),
        given.get("subject", "").strip(),
        request.state.access.actor,
        feature=given.get("feature", "").strip(),
        span=given.get("for", ""),
        reason=given.get("reason", ""),
    )
    return _back(made.service, made.subject)


@router.post("/entitlements/revoke")
def revoke(request: Request, deck: TheDeck, given: Fields) -> RedirectResponse:
    ended = enforcing.revoke(
        deck,
        given.get("service", ""),
        given.get("subject", ""),
        request.state.access.actor,
        feature=given.get("feature", ""),
        reason=given.get("reason", ""),
    )
    return _back(ended.service)


def _back(service: str, about: str = "") -> RedirectResponse:
    """To the service; `about` is whom the page then says of what still stands."""
    asked = {"service": service} | ({"about": about} if about else {})
    return RedirectResponse(f"/security?{urlencode(asked)}", SEE_OTHER)
