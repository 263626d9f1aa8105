"""From the deck into the cache: the shipper keeps it fresh, and no answer that cannot be verified replaces what was."""

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parent))  # test folders are no packages; policies.py stands beside

from liars import dripping, liar
from policies import KEY, PATIENCE, Deck, document, limit, serving

from opsdeck_emit import consent, home, launch, policy, policy_fetch, spool, telemetry
from opsdeck_emit.__main__ import main

SERVICE = "demo"
SECONDS = 5.0
Tool = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def deck(granted: Path) -> Iterator[Deck]:
    """A deck that the home's `url` and `ingest.key` point at; the demo has asked for its policy."""
    with serving() as running:
        know(granted, running.url)
        policy.want(SERVICE)
        yield running


def know(folder: Path, url: str) -> None:
    (folder / "url").write_text(url + "\n")
    (folder / "ingest.key").write_text(KEY + "\n")


def refresh(seconds: float = SECONDS) -> str:
    return policy_fetch.refresh(SERVICE, time.time(), seconds)


def held() -> policy.Reading:
    return policy.read(SERVICE, consent.pseudonym(), time.time())


def cached() -> bytes:
    return Path(policy.path(SERVICE)).read_bytes()


def until(true: Callable[[], Any]) -> bool:
    end = time.monotonic() + PATIENCE
    waiting = threading.Event()
    while not true():
        if time.monotonic() > end:
            return False
        waiting.wait(0.02)
    return True


def test_an_answer_is_kept_for_this_user_alone(deck: Deck) -> None:
    assert refresh() == ""
    assert held().reason == policy.STANDING
    assert Path(policy.path(SERVICE)).stat().st_mode & 0o777 == 0o600
    assert deck.asked == [({"service": SERVICE, "subject": consent.pseudonym()}, "")]


def test_the_second_question_carries_the_tag_and_changes_nothing(deck: Deck) -> None:
    refresh()
    before = cached()
    assert refresh() == ""
    assert deck.statuses == [200, 304]
    assert cached() == before


def test_a_new_answer_replaces_the_old(deck: Deck) -> None:
    refresh()
    deck.lines[consent.pseudonym()] = [limit(60, "block")]
    refresh()
    found = held().policy
    assert found is not None
    assert found.restriction(time.time()) is not None


SPOILT: dict[str, Callable[[Path], Any]] = {
    "a byte is changed": lambda path: path.write_bytes(path.read_bytes().replace(b"demo", b"demp")),
    "it is emptied": lambda path: path.write_bytes(b""),
    "it is one of a page": lambda path: path.write_bytes(b"<html>"),
    "others may write it": lambda path: path.chmod(0o666),
    "it is a link": lambda path: (path.rename(path.with_name("moved")), path.symlink_to("moved")),
    "it is a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
    "it is an older one": lambda path: path.write_bytes(
        document(SERVICE, consent.pseudonym(), now=time.time() - 60)
    ),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_cache_is_asked_for_anew_when(case: str, deck: Deck) -> None:
    refresh()
    SPOILT[case](Path(policy.path(SERVICE)))
    assert refresh() == ""
    assert deck.asked[-1][1] == ""
    assert held().reason == policy.STANDING


def answer(status: int = 200, body: bytes = b"", **headers: str) -> tuple[int, dict[str, str], bytes]:
    return status, headers, body


def mine(**changes: Any) -> bytes:
    return document(SERVICE, consent.pseudonym(), now=time.time(), **changes)


USELESS: dict[str, tuple[Callable[[], Any], str]] = {
    "a page": (lambda: answer(body=b"<html>Sign in</html>"), f"the deck's policy is {policy.NOT_AUTHENTIC}"),
    "nothing": (answer, f"the deck's policy is {policy.NOT_AUTHENTIC}"),
    "too much": (lambda: answer(body=b"x" * 99_999), f"the deck's policy is {policy.NOT_AUTHENTIC}"),
    "one of another user": (
        lambda: answer(body=document(SERVICE, "user_2", now=time.time())),
        f"the deck's policy is {policy.OTHER_SUBJECT}",
    ),
    "one for another key": (
        lambda: answer(body=mine(key="x")),
        f"the deck's policy is {policy.NOT_AUTHENTIC}",
    ),
    "an expired one": (
        lambda: answer(body=mine(issued=-99, expires=-1)),
        f"the deck's policy is {policy.EXPIRED}",
    ),
    "one of the future": (lambda: answer(body=mine(issued=999)), f"the deck's policy is {policy.FUTURE}"),
    "a refusal": (lambda: answer(403, b'{"message": "bound to tofu"}'), "HTTP 403: bound to tofu"),
    "no such page": (lambda: answer(404), "HTTP 404"),
    "a failure": (lambda: answer(500, b"oops"), "HTTP 500"),
    "a redirect to itself": (lambda: answer(302, Location="/v1/policy"), "HTTP 302"),
    "a redirect to a file": (lambda: answer(307, Location="file:///etc/passwd"), "HTTP 307"),
    "words for a terminal": (lambda: answer(500, b'{"message": "\\u001b[2Jhi"}'), "HTTP 500:  [2Jhi"),
}


@pytest.mark.parametrize("case", USELESS)
def test_an_answer_is_of_no_use_and_keeps_the_old_if_it_is(case: str, deck: Deck) -> None:
    refresh()
    before = cached()
    reply, said = USELESS[case]
    deck.replies += [reply()] * 2
    refresh()
    refresh()
    assert cached() == before
    assert policy_fetch.trouble(SERVICE) == (2, said)
    assert telemetry.status(SERVICE)["policy"] == f"standing; {said} (2 times)"


def test_not_modified_without_a_tag_is_of_no_use(deck: Deck) -> None:
    deck.replies.append(answer(304))
    assert refresh() == "HTTP 304"


def test_an_answer_that_cannot_be_kept_is_no_answer(deck: Deck) -> None:
    place = Path(policy.path(SERVICE))
    place.unlink()
    place.mkdir()
    assert refresh().startswith("the deck's policy cannot be kept: ")


def test_a_good_answer_ends_the_trouble(deck: Deck, capsys: pytest.CaptureFixture[str]) -> None:
    deck.replies.append(answer(500))
    refresh()
    assert policy_fetch.trouble(SERVICE) == (1, "HTTP 500")
    refresh()
    assert policy_fetch.trouble(SERVICE) == (0, "")
    main(["status", SERVICE])
    assert "policy    standing\n" in capsys.readouterr().out


def endless(guest: socket.socket) -> None:
    guest.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
    while True:
        guest.sendall(b"restrict block 9999999999 R-1 x\n" * 2048)


LIES: dict[str, Callable[[socket.socket], Any]] = {
    "no answer": lambda _: None,
    "an endless body": endless,
    "a slow drip": dripping,
    "not HTTP": lambda guest: guest.sendall(b"SSH-2.0-x\r\n"),
    "half a body": lambda guest: guest.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\nops"),
    "endless headers": lambda guest: guest.sendall(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 500),
}


@pytest.mark.parametrize("case", LIES)
def test_a_lying_server_changes_nothing(case: str, deck: Deck, granted: Path) -> None:
    refresh()
    before = cached()
    with liar(LIES[case]) as url:
        know(granted, url)
        assert refresh(0.3)
    assert cached() == before


ADDRESSES = ("http://127.0.0.1:9", "file:///etc/passwd", "deck", "http://[bad", "http://127.0.0.1:9/\r\nX: y")


@pytest.mark.parametrize("url", ADDRESSES)
def test_an_address_without_a_deck_is_trouble(url: str, deck: Deck, granted: Path) -> None:
    (granted / "url").write_text(url)
    assert refresh()
    assert held().reason == policy.ABSENT


def test_a_stored_tag_cannot_smuggle_headers(deck: Deck) -> None:
    refresh()
    tag = Path(policy.path(SERVICE) + "~etag")
    mac = tag.read_text().split(" ")[0]
    tag.write_bytes(mac.encode() + b" x\r\nX-Evil: 1")
    refresh()
    assert len(deck.asked) == 1


def test_a_tag_of_another_document_is_not_sent(deck: Deck) -> None:
    refresh()
    Path(policy.path(SERVICE) + "~etag").write_text('0000 "x"')
    refresh()
    assert [tag for _, tag in deck.asked] == ["", ""]


def test_without_a_deck_nothing_is_asked(granted: Path) -> None:
    policy.want(SERVICE)
    assert refresh() == ""
    assert policy_fetch.trouble(SERVICE) == (0, "")


def test_what_is_purged_meanwhile_is_not_brought_back(deck: Deck) -> None:
    Path(policy.path(SERVICE)).unlink()
    refresh()
    assert list(Path(policy.path(SERVICE)).parent.iterdir()) == []


def test_only_services_that_asked_are_looked_after(deck: Deck) -> None:
    for service in (SERVICE, "other"):
        spool.append(home.spool(service), b"{}", time.time())
    assert policy_fetch.wanted(str(Path(home.spool(SERVICE)).parent)) == [SERVICE]


def test_a_look_is_once_a_second_and_rarer_after_trouble(deck: Deck) -> None:
    spool.append(home.spool(SERVICE), b"{}", time.time())
    folder, watch = str(Path(home.spool(SERVICE)).parent), policy_fetch.Watch()
    deck.replies += [answer(500)] * 3
    for tenth in range(200):
        watch.look(folder, time.time(), 1000 + tenth / 10)
    asked_after_trouble = [500, 500, 500, 200]  # at 0, 2, 6 and 14 s
    assert deck.statuses[:4] == asked_after_trouble
    assert deck.statuses[4:] == [304] * 5


def test_the_shipper_keeps_the_policy_fresh(deck: Deck, tool: Tool) -> None:
    tool("from opsdeck_emit import policy\npolicy.standing(*run.subject, 0)")
    assert deck.wait(304, 2)
    deck.lines[consent.pseudonym()] = [limit(60)]
    assert until(lambda: (found := held().policy) and found.restriction(time.time()))


def test_the_shipper_of_a_tool_that_never_asked_asks_nothing(
    granted: Path, sink: Any, tool: Tool, living: Callable[[], list[int]]
) -> None:
    tool("pass")
    assert sink.wait(lambda one: len(one.events()) == 1)
    assert living()
    assert not (granted / "emit/policy").exists()


def test_a_shipper_that_finds_no_deck_keeps_what_there_was(deck: Deck, granted: Path, tool: Tool) -> None:
    refresh()
    before = cached()
    know(granted, "http://127.0.0.1:9")
    tool("pass")
    assert until(lambda: policy_fetch.trouble(SERVICE)[0])
    assert cached() == before


def test_a_question_in_a_process_of_its_own(deck: Deck) -> None:
    launch.fetch(SERVICE, SECONDS)
    assert held().reason == policy.STANDING


def test_a_deck_that_never_answers_holds_nobody_up(granted: Path, deck: Deck) -> None:
    stop = threading.Event()
    with liar(lambda _: stop.wait(PATIENCE)) as url:
        know(granted, url)
        launch.fetch(SERVICE, 0.5)
        assert not stop.is_set()
        stop.set()
    assert held().reason == policy.ABSENT


def test_without_a_deck_no_process_is_started(granted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/nonexistent/python")
    launch.fetch(SERVICE, SECONDS)


def test_a_wrapped_program_is_never_refused(deck: Deck, wrap: Tool) -> None:
    deck.lines[consent.pseudonym()] = [limit(600, "block")]
    refresh()
    assert (found := held().policy) is not None
    assert found.restriction(time.time()) is not None
    assert wrap("true").returncode == 0


OBEYS = """
import time
from opsdeck_emit import policy
found = policy.standing(*run.subject, time.time())
refusal = found and found.restriction(time.time())
if refusal:
    run.fail("BLOCKED" if refusal.kind == "block" else "RATE_LIMITED", refusal.reason)
    run.exit_code = 77
sys.exit(run.exit_code)
"""


def test_a_tool_of_another_author_may_obey(deck: Deck, tool: Tool) -> None:
    refresh()
    assert tool(OBEYS).returncode == 0
    deck.lines[consent.pseudonym()] = [limit(600, "block")]
    refresh()
    assert tool(OBEYS).returncode == 77
