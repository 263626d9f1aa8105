"""POST /v1/events: HTTP around collect's door.

In: a request. Out: 202 `{"accepted", "rejected"}` once everything accepted is durable, or a documented refusal
(docs/ingest.md). The key is checked before the body is read; the body must arrive within a deadline and a size,
neither of which the HTTP server limits. No pydantic on this path. It must not know decks or pages.
"""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec
from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from opsdeck.collect.codes import NoneAcceptableError, refuse
from opsdeck.collect.door import Door
from opsdeck.errors import RejectedError
from opsdeck.identity.keys import Keyring
from opsdeck.server.bearer import ingest_key

PATH = "/v1/events"
# A megabyte over the slowest link worth the name; a connection that drips is given up after it.
DEADLINE_SECONDS = 30.0
CONTENT_TYPES = frozenset(
    {
        "",
        "application/json",
        "application/x-ndjson",
        "application/ndjson",
        "application/jsonl",
        "application/x-jsonlines",
    }
)

_encoder = msgspec.json.Encoder()


def router(door: Door, keyring: Keyring, deadline: float = DEADLINE_SECONDS) -> APIRouter:
    """The one route. `deadline` is how many seconds a body may take to arrive."""
    return APIRouter(routes=[Route(PATH, _endpoint(door, keyring, deadline), methods=["POST"])])


def _endpoint(door: Door, keyring: Keyring, deadline: float) -> Callable[[Request], Awaitable[Response]]:
    async def events(request: Request) -> Response:
        try:
            key = await ingest_key(request, keyring)
            encoding = _checked(request, door.limits.body)
            body = await _body(request, door.limits.body, deadline)
            address = request.client.host if request.client else ""
            receipt = await door.take(body, key, address, encoding)
        except RejectedError as refusal:
            return _refused(refusal)
        except ClientDisconnect:
            return Response(status_code=400)  # nobody is there to read it
        return _json(202, {"accepted": receipt.accepted, "rejected": receipt.rejected})

    return events


def _checked(request: Request, limit: int) -> str:
    """What the headers say is wrong, before the body is read; returns the Content-Encoding."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in CONTENT_TYPES:
        raise refuse("unsupported_type", f"Content-Type {kind[:60]!r}", hint="send application/x-ndjson")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > limit:
        raise refuse("too_large", f"the body is larger than {limit:,} bytes")
    return request.headers.get("content-encoding", "")


async def _body(request: Request, limit: int, deadline: float) -> bytes:
    parts: list[bytes] = []
    size = 0
    try:
        async with asyncio.timeout(deadline):
            async for part in request.stream():
                size += len(part)
                if size > limit:
                    raise refuse("too_large", f"the body is larger than {limit:,} bytes")
                parts.append(part)
    except TimeoutError:
        raise refuse("slow_body", f"the body did not arrive within {deadline:g} s") from None
    return parts[0] if len(parts) == 1 else b"".join(parts)


def _refused(refusal: RejectedError) -> Response:
    rejected = refusal.rejected if isinstance(refusal, NoneAcceptableError) else ()
    content = {
        "accepted": 0,
        "rejected": rejected,
        "code": refusal.code,
        "message": refusal.message,
        "hint": refusal.hint,
    }
    headers = {}
    if refusal.retry_after is not None:
        headers["Retry-After"] = str(refusal.retry_after)
    if refusal.code == "unauthenticated":
        headers["WWW-Authenticate"] = "Bearer"
    if refusal.code in ("too_large", "slow_body"):
        headers["Connection"] = "close"  # the rest of the body is not wanted
    return _json(refusal.status, content, headers)


def _json(status: int, content: object, headers: dict[str, str] | None = None) -> Response:
    return Response(_encoder.encode(content), status, headers, media_type="application/json")
