"""Failures of one cause are one group, of another another; versions of the grouping stand beside each other."""

import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from typing import Any

import pytest

import opsdeck.fingerprint as grouping
from opsdeck.fingerprint import CURRENT, VERSIONS, Step, explain, fingerprint

Failures = Callable[..., Iterator[Any]]
Groups = dict[str, set[int]]


def groups(errors: Iterator[Any]) -> Groups:
    """The causes found under each fingerprint."""
    found: Groups = defaultdict(set)
    for error in errors:
        found[fingerprint(error.message, error.stack)].add(error.cause)
    return dict(found)


def test_200_errors_of_12_causes_are_12_groups(failures: Failures, first: Any) -> None:
    errors = list(failures(200, first))
    assert len({(error.message, error.stack) for error in errors}) > 190
    assert sorted(map(list, groups(iter(errors)).values())) == [[cause] for cause in range(12)]


def test_a_new_version_with_moved_lines_and_folders_falls_in_the_same_12(
    failures: Failures, first: Any, bumped: Any
) -> None:
    before, after = list(failures(200, first)), list(failures(200, bumped))
    assert sum(a.stack != b.stack for a, b in zip(before, after, strict=True)) > 140
    assert groups(iter(before)) == groups(iter(after))


@pytest.mark.parametrize("seed", range(2, 7))
def test_other_values_fall_in_the_same_12(failures: Failures, first: Any, bumped: Any, seed: int) -> None:
    assert groups(failures(200, first, 1)) == groups(failures(200, bumped, seed))


GOLDEN = {
    0: "1:ae3f1aa8d1ef2306",
    1: "1:ee98bcb12529ae0d",
    2: "1:ad644262046c024a",
    3: "1:dd4eabafb7ed31eb",
    4: "1:2a21b25c030dc8c4",
    5: "1:8adfbcb2f7a76ea6",
    6: "1:b650e393a033e468",
    7: "1:bf0e1c13de65c122",
    8: "1:62290c33c342ba15",
    9: "1:4dd2b1d59c53cc74",
    10: "1:cf9aedcb8f12eca9",
    11: "1:3e1169ae6237b8ac",
}


def test_version_1_does_not_move(failures: Failures) -> None:
    """A change here moves every group of every deck: it needs a new version beside this one."""
    found = groups(failures())
    assert {min(causes): name for name, causes in found.items()} == GOLDEN


ANGULAR = ("Template 'component/angular' not found", "")
REACT = ("Template 'component/react' not found; did you mean 'component/vue'?", "")
STACK = '  File "/a/unjucks/parse.py", line 5, in _text\nTemplateUnreadable: x'
MOVED = STACK.replace("line 5", "line 9")
TOGETHER = {
    "the same failure": (ANGULAR, ANGULAR, "identical"),
    "another value": (ANGULAR, REACT, "equal once parameterized"),
}
APART = {
    "message": (("not UTF-8 text", STACK), ("Permission denied", MOVED)),
    "places": (("m", STACK), ("m", STACK.replace("_text", "_check"))),
    "types": (("m", STACK), ("m", STACK.replace("TemplateUnreadable", "OSError"))),
    "text": (("m", "disk is full"), ("m", "disk is gone")),
}


@pytest.mark.parametrize(("a", "b", "verdict"), TOGETHER.values(), ids=TOGETHER)
def test_explain_says_why_two_are_together(a: tuple[str, str], b: tuple[str, str], verdict: str) -> None:
    *parts, last = explain(a, b)
    assert parts == [Step("message", verdict, "Template <value> not found", "Template <value> not found")]
    assert last == Step("fingerprint", "identical", fingerprint(*a), fingerprint(*b))


@pytest.mark.parametrize(("part", "a", "b"), [(part, *pair) for part, pair in APART.items()], ids=APART)
def test_explain_names_the_part_that_differs(part: str, a: tuple[str, str], b: tuple[str, str]) -> None:
    steps = explain(a, b)
    assert [step.part for step in steps if step.verdict == "different"] == [part, "fingerprint"]


def test_explain_says_that_lines_were_left_out() -> None:
    steps = {step.part: step.verdict for step in explain(("m", STACK), ("m", MOVED))}
    equal = "equal once parameterized"
    assert steps == {"types": equal, "places": equal, "message": "identical", "fingerprint": "identical"}


def test_explain_agrees_with_the_fingerprint(failures: Failures) -> None:
    errors = list(failures(24))
    for a in errors:
        for b in errors:
            *parts, last = explain(a[1:], b[1:])
            assert any(step.verdict == "different" for step in parts) == (a.cause != b.cause)
            assert (last.verdict == "different") == (a.cause != b.cause)


def test_a_message_alone_is_not_a_message_at_a_place() -> None:
    assert fingerprint("m", STACK) != fingerprint("m", "")


def test_parts_do_not_run_into_each_other() -> None:
    assert fingerprint("a", "b") != fingerprint("ab", "") != fingerprint("", "ab")


def test_an_older_version_can_still_be_computed(monkeypatch: pytest.MonkeyPatch) -> None:
    before = fingerprint(*ANGULAR)
    monkeypatch.setitem(VERSIONS, "2", lambda message, _stack: (("message", message),))
    monkeypatch.setattr(grouping, "CURRENT", "2")
    assert fingerprint(*ANGULAR, version="1") == before
    assert re.fullmatch("2:[0-9a-f]{16}", fingerprint(*ANGULAR, version="2"))
    assert fingerprint(*ANGULAR, version="2") != fingerprint(*REACT, version="2")


def test_a_new_version_explains_by_its_own_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(VERSIONS, "2", lambda message, _stack: (("message", message),))
    assert [step.verdict for step in explain(ANGULAR, REACT, "2")] == ["different", "different"]
    assert explain(ANGULAR, REACT, "1")[-1].verdict == "identical"


def test_a_version_that_there_is_not_is_an_error() -> None:
    with pytest.raises(KeyError):
        fingerprint("m", "", version="0")


def test_the_current_version_is_one_of_them() -> None:
    assert CURRENT in VERSIONS
    assert fingerprint("", "").startswith(f"{CURRENT}:")
