"""The whole deck over a million stored events: `python bench/deck.py [--events N] [--json]`.

Fills a home, starts the real `opsdeck up` on it, asks every page and the status command, then ingests a little and
looks at the server's memory. Times are seen by the client on loopback; medians of 15.
"""

import argparse
import json
import os
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path

import events
import httpx
import psutil

from opsdeck import spec
from opsdeck.model import Batch, Position
from opsdeck.stores.events import open_events

OPSDECK = Path(sys.executable).with_name("opsdeck")
PAGES = ("/", "/slo", "/alerts", "/events")
ROUNDS = 15
BATCH = 20_000
MONTH = timedelta(days=30)


def main(count: int) -> dict[str, float]:
    """Figures by name."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir()
        _fill(home, count)
        env = os.environ | {"OPSDECK_HOME": str(home)}
        server = subprocess.Popen([OPSDECK, "up", "--port", "0"], env=env, stdout=subprocess.DEVNULL)
        try:
            return {"events": count} | _ask(home, server.pid, env)
        finally:
            server.send_signal(signal.SIGINT)
            server.wait()


def _fill(home: Path, count: int) -> None:
    store = open_events(f"duckdb:///{home / 'events.duckdb'}", spec.load(None).edges)
    lines, done = events.lines(count, datetime.now(UTC) - MONTH, MONTH), 0
    while batch := list(islice(lines, BATCH)):
        done += len(batch)
        store.load(Batch(b"\n".join(batch), (Position("application/bench", done),)))
    store.close()


def _ask(home: Path, pid: int, env: dict[str, str]) -> dict[str, float]:
    url = _ready(home)
    token = (home / "operator.token").read_text().strip()
    figures = {"RSS at rest, MiB": _rss(pid)}
    with httpx.Client(base_url=url, timeout=60, trust_env=False, follow_redirects=True) as browser:
        made = browser.post("/api/links", headers={"Authorization": f"Bearer {token}"}).json()
        browser.get(made["url"])
        for page in PAGES:
            figures[f"page {page}, ms"] = _median(lambda page=page: browser.get(page).raise_for_status())
    status = [OPSDECK, "status"]
    figures["opsdeck status, ms"] = _median(
        lambda: subprocess.run(status, env=env, stdout=subprocess.DEVNULL, check=True)
    )
    figures["RSS after all that, MiB"] = _rss(pid)
    figures["RSS peak, MiB"] = _peak(pid)
    return figures


def _ready(home: Path) -> str:
    while True:
        try:
            url = (home / "url").read_text().strip()
            if httpx.get(f"{url}/readyz").is_success:
                return url
        except (OSError, httpx.HTTPError):
            pass
        time.sleep(0.05)


def _median(work: Callable[[], object]) -> float:
    spent = []
    for _ in range(ROUNDS):
        started = time.perf_counter()
        work()
        spent.append((time.perf_counter() - started) * 1000)
    return statistics.median(spent)


def _rss(pid: int) -> float:
    return float(psutil.Process(pid).memory_info().rss / 2**20)


def _peak(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) / 1024
    return 0.0


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    found = {name: round(value, 1) for name, value in main(asked.events).items()}
    print(
        json.dumps(found)
        if asked.json
        else "\n".join(f"{name:28} {value:12,.1f}" for name, value in found.items())
    )
