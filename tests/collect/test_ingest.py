"""POST /v1/events over HTTP: statuses, headers, and bodies that come slowly, endlessly or not at all."""

import asyncio
import gzip
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from starlette.applications import Starlette

from opsdeck.collect.door import Door
from opsdeck.collect.journal import Journal
from opsdeck.identity import keys
from opsdeck.identity.keys import Keyring
from opsdeck.server.ingest import router
from opsdeck.stores.api import StateStore
from opsdeck.stores.state import open_state
from opsdeck.timing import ManualClock

Make = Callable[..., dict[str, Any]]
Body = Callable[..., bytes]
Send = Callable[..., Any]
NDJSON = "application/x-ndjson"


@pytest.fixture
def state() -> StateStore:
    return open_state("memory://")


@pytest.fixture
def keyring(state: StateStore) -> Keyring:
    return Keyring(state)


@pytest.fixture
def secret(state: StateStore, clock: ManualClock) -> str:
    with state.begin() as tx:
        return keys.mint(tx, "unjucks-cli", "", "test", clock.now())


@pytest.fixture
def send(door: Door, keyring: Keyring, secret: str) -> Send:
    """Posts a body with a good key; headers may be changed or, with None, left out."""
    app = Starlette(routes=router(door, keyring).routes)

    def post(content: object, **headers: str | None) -> httpx.Response:
        every = {"authorization": f"Bearer {secret}", "content_type": NDJSON, **headers}
        kept = {name.replace("_", "-"): value for name, value in every.items() if value is not None}
        return asyncio.run(_request(app, "POST", content, kept))

    return post


async def _request(
    app: Any, method: str, content: Any = None, headers: dict[str, str] | None = None
) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://deck") as client:
        return await client.request(method, "/v1/events", content=content, headers=headers)


def test_what_is_accepted_is_answered_202(send: Send, entry: Make, body: Body) -> None:
    answer = send(body(entry(), entry()))
    assert (answer.status_code, answer.json()) == (202, {"accepted": 2, "rejected": []})


def test_what_was_refused_is_listed(send: Send, entry: Make, body: Body) -> None:
    answer = send(body(entry(), b"{}"))
    message = "timestamp: is required"
    assert answer.json() == {
        "accepted": 1,
        "rejected": [{"index": 1, "code": "missing_field", "message": message}],
    }


def test_a_duplicate_counts_as_accepted(send: Send, entry: Make, body: Body) -> None:
    assert [send(body(entry())).json()["accepted"] for _ in range(2)] == [1, 1]


def test_when_nothing_is_acceptable_the_answer_still_accounts_for_all(send: Send, body: Body) -> None:
    answer = send(body(b"{}", b"5"))
    assert (answer.status_code, answer.json()["accepted"], answer.json()["code"]) == (
        422,
        0,
        "none_acceptable",
    )
    assert [r["index"] for r in answer.json()["rejected"]] == [0, 1]


@pytest.mark.parametrize(
    "kind", [NDJSON, "application/json; charset=utf-8", "APPLICATION/JSON", "application/jsonl", None]
)
def test_content_types_that_are_read(send: Send, entry: Make, body: Body, kind: str | None) -> None:
    assert send(body(entry()), content_type=kind).status_code == 202


STATUS: dict[str, tuple[bytes, dict[str, str | None], int, str]] = {
    "no key": (b"{}", {"authorization": None}, 401, "unauthenticated"),
    "another scheme": (b"{}", {"authorization": "Basic dTpw"}, 401, "unauthenticated"),
    "an unknown key": (b"{}", {"authorization": "Bearer odk_" + "x" * 49}, 401, "unauthenticated"),
    "no key and a bad body": (
        b"",
        {"authorization": None, "content_type": "text/html"},
        401,
        "unauthenticated",
    ),
    "a form": (b"{}", {"content_type": "application/x-www-form-urlencoded"}, 415, "unsupported_type"),
    "HTML": (b"{}", {"content_type": "text/html"}, 415, "unsupported_type"),
    "an unknown encoding": (b"{}", {"content_encoding": "br"}, 415, "unsupported_encoding"),
    "gzip that is none": (b"{}", {"content_encoding": "gzip"}, 400, "bad_compression"),
    "a bomb": (gzip.compress(bytes(50_000_000)), {"content_encoding": "gzip"}, 413, "too_large"),
    "too large a body": (bytes(5_000_000), {}, 413, "too_large"),
    "nothing": (b"", {}, 400, "empty"),
    "prose": (b"hello", {}, 400, "unparseable"),
}


@pytest.mark.parametrize(("content", "headers", "status", "code"), STATUS.values(), ids=STATUS)
def test_a_request_is_refused_with_its_documented_status(
    send: Send, content: bytes, headers: dict[str, str | None], status: int, code: str
) -> None:
    answer = send(content, **headers)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.json()["accepted"] == 0


def test_a_key_of_another_service_is_403(send: Send, entry: Make, body: Body) -> None:
    assert send(body(entry(service="terraform"))).status_code == 403


def test_401_says_how_to_authenticate(send: Send) -> None:
    assert send(b"{}", authorization=None).headers["www-authenticate"] == "Bearer"


def test_a_revoked_key_is_refused_at_once(
    send: Send, entry: Make, body: Body, state: StateStore, keyring: Keyring, clock: ManualClock
) -> None:
    assert send(body(entry())).status_code == 202
    with state.begin() as tx:
        keys.revoke(tx, keys.listed(tx)[0].key, clock.now())
    keyring.forget()
    assert send(body(entry())).status_code == 401


def test_a_closing_deck_says_when_to_come_back(send: Send, entry: Make, body: Body, journal: Journal) -> None:
    journal.close()
    answer = send(body(entry()))
    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "closing", "5")


def test_a_body_without_a_length_is_cut_off_at_the_limit(send: Send) -> None:
    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 100_000

    answer = send(endless())
    assert (answer.status_code, answer.headers["connection"]) == (413, "close")


def test_a_request_over_the_limit_is_refused_before_its_body(
    door: Door, keyring: Keyring, secret: str
) -> None:
    sent = asyncio.run(_call(door, keyring, secret, _never, length=b"99999999"))
    assert sent[0]["status"] == 413


def test_a_body_that_does_not_arrive_is_given_up(door: Door, keyring: Keyring, secret: str) -> None:
    sent = asyncio.run(_call(door, keyring, secret, _never))
    assert (sent[0]["status"], json.loads(sent[1]["body"])["code"]) == (408, "slow_body")
    assert (b"connection", b"close") in sent[0]["headers"]


def test_a_client_that_goes_away_is_no_error(
    door: Door, keyring: Keyring, secret: str, journal: Journal
) -> None:
    async def gone() -> dict[str, Any]:
        return {"type": "http.disconnect"}

    asyncio.run(_call(door, keyring, secret, gone))
    assert journal.ends() == {}


def test_it_can_be_mounted_in_the_whole_application(
    door: Door, keyring: Keyring, secret: str, entry: Make, body: Body
) -> None:
    app = FastAPI()
    app.include_router(router(door, keyring))
    headers = {"authorization": f"Bearer {secret}", "content-type": NDJSON}
    assert asyncio.run(_request(app, "POST", body(entry()), headers)).status_code == 202
    assert asyncio.run(_request(app, "GET")).status_code == 405


async def _never() -> dict[str, Any]:
    await asyncio.Event().wait()
    raise AssertionError


async def _call(
    door: Door,
    keyring: Keyring,
    secret: str,
    receive: Callable[[], Awaitable[dict[str, Any]]],
    length: bytes = b"5",
) -> list[dict[str, Any]]:
    """One request whose body is what `receive` says; the messages of the answer."""
    sent: list[dict[str, Any]] = []

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"authorization", b"Bearer " + secret.encode()), (b"content-type", b"application/json")]
    scope = {
        "type": "http",
        "method": "POST",
        "path": "/v1/events",
        "query_string": b"",
        "headers": [*headers, (b"content-length", length)],
        "client": ("192.0.2.1", 1),
    }
    await Starlette(routes=router(door, keyring, deadline=0.01).routes)(scope, receive, send)
    return sent
