"""Hostile values in every field of an entry: kept as they are, found by what they are, never run."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opsdeck.model import DETAILS, DIMENSIONS, Batch, Clause, Match, Window
from opsdeck.stores.events.duck import DuckEvents
from opsdeck.stores.events.facts import NUMBERS, PATHS

NOON = datetime(2025, 9, 9, 12, tzinfo=UTC)
LONG = Window(NOON - timedelta(hours=6), NOON + timedelta(hours=6))
HOSTILE = {
    "quotes and SQL": "'; DROP TABLE deck.events; --\"",
    "a parameter's name": "$p0 ? %s {x} ${file}",
    "NUL": "a\0b",
    "only NUL": "\0",
    "controls": "\x01\x1b[31m\r\n\t\x7f",
    "ten thousand characters": "é" * 10_000,
    "emoji, joiners and right-to-left": "👩\u200d🚀\u202eabc\u2069",
    "combining marks": "e\u0301\u0327" * 9,
    "the largest code point": "\U0010ffff\uffff\ufeff",
    "a pattern": "%_*.[a-z]+(?i)\\",
    "JSON in a string": '{"eventId": "other"}',
}
TEXTS = [name for name in PATHS if name not in NUMBERS and name != "event_id"]


def entry(text: str) -> dict[str, Any]:
    """An entry with the text in every field that holds text."""
    body: dict[str, Any] = {
        "eventId": "a" + text,
        "timestamp": NOON.isoformat(),
        "operation": {"success": True},
    }
    for name in TEXTS:
        inside = body
        for step in PATHS[name][:-1]:
            inside = inside.setdefault(step, {})
        inside[PATHS[name][-1]] = text
    return body


@pytest.fixture(params=HOSTILE.values(), ids=HOSTILE)
def text(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("ascii_only", [True, False], ids=["escaped", "as bytes"])
def test_an_entry_comes_back_as_it_was(duck: DuckEvents, text: str, ascii_only: bool) -> None:
    duck.load(Batch(json.dumps(entry(text), ensure_ascii=ascii_only).encode(), ()))
    (found,) = duck.find(Match(), LONG, 9)
    assert (found.event_id, found.body) == ("a" + text, entry(text))


def test_every_text_field_is_found_by_the_value(duck: DuckEvents, text: str) -> None:
    duck.load(Batch(json.dumps(entry(text)).encode() + b"\n" + json.dumps(entry("x")).encode(), ()))
    for name in TEXTS:
        for match in (
            Match.of(**{name: text}),
            Match.of(**{name: (text,)}),
            Match((Clause(name, "~", text),)),
        ):
            assert [e.event_id for e in duck.find(match, LONG, 9)] == ["a" + text], name


def test_every_dimension_groups_by_the_value(duck: DuckEvents, text: str) -> None:
    duck.load(Batch(json.dumps(entry(text)).encode(), ()))
    for name in sorted(set(DIMENSIONS) & set(TEXTS)):
        assert [s.group for s in duck.tally(Match(), LONG, (name,))] == [(text,)]


def test_every_field_counts_the_value_once(duck: DuckEvents, text: str) -> None:
    duck.load(Batch(json.dumps(entry(text)).encode(), ()))
    for name in (*DIMENSIONS, *DETAILS):
        expected = 0 if name in NUMBERS or name == "kind" else 1
        assert duck.distinct(name, Match(), LONG) == expected, name


def test_paging_continues_after_a_hostile_id(duck: DuckEvents, text: str) -> None:
    duck.load(Batch(json.dumps(entry(text)).encode() + b"\n" + json.dumps(entry("")).encode(), ()))
    first, second = duck.find(Match(), LONG, 9)
    assert duck.find(Match(), LONG, 9, first.event_id) == [second]


@pytest.mark.parametrize(
    "damage",
    [
        pytest.param({"operation": "none"}, id="text for an object"),
        pytest.param({"operation": {"duration": "long", "success": True}}, id="text for a number"),
        pytest.param({"operation": {"duration": 1e400, "success": True}}, id="a number beyond all"),
        pytest.param({"metadata": [1], "error": 7}, id="a list and a number for objects"),
        pytest.param({"service": {"a": 1}, "version": [1]}, id="objects for text"),
        pytest.param({"flags": {"late": True}}, id="an object for a list"),
        pytest.param({"a": {"b": [[[{}]]] * 50}}, id="depth"),
    ],
)
def test_a_shape_that_collection_would_refuse_stops_nothing(duck: DuckEvents, damage: dict[str, Any]) -> None:
    good = {"eventId": "good", "timestamp": NOON.isoformat()}
    bad = {"eventId": "bad", "timestamp": NOON.isoformat(), **damage}
    duck.load(Batch(b"\n".join(json.dumps(e).encode() for e in (good, bad)), ()))
    assert "good" in [e.event_id for e in duck.find(Match(), LONG, 9)]
    assert duck.tally(Match(), LONG)[0].tally.runs in (1, 2)
