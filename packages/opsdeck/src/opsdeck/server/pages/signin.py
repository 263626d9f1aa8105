"""Signing in by a link that works once, and out again."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from opsdeck.identity import access
from opsdeck.server.auth import Asked, cookie_name
from opsdeck.server.refuse import refuse
from opsdeck.server.served import TheDeck

router = APIRouter(include_in_schema=False)


@router.get("/sign-in")
def sign_in(request: Request, deck: TheDeck, link: Annotated[str, Query(max_length=200)] = "") -> Response:
    if not link:
        return refuse(request, "signed_out")
    with deck.state.begin() as tx:
        session = access.sign_in(tx, link, deck.clock.now())
    if session is None:
        return refuse(request, "used_link")
    page = HTMLResponse(request.app.state.templates.get_template("signed_in.html").render())
    page.set_cookie(
        cookie_name(request.headers.get("host", "").lower()),
        session,
        max_age=int(access.SESSION.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
    )
    return page


@router.post("/sign-out")
def sign_out(request: Request, deck: TheDeck) -> Response:
    asked = Asked.of(request.scope)
    with deck.state.begin() as tx:
        access.end(tx, asked.session or asked.token, deck.clock.now())
    done = RedirectResponse("/sign-in", 303)
    done.delete_cookie(cookie_name(asked.host))
    return done
