"""Policies as a deck signs them, written without emit's own code, and a small deck on a real socket that serves them."""

import contextlib
import hashlib
import json
import threading
import time
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

KEY = "odk_test"
PATIENCE = 60.0
Reply = tuple[int, dict[str, str], bytes]


def signed(body: str, key: str = KEY) -> bytes:
    """The body with its MAC line."""
    secret = hashlib.sha256(key.encode()).hexdigest().encode()
    mac = hashlib.blake2b(body.encode(), key=secret, digest_size=32).hexdigest()
    return f"{body}mac {mac}\n".encode()


def document(
    service: str,
    subject: str,
    *lines: str,
    now: float,
    key: str = KEY,
    issued: float = 0,
    expires: float = 900,
) -> bytes:
    """A policy with these lines; `issued` and `expires` are seconds from `now`."""
    head = (
        "opsdeck-policy 1",
        f"service {service}",
        f"subject {subject}",
        f"issued {int(now + issued)}",
        f"expires {int(now + expires)}",
    )
    return signed("".join(f"{line}\n" for line in (*head, *lines)), key)


def limit(seconds: float, kind: str = "rate_limit", name: str = "R-1a2b3c4d") -> str:
    """A line that restricts for so many seconds from now."""
    return f"restrict {kind} {int(time.time() + seconds)} {name} 12 failures in 5 minutes by this user"


@dataclass
class Deck:
    """Answers GET /v1/policy with `lines` of the subject, or with what `replies` holds; takes every event."""

    url: str = ""
    lines: dict[str, list[str]] = field(default_factory=dict)
    replies: list[Reply] = field(default_factory=list)
    asked: list[tuple[dict[str, str], str]] = field(default_factory=list)  # query, If-None-Match
    statuses: list[int] = field(default_factory=list)
    changed: threading.Condition = field(default_factory=threading.Condition)

    def answer(self, query: dict[str, str], tag: str) -> Reply:
        if self.replies:
            return self.replies.pop(0)
        lines = self.lines.get(query["subject"], [])
        etag = f'"{hashlib.sha256(repr(lines).encode()).hexdigest()[:16]}"'
        if tag == etag:
            return 304, {"ETag": etag}, b""
        return 200, {"ETag": etag}, document(query["service"], query["subject"], *lines, now=time.time())

    def wait(self, status: int, count: int = 1) -> bool:
        """Whether so many more answers of this status are given in time."""
        with self.changed:
            before = self.statuses.count(status)
            return self.changed.wait_for(lambda: self.statuses.count(status) >= before + count, PATIENCE)


class Door(BaseHTTPRequestHandler):
    deck: Deck

    def do_GET(self) -> None:
        query = {name: values[0] for name, values in parse_qs(urlsplit(self.path).query).items()}
        tag = self.headers.get("If-None-Match", "")
        authorized = self.headers["Authorization"] == f"Bearer {KEY}"
        with self.deck.changed:
            self.deck.asked.append((query, tag))
            status, headers, body = self.deck.answer(query, tag) if authorized else (401, {}, b"")
            self.deck.statuses.append(status)
        self.reply(status, headers, body)
        with self.deck.changed:
            self.deck.changed.notify_all()

    def do_POST(self) -> None:
        events = zlib.decompress(self.rfile.read(int(self.headers["Content-Length"])), 31).count(b"\n")
        self.reply(202, {}, json.dumps({"accepted": events, "rejected": []}).encode())

    def reply(self, status: int, headers: dict[str, str], body: bytes) -> None:
        with contextlib.suppress(OSError):
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        return


@contextlib.contextmanager
def serving() -> Iterator[Deck]:
    """A deck that runs while the block does."""
    deck = Deck()
    server = ThreadingHTTPServer(("127.0.0.1", 0), type("Bound", (Door,), {"deck": deck}))
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    deck.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield deck
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
