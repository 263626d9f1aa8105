"""The gate: nobody gets past it without a credential of the right kind, on the right host, from the deck's own pages."""

from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.routing import Mount

from opsdeck.deck import Deck
from opsdeck.identity import access, keys
from opsdeck.model import Access
from opsdeck.server.auth import Asked, judge
from opsdeck.testing import START, ManualClock

OPEN = {"/healthz", "/readyz", "/sign-in", "/static", "/v1/events", "/v1/policy"}
VALUES = {
    "service": "unjucks-cli",
    "rule": "service_down",
    "name": "availability",
    "event_id:path": "x",
    "key": "x",
    "user": "user_1",
    "fault": "x",
    "seq": "1",
}


def routes(found: Iterable[Any]) -> Iterator[tuple[str, str]]:
    """Every (method, path template) of the app, whatever router it came from."""
    for route in found:
        if hasattr(route, "effective_candidates"):
            yield from routes(route.effective_candidates())
        elif isinstance(route, Mount):
            yield "GET", route.path
        else:
            served = getattr(route, "starlette_route", None) or route
            yield from ((method, served.path) for method in sorted(served.methods))


def filled(path: str) -> str:
    for name, value in VALUES.items():
        path = path.replace(f"{{{name}}}", value)
    return path


def closed(app: FastAPI) -> list[tuple[str, str]]:
    return [(method, filled(path)) for method, path in routes(app.routes) if path not in OPEN]


def test_the_table_of_routes_is_whole(app: FastAPI) -> None:
    paths = {path for _, path in routes(app.routes)}
    assert paths >= OPEN
    assert {"/", "/metrics", "/api/status", "/api/openapi.json", "/events/{event_id:path}"} <= paths
    assert len(closed(app)) > 25
    assert not any("{" in path for _, path in closed(app))


def test_no_route_answers_without_a_credential(app: FastAPI, stranger: Any) -> None:
    answers = {asked: stranger.ask(*asked).status_code for asked in closed(app)}
    assert set(answers.values()) == {401}, answers


WRONG_CREDENTIALS = {
    "a made-up token": lambda _: {"authorization": "Bearer odt_nothing"},
    "an ingest key": lambda deck: {"authorization": f"Bearer {minted(deck)}"},
    "a sign-in link": lambda deck: {"authorization": f"Bearer {deck.link()}"},
    "a session as a token": lambda deck: {"authorization": f"Bearer {session(deck)}"},
    "a token as a session": lambda deck: {"cookie": f"opsdeck_8600={token(deck)}"},
    "a session of another deck's port": lambda deck: {"cookie": f"opsdeck_8601={session(deck)}"},
    "a password scheme": lambda deck: {"authorization": f"Basic {token(deck)}"},
    "a cookie that cannot be read": lambda _: {"cookie": 'opsdeck_8600="; a=,;=='},
    "an empty token": lambda _: {"authorization": "Bearer "},
}


def minted(deck: Deck) -> str:
    with deck.state.begin() as tx:
        return keys.mint(tx, "*", "", "test", deck.clock.now())


def token(deck: Deck) -> str:
    with deck.state.begin() as tx:
        return access.token(tx, "local", deck.clock.now())


def session(deck: Deck) -> str:
    link = deck.link()
    with deck.state.begin() as tx:
        return str(access.sign_in(tx, link, deck.clock.now()))


@pytest.mark.parametrize("headers", WRONG_CREDENTIALS.values(), ids=WRONG_CREDENTIALS)
def test_a_wrong_credential_is_none(
    headers: Callable[[Deck], dict[str, str]], deck: Deck, app: FastAPI, stranger: Any
) -> None:
    sent = headers(deck)
    answers = {asked: stranger.ask(*asked, headers=sent).status_code for asked in closed(app)}
    assert set(answers.values()) == {401}, answers


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/static/deck.css"])
def test_open_routes_answer_anybody(stranger: Any, path: str) -> None:
    assert stranger.get(path).status_code == 200


def test_ingest_asks_for_its_own_key(stranger: Any) -> None:
    answer = stranger.post("/v1/events", content=b"{}", headers={"content-type": "application/x-ndjson"})
    assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_an_ingest_key_writes_events(stranger: Any, deck: Deck) -> None:
    headers = {"authorization": f"Bearer {minted(deck)}", "content-type": "application/x-ndjson"}
    answer = stranger.post("/v1/events", content=b"{}", headers=headers)
    assert answer.json()["code"] == "none_acceptable"


def test_an_unknown_address_is_not_told_to_strangers(stranger: Any, person: Any) -> None:
    assert stranger.get("/api/nothing").status_code == 401
    assert person.get("/api/nothing").status_code == 404


@pytest.mark.parametrize(
    "path", ["//api/status", "/static/../api/status", "/v1/../api/status", "/API/STATUS"]
)
def test_a_twisted_path_reaches_nothing(stranger: Any, path: str) -> None:
    answer = stranger.get(path)
    assert answer.status_code in (401, 404)
    assert "services" not in answer.text


def test_a_session_ends_by_itself(person: Any, clock: ManualClock) -> None:
    clock.advance(access.SESSION - timedelta(seconds=1))
    assert person.get("/").status_code == 200
    clock.advance(seconds=1)
    assert person.get("/").status_code == 401


def test_a_token_that_was_replaced_is_worth_nothing(operator: Any, deck: Deck) -> None:
    assert operator.get("/api/doctor").status_code == 200
    token(deck)
    assert operator.get("/api/doctor").status_code == 401


# ---- signing in and out -----------------------------------------------------------------------------------------


def test_a_link_works_once(stranger: Any, deck: Deck) -> None:
    link = deck.link()
    assert stranger.get(f"/sign-in?link={link}").status_code == 200
    stranger.cookies.clear()
    again = stranger.get(f"/sign-in?link={link}", headers={"accept": "text/html"})
    assert again.status_code == 401
    assert "opsdeck link" in again.text
    assert not again.cookies


def test_a_link_works_for_five_minutes(stranger: Any, deck: Deck, clock: ManualClock) -> None:
    link = deck.link()
    clock.advance(minutes=5)
    assert stranger.get(f"/sign-in?link={link}").status_code == 401


def test_looking_at_a_link_without_opening_it_does_not_use_it_up(stranger: Any, deck: Deck) -> None:
    link = deck.link()
    assert stranger.ask("HEAD", f"/sign-in?link={link}").status_code == 405
    assert stranger.get(f"/sign-in?link={link}").status_code == 200


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(stranger: Any, deck: Deck) -> None:
    cookie = stranger.get(f"/sign-in?link={deck.link()}").headers["set-cookie"].lower()
    assert "opsdeck_8600=ods_" in cookie
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie


def test_over_https_the_cookie_stays_there(stranger: Any, deck: Deck) -> None:
    stranger.base = "https://deck.test:8600"
    assert "secure" in stranger.get(f"/sign-in?link={deck.link()}").headers["set-cookie"].lower()


def test_signing_in_leads_on_without_a_redirect(stranger: Any, deck: Deck) -> None:
    answer = stranger.get(f"/sign-in?link={deck.link()}")
    assert answer.status_code == 200
    assert '<meta http-equiv="refresh" content="0; url=/">' in answer.text


def test_a_signed_out_page_says_how_to_get_in(stranger: Any) -> None:
    for path in ("/", "/sign-in", "/events"):
        answer = stranger.get(path, headers={"accept": "text/html"})
        assert answer.status_code == 401
        assert "opsdeck link" in answer.text
        assert "opsdeck up" in answer.text


def test_a_signed_out_program_is_told_in_json(stranger: Any) -> None:
    answer = stranger.get("/api/status", headers={"accept": "text/html"})
    assert answer.json()["error"]["code"] == "signed_out"
    assert answer.headers["www-authenticate"].startswith("Bearer")


def test_signing_out_ends_the_session(person: Any) -> None:
    secret = person.cookies["opsdeck_8600"]
    assert person.post("/sign-out").headers["location"] == "/sign-in"
    person.cookies = {"opsdeck_8600": secret}
    assert person.get("/").status_code == 401


# ---- hosts and origins ------------------------------------------------------------------------------------------


def asked(**changes: str) -> Asked:
    usual = {
        "method": "GET",
        "path": "/",
        "host": "deck.test:8600",
        "origin": "",
        "site": "",
        "token": "",
        "session": "s",
    }
    return Asked(**(usual | changes))


def known(kind: Any = "session") -> Access:
    return Access("key", kind, "local", START, START + timedelta(hours=1))


HOSTS = {
    "the deck's own": ("deck.test:8600", None),
    "in capitals": ("DECK.test:8600", None),
    "another name for this machine": ("evil.test:8600", "wrong_host"),
    "another port": ("deck.test:8601", "wrong_host"),
    "no port": ("deck.test", "wrong_host"),
    "no host at all": ("", "wrong_host"),
    "a name that begins like ours": ("deck.test.evil.test:8600", "wrong_host"),
    "a name with a user in it": ("deck.test:8600@evil.test", "wrong_host"),
}


@pytest.mark.parametrize(("host", "refusal"), HOSTS.values(), ids=HOSTS)
def test_hosts(host: str, refusal: str | None) -> None:
    assert judge(asked(host=host.lower()), ("Deck.test:8600",), known()) == refusal


@pytest.mark.parametrize("host", ["127.0.0.1:8600", "localhost:8600", "[::1]:8600"])
def test_the_names_of_the_loopback_address_are_one_host(host: str) -> None:
    assert judge(asked(host=host), ("127.0.0.1:8600",), known()) is None
    assert judge(asked(host=host), ("deck.test:8600",), known()) == "wrong_host"
    assert judge(asked(host=host), ("127.0.0.1:8601",), known()) == "wrong_host"


def test_a_wrong_host_is_refused_before_the_credential_is_looked_at(person: Any) -> None:
    answer = person.get("/", headers={"host": "evil.test:8600", "accept": "text/html"})
    assert answer.status_code == 421
    assert "does not answer to that name" in answer.text


def test_signing_in_wants_the_right_host_too(stranger: Any, deck: Deck) -> None:
    link = deck.link()
    assert stranger.get(f"/sign-in?link={link}", headers={"host": "evil.test:8600"}).status_code == 421
    assert stranger.get(f"/sign-in?link={link}").status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/v1/events"])
def test_tools_may_use_any_name(path: str) -> None:
    assert judge(asked(host="10.0.0.1", path=path), ("deck.test:8600",), None) is None


CHANGES = {
    "the deck's own page": ({"origin": "http://deck.test:8600"}, None),
    "the deck's own page, over https": ({"origin": "https://deck.test:8600"}, None),
    "another site": ({"origin": "https://evil.test"}, "cross_site"),
    "another port of this machine": ({"origin": "http://deck.test:8601"}, "cross_site"),
    "a sandboxed frame": ({"origin": "null"}, "cross_site"),
    "no origin, same site by the browser's word": ({"site": "same-origin"}, None),
    "no origin, a sibling site": ({"site": "same-site"}, "cross_site"),
    "no origin and no word of a browser": ({}, "cross_site"),
    "an origin against the browser's word": (
        {"origin": "https://evil.test", "site": "same-origin"},
        "cross_site",
    ),
}


@pytest.mark.parametrize(("headers", "refusal"), CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_changes_by_cookie_come_from_the_decks_own_pages(
    method: str, headers: dict[str, str], refusal: str | None
) -> None:
    assert judge(asked(method=method, **headers), ("deck.test:8600",), known()) == refusal


def test_a_token_needs_no_origin() -> None:
    assert judge(asked(method="POST", token="t", session=""), ("deck.test:8600",), known("token")) is None


def test_reading_needs_no_origin() -> None:
    assert judge(asked(origin="https://evil.test"), ("deck.test:8600",), known()) is None


def test_another_site_cannot_sign_somebody_out(person: Any) -> None:
    answer = person.post("/sign-out", headers={"origin": "https://evil.test"})
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "cross_site")
    assert person.get("/").status_code == 200
