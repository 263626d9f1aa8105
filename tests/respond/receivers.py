"""Real receivers in this process: an HTTP server that answers as told, and a mail server that keeps what it gets."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session


@dataclass
class Hook:
    """What a webhook receiver was sent, and what it answers: the next of `answers`, then 204. `hold` keeps it from
    answering until it is set."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    requests: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    hold: threading.Event | None = None


@contextmanager
def webhook_receiver() -> Iterator[Hook]:
    hook = Hook()

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            hook.requests.append(({k.lower(): v for k, v in self.headers.items()}, body))
            if hook.hold:
                hook.hold.wait(10)
            status = hook.answers.pop(0) if hook.answers else 204
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", hook.url + "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Answer) as server:
        hook.url = f"http://127.0.0.1:{server.server_port}/hook"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield hook
        finally:
            if hook.hold:
                hook.hold.set()
            server.shutdown()
            thread.join()


@dataclass
class Mailbox:
    """What a mail server got, and what it answers to the recipient: the next of `answers`, then acceptance."""

    port: int = 0
    answers: list[str] = field(default_factory=list)
    mails: list[EmailMessage] = field(default_factory=list)

    async def handle_RCPT(  # noqa: N802  aiosmtpd's name for the hook
        self, _server: SMTP, _session: Session, envelope: Envelope, address: str, _: Any
    ) -> str:
        answer = self.answers.pop(0) if self.answers else "250 OK"
        if answer.startswith("2"):
            envelope.rcpt_tos.append(address)
        return answer

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802  same
        assert isinstance(envelope.content, bytes)
        self.mails.append(message_from_bytes(envelope.content, policy=policy.default))
        return "250 OK"


@contextmanager
def mail_sink(**settings: Any) -> Iterator[Mailbox]:
    box = Mailbox(port=free_port())
    controller = Controller(box, hostname="127.0.0.1", port=box.port, **settings)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
