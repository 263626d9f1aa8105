"""Hostile words in every place where words can come from: they are shown, never obeyed.

Entries go straight into the event store here: collection refuses some of these, and pages must not rely on that.
"""

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from opsdeck.deck import Deck
from opsdeck.model import Batch
from opsdeck.testing import failing, runs

HOSTILE = {
    "an element": "<script>alert(1)</script>",
    "an image with a handler": "<img src=x onerror=alert(1)>",
    "out of an attribute": '" onmouseover="alert(1)" x="',
    "out of an attribute in single quotes": "' onfocus='alert(1)' autofocus='",
    "out of a title": "</title></textarea></select></pre><svg onload=alert(1)>",
    "a comment": "--><script>alert(1)</script><!--",
    "a template of ours": "{{ 7*7 }}{% raw %}{{ page.__class__ }}",
    "an address that runs": "javascript:alert(1)",
    "an htmx attribute": '<div hx-get="/api/links" hx-trigger="load">',
    "a meta refresh": '<meta http-equiv="refresh" content="0; url=//evil.test">',
    "an entity": "&lt;script&gt;alert(1)&lt;/script&gt;",
    "text that runs the other way": "\u202ealert\u2066<b>",
}
ALLOWED = {
    "html", "head", "meta", "title", "link", "script", "body", "a", "header", "svg", "path", "nav", "span", "button",
    "form", "main", "div", "h1", "h2", "label", "select", "option", "input", "section", "strong", "dl", "dt", "dd",
    "table", "thead", "tbody", "tr", "th", "td", "time", "code", "figure", "figcaption", "p", "ol", "li", "i", "rect",
    "pre", "details", "summary", "datalist", "br",
}  # fmt: skip


def entry(words: str) -> dict[str, Any]:
    """An entry with the words in every field that takes words."""
    return {
        "timestamp": "2025-09-09T12:00:00.000Z",
        "receivedAt": "2025-09-09T12:00:00.000Z",
        "environment": words,
        "eventId": f"id-{words[:40]}",
        "category": "application",
        "userType": "human",
        "service": words[:64],
        "version": words[:64],
        "requestId": words[:128],
        "userId": words[:128],
        "sessionId": words[:128],
        "command": words,
        "operation": {
            "type": words[:64],
            "template": words,
            "generator": words,
            "duration": 5,
            "success": False,
        },
        "metadata": {"workingDirectory": words, "templateRoot": words, "phasesMs": {words[:64]: 1}},
        "error": {
            "code": words[:64],
            "message": words,
            "stack": words,
            "context": words,
            "category": words[:64],
        },
        "level": "ERROR",
        "os": words[:64],
        "arch": words[:64],
    }


@pytest.fixture
def stored(deck: Deck) -> Callable[..., str]:
    """Puts an entry with the words everywhere into the event store, and returns the path of its page."""

    def store(words: str, **changes: str) -> str:
        made = entry(words) | changes
        assert deck.events.load(Batch(json.dumps(made).encode(), ())) == 1
        return "/events/" + quote(made["eventId"], safe="")

    return store


def assert_harmless(page: Any) -> None:
    """The page consists of the deck's own elements; nothing has a handler, runs inline or leads elsewhere."""
    assert {tag for tag, _ in page.elements} <= ALLOWED
    for tag, attrs in page.elements:
        assert not [name for name in attrs if name.startswith("on")], (tag, attrs)
        assert tag != "script" or attrs["src"].startswith("/static/"), attrs
        assert attrs.get("href", "/").startswith(("/", "#")), attrs
        assert attrs.get("action", "/").startswith("/"), attrs
        assert attrs.get("hx-get", "/").startswith(("/events", "/alerts", "/slo", "/")), attrs
        assert "http-equiv" not in attrs
    assert sum("hx-get" in attrs for _, attrs in page.elements) <= 1


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_entries(person: Any, stored: Callable[..., str], words: str) -> None:
    service = quote(words[:64], safe="")
    pages = ["/events", stored(words), f"/events?service={service}", f"/?service={service}"]
    for path in [*pages, "/alerts", f"/alerts?service={service}", f"/slo?service={service}"]:
        assert_harmless(person.read(path))


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_the_words_themselves_are_shown(person: Any, stored: Callable[..., str], words: str) -> None:
    assert " ".join(words.split()) in person.read(stored(words)).text


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_probes_that_say_something(person: Any, stored: Callable[..., str], words: str) -> None:
    stored(words, service="unjucks-cli", userType="service", category="performance")
    page = person.read("/")
    assert_harmless(page)
    assert " ".join(words.split()) in page.text


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_the_address_and_the_filter_box(person: Any, words: str) -> None:
    for path in ("/events?where={0}", "/events?level={0}&operation={0}&window=1h", "/events?x={0}"):
        answer = person.get(path.format(quote(words, safe="")), headers={"accept": "text/html"})
        assert answer.status_code == 200
    page = person.read(f"/events?where={quote(words, safe='')}")
    assert_harmless(page)
    assert page.one("input", name="where")["value"] == words


@pytest.mark.parametrize(
    "path", ["/?service={0}", "/slo?window={0}", "/alerts/{0}/{0}", "/events/{0}", "/{0}"]
)
@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_refusals(person: Any, path: str, words: str) -> None:
    answer = person.get(path.format(quote(words, safe="")), headers={"accept": "text/html"})
    assert answer.status_code in (404, 422)
    assert "<script>alert" not in answer.text
    assert "<img src=x" not in answer.text


@pytest.mark.parametrize("words", HOSTILE.values(), ids=HOSTILE)
def test_what_people_write(person: Any, happened: Any, words: str) -> None:
    happened(runs(1, failing, every="1 minute", until="12:06"), until="12:06", looks="12:00")
    path = "/alerts/unjucks-cli/high_error_rate"
    assert person.post(f"{path}/ack", data={"note": words}).status_code == 303
    assert person.post(f"{path}/silence", data={"for": "2 hours", "reason": words}).status_code == 303
    page = person.read(path)
    assert_harmless(page)
    assert " ".join(words.split()) in page.text
