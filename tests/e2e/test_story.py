"""A real failure, told to real people: broken templates, a real deck, a real webhook receiver and mail sink.

The spec is examples/accelerated; the same story with the framework's real durations runs on a manual clock in
tests/alerts.
"""

import http.server
import json
import shutil
import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.parser import BytesParser
from email.policy import default
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiosmtpd.controller import Controller

EXAMPLE = Path(__file__).parents[2] / "examples/accelerated/operations.yaml"


@dataclass
class Sinks:
    """What arrived: webhook bodies and mails."""

    hooks: list[dict[str, Any]] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)
    hook_port: int = 0
    mail_port: int = 0

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Any) -> str:  # noqa: N802  aiosmtpd's name
        self.mails.append(BytesParser(policy=default).parsebytes(envelope.content))  # type: ignore[arg-type]  # policy decides the type
        return "250 OK"

    def heard(self, alert: str, phase: str) -> tuple[int, int]:
        """How many webhook bodies and mails told of the alert entering the phase."""
        hooks = [h for h in self.hooks if (h["rule"], h["status"]) == (alert, phase)]
        mails = [m for m in self.mails if alert in m["Subject"] and phase in m["Subject"].lower()]
        return len(hooks), len(mails)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.fixture
def sinks() -> Iterator[Sinks]:
    found = Sinks()

    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            found.hooks.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    mail = Controller(found, hostname="127.0.0.1", port=free_port())
    mail.start()
    found.hook_port, found.mail_port = server.server_port, mail.port
    yield found
    mail.stop()
    server.shutdown()
    server.server_close()


def break_templates(desk: Any) -> None:
    folder = desk.work / "_templates/broken/one"
    folder.mkdir(parents=True)
    (folder / "file.txt").write_text("---\nto: [unclosed\n---\n")


def own_ports(sinks: Sinks) -> str:
    text = EXAMPLE.read_text()
    return text.replace("127.0.0.1:9099", f"127.0.0.1:{sinks.hook_port}").replace(
        "9025", str(sinks.mail_port)
    )


def fail_until_it_fires(desk: Any) -> dict[str, Any]:
    def look() -> dict[str, Any] | None:
        assert desk.run("unjucks", "generate", "broken", "one", "Thing").returncode == 1
        rows = {row["rule"]: row for row in desk.json("opsdeck", "alerts", "list")["alerts"]}
        seen.add(rows["high_error_rate"]["standing"])
        return rows["high_error_rate"] if rows["high_error_rate"]["standing"] == "firing" else None

    seen: set[str] = set()
    row = desk.until(look)
    assert "pending" in seen
    return row


def page(desk: Any, path: str) -> str:
    with httpx.Client(follow_redirects=True) as browser:
        browser.get(desk.json("opsdeck", "link")["url"])
        shown = browser.get(desk.url + path)
    assert shown.is_success
    return shown.text


def work_until_it_resolves(desk: Any, sinks: Sinks) -> None:
    def look() -> bool:
        assert desk.run("unjucks", "list").returncode == 0
        return sinks.heard("high_error_rate", "resolved") == (1, 1)

    shutil.rmtree(desk.work / "_templates")
    desk.until(look, patience=60)


def test_a_real_failure_reaches_people_once_and_so_does_its_end(desk: Any, sinks: Sinks) -> None:
    (desk.work / "operations.yaml").write_text(own_ports(sinks))
    desk.up()
    desk.run("unjucks", "telemetry", "on")
    break_templates(desk)
    fail_until_it_fires(desk)
    desk.until(lambda: sinks.heard("high_error_rate", "firing") == (1, 1))
    assert "firing" in page(desk, "/alerts/unjucks-cli/high_error_rate")
    work_until_it_resolves(desk, sinks)
    told = desk.run("opsdeck", "alerts", "explain", "unjucks-cli/high_error_rate").stdout
    for step in ("holding", "fired", "at_once", "sent", "resolved"):
        assert step in told
    assert sinks.heard("high_error_rate", "firing") == (1, 1)
