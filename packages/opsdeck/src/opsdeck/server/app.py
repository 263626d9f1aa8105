"""The ASGI app of a deck. In: an open deck and the hosts it answers to. Out: a FastAPI app.

Shield (headers) → Gate (host, credential, origin) → ingest | /api | pages | health
"""

from collections.abc import Collection
from importlib.metadata import version

from fastapi import FastAPI
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.staticfiles import StaticFiles

from opsdeck.deck import Deck
from opsdeck.errors import OpsdeckError
from opsdeck.server import api, health, ingest, policy
from opsdeck.server.auth import Gate
from opsdeck.server.headers import HEADERS, Shield
from opsdeck.server.pages import alerts, errors, events, overview, scans, security, signin, slo
from opsdeck.server.pages.view import STATIC, environment
from opsdeck.server.refuse import answer, failed, refuse

LARGEST_BODY = 65_536  # bytes; forms and the API carry words, events have a door of their own
ABOUT = """The deck's own API: what the `opsdeck` command shows and does.
Every route wants the operator token (`Authorization: Bearer odt_…`, left in the deck's home as `operator.token`) or a
signed-in session. Errors are `{"error": {"code", "message", "hint"}}`."""


def create(deck: Deck, *, hosts: Collection[str]) -> FastAPI:
    """The app. `hosts` are the values of the Host header that it answers to, such as `127.0.0.1:8600`."""
    app = FastAPI(
        title="opsdeck",
        summary="Operate command-line tools like production services.",
        description=ABOUT,
        version=version("opsdeck"),
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        exception_handlers={
            OpsdeckError: _failed,
            RequestValidationError: _invalid,
            HTTPException: _unserved,
            Exception: _broken,
        },
    )
    app.state.deck = deck
    app.state.started = deck.clock.now()
    app.state.templates = environment()
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    app.include_router(ingest.router(deck.door, deck.keyring))
    app.include_router(policy.router(deck))
    app.include_router(api.uploads)
    for part in (health, api, overview, slo, alerts, errors, events, scans, security, signin):
        app.include_router(part.router, max_body_size=LARGEST_BODY)
    app.add_middleware(Gate, deck=deck, hosts=tuple(hosts))
    app.add_middleware(Shield)
    return app


async def _failed(request: Request, error: Exception) -> Response:
    if not isinstance(error, OpsdeckError):
        raise error
    return failed(request, error)


async def _invalid(request: Request, error: Exception) -> Response:
    problems = error.errors() if isinstance(error, RequestValidationError) else ()
    said = "; ".join(f"{'.'.join(map(str, problem['loc'][1:]))}: {problem['msg']}" for problem in problems)
    return answer(
        request, 422, "invalid", said, "the parameters of each route are listed at /api/openapi.json"
    )


async def _unserved(request: Request, error: Exception) -> Response:
    status = error.status_code if isinstance(error, HTTPException) else 500
    return refuse(request, {404: "not_found", 405: "wrong_method", 413: "too_large"}.get(status, "failed"))


async def _broken(request: Request, error: Exception) -> Response:  # noqa: ARG001  the server logs it
    said = refuse(request, "failed")
    said.headers.update(HEADERS)  # it is sent from outside of Shield
    return said
