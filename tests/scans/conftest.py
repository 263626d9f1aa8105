"""A deck with the shipped spec, the sample files, and somebody who brings them to it over HTTP."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest

from opsdeck import alerts
from opsdeck.deck import Deck
from opsdeck.identity import access
from opsdeck.server.app import create
from opsdeck.testing import START, ManualClock

HOST = "deck.test:8600"
SAMPLES = Path(__file__).parents[2] / "examples/scans"
SERVICE = "unjucks-cli"


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock(START)


@pytest.fixture
def deck(tmp_path: Path, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deck]:
    monkeypatch.setenv("OPSDECK_EVENTS", "memory://")
    opened = Deck.open(tmp_path / "home", None, clock)
    yield opened
    opened.close()


@dataclass
class Somebody:
    """Asks the deck's app things, and answers with what it said."""

    deck: Deck
    clock: ManualClock
    headers: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, **options: Any) -> httpx.Response:
        return asyncio.run(self._ask(method, path, options))

    def bring(self, file: str | bytes, **asked: str) -> dict[str, Any]:
        body = (SAMPLES / file).read_bytes() if isinstance(file, str) else file
        answer = self.ask("POST", "/api/scans", content=body, params=asked)
        said: dict[str, Any] = answer.json()
        return said if answer.is_success else said["error"] | {"status": answer.status_code}

    def found(self, **asked: Any) -> list[dict[str, Any]]:
        listed: list[dict[str, Any]] = self.listing(**asked)["findings"]
        return listed

    def listing(self, **asked: Any) -> dict[str, Any]:
        answer = self.ask("GET", "/api/vulnerabilities", params=asked)
        assert answer.is_success, answer.text
        said: dict[str, Any] = answer.json()
        return said

    def accept(
        self, vulnerability: str, until: str = "30 days", reason: str = "not reachable", **more: str
    ) -> httpx.Response:
        body = {"vulnerability": vulnerability, "until": until, "reason": reason, **more}
        return self.ask("POST", "/api/waivers", json=body)

    def passes(self, **span: float) -> None:
        """Time goes by, and the deck does what is due."""
        self.clock.advance(**span)
        now = self.clock.now()
        self.deck.tick("scans").run(now)
        alerts.tick(self.deck.state, self.deck.events, self.deck.spec.services.values(), now)

    def log(self, kind: str) -> list[tuple[str, str, str]]:
        with self.deck.state.begin(write=False) as tx:
            return [(t.change.subject, t.change.old, t.change.new) for t in tx.log(kind=kind)]

    async def _ask(self, method: str, path: str, options: dict[str, Any]) -> httpx.Response:
        transport = httpx.ASGITransport(create(self.deck, hosts=(HOST,)), raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
            return await client.request(
                method, path, headers=self.headers | options.pop("headers", {}), **options
            )


@pytest.fixture
def operator(deck: Deck, clock: ManualClock) -> Somebody:
    with deck.state.begin() as tx:
        token = access.token(tx, "local", deck.clock.now())
    return Somebody(deck, clock, {"authorization": f"Bearer {token}"})


@pytest.fixture
def sample() -> Callable[[str], bytes]:
    return lambda name: (SAMPLES / name).read_bytes()
