"""What the deck's answers mean, and that no answer can hurt: front door is a real socket wherever one can lie."""

import json
import socket
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # test folders are no packages; liars.py stands beside

from liars import dripping, liar

from opsdeck_emit import post, ship
from opsdeck_emit.post import Rejected, Verdict, judge

NOW = 1_767_225_600.0
RECORDS = [b'{"n":1}', b'{"n":2}', b'{"n":3}']


def answer(accepted: int, *rejected: tuple[Any, str]) -> bytes:
    return json.dumps(
        {"accepted": accepted, "rejected": [{"index": i, "code": c, "message": "m"} for i, c in rejected]}
    ).encode()


JUDGED = {
    "all accepted": (202, "", answer(3), "accepted", 0),
    "200 is as good": (200, "", answer(3), "accepted", 0),
    "one rejected": (202, "", answer(2, (1, "bad")), "accepted", 0),
    "all rejected": (422, "", answer(0, (0, "a"), (1, "b"), (2, "c")), "accepted", 0),
    "422 without the reasons": (422, "", b"", "split", 0),
    "400": (400, "", b"nonsense", "split", 0),
    "413": (413, "", b"", "split", 0),
    "401": (401, "", b"", "refused", 300),
    "403": (403, "", b"", "refused", 300),
    "403 for an hour": (403, "3600", b"", "refused", 3600),
    "429 with seconds": (429, "7", b"", "later", 7),
    "503 with a date": (503, "Thu, 01 Jan 2026 00:01:00 GMT", b"", "later", 60),
    "503 with a date in the past": (503, "Thu, 01 Jan 2015 00:01:00 GMT", b"", "later", 0),
    "429 for ever": (429, "999999999999", b"", "later", 3600),
    "429 with nonsense": (429, "soon", b"", "later", 0),
    "429 with a negative number": (429, "-5", b"", "later", 0),
    "500": (500, "", b"", "later", 0),
    "a redirect": (302, "", b"", "later", 0),
    "404": (404, "", b"", "later", 0),
    "204": (204, "", b"", "later", 0),
    "202 with garbage": (202, "", b"<html>", "later", 0),
    "202 with nothing": (202, "", b"", "later", 0),
    "202 for fewer": (202, "", answer(2), "later", 0),
    "202 for more": (202, "", answer(4), "later", 0),
    "202 that rejects what was not sent": (202, "", answer(2, (3, "bad")), "later", 0),
    "202 that rejects one twice": (202, "", answer(1, (1, "a"), (1, "b")), "later", 0),
    "202 with an index that is no number": (202, "", answer(2, ("1", "bad")), "later", 0),
    "202 with a negative index": (202, "", answer(2, (-1, "bad")), "later", 0),
    "202 with a list": (202, "", b"[]", "later", 0),
    "202 nested without end": (202, "", b"[" * 100_000, "later", 0),
}


@pytest.mark.parametrize("case", JUDGED)
def test_an_answer_means(case: str) -> None:
    status, retry_after, body, kind, wait = JUDGED[case]
    verdict = judge(status, retry_after, body, 3, NOW)
    assert (verdict.kind, verdict.wait) == (kind, wait)
    assert verdict.reason


SAID = {
    "the deck's own words": (
        403,
        b'{"message": "bound to another service"}',
        "HTTP 403: bound to another service",
    ),
    "the words of other routes": (403, b'{"error": {"message": "not yours"}}', "HTTP 403: not yours"),
    "ours, for an error that says nothing": (
        403,
        b'{"error": []}',
        "HTTP 403: the deck does not take this key",
    ),
    "why it is to be tried later": (503, b'{"message": "shutting down"}', "HTTP 503: shutting down"),
    "ours, without words": (401, b"", "HTTP 401: the deck does not take this key"),
    "ours, for a page": (403, b"<html>", "HTTP 403: the deck does not take this key"),
    "ours, for a list": (403, b"[1]", "HTTP 403: the deck does not take this key"),
    "ours, for words that are none": (403, b'{"message": 7}', "HTTP 403: the deck does not take this key"),
    "nothing more for nothing": (500, b"", "HTTP 500"),
    "nothing more for nesting without end": (500, b"[" * 100_000, "HTTP 500"),
}


@pytest.mark.parametrize("case", SAID)
def test_a_refusal_is_told_in(case: str) -> None:
    status, body, reason = SAID[case]
    assert judge(status, "", body, 3, NOW).reason == reason


def test_rejections_keep_their_index_and_code() -> None:
    verdict = judge(202, "", answer(2, (1, "missing_field")), 3, NOW)
    assert verdict.rejected == (Rejected(1, "missing_field", "m"),)


def endless(guest: socket.socket) -> None:
    guest.sendall(b"HTTP/1.1 202 Accepted\r\n\r\n")
    while True:
        guest.sendall(b"x" * 65_536)


LIES: dict[str, Callable[[socket.socket], Any]] = {
    "no answer at all": lambda _: None,
    "not HTTP": lambda guest: guest.sendall(b"SSH-2.0-OpenSSH_9.9\r\n"),
    "an endless body": endless,
    "an endless drip": dripping,
    "endless headers": lambda guest: guest.sendall(b"HTTP/1.1 202 Accepted\r\n" + b"A: b\r\n" * 500),
    "a redirect to a file": lambda guest: guest.sendall(
        b"HTTP/1.1 302 F\r\nLocation: file:///etc/passwd\r\nContent-Length: 0\r\n\r\n"
    ),
    "half a body": lambda guest: guest.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: 99\r\n\r\n{"),
    "an error with half a body": lambda guest: guest.sendall(
        b"HTTP/1.1 500 E\r\nContent-Length: 99\r\n\r\n{"
    ),
    "a bad length": lambda guest: guest.sendall(b"HTTP/1.1 202 Accepted\r\nContent-Length: many\r\n\r\n"),
    "more than all": lambda guest: guest.sendall(
        b'HTTP/1.1 202 A\r\nContent-Length: 33\r\n\r\n{"accepted": 1e999,"rejected": []}'
    ),
    "bad chunks": lambda guest: guest.sendall(b"HTTP/1.1 202 A\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
}


@pytest.mark.parametrize("case", LIES)
def test_a_lying_server_means_later(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(post, "REQUEST_SECONDS", 0.3)
    with liar(LIES[case]) as url:
        assert post.post(url, "key", RECORDS, NOW).kind == "later"


def test_a_redirect_is_not_followed(sink: Any) -> None:
    sink.replies.append((307, {"Location": sink.url + "/elsewhere"}, b""))
    assert post.post(sink.url, "key", RECORDS, NOW) == Verdict("later", "HTTP 307")
    assert len(sink.headers) == 1


ADDRESSES = {
    "a dead port": "http://127.0.0.1:9",
    "no such machine": "http://deck.invalid",
    "a port that is none": "http://127.0.0.1:99999",
    "an address with a line break": "http://127.0.0.1:9/\r\nHost: x",
}


@pytest.mark.parametrize("case", ADDRESSES)
def test_an_address_without_a_deck_means_later(case: str) -> None:
    assert post.post(ADDRESSES[case], "key", RECORDS, NOW).kind == "later"


@pytest.mark.parametrize("url", ["file:///etc/passwd", "ftp://127.0.0.1/", "deck", "", "http://[bad"])
def test_only_http_is_spoken(url: str) -> None:
    assert post.post(url, "key", RECORDS, NOW).kind == "refused"


def test_a_key_cannot_smuggle_headers(sink: Any) -> None:
    assert post.post(sink.url, "key\r\nX-Evil: 1", RECORDS, NOW).kind == "later"
    assert sink.headers == []


def test_what_goes_over_the_wire(sink: Any) -> None:
    assert post.post(sink.url, "key-1", RECORDS, NOW).kind == "accepted"
    [headers] = sink.headers
    assert headers["Authorization"] == "Bearer key-1"
    assert (headers["Content-Encoding"], headers["Content-Type"]) == ("gzip", "application/x-ndjson")
    assert sink.bodies == [b"\n".join(RECORDS) + b"\n"]


def test_a_proxy_is_not_asked_for_this_machine(sink: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    assert post.post(sink.url, "key-1", RECORDS, NOW).kind == "accepted"


class Deck:
    """Takes at most `most` records a request and never the ones named bad."""

    def __init__(self, most: int = 10_000, bad: bytes = b"-") -> None:
        self.most, self.bad = most, bad
        self.sizes: list[int] = []
        self.taken: list[bytes] = []

    def __call__(self, records: Sequence[bytes]) -> Verdict:
        self.sizes.append(len(records))
        if len(records) > self.most or self.bad in records:
            return Verdict("split", "HTTP 413")
        self.taken += records
        return Verdict("accepted", "HTTP 202")


def test_at_most_a_thousand_events_go_at_once() -> None:
    deck = Deck()
    ship.deliver([b"{}"] * 2500, deck)
    assert deck.sizes == [1000, 1000, 500]


def test_at_most_a_mebibyte_goes_at_once() -> None:
    deck = Deck()
    ship.deliver([b"x" * 60_000] * 40, deck)
    assert max(deck.sizes) * 60_000 <= ship.BATCH_BYTES < (max(deck.sizes) + 1) * 60_000


def test_nothing_to_send_sends_nothing() -> None:
    deck = Deck()
    assert ship.deliver([], deck).kind == "accepted"
    assert deck.sizes == []


def test_too_large_a_batch_is_halved_in_order() -> None:
    deck = Deck(most=3)
    records = [b"%d" % n for n in range(10)]
    assert ship.deliver(records, deck).rejected == ()
    assert deck.taken == records


def test_one_bad_record_does_not_stop_the_others() -> None:
    deck = Deck(bad=b"7")
    verdict = ship.deliver([b"%d" % n for n in range(10)], deck)
    assert [(one.index, one.code) for one in verdict.rejected] == [(7, "UNACCEPTABLE")]
    assert len(deck.taken) == 9


def test_a_failure_in_the_middle_is_the_verdict_of_all() -> None:
    verdicts = iter([Verdict("accepted", "HTTP 202"), Verdict("later", "HTTP 503", 5.0)])
    assert ship.deliver([b"{}"] * 2000, lambda _: next(verdicts)).wait == 5.0
