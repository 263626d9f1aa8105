"""GET /v1/policy: what the deck lets one user of one service do, signed for the key that asks.

In: a request with an ingest key, a service and a userId. Out: the document of docs/policy.md, 304 where the asker has
it, or a refusal. The asker's address counts as far as it is restricted. Everything comes from memory: no look into a
store, and nothing is written.
"""

from collections.abc import Awaitable, Callable

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from opsdeck.collect.codes import refuse
from opsdeck.deck import Deck
from opsdeck.errors import RejectedError
from opsdeck.identity.keys import ANY_SERVICE, SERVICE_NAME
from opsdeck.model import IngestKey
from opsdeck.respond.enforce import policy
from opsdeck.respond.enforce.people import SUBJECT
from opsdeck.server.bearer import ingest_key

PATH = "/v1/policy"
BAD_NAME = "bad_name"
MOST_TAGS = 2_000  # characters of If-None-Match that are looked at


def router(deck: Deck) -> APIRouter:
    """The one route."""
    return APIRouter(routes=[Route(PATH, _endpoint(deck), methods=["GET"])])


def _endpoint(deck: Deck) -> Callable[[Request], Awaitable[Response]]:
    async def document(request: Request) -> Response:
        try:
            key = await ingest_key(request, deck.keyring)
            service, subject = _asked(request, key)
        except RejectedError as refusal:
            return _refused(refusal)
        text = _document(deck, service, subject, request.client.host if request.client else "", key)
        tag = policy.tag(text)
        headers = {"ETag": tag, "Cache-Control": "private, no-cache", "Vary": "Authorization"}
        if _held(request.headers.get("if-none-match", ""), tag):
            return Response(status_code=304, headers=headers)
        return PlainTextResponse(text, headers=headers)

    return document


def _document(deck: Deck, service: str, subject: str, address: str, key: IngestKey) -> str:
    now = deck.clock.now()
    return policy.text(
        service,
        subject,
        deck.standing.rights(service, subject, deck.door.address_hash(address, now)),
        deck.spec.service(service).retry,
        validity=deck.spec.framework.enforcement.validity,
        key=key.key,
        now=now,
    )


def _asked(request: Request, key: IngestKey) -> tuple[str, str]:
    service = request.query_params.get("service", "")
    subject = request.query_params.get("subject", "")
    if not SERVICE_NAME.fullmatch(service):
        raise RejectedError(400, BAD_NAME, "service: expected a service's name", hint=_form())
    if not SUBJECT.fullmatch(subject):
        raise RejectedError(400, BAD_NAME, "subject: expected a userId", hint=_form())
    if key.service not in (service, ANY_SERVICE):
        raise refuse("wrong_service", f"the key is for {key.service} only")
    return service, subject


def _form() -> str:
    return f"GET {PATH}?service=unjucks-cli&subject=user_1fbdc7d0d9745c1f"


def _held(asked: str, tag: str) -> bool:
    """Whether one of the tags of If-None-Match is this one; compared weakly, as RFC 9110, 13.1.2 has it."""
    tags = (one.strip().removeprefix("W/") for one in asked[:MOST_TAGS].split(","))
    return any(one in (tag, "*") for one in tags)


def _refused(refusal: RejectedError) -> Response:
    said = {"code": refusal.code, "message": refusal.message, "hint": refusal.hint}
    headers = {"WWW-Authenticate": "Bearer"} if refusal.code == "unauthenticated" else {}
    return JSONResponse({"error": said}, refusal.status, headers)
