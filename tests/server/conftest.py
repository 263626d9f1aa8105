"""A whole deck on memory stores and a clock that stands still, its app in process, and people who ask it things."""

import asyncio
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI

from opsdeck.deck import Deck
from opsdeck.identity import access
from opsdeck.model import IngestKey
from opsdeck.server.app import create
from opsdeck.testing import START, Load, ManualClock, given

HOST = "deck.test:8600"


@dataclass
class Person:
    """Somebody with a browser or a script: sends requests to the app, keeps cookies, sends what headers they have."""

    app: FastAPI
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, str] = field(default_factory=dict)
    base: str = f"http://{HOST}"

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = self.headers | options.pop("headers", {})
        answer = asyncio.run(self._ask(method, path, headers, options))
        self.cookies |= dict(answer.cookies.items())
        return answer

    def get(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("GET", path, **options)

    def post(self, path: str, **options: Any) -> httpx.Response:
        return self.ask("POST", path, **options)

    def read(self, path: str) -> "Html":
        answer = self.get(path, headers={"accept": "text/html"})
        assert answer.status_code == 200, answer.text
        return Html.of(answer.text)

    async def _ask(
        self, method: str, path: str, headers: dict[str, str], options: dict[str, Any]
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=self.base, cookies=self.cookies) as client:
            return await client.request(method, path, headers=headers, **options)


class Html(HTMLParser):
    """A page as a browser takes it apart: its elements with their attributes, and its text."""

    def __init__(self) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.source = ""

    @classmethod
    def of(cls, source: str) -> "Html":
        page = cls()
        page.source = source
        page.feed(source)
        return page

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def all(self, tag: str, **wanted: str) -> list[dict[str, str]]:
        return [attrs for name, attrs in self.elements if name == tag and wanted.items() <= attrs.items()]

    def one(self, tag: str, **wanted: str) -> dict[str, str]:
        found = self.all(tag, **wanted)
        assert len(found) == 1, found
        return found[0]


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def deck(tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deck]:
    monkeypatch.setenv("OPSDECK_EVENTS", "memory://")
    monkeypatch.setenv("OPSDECK_STATE", "memory://")
    opened = Deck.open(tmp_path / "home", None, clock)
    yield opened
    opened.close()


@pytest.fixture
def app(deck: Deck) -> FastAPI:
    return create(deck, hosts=(HOST,))


@pytest.fixture
def stranger(app: FastAPI) -> Person:
    """Nobody's browser."""
    return Person(app)


@pytest.fixture
def operator(app: FastAPI, deck: Deck) -> Person:
    """The local command line."""
    with deck.state.begin() as tx:
        token = access.token(tx, "local", deck.clock.now())
    return Person(app, {"authorization": f"Bearer {token}"})


@pytest.fixture
def person(app: FastAPI, deck: Deck) -> Person:
    """Somebody who opened a sign-in link in a browser."""
    signed_in = Person(app, {"origin": f"http://{HOST}"})
    assert signed_in.get(f"/sign-in?link={deck.link()}").status_code == 200
    return signed_in


@pytest.fixture
def happened(deck: Deck, clock: ManualClock) -> Callable[..., None]:
    """Lets a story happen on the deck's own stores and moves the deck's clock to its end.

    Rules are looked at from `looks` on: six minutes are enough for an alert that must hold for five.
    """

    def happen(*loads: Load, until: str = "12:30", looks: str = "12:24") -> None:
        story = given(deck.spec, *loads, events=deck.events, state=deck.state)
        story.jump(min(looks, until)).at(until)
        clock.advance(story.clock.now() - clock.now())

    return happen


@pytest.fixture
def collected(deck: Deck) -> Callable[..., str]:
    """Hands one entry in at the deck's door, changed as told, and returns its id once it can be seen."""

    def collect(user_type: str = "", **changes: Any) -> str:
        number = deck.door.counts().accepted
        entry = {
            "timestamp": "2025-09-09T12:00:00.000Z",
            "level": "INFO",
            "service": "unjucks-cli",
            "version": "1.0.0",
            "environment": "production",
            "requestId": "req_1",
            "userId": "user_1",
            "sessionId": "sess_1",
            "operation": {"type": "template_generation", "duration": 120, "success": True},
            "metadata": {"fileCount": 1},
            "eventId": f"0199{number:04x}-0000-7000-8000-000000000000",
            "command": "generate",
        } | changes
        key = IngestKey("key", "*", user_type, "test", deck.clock.now())
        assert deck.door.accept(json.dumps(entry).encode(), key).rejected == ()
        deck.loader.tick()
        return str(entry["eventId"])

    return collect
