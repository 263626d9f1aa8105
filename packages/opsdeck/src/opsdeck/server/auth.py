"""Who may ask what: one gate in front of every route, closed unless a route is named as open.

In: method, path, headers, the credential's Access. Out: the request goes on, or a named refusal:

    wrong_host   421  the Host is not one of the deck's own (DNS rebinding)
    signed_out   401  no valid session cookie and no valid operator token
    cross_site   403  a change asked with a cookie by a page that is not the deck's own (CSRF)

It must not know what the routes do. Ingest routes are open here because each checks its own write-only key.
"""

from collections.abc import Collection
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from typing import Literal

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from opsdeck.deck import Deck
from opsdeck.identity import access
from opsdeck.model import Access
from opsdeck.server.refuse import refuse

Refusal = Literal["wrong_host", "signed_out", "cross_site"]

OPEN = frozenset({"/healthz", "/readyz", "/sign-in"})
OPEN_FOLDERS = ("/static/",)
KEYED = ("/v1/",)  # asked by tools at any address of the deck, each with its own key
LOOPBACK = frozenset({"127.0.0.1", "localhost", "[::1]"})
SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Asked:
    """What the gate looks at. `token` and `session` are the secrets that came with the request, "" without one."""

    method: str
    path: str
    host: str
    origin: str
    site: str
    token: str
    session: str

    @classmethod
    def of(cls, scope: Scope) -> "Asked":
        headers = Headers(scope=scope)
        scheme, _, secret = headers.get("authorization", "").partition(" ")
        host = headers.get("host", "").lower()
        return cls(
            scope["method"],
            scope["path"],
            host,
            headers.get("origin", "").lower(),
            headers.get("sec-fetch-site", ""),
            secret.strip() if scheme.lower() == "bearer" else "",
            _cookie(headers.get("cookie", ""), cookie_name(host)),
        )

    @property
    def is_open(self) -> bool:
        return self.path in OPEN or self.path.startswith((*OPEN_FOLDERS, *KEYED))


def cookie_name(host: str) -> str:
    """Cookies do not know ports: two decks on one machine must not sign each other out."""
    return f"opsdeck_{host.rpartition(':')[2] if ':' in host else 'session'}"


def judge(asked: Asked, hosts: Collection[str], known: Access | None) -> Refusal | None:
    """Whether the request may go on. `known` is the credential's record, None without a valid one."""
    if (
        not asked.path.startswith(KEYED)
        and asked.path not in ("/healthz", "/readyz")
        and not _ours(asked.host, hosts)
    ):
        return "wrong_host"
    if asked.is_open:
        return None
    if known is None:
        return "signed_out"
    if asked.method not in SAFE and known.kind == "session" and not _same_site(asked):
        return "cross_site"
    return None


def _ours(host: str, hosts: Collection[str]) -> bool:
    """Exactly one of the hosts; the names of the loopback address are one host (a browser never asks DNS for them)."""
    own = {entry.lower() for entry in hosts}
    name, _, port = host.rpartition(":")
    return host in own or (name in LOOPBACK and any(f"{alias}:{port}" in own for alias in LOOPBACK))


def _same_site(asked: Asked) -> bool:
    if asked.origin:
        return asked.origin.partition("://")[2] == asked.host
    return asked.site == "same-origin"


def _cookie(header: str, name: str) -> str:
    try:
        morsel = SimpleCookie(header).get(name)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


class Gate:
    """ASGI middleware: asks `judge`, and leaves the caller's Access in `request.state.access`."""

    def __init__(self, app: ASGIApp, deck: Deck, hosts: Collection[str]) -> None:
        self._app = app
        self._deck = deck
        self._hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        asked = Asked.of(scope)
        known = None if asked.is_open else await run_in_threadpool(self._who, asked)
        refusal = judge(asked, self._hosts, known)
        if refusal:
            await refuse(Request(scope), refusal)(scope, receive, send)
            return
        scope.setdefault("state", {})["access"] = known
        await self._app(scope, receive, send)

    def _who(self, asked: Asked) -> Access | None:
        secret, kind = (asked.token, "token") if asked.token else (asked.session, "session")
        if not secret:
            return None
        with self._deck.state.begin(write=False) as tx:
            found = access.who(tx, secret, self._deck.clock.now())
        return found if found and found.kind == kind else None
