"""GET /v1/policy: who may ask for what, tags, addresses, and that it follows detections and people at once."""

import re
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from opsdeck.deck import Deck
from opsdeck.identity import keys
from opsdeck.model import Change, Detection
from opsdeck.respond import enforce
from opsdeck.testing import START, ManualClock
from opsdeck_emit import policy as reader

USER = "user_1fbdc7d0d9745c1f"
ASKED = f"/v1/policy?service=unjucks-cli&subject={USER}"
DOCS = (Path(__file__).parents[2] / "docs/policy.md").read_text()
Ask = Callable[..., Any]


@pytest.fixture
def secret(deck: Deck) -> str:
    with deck.state.begin() as tx:
        return keys.mint(tx, "unjucks-cli", "", "test", deck.clock.now())


@pytest.fixture
def ask(stranger: Any, secret: str) -> Ask:
    """A tool with its key."""

    def get(path: str = ASKED, key: str = secret, **headers: str) -> Any:
        return stranger.get(path, headers={"authorization": f"Bearer {key}", **headers})

    return get


@pytest.fixture
def detected(deck: Deck) -> Callable[..., None]:
    """A detection about a user or an address, enforced by the tick."""

    def detect(subject: str, kind: Any = "user") -> None:
        at = deck.clock.now()
        found = Detection(f"D-{subject}", "unjucks-cli", "multiple_failed_operations", "r", kind, subject, "rate limit and alert", at, at, at, 11, "11 failures", {})  # fmt: skip
        with deck.state.begin() as tx:
            tx.put(found)
            tx.append(
                Change("security", "unjucks-cli/x", "", "detected", "", "detect", {"detection": found.key}),
                at,
            )
        deck.tick("detect").run(at)

    return detect


def restricts(answer: Any) -> list[str]:
    return [line.split()[1] for line in answer.text.splitlines() if line.startswith("restrict ")]


def test_a_tool_can_rely_on_the_answer(ask: Ask, secret: str) -> None:
    answer = ask()
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["cache-control"] == "private, no-cache"
    now = START.timestamp()
    assert reader.verify(answer.content, secret, "unjucks-cli", USER, now).reason == reader.STANDING


def test_the_tenth_failure_changes_nothing_the_eleventh_does(
    ask: Ask, deck: Deck, clock: ManualClock, collected: Callable[..., str]
) -> None:
    error = {"code": "TEMPLATE_NOT_FOUND", "message": "no template x"}
    operation = {"type": "template_generation", "duration": 1, "success": False}
    seen = []
    for _ in range(11):
        collected(userId=USER, operation=operation, error=error)
        deck.tick("detect").run(clock.now())
        seen.append(restricts(ask()))
    assert seen == [[]] * 10 + [["rate_limit"]]
    assert restricts(ask(ASKED.replace(USER, "user_2"))) == []


def test_it_ends_by_itself(ask: Ask, clock: ManualClock, detected: Callable[..., None]) -> None:
    detected(USER)
    clock.advance(timedelta(minutes=5) - timedelta.resolution)
    assert restricts(ask()) == ["rate_limit"]
    clock.advance(timedelta.resolution)
    assert restricts(ask()) == []


def test_an_address_is_restricted_for_every_user_there(
    ask: Ask, deck: Deck, detected: Callable[..., None]
) -> None:
    detected(deck.door.address_hash("127.0.0.1", START), "address")
    assert restricts(ask()) == restricts(ask(ASKED.replace(USER, "user_2"))) == ["rate_limit"]


def test_another_address_is_not(ask: Ask, deck: Deck, detected: Callable[..., None]) -> None:
    detected(deck.door.address_hash("192.0.2.9", START), "address")
    assert restricts(ask()) == []


def test_tomorrow_the_address_is_somebody_else(
    ask: Ask, deck: Deck, clock: ManualClock, detected: Callable[..., None]
) -> None:
    clock.advance(timedelta(hours=11, minutes=58))
    detected(deck.door.address_hash("127.0.0.1", clock.now()), "address")
    assert restricts(ask()) == ["rate_limit"]
    clock.advance(timedelta(minutes=2))
    assert restricts(ask()) == []


@pytest.mark.parametrize("form", ["{}", "W/{}", '"old", {}', "*"])
def test_who_has_it_is_told_so(ask: Ask, form: str) -> None:
    tag = ask().headers["etag"]
    answer = ask(**{"if-none-match": form.format(tag)})
    assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", tag)


def test_what_changed_is_sent_again(ask: Ask, deck: Deck, detected: Callable[..., None]) -> None:
    tag = ask().headers["etag"]
    detected(USER)
    changed = ask(**{"if-none-match": tag})
    assert (changed.status_code, restricts(changed)) == (200, ["rate_limit"])


def test_another_deck_on_the_same_state_knows_at_its_next_look(
    ask: Ask, deck: Deck, clock: ManualClock
) -> None:
    with deck.state.begin() as tx:  # as another process: nobody tells this deck
        enforce.block(
            tx, "unjucks-cli", USER, until=START + timedelta(hours=1), reason="x", actor="b", now=START
        )
    assert restricts(ask()) == []
    clock.advance(seconds=1)
    deck.load(timedelta(0))
    assert restricts(ask()) == ["block"]


def test_nothing_is_written_for_an_answer(ask: Ask, deck: Deck) -> None:
    ask()
    with deck.state.begin(write=False) as tx:
        before = tx.recent(1)[0].seq
    ask()
    with deck.state.begin(write=False) as tx:
        assert tx.recent(1)[0].seq == before


REFUSED = {
    "no service": ("/v1/policy?subject=user_1", 400, "bad_name"),
    "a service with a line break": ("/v1/policy?service=a%0Ab&subject=user_1", 400, "bad_name"),
    "no subject": ("/v1/policy?service=unjucks-cli", 400, "bad_name"),
    "a subject with a line break": ("/v1/policy?service=unjucks-cli&subject=a%0Arestrict", 400, "bad_name"),
    "a long subject": (f"/v1/policy?service=unjucks-cli&subject={'a' * 65}", 400, "bad_name"),
    "another service than the key's": (f"/v1/policy?service=terraform&subject={USER}", 403, "wrong_service"),
}


@pytest.mark.parametrize(("path", "status", "code"), REFUSED.values(), ids=REFUSED)
def test_refusals(ask: Ask, path: str, status: int, code: str) -> None:
    answer = ask(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)


@pytest.mark.parametrize("key", ["", "odk_nothing", "odt_token"])
def test_without_a_key_nothing_is_said(ask: Ask, key: str) -> None:
    answer = ask(key=key)
    assert (answer.status_code, answer.headers["www-authenticate"]) == (401, "Bearer")


def test_an_operator_s_token_is_no_ingest_key(operator: Any) -> None:
    assert operator.get(ASKED).status_code == 401


def test_a_revoked_key_is_none(ask: Ask, deck: Deck) -> None:
    assert ask().status_code == 200
    with deck.state.begin() as tx:
        keys.revoke(tx, keys.listed(tx)[0].key, START)
    deck.keyring.forget()
    assert ask().status_code == 401


def test_the_docs_name_every_refusal() -> None:
    documented = set(re.findall(r"^\| (\d{3}) \| `(\w+)` \|", DOCS, re.MULTILINE))
    assert documented == {
        ("401", "unauthenticated"),
        *((str(status), code) for _, status, code in REFUSED.values()),
    }


def test_the_document_in_the_docs_is_the_vector() -> None:
    vector = (Path(__file__).parents[1] / "enforce/vectors.py").read_text()
    shown = [
        line.strip() for line in DOCS.partition("    opsdeck-policy 1\n")[2].partition("\n\n")[0].splitlines()
    ]
    assert len(shown) > 10
    assert all(line in vector for line in shown)
