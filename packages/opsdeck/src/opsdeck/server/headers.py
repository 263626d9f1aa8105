"""Headers that every answer carries: what a browser may do with a page of the deck. In: a response. Out: the same, armed.

Everything a page uses comes from the deck itself; there is no inline script, no inline style and no framing.
"""

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    # Not `no-referrer`: with it, browsers send the deck's own forms with `Origin: null`, which the gate refuses.
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
}
FOR_EVER = "public, max-age=31536000, immutable"


class Shield:
    """ASGI middleware that adds the headers. Files whose address holds their digest are kept; nothing else is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def armed(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                named = scope["path"].startswith("/static/") and scope["query_string"].startswith(b"v=")
                headers.setdefault("cache-control", FOR_EVER if named else "no-store")
            await send(message)

        await self._app(scope, receive, armed if scope["type"] == "http" else send)
