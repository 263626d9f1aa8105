"""Real parts for emit's tests: a home of its own, tools in their own processes, and a collector on a real socket."""

import contextlib
import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from opsdeck_emit import consent, launch

SERVICE = "demo"
PATIENCE = 60.0
SOURCES = str(Path(consent.__file__).parents[1])
Event = dict[str, Any]
Reply = tuple[int, dict[str, str], bytes]


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """An empty opsdeck home with nothing else in the environment; shippers that the test started end with it."""
    for name in ("CI", "DO_NOT_TRACK", "OPSDECK_URL", "OPSDECK_KEY", "XDG_DATA_HOME"):
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    monkeypatch.setenv("OPSDECK_HOME", str(folder))
    yield folder
    for pid in shippers(folder):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, 9)


@pytest.fixture
def granted(home: Path) -> Path:
    consent.grant(SERVICE)
    return home


def shippers(home: Path) -> list[int]:
    """The pids of living shippers of this home."""
    locks = home.glob("emit/spool/*/shipper.lock")
    return [
        int(lock.read_text()) for lock in locks if launch.alive(str(lock.parent)) and lock.read_text().strip()
    ]


@pytest.fixture
def living(home: Path) -> Callable[[], list[int]]:
    return lambda: shippers(home)


@pytest.fixture
def events(home: Path) -> Callable[[], list[Event]]:
    """What waits in the spool, oldest first."""

    def read() -> list[Event]:
        files = sorted(home.glob("emit/spool/*/*/v1.*.sealed")) + sorted(
            home.glob("emit/spool/*/*/v1.*.open")
        )
        return [json.loads(line) for file in files for line in file.read_bytes().split(b"\n") if line]

    return read


@pytest.fixture
def tool(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run a body inside `with opsdeck_emit.run(...) as run:` as a program of its own."""

    def start(body: str, *, before: str = "", **extra: str) -> subprocess.CompletedProcess[str]:
        script = tmp_path / "tool.py"
        inner = "\n".join("    " + line for line in body.splitlines())
        head = f"import os, sys, signal\nimport opsdeck_emit\n{before}\n"
        script.write_text(f"{head}with opsdeck_emit.run('{SERVICE}', '1.2.3', 'build') as run:\n{inner}\n")
        command = [sys.executable, str(script)]
        return subprocess.run(
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            env=clean_environment(**extra),
        )

    return start


@pytest.fixture
def wrap(tmp_path: Path) -> Callable[..., subprocess.CompletedProcess[str]]:
    """Run `opsdeck exec --service demo … -- command`."""

    def start(*command: str, options: tuple[str, ...] = (), **extra: str) -> subprocess.CompletedProcess[str]:
        line = [sys.executable, "-m", "opsdeck_emit.exec", "--service", SERVICE, *options, "--", *command]
        return subprocess.run(
            line,
            capture_output=True,
            text=True,
            check=False,
            timeout=PATIENCE,
            env=clean_environment(**extra),
        )

    return start


def clean_environment(**extra: str) -> dict[str, str]:
    return {**os.environ, "PYTHONPATH": SOURCES, **extra}


@dataclass
class Sink:
    """A collector: takes batches as the deck does, or answers what a test wants it to."""

    url: str = ""
    batches: list[list[Event]] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)
    replies: list[Reply] = field(default_factory=list)
    at_stage: Callable[[str], None] = lambda _: None
    changed: threading.Condition = field(default_factory=threading.Condition)

    def events(self) -> list[Event]:
        return [event for batch in self.batches for event in batch]

    def wait(self, until: Callable[["Sink"], bool]) -> bool:
        with self.changed:
            return self.changed.wait_for(lambda: until(self), PATIENCE)

    def reply_to(self, batch: list[Event]) -> Reply:
        if self.replies:
            return self.replies.pop(0)
        return 202, {}, json.dumps({"accepted": len(batch), "rejected": []}).encode()


class Door(BaseHTTPRequestHandler):
    """One request: at_stage is called as it arrives, when it is stored, and when it is answered."""

    protocol_version = "HTTP/1.1"
    sink: Sink

    def do_POST(self) -> None:
        self.sink.at_stage("arrived")
        body = gzip.decompress(self.rfile.read(int(self.headers["Content-Length"])))
        batch = [json.loads(line) for line in body.splitlines()]
        with self.sink.changed:
            status, headers, answer = self.sink.reply_to(batch)
            self.sink.headers.append(dict(self.headers))
            self.sink.bodies.append(body)
            self.sink.batches.append(batch if status == 202 else [])
            self.sink.changed.notify_all()
        self.sink.at_stage("stored")
        with contextlib.suppress(OSError):
            self.send_response(status)
            for name, value in {"Content-Length": str(len(answer)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer)
        self.sink.at_stage("answered")

    def handle(self) -> None:
        with contextlib.suppress(OSError, ValueError):
            super().handle()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def sink(home: Path) -> Iterator[Sink]:
    """A running collector that the home's `url` and `ingest.key` point at."""
    collector = Sink()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Door,), {"sink": collector}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    collector.url = f"http://127.0.0.1:{server.server_address[1]}"
    home.mkdir(parents=True, exist_ok=True)
    (home / "url").write_text(collector.url + "\n")
    (home / "ingest.key").write_text("key-1\n")
    yield collector
    server.shutdown()
    thread.join()
    server.server_close()
