"""The detection tick with all shipped rules: `python bench/detect.py [--events N] [--hours H] [--json]`.

Loads synthetic events spread over a span into DuckDB (the default is a month; `--hours 1` puts all of them into the
windows of the rules, the worst case), then looks with every rule at moments a second apart: medians of 15. Then the
way of a burst: from the receipt of the eleventh failure to its row in the log, through the real deck's door, loader
and ticks over the same number of events; the longest of 10.
"""

import argparse
import json
import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import events

from opsdeck import detect
from opsdeck.deck import Deck
from opsdeck.model import IngestKey, TickRun

ROUNDS = 15
BURSTS = 10
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)


def main(count: int, hours: float) -> dict[str, float]:
    """Figures by name, in ms."""
    with tempfile.TemporaryDirectory() as folder:
        deck = Deck.open(Path(folder))
        end = datetime.now(UTC)
        events.fill(deck.events, count, end, timedelta(hours=hours))
        looked = [end + n * SECOND for n in range(ROUNDS)]
        whole = [events.ms(lambda now=now: _tick(deck, now)) for now in looked]
        ticks = [_following(deck, now + MINUTE) for now in looked]
        waits = _bursts(deck)
        rules = len(deck.rules)
        deck.close()
    return {
        "events": count,
        "hours": hours,
        "rules": rules,
        "tick, median": statistics.median(ticks),
        "tick, slowest": max(ticks),
        "look at everybody, median": statistics.median(whole),
        "11th failure to log row, slowest": max(waits),
    }


def _tick(deck: Deck, now: datetime) -> int:
    return detect.tick(deck.state, deck.events, deck.spec.services, deck.rules, deck.spec.framework, now)


def _following(deck: Deck, now: datetime) -> float:
    """A tick a second after another, as nearly all are: about those of whom something came."""
    with deck.state.begin() as tx:
        tx.put(TickRun("detect", now, now - SECOND))
    return events.ms(lambda: _tick(deck, now))


def _bursts(deck: Deck) -> list[float]:
    """Milliseconds from the door's answer to the log row, the deck's own loops running."""
    over = threading.Event()

    def loading() -> None:
        while not over.is_set():
            deck.load(timedelta(milliseconds=100))

    def ticking() -> None:
        while not over.is_set():
            wait = deck.run_due(deck.tick("detect"), deck.clock.now())
            over.wait(max(0.0, wait / SECOND))

    threads = [threading.Thread(target=loop) for loop in (loading, ticking)]
    for thread in threads:
        thread.start()
    try:
        return [_burst(deck, f"user_burst{n}") for n in range(BURSTS)]
    finally:
        over.set()
        for thread in threads:
            thread.join()


def _burst(deck: Deck, user: str) -> float:
    key, now = IngestKey("bench", "*", "human", "bench", deck.clock.now()), datetime.now(UTC)
    body = b"\n".join(_failure(user, now) for _ in range(11))
    deck.door.accept(body, key)
    began = time.perf_counter()
    while True:
        with deck.state.begin(write=False) as tx:
            if any(row.change.data["subject"] == user for row in tx.recent(20, kind="security")):
                return (time.perf_counter() - began) * 1000
        time.sleep(0.01)


def _failure(user: str, at: datetime) -> bytes:
    operation = {
        "type": "template_generation",
        "template": "component/react",
        "duration": 10,
        "success": False,
    }
    entry = {
        "timestamp": at.isoformat(), "level": "ERROR", "service": "unjucks-cli", "version": "1.0.0",
        "environment": "production", "userId": user, "operation": operation, "requestId": f"req_{time.perf_counter_ns()}",
        "error": {"code": "RENDER_FAILED", "message": "bench"},
    }  # fmt: skip
    return json.dumps(entry).encode()


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--hours", type=float, default=30 * 24)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    figures = main(asked.events, asked.hours)
    if asked.json:
        print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
    else:
        print("\n".join(f"{name:36} {value:12,.1f}" for name, value in figures.items()))
