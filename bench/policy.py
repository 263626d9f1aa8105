"""The policy: what an answer costs, and how long after the 11th failure it says so: `python bench/policy.py [--json]`.

Answers are asked of the app in process, with 1,000 restricted users and 5,000 entitlements; medians of 500. From the
11th accepted failure to the policy that restricts is measured on a real deck in this process: SQLite, DuckDB, its own
loops, nothing called by hand; the longest of 10.
"""

import argparse
import asyncio
import json
import statistics
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from opsdeck.cli.daemon import _load, _repeat
from opsdeck.deck import Deck
from opsdeck.identity import keys
from opsdeck.model import Entitlement, IngestKey, Restriction
from opsdeck.server.app import create

HOST = "deck.bench:8600"
ROUNDS = 500
STORIES = 10
USERS, RIGHTS = 1_000, 5
FAILURES = 11
LONGEST = 15.0  # seconds until a story is given up


def main() -> dict[str, float]:
    """Figures by name."""
    with tempfile.TemporaryDirectory() as folder:
        deck = Deck.open(Path(folder) / "home")
        try:
            return asyncio.run(_answers(deck)) | _visible(deck)
        finally:
            deck.close()


async def _answers(deck: Deck) -> dict[str, float]:
    now = datetime.now(UTC)
    with deck.state.begin() as tx:
        secret = keys.mint(tx, "unjucks-cli", "", "bench", now)
        for number in range(USERS):
            user, until = f"user_{number:016x}", now + timedelta(hours=1)
            tx.put(Restriction(f"R-{number:012x}", "unjucks-cli", "rate_limit", "user", user, now, until, 1, "11 failures in 5 minutes", "D"))  # fmt: skip
            tx.put_all(Entitlement(f"{user}/{n}", "unjucks-cli", user, f"template:a{n}/*", "a", "r", now) for n in range(RIGHTS))  # fmt: skip
    begin = time.perf_counter()
    deck.standing.refresh(now)
    reread = time.perf_counter() - begin
    transport = httpx.ASGITransport(create(deck, hosts=(HOST,)))
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{HOST}") as client:
        headers = {"Authorization": f"Bearer {secret}"}
        path = "/v1/policy?service=unjucks-cli&subject=user_0000000000000007"
        fresh = await _timed(client, path, headers, 200)
        tag = (await client.get(path, headers=headers)).headers["etag"]
        held = await _timed(client, path, headers | {"If-None-Match": tag}, 304)
    return {"answer_ms": fresh, "not_modified_ms": held, "reread_6000_ms": round(reread * 1000, 2)}


async def _timed(client: httpx.AsyncClient, path: str, headers: dict[str, str], status: int) -> float:
    took = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        answer = await client.get(path, headers=headers)
        took.append(time.perf_counter() - begin)
        assert answer.status_code == status, answer.text
    return round(statistics.median(took) * 1000, 3)


def _visible(deck: Deck) -> dict[str, float]:
    with _running(deck):
        took = [_story(deck, f"user_story{number}") for number in range(STORIES)]
    return {
        "visible_ms_median": round(statistics.median(took) * 1000),
        "visible_ms_max": round(max(took) * 1000),
    }


def _story(deck: Deck, user: str) -> float:
    """Eleven failures handed in one by one; seconds from the last receipt until the user is restricted in memory,
    which is what the next answer is made of."""
    key = IngestKey("bench", "unjucks-cli", "human", "bench", datetime.now(UTC))
    for _ in range(FAILURES):
        deck.door.accept(json.dumps(_failure(user)).encode(), key, "")
    begin = time.perf_counter()
    while not deck.standing.rights("unjucks-cli", user, "").restrictions:
        if time.perf_counter() - begin > LONGEST:
            raise SystemExit(f"{user} was not restricted within {LONGEST:g} s")
        time.sleep(0.002)
    return time.perf_counter() - begin


def _failure(user: str) -> dict[str, object]:
    return {
        "timestamp": datetime.now(UTC).isoformat(), "level": "ERROR", "service": "unjucks-cli", "version": "1.0.0",
        "environment": "production", "requestId": "req_1", "userId": user, "sessionId": "sess_1",
        "eventId": str(uuid.uuid4()), "command": "generate", "metadata": {},
        "operation": {"type": "template_generation", "duration": 12, "success": False},
        "error": {"code": "TEMPLATE_NOT_FOUND", "message": "no template x"},
    }  # fmt: skip


@contextmanager
def _running(deck: Deck) -> Iterator[None]:
    """The deck's own loops, all but the probes, as `opsdeck up` runs them."""
    stop = threading.Event()
    loops = [threading.Thread(target=_load, args=(deck, stop))]
    names = [tick.name for tick in deck.ticks if tick.name != "probe"]
    loops += [threading.Thread(target=_repeat, args=(deck, name, stop)) for name in names]
    for loop in loops:
        loop.start()
    try:
        yield
    finally:
        stop.set()
        for loop in loops:
            loop.join()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = main()
    print(
        json.dumps(found)
        if asked.json
        else "\n".join(f"{name:20} {value:10}" for name, value in found.items())
    )
