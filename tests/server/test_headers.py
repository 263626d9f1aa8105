"""What a browser is told about every answer, and that no page needs more than that."""

import re
from pathlib import Path
from typing import Any

import pytest

import opsdeck.server
from opsdeck.server.headers import POLICY

STATIC = Path(opsdeck.server.__file__).parent / "static"
PAGES = [
    "/",
    "/slo",
    "/alerts",
    "/alerts/unjucks-cli/service_down",
    "/events",
    "/events?where=wrong",
    "/nothing",
]
ANSWERS = ["/", "/api/status", "/api/nothing", "/static/deck.css", "/healthz", "/sign-in", "/metrics"]
FIRST_PAINT = 300_000  # bytes, of everything that the first page asks for
OUR_CSS = 16_384


@pytest.mark.parametrize("path", ANSWERS)
def test_every_answer_is_armed(person: Any, stranger: Any, path: str) -> None:
    for somebody in (person, stranger):
        headers = somebody.get(path).headers
        assert headers["content-security-policy"] == POLICY
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"


def test_the_policy_allows_nothing_inline_and_nothing_from_elsewhere() -> None:
    rules = dict(rule.split(" ", 1) for rule in POLICY.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert "unsafe" not in POLICY
    assert "http" not in POLICY


@pytest.mark.parametrize("path", PAGES)
def test_pages_have_nothing_inline(person: Any, happened: Any, path: str) -> None:
    happened(until="12:01")
    page = person.get(path, headers={"accept": "text/html"}).text
    assert re.findall(r"<script(?![^>]*\ssrc=)", page) == []
    assert re.findall(r"<style|\sstyle=|\son[a-z]+=|javascript:", page) == []


@pytest.mark.parametrize("path", PAGES)
def test_pages_ask_for_nothing_from_elsewhere(person: Any, path: str) -> None:
    page = person.get(path, headers={"accept": "text/html"}).text
    assert re.findall(r'(?:src|href|action|hx-get)="(?!/|#)[^"]*"', page) == []


def test_every_file_a_page_asks_for_is_there(person: Any) -> None:
    page = person.get("/", headers={"accept": "text/html"}).text
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page)
    assert len(files) >= 7
    assert {person.get(path).status_code for path in files} == {200}


def test_the_first_paint_is_small(person: Any, happened: Any) -> None:
    happened(until="12:01")
    page = person.get("/", headers={"accept": "text/html"})
    files = re.findall(r'(?:src|href)="(/static/[^"]+)"', page.text)
    assert len(page.content) + sum(len(person.get(path).content) for path in files) < FIRST_PAINT
    assert (STATIC / "deck.css").stat().st_size < OUR_CSS


def test_files_named_by_their_digest_are_kept_and_nothing_else(person: Any) -> None:
    page = person.get("/", headers={"accept": "text/html"})
    file = re.findall(r'href="(/static/deck.css[^"]+)"', page.text)[0]
    assert "immutable" in person.get(file).headers["cache-control"]
    assert person.get("/static/deck.css").headers["cache-control"] == "no-store"
    assert page.headers["cache-control"] == "no-store"
    assert person.get("/api/status").headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.js")), ids=lambda path: path.name)
def test_scripts_need_no_network_and_no_eval_of_ours(path: Path) -> None:
    text = path.read_text()
    assert "sourceMappingURL" not in text
    if path.parent == STATIC:
        assert not re.search(r"\beval\(|new Function|innerHTML|document\.write|https?://", text)


def test_vendored_files_are_named_with_their_licences() -> None:
    listed = (STATIC / "VENDORED.md").read_text()
    vendored = {path.name for path in (STATIC / "vendor").iterdir()}
    assert {name for name in vendored if f"vendor/{name}" not in listed} == set()
    assert {"LICENSE.htmx", "LICENSE.uplot"} <= vendored
