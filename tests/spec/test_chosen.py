"""Figures that the framework does not give are our choice, and the shipped YAML says so where they stand."""

import re
from collections.abc import Iterator
from importlib import resources

import pytest

from opsdeck.spec import source
from opsdeck.spec.tree import Node

DEFAULTS = resources.files("opsdeck.spec") / "defaults"
TEXTS = {one.name: one.read_text() for one in DEFAULTS.iterdir() if one.name.endswith(".yaml")}
# What is no figure although it has digits: names of percentiles and severities, examples, our own names.
NAMED = re.compile(r"\b[pP](?:50|95|99)|P[0-3]_\w+|\d\dth percentile|\(< 1%\)")


def leaves(node: Node, lines: list[int]) -> Iterator[tuple[str, list[int]]]:
    here = [*lines, node.key.line]
    if isinstance(node.value, dict):
        for child in node.value.values():
            yield from leaves(child, here)
    elif isinstance(node.value, list):
        for child in node.value:
            yield from leaves(child, here)
    elif node.value:
        yield node.value, here


@pytest.mark.parametrize("name", sorted(set(TEXTS) - {"deck.yaml"}))
def test_a_figure_is_the_framework_s_or_marked_as_chosen(name: str, table_of_facts: set[str]) -> None:
    lines = TEXTS[name].splitlines()
    tree, problems = source.parse(TEXTS[name], name)
    assert problems == []
    for value, places in leaves(tree, []):
        if not re.search(r"\d", NAMED.sub("", value)) or value in ("1", "2"):
            continue
        marked = any("# chosen" in lines[line - 1] or "# the framework" in lines[line - 1] for line in places)
        assert value in table_of_facts or marked, f"{name}:{places[-1]}: {value}"


def test_the_deck_s_own_file_says_that_all_of_it_is_chosen() -> None:
    assert "All of it chosen" in TEXTS["deck.yaml"].splitlines()[0]
