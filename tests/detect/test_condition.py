"""What a rule asks of an entry: selections and conditions as YAML in, which of a few entries they mean out."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opsdeck.detect import condition
from opsdeck.detect.expression import All, Expression, holds, matches
from opsdeck.detect.pushing import push
from opsdeck.detect.selection import Reader, pattern
from opsdeck.model import Batch, Match, Position, Window
from opsdeck.spec import source
from opsdeck.stores.events.memory import MemoryEvents

AT = datetime(2025, 9, 9, 12, tzinfo=UTC)
WINDOW = Window(AT - timedelta(hours=1), AT + timedelta(hours=1))


def entry(code: str = "", **fields: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "timestamp": "2025-09-09T12:00:00.000Z",
        "service": "unjucks-cli",
        "userId": "user_1",
        "operation": {"type": "template_generation", "template": "component/react", "success": not code},
    }
    return made | ({"error": {"code": code, "message": f"{code} happened"}} if code else {}) | fields


ENTRIES: Mapping[str, dict[str, Any]] = {
    "good": entry(exitCode=0),
    "missing": entry("TEMPLATE_NOT_FOUND", exitCode=1),
    "render": entry("RENDER_FAILED", exitCode=1),
    "blocked": entry("BLOCKED", exitCode=77, userId="user_2"),
    "cancelled": entry("CANCELLED", signal="SIGINT"),
    "lower": entry("blocked", exitCode=77),
    "infra": entry(
        operation={"type": "template_generation", "template": "infra/vault", "success": True}, exitCode=0
    ),
    "three": entry(metadata={"fileCount": 3, "dryRun": True}, exitCode=0),
}

ASKED: Mapping[str, tuple[str, str, str]] = {
    "a value, whatever its case": ("s: {error.code: Blocked}", "s", "blocked lower"),
    "a value as it is written": ("s: {error.code|cased: BLOCKED}", "s", "blocked"),
    "one of several values": ("s: {error.code|cased: [BLOCKED, RENDER_FAILED]}", "s", "render blocked"),
    "all fields of a map": ("s: {error.code: BLOCKED, userId: user_2}", "s", "blocked"),
    "one of several maps": ("s: [{userId: user_2}, {error.code: RENDER_FAILED}]", "s", "render blocked"),
    "a number": ("s: {exitCode: 77}", "s", "blocked lower"),
    "more than": ("s: {exitCode|gt: 1}", "s", "blocked lower"),
    "at least": ("s: {exitCode|gte: 1}", "s", "missing render blocked lower"),
    "less than": ("s: {exitCode|lt: 1}", "s", "good infra three"),
    "at most": ("s: {exitCode|lte: 0}", "s", "good infra three"),
    "not equal": ("s: {exitCode|neq: 0}", "s", "missing render blocked cancelled lower"),
    "success": ("s: {operation.success: true}", "s", "good infra three"),
    "no success": ("s: {operation.success: false}", "s", "missing render blocked cancelled lower"),
    "begins with": ("s: {error.code|startswith: temp}", "s", "missing"),
    "begins with, as written": ("s: {error.code|cased|startswith: temp}", "s", ""),
    "ends with": ("s: {error.code|endswith: _failed}", "s", "render"),
    "contains": ("s: {operation.template|contains: FRA/}", "s", "infra"),
    "contains all": ("s: {error.message|contains|all: [NOT, found, happened]}", "s", "missing"),
    "a star": ("s: {operation.template: 'infra/*'}", "s", "infra"),
    "a star in the middle": ("s: {error.code: 'T*_*D'}", "s", "missing"),
    "a question mark": ("s: {error.code: 'BLOCKE?'}", "s", "blocked lower"),
    "a question mark is one character": ("s: {error.code: 'BLOCKED?'}", "s", ""),
    "there is such a field": ("s: {signal|exists: true}", "s", "cancelled"),
    "there is none": ("s: {error.code|exists: false}", "s", "good infra three"),
    "nothing": ("s: {error.code: null}", "s", "good infra three"),
    "a field that the store does not know": ("s: {metadata.fileCount|gte: 3}", "s", "three"),
    "a truth in the metadata": ("s: {metadata.dryRun: true}", "s", "three"),
    "and not": ("f: {operation.success: false}\nb: {error.code|cased: [BLOCKED, CANCELLED]}", "f and not b", "missing render lower"),
    "or": ("a: {error.code|cased: BLOCKED}\nb: {error.code|cased: CANCELLED}", "a or b", "blocked cancelled"),
    "or of two fields": ("a: {userId: user_2}\nb: {exitCode: 1}", "a or b", "missing render blocked"),
    "and before or": ("a: {exitCode: 1}\nb: {exitCode: 77}\nc: {userId: user_2}", "a or b and c", "missing render blocked"),
    "parentheses": ("a: {exitCode: 1}\nb: {exitCode: 77}\nc: {userId: user_2}", "(a or b) and c", "blocked"),
    "not of a parenthesis": ("a: {exitCode: 1}\nb: {exitCode: 0}", "not (a or b)", "blocked cancelled lower"),
    "not of both": ("a: {exitCode: 77}\nb: {userId: user_1}", "not (a and b)", "good missing render blocked cancelled infra three"),
    "not not": ("a: {exitCode: 77}", "not not a", "blocked lower"),
    "1 of a name": ("sel_a: {exitCode: 1}\nsel_b: {signal: SIGINT}\nx: {exitCode: 0}", "1 of sel_*", "missing render cancelled"),
    "any of a name": ("sel_a: {exitCode: 1}\nsel_b: {signal: SIGINT}", "any of sel_*", "missing render cancelled"),
    "all of a name": ("sel_a: {exitCode: 77}\nsel_b: {userId: user_2}", "all of sel*", "blocked"),
    "1 of them leaves out what begins with _": ("a: {exitCode: 1}\n_b: {exitCode: 0}", "1 of them", "missing render"),
    "all of them": ("a: {exitCode: 77}\nb: {userId: user_2}", "all of them", "blocked"),
    "words in capitals": ("a: {exitCode: 77}\nb: {userId: user_2}", "a AND NOT b", "lower"),
}  # fmt: skip


def expression(selections: str, asked: str) -> Expression:
    tree, problems = source.parse(selections, "rule.yml")
    reader = Reader()
    named = {name: reader.selection(node, name) for name, node in tree.children.items()}
    assert problems + reader.problems == []
    return condition.parse(asked, {name: one for name, one in named.items() if one})


@pytest.mark.parametrize("sentence", ASKED)
def test_a_condition_means(sentence: str) -> None:
    selections, asked, meant = ASKED[sentence]
    found = [name for name, body in ENTRIES.items() if holds(expression(selections, asked), body)]
    assert found == meant.split()


@pytest.mark.parametrize("sentence", ASKED)
def test_what_the_store_tests_misses_nothing_and_is_exact_where_it_says_so(sentence: str) -> None:
    selections, asked, meant = ASKED[sentence]
    store = MemoryEvents()
    lines = [json.dumps(body | {"eventId": name}).encode() for name, body in ENTRIES.items()]
    store.load(Batch(b"\n".join(lines), (Position("all", 1),)))
    pushed = push(expression(selections, asked))
    found = {one.event_id for one in store.find(Match(pushed.clauses), WINDOW, 100)}
    assert found >= set(meant.split())
    assert not pushed.exact or found == set(meant.split())


def test_what_can_be_pushed_is() -> None:
    exact = {
        name for name, (selections, asked, _) in ASKED.items() if push(expression(selections, asked)).exact
    }
    assert {"a value as it is written", "one of several values", "and not", "success", "contains"} <= exact
    assert "a value, whatever its case" not in exact


@pytest.mark.parametrize(
    ("text", "value", "meant"),
    [
        ("a*", "abc", True),
        ("*", "", True),
        ("a*c", "abc", True),
        ("a*c", "ac", True),
        ("a*a", "a", False),
        ("*b*", "abc", True),
        ("a?c", "abc", True),
        ("a??c", "abc", False),
        (r"a\*c", "a*c", True),
        (r"a\*c", "abc", False),
        (r"a\?", "a?", True),
        (r"a\\*", "a\\bc", True),
        (r"C:\dir", r"C:\dir", True),
        ("*a*b*c*", "xxaxxbxxcxx", True),
        ("*a*b*c*", "xxcxxbxxaxx", False),
        ("*?b*", "b", False),
        ("*?b*", "ab", True),
    ],
)
def test_wildcards(text: str, value: str, meant: bool) -> None:
    assert matches(pattern(text), value) is meant


def test_wildcards_take_linear_time() -> None:
    """What makes a regular expression hang: many stars over a text that nearly matches."""
    assert not matches(pattern("a*" * 10 + "b"), "a" * 30_000)


def test_an_empty_conjunction_holds() -> None:
    assert holds(All(()), {})


WRONG: Mapping[str, tuple[str, int, str]] = {
    "nothing": ("", 1, "nothing is written"),
    "an unknown name": ("a and c", 7, "no selection is called 'c'"),
    "a missing operand": ("a and", 6, "ends too early"),
    "a missing parenthesis": ("(a or b", 8, "`)` expected"),
    "one parenthesis too many": ("a)", 2, "')' is not expected"),
    "two names without a word": ("a b", 3, "'b' is not expected"),
    "an aggregation": ("a | count() > 5", 3, "write a correlation rule"),
    "2 of": ("2 of them", 1, "`2 of` is not supported"),
    "1 of nothing": ("1 of x*", 6, "no selection is called 'x*'"),
    "a lonely word": ("and", 1, "'and' is not expected"),
    "a strange character": ("a & b", 3, "'&' is not expected"),
    "too deep": ("(" * 30 + "a" + ")" * 30, 22, "nested deeper than 20"),
    "too many nots": ("not " * 30 + "a", 85, "nested deeper than 20"),
    "too long": ("a or " * 150 + "a", 501, "longer than 200 words"),
}


@pytest.mark.parametrize("sentence", WRONG)
def test_a_wrong_condition_says_where(sentence: str) -> None:
    text, column, message = WRONG[sentence]
    with pytest.raises(condition.ConditionError) as caught:
        condition.parse(text, {"a": All(()), "b": All(())})
    assert (caught.value.column, message in caught.value.message) == (column, True), caught.value.message
