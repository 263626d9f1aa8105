"""kill -9 in the middle of loading: every batch is in exactly once, and the positions say which."""

import subprocess
import sys
from pathlib import Path

import pytest

from opsdeck.model import Match, Window
from opsdeck.stores.events import open_events
from opsdeck.timing import parse_iso

# Loads batches of 200 events from where the store stands, as the loader does; says what it is about to do.
LOADER = """
import json, sys
from opsdeck.model import Batch, Position
from opsdeck.stores.events import open_events
store = open_events(sys.argv[1])
stood = store.positions()
start = stood["app"].offset if stood else 0
for number in range(start, start + int(sys.argv[2])):
    ids = range(number * 200, number * 200 + 200)
    lines = [
        {"eventId": f"e{n}", "timestamp": f"2025-09-09T12:{n // 60 % 60:02}:{n % 60:02}Z", "service": "cli",
         "operation": {"type": "run", "success": True, "duration": n % 977}, "pad": "x" * 300}
        for n in ids
    ]
    print(number, flush=True)
    store.load(Batch("\\n".join(map(json.dumps, lines)).encode(), (Position("app", number + 1),)))
"""
DAY = Window(parse_iso("2025-09-09T00:00:00Z"), parse_iso("2025-09-10T00:00:00Z"))


def kill_while_loading(url: str, announced: int) -> None:
    child = subprocess.Popen([sys.executable, "-c", LOADER, url, "1000000"], stdout=subprocess.PIPE)
    assert child.stdout
    for _ in range(announced):
        child.stdout.readline()
    child.kill()
    child.communicate()


def check(url: str) -> int:
    """Counts what is there in every way there is; returns the position."""
    store = open_events(url)
    stood = store.positions()
    position = stood["app"].offset if stood else 0
    assert store.tally(Match(), DAY)[0].tally.runs == position * 200
    assert store.distinct("event_id", Match(), DAY) == position * 200
    assert sum(s.tally.runs for s in store.tally(Match.of(event_id=()), DAY)) == 0
    store.close()
    return position


def survive(folder: Path, kills: int) -> None:
    url, last = f"duckdb:///{folder}/events.duckdb", 0
    for number in range(kills):
        kill_while_loading(url, 1 + number % 4)
        position = check(url)
        assert position >= last + number % 4
        last = position
    subprocess.run([sys.executable, "-c", LOADER, url, "5"], check=True, stdout=subprocess.DEVNULL)
    assert check(url) == last + 5


def test_eight_kills_while_loading(tmp_path: Path) -> None:
    survive(tmp_path, 8)


@pytest.mark.soak
def test_fifty_kills_while_loading(tmp_path: Path) -> None:
    survive(tmp_path, 50)
