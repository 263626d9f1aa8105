"""One tree over another: what is merged, replaced, left alone and taken away, and who is named for it."""

import pytest

from opsdeck.spec import source
from opsdeck.spec.tree import Node, Place, join, merge

START = Place("x", 1, 1)


def tree(text: str, name: str = "x") -> Node:
    node, problems = source.parse(text, name)
    assert problems == []
    return node


# base, over, result
MERGED: dict[str, tuple[str, str, object]] = {
    "a new key comes in": ("{a: 1}", "{b: 2}", {"a": "1", "b": "2"}),
    "an old key is replaced": ("{a: 1}", "{a: 2}", {"a": "2"}),
    "maps are merged to the bottom": (
        "{a: {b: {c: 1, d: 2}}}",
        "{a: {b: {c: 3}}}",
        {"a": {"b": {"c": "3", "d": "2"}}},
    ),
    "lists are replaced": ("{a: [1, 2]}", "{a: [3]}", {"a": ["3"]}),
    "an empty list replaces": ("{a: [1, 2]}", "{a: []}", {"a": []}),
    "an empty map changes nothing": ("{a: {b: 1}}", "{a: {}}", {"a": {"b": "1"}}),
    "nothing said changes nothing": ("{a: {b: 1}}", "{a: }", {"a": {"b": "1"}}),
    "nothing said about a text changes nothing": ("{a: 1}", "{a: ~}", {"a": "1"}),
    "nothing said at all changes nothing": ("{a: 1}", "", {"a": "1"}),
    "off takes a map away": ("{a: {b: 1}, c: 2}", "{a: off}", {"c": "2"}),
    "off is a text where there was a text": ("{a: 1}", "{a: off}", {"a": "off"}),
    "off is a text where there was nothing": ("{}", "{a: off}", {"a": "off"}),
    "a text replaces a map": ("{a: {b: 1}}", "{a: 2}", {"a": "2"}),
    "a map replaces a text": ("{a: 2}", "{a: {b: 1}}", {"a": {"b": "1"}}),
    "a list replaces a map": ("{a: {b: 1}}", "{a: [b]}", {"a": ["b"]}),
    "the order of the base stays": ("{b: 1, a: 2}", "{a: 3, c: 4, b: 5}", {"b": "5", "a": "3", "c": "4"}),
}


@pytest.mark.parametrize("sentence", MERGED)
def test_in_a_merge(sentence: str) -> None:
    base, over, expected = MERGED[sentence]
    merged = merge(tree(base), tree(over))
    assert merged.plain() == expected
    assert list(merged.children) == list(expected) if isinstance(expected, dict) else True


def test_a_merge_leaves_both_trees_as_they_were() -> None:
    base, over = tree("{a: {b: 1}}"), tree("{a: {b: 2, c: 3}}")
    merge(base, over)
    assert (base.plain(), over.plain()) == ({"a": {"b": "1"}}, {"a": {"b": "2", "c": "3"}})


def test_after_a_merge_each_value_names_its_own_file() -> None:
    merged = merge(tree("a: {b: 1, c: 2}", "base"), tree("\na: {b: 3}", "over"))
    assert [merged.at(("a", key)).place.file for key in ("b", "c")] == ["over", "base"]
    assert (merged.child("a").key.file, merged.child("a").key.line) == ("over", 2)


def test_files_of_a_folder_join_where_they_do_not_touch() -> None:
    whole, problems = join([tree("a: {b: 1}"), tree("a: {c: 2}"), tree("d: 3")])
    assert whole.plain() == {"a": {"b": "1", "c": "2"}, "d": "3"}
    assert problems == []


CLASHES: dict[str, tuple[str, str, list[str]]] = {
    "a text twice": ("a: 1", "a: 1", ["second:1:1: a: is set twice; first in first:1"]),
    "a list twice": ("a: [1]", "a: [2]", ["second:1:1: a: is set twice; first in first:1"]),
    "a map and a text": ("a: {b: 1}", "a: 1", ["second:1:1: a: is set twice; first in first:1"]),
    "two leaves": (
        "a: {b: 1, c: 2}",
        "a: {c: 3, b: 4}",
        [
            "second:1:5: a.c: is set twice; first in first:1",
            "second:1:11: a.b: is set twice; first in first:1",
        ],
    ),
    "an empty section and a full one": ("a:", "a: {b: 1}", []),
}


@pytest.mark.parametrize("sentence", CLASHES)
def test_files_of_a_folder_clash_on(sentence: str) -> None:
    first, second, expected = CLASHES[sentence]
    assert [str(one) for one in join([tree(first, "first"), tree(second, "second")])[1]] == expected


def test_a_problem_shows_no_control_characters_and_ends() -> None:
    problem = START.problem("a\x1bb", "x\x07" * 1000)
    assert problem.path == "a\\x1bb"
    assert problem.message.isprintable()
    assert len(problem.message) < 2000


def test_a_child_that_is_not_there_is_nothing() -> None:
    assert tree("a: 1").child("b").value is None
    assert tree("a: 1").exact(("b", "c")) is None
    assert tree("[1]").children == {}
