"""The rules that come with the deck: every fixture through the real event store, and their figures from the spec."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from opsdeck import detect, spec
from opsdeck.detect.expression import All, Comparison, Not
from opsdeck.detect.fields import FIELDS
from opsdeck.detect.fixtures import Fixture, Result, run
from opsdeck.detect.fixtures import _Reader as Reader
from opsdeck.detect.loading import FIXTURES, SHIPPED, rule_files
from opsdeck.detect.pushing import push
from opsdeck.spec import source
from opsdeck.spec.framework import Framework

FRAMEWORK = spec.load(None).framework
RULES = detect.load(FRAMEWORK)
FILES = rule_files(SHIPPED)
FEWEST = 3


@pytest.fixture(scope="module")
def results() -> dict[tuple[str, str], Result]:
    checked = detect.check(SHIPPED, FRAMEWORK)
    assert checked.problems == ()
    return {(one.file, one.name): one for one in checked.results}


def fixtures(kind: str) -> list[tuple[str, str]]:
    trees = [(path.name, source.read(path, path.name)[0]) for path in sorted(SHIPPED.glob(f"*{FIXTURES}"))]
    return [(file, name) for file, tree in trees for name in tree.child(kind).children]


@pytest.mark.parametrize(("file", "name"), fixtures("fires"))
def test_fires(file: str, name: str, results: dict[tuple[str, str], Result]) -> None:
    assert results[file, name].passed, results[file, name].said


@pytest.mark.parametrize(("file", "name"), fixtures("quiet"))
def test_stays_quiet(file: str, name: str, results: dict[tuple[str, str], Result]) -> None:
    assert results[file, name].passed, results[file, name].said


@pytest.mark.parametrize("kind", ["fires", "quiet"])
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_enough_fixtures_beside_each_file(path: Path, kind: str) -> None:
    assert sum(file == path.stem + FIXTURES for file, _ in fixtures(kind)) >= FEWEST


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_every_rule_has_a_fixture_that_fires_and_one_that_does_not(rule: detect.Rule) -> None:
    trees = [source.read(path, path.name)[0] for path in SHIPPED.glob(f"*{FIXTURES}")]
    for kind in ("fires", "quiet"):
        named = [one.child("rule").value for tree in trees for one in tree.child(kind).children.values()]
        assert rule.name in named


def test_every_security_event_has_a_rule() -> None:
    assert {rule.event for rule in RULES} == set(FRAMEWORK.security_events)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_the_store_tests_every_shipped_rule_whole(rule: detect.Rule) -> None:
    assert push(rule.asked).exact


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_no_figure_of_the_spec_stands_in_a_rule(path: Path) -> None:
    assert not re.search(r"(gt|gte|timespan): *[1-9]", path.read_text())


def changed(tmp_path: Path, text: str) -> Framework:
    (tmp_path / "operations.yaml").write_text(text)
    return spec.load(tmp_path / "operations.yaml").framework


def test_another_figure_in_the_spec_is_another_line(tmp_path: Path) -> None:
    text = 'security: {events: {multiple_failed_operations: {limit: ">= 4 failures from same user/IP", window: 1 minute}}}'
    rules = {rule.name: rule for rule in detect.load(changed(tmp_path, text))}
    rule = rules["multiple_failed_operations_by_user"]
    assert (rule.above, rule.span and rule.span.total_seconds()) == (3, 60)


def test_reading_entries_one_by_one_finds_the_same() -> None:
    """The same rules with something that no store can test, so that every entry is looked at here."""
    odd = Not(Comparison(FIELDS["error.context"], "equals", ("never",)))
    slow = tuple(replace(rule, asked=All((rule.asked, odd))) for rule in RULES if not rule.beyond)
    assert not any(push(rule.asked).exact for rule in slow)
    read = [one for path in sorted(SHIPPED.glob(f"*{FIXTURES}")) for one in Reader().fixtures(path)]
    meant = [one for one in read if one.rule in {rule.name for rule in slow}]
    assert [one.name for one in slowly(meant, slow) if not one.passed] == []


def slowly(fixtures: list[Fixture], rules: tuple[detect.Rule, ...]) -> list[Result]:
    """A store for each: fixtures of different files happen at the same times."""
    return [run([one], rules)[0] for one in fixtures]


# ---- check: what a user runs on files of his own ------------------------------------------------------------------

RULE = """\
title: A version from the future
name: future
logsource: {product: opsdeck}
detection:
  s: {version|startswith: '9'}
  condition: s
opsdeck: {event: suspicious_template_access, subject: user}
"""


def own(tmp_path: Path, text: str) -> detect.Checked:
    (tmp_path / "own.yml").write_text(RULE)
    (tmp_path / "own.fixtures.yml").write_text(text)
    return detect.check(tmp_path / "own.yml", FRAMEWORK)


def test_a_fixture_that_holds(tmp_path: Path) -> None:
    checked = own(
        tmp_path,
        "fires: {a: {rule: future, events: [{version: '9.1'}]}}\nquiet: {b: {rule: future, events: [{version: '1'}, {version: '2'}]}}",
    )
    assert (checked.problems, [one.passed for one in checked.results], checked.passed) == (
        (),
        [True, True],
        True,
    )


def test_a_fixture_that_does_not(tmp_path: Path) -> None:
    checked = own(tmp_path, "fires: {a: {rule: future, events: [{version: '1.0'}]}}")
    assert [(one.passed, one.said) for one in checked.results] == [(False, "nothing fired")]
    assert not checked.passed


def test_a_rule_that_fires_about_somebody_else(tmp_path: Path) -> None:
    checked = own(tmp_path, "fires: {a: {rule: future, subject: user_2, events: [{version: '9'}]}}")
    assert checked.results[0].said == "user_1: A version from the future: 1 events"
    assert not checked.passed


def test_a_rule_that_is_not_there(tmp_path: Path) -> None:
    checked = own(tmp_path, "quiet: {a: {rule: futur, events: [{version: '9'}]}}")
    assert (checked.results[0].passed, checked.results[0].said) == (
        False,
        "there is no rule 'futur' in the file",
    )


def test_a_file_without_fixtures_passes(tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text(RULE)
    checked = detect.check(tmp_path / "own.yml", FRAMEWORK)
    assert (checked.passed, checked.results, len(checked.rules)) == (True, (), 1)


def test_a_wrong_rule_file_is_not_tried(tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text(RULE.replace("startswith", "re"))
    checked = detect.check(tmp_path / "own.yml", FRAMEWORK)
    assert (checked.passed, len(checked.problems), checked.results) == (False, 1, ())


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("fire: {}", "unknown key; expected fires and quiet"),
        (
            "fires: {a: {rules: future, events: [{version: '9'}]}}",
            "unknown key; expected rule, subject, events",
        ),
        ("fires: {a: {rule: future}}", "expected a list of maps"),
        ("fires: {a: {rule: future, events: [{every: 5 s, version: '9'}]}}", "expected such as 10s"),
        ("fires: {a: {rule: future, events: [{count: many, version: '9'}]}}", "expected a whole number"),
        (
            "fires: {a: {rule: future, events: [{verson: '9'}]}}",
            "there is no field 'verson'; did you mean version",
        ),
        ("fires: {a: {rule: future, events: [{count: 999999, version: '9'}]}}", "more than 20000 entries"),
        ("fires: [", "(syntax)"),
    ],
)
def test_a_wrong_fixture_says_where(text: str, message: str, tmp_path: Path) -> None:
    checked = own(tmp_path, text)
    assert message in "\n".join(map(str, checked.problems))
    assert str(checked.problems[0]).startswith(str(tmp_path / "own.fixtures.yml:"))
