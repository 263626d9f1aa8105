"""kill -9 of the real server under load: every acknowledged event is in the event store exactly once.

A collector process (bench/collector.py) over one folder is killed after a few more acknowledgements, started again,
and so on, while clients send batches and repeat each one until it is acknowledged.
"""

import http.client
import json
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opsdeck.model import Match, Window
from opsdeck.stores.events import open_events

COLLECTOR = Path(__file__).parents[2] / "bench" / "collector.py"
CLIENTS = 4
BATCH = 50


class _Server:
    """The collector over a folder, started anew as often as it is killed. `address` is None while it is down."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.up = threading.Event()
        self.process: subprocess.Popen[str] | None = None
        self.port, self.key = 0, ""

    def start(self) -> None:
        command = [sys.executable, str(COLLECTOR), str(self.folder)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self.process.stdout
        found = json.loads(self.process.stdout.readline())
        self.port, self.key = found["port"], found["key"]
        self.up.set()

    def end(self, how: signal.Signals) -> int:
        assert self.process
        assert self.process.stdout
        self.up.clear()
        self.process.send_signal(how)
        with self.process.stdout:
            return self.process.wait(60)


class _Load:
    """Clients that send batch after batch, each until it is acknowledged."""

    def __init__(self, server: _Server) -> None:
        self.acknowledged: list[str] = []
        self.repeated = 0
        self._server = server
        self._news = threading.Condition()
        self._stopping = threading.Event()
        self._threads = [threading.Thread(target=self._client, args=(n,)) for n in range(CLIENTS)]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._stopping.set()
        for thread in self._threads:
            thread.join()

    def wait_for(self, batches: int) -> None:
        """Until that many more batches are acknowledged."""
        with self._news:
            target = len(self.acknowledged) + batches * BATCH
            assert self._news.wait_for(lambda: len(self.acknowledged) >= target, 60)

    def _client(self, number: int) -> None:
        for batch in range(1_000_000):
            if self._stopping.is_set():
                return
            ids = [f"01992e58-de00-7000-8{number:03}-{batch * BATCH + n:012}" for n in range(BATCH)]
            body = b"\n".join(_line(event_id) for event_id in ids)
            while not self._send(body):
                self.repeated += 1
            with self._news:
                self.acknowledged.extend(ids)
                self._news.notify_all()

    def _send(self, body: bytes) -> bool:
        assert self._server.up.wait(60)
        connection = http.client.HTTPConnection("127.0.0.1", self._server.port, timeout=10)
        headers = {"Authorization": f"Bearer {self._server.key}", "Content-Type": "application/x-ndjson"}
        try:
            connection.request("POST", "/v1/events", body, headers)
            answer = connection.getresponse()
            return answer.status == 202 and json.loads(answer.read())["accepted"] == BATCH
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()


def _line(event_id: str) -> bytes:
    entry: dict[str, Any] = {
        "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
        "level": "INFO",
        "service": "unjucks-cli",
        "version": "2025.9.8",
        "environment": "production",
        "operation": {
            "type": "template_generation",
            "template": "component/react",
            "duration": 12,
            "success": True,
        },
        "eventId": event_id,
    }
    return json.dumps(entry).encode()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[_Server]:
    server = _Server(tmp_path)
    yield server
    if server.process and server.process.poll() is None:
        server.end(signal.SIGKILL)


def _kill(server: _Server, times: int, seed: int) -> _Load:
    """The load after `times` kills at random moments and a clean end."""
    dice, load = random.Random(seed), _Load(server)
    server.start()
    load.start()
    for _ in range(times):
        load.wait_for(dice.randint(1, 40))
        assert server.end(signal.SIGKILL) == -signal.SIGKILL
        server.start()
    load.wait_for(1)
    load.stop()
    assert server.end(signal.SIGTERM) == 0
    return load


def _stored(folder: Path) -> Counter[str]:
    events = open_events(f"duckdb://{folder / 'events.duckdb'}")
    now = datetime.now(UTC)
    found = events.find(Match(), Window(now - timedelta(hours=1), now + timedelta(hours=1)), 10_000_000)
    events.close()
    return Counter(entry.event_id for entry in found)


def _check(server: _Server, times: int, seed: int) -> None:
    load = _kill(server, times, seed)
    stored = _stored(server.folder)
    assert len(load.acknowledged) > times * BATCH
    assert load.repeated
    assert [event_id for event_id in load.acknowledged if stored[event_id] != 1] == []
    assert max(stored.values()) == 1


def test_no_acknowledged_event_is_lost_or_doubled_by_8_kills(server: _Server) -> None:
    _check(server, 8, seed=8)


@pytest.mark.soak
def test_no_acknowledged_event_is_lost_or_doubled_by_50_kills(server: _Server) -> None:
    _check(server, 50, seed=50)
