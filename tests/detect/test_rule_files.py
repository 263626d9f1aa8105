"""Rule files as text: what loads, and what is refused by its name at its place."""

import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path

import pytest

from opsdeck import detect, spec
from opsdeck.detect.loading import read_files
from opsdeck.detect.rule import Rule
from opsdeck.errors import Problem, SpecError

FRAMEWORK = spec.load(None).framework

RULE = """\
title: Blocked runs
id: 929a690e-bef0-4204-a928-ef5e620d6fcc
name: blocked_runs
status: test
description: what it finds
references: [docs/rules.md]
author: somebody
date: 2025-09-09
tags: [attack.t1078]
fields: [userId]
falsepositives: [none]
level: low
logsource:
  product: opsdeck
  service: unjucks-cli
detection:
  selection:
    error.code|cased: BLOCKED
  condition: selection
opsdeck:
  event: suspicious_template_access
  subject: user
"""
CORRELATION = """\
title: Any failure
name: failure
logsource: {product: opsdeck}
detection:
  s: {operation.success: false}
  condition: s
---
title: Many of them
name: many
correlation:
  type: event_count
  rules: [failure]
  group-by: [userId]
  timespan: 5m
  condition: {gt: 10}
opsdeck:
  event: multiple_failed_operations
"""

Read = Callable[[str], tuple[tuple[Rule, ...], tuple[Problem, ...]]]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def written(text: str) -> tuple[tuple[Rule, ...], tuple[Problem, ...]]:
        (tmp_path / "r.yml").write_text(text)
        return read_files([(tmp_path / "r.yml", "r.yml")], FRAMEWORK)

    return written


def test_a_rule_with_everything_that_sigma_knows_about_one(read: Read) -> None:
    (rule,), problems = read(RULE)
    assert problems == ()
    assert (rule.name, rule.level, rule.by, rule.span, rule.above) == (
        "blocked_runs",
        "low",
        ("user_id",),
        None,
        0,
    )


def test_a_correlation_over_a_rule_that_is_only_counted(read: Read) -> None:
    (rule,), problems = read(CORRELATION)
    assert problems == ()
    assert (rule.name, rule.span, rule.above, rule.subject_kind) == ("many", timedelta(minutes=5), 10, "user")


VARIANTS: Mapping[str, tuple[str, str, str, object]] = {
    "at least so many": ("{gt: 10}", "{gte: 10}", "above", 9),
    "hours": ("5m", "2h", "span", timedelta(hours=2)),
    "the spec's figure": ("{gt: 10}", "{gt: '%limit%'}", "above", 10),
    "the spec's window": ("5m", "'%window%'", "span", timedelta(minutes=5)),
    "by address": ("[userId]", "[addressHash]", "subject_kind", "address"),
    "by service": ("[userId]", "[service]", "subject_kind", "service"),
    "by user and template": ("[userId]", "[operation.template, userId]", "by", ("user_id", "template")),
    "one rule without a list": ("rules: [failure]", "rules: failure", "name", "many"),
    "a pause": ("event: mult", "again: 10m\n  event: mult", "again", timedelta(minutes=10)),
}


@pytest.mark.parametrize("sentence", VARIANTS)
def test_a_correlation_may_say(sentence: str, read: Read) -> None:
    old, new, name, value = VARIANTS[sentence]
    (rule,), problems = read(CORRELATION.replace(old, new))
    assert problems == ()
    assert getattr(rule, name) == value


def test_values_can_be_counted(read: Read) -> None:
    text = CORRELATION.replace("event_count", "value_count").replace(
        "{gt: 10}", "{gt: 3, field: operation.template}"
    )
    (rule,), problems = read(text)
    assert (problems, rule.distinct, rule.above) == ((), "template", 3)


REFUSED: Mapping[str, tuple[str, str, str, str]] = {
    "a regular expression": (RULE, "error.code|cased", "error.code|re", "18:5: detection.selection.error.code|re: the modifier `re` is not supported"),
    "base64": (RULE, "|cased", "|base64offset|contains", "18:5: detection.selection.error.code|base64offset|contains: the modifier `base64offset`"),
    "addresses": (RULE, "|cased", "|cidr", "the modifier `cidr` is not supported"),
    "an unknown modifier": (RULE, "|cased", "|contians", "there is no modifier 'contians'"),
    "an unknown field": (RULE, "error.code|cased", "error.cod", "18:5: detection.selection.error.cod: there is no field 'error.cod'; did you mean error.code"),
    "a field of Windows": (RULE, "error.code|cased", "CommandLine|contains", "there is no field 'CommandLine'"),
    "two tests at once": (RULE, "|cased", "|startswith|endswith", "`startswith` and `endswith` together"),
    "an order of texts": (RULE, "|cased", "|gt", "`gt` does not go with error.code, a text"),
    "a part of a number": (RULE, "error.code|cased: BLOCKED", "exitCode|contains: 7", "`contains` does not go with exitCode, a number"),
    "a text for a number": (RULE, "error.code|cased: BLOCKED", "exitCode: many", "18:15: detection.selection.exitCode: exitCode is a number, not 'many'"),
    "a text for a truth": (RULE, "error.code|cased: BLOCKED", "operation.success: maybe", "expected true or false, found 'maybe'"),
    "all of one value": (RULE, "|cased", "|contains|all", "`all` is for a list"),
    "a map as a value": (RULE, "BLOCKED", "{a: b}", "expected a value or a list"),
    "wildcards without end": (RULE, "BLOCKED", "'" + "*a" * 20 + "'", "more than 10 wildcards"),
    "a long value": (RULE, "BLOCKED", "a" * 2000, "longer than 1024 characters"),
    "keywords": (RULE, "    error.code|cased: BLOCKED", "    - evil\n    - worse", "keywords without a field are not supported"),
    "an empty selection": (RULE, "    error.code|cased: BLOCKED", "    {}", "expected a map of fields"),
    "a wrong condition": (RULE, "condition: selection", "condition: selection and other", "19:28: detection.condition: no selection is called 'other'"),
    "several conditions": (RULE, "condition: selection", "condition: [selection, selection]", "19:14: detection.condition: expected one condition"),
    "an old aggregation": (RULE, "condition: selection", "condition: selection | count() > 3", "write a correlation rule"),
    "an old timeframe": (RULE, "  condition: sel", "  timeframe: 5m\n  condition: sel", "timeframe is not supported"),
    "another product": (RULE, "product: opsdeck", "product: windows", "14:12: logsource: product: opsdeck expected"),
    "an unknown key": (RULE, "level: low", "levle: low", "12:1: levle: unknown key; did you mean level"),
    "a wrong level": (RULE, "level: low", "level: severe", "12:8: level: expected informational, low, medium"),
    "unsupported by its own word": (RULE, "status: test", "status: unsupported", "says itself that it cannot be used"),
    "a filter": (RULE, "level: low", "filter: {}", "Sigma filters are not supported"),
    "a collection of Sigma 1": (RULE, "level: low", "action: global", "collections of Sigma 1 are not supported"),
    "no title": (RULE, "title: Blocked runs\n", "", "expected a title"),
    "an unknown security event": (RULE, "event: suspicious_template_access", "event: suspicious", "21:10: opsdeck.event: the spec has no security event 'suspicious'"),
    "no security event": (RULE, "  event: suspicious_template_access\n", "", "opsdeck.event: is missing"),
    "no subject": (RULE, "  subject: user\n", "", "opsdeck.subject: is missing"),
    "an unknown subject": (RULE, "subject: user", "subject: host", "22:12: opsdeck.subject: expected user, address, service"),
    "an unknown key of ours": (RULE, "subject: user", "subject: user\n  acton: x", "unknown key; expected event"),
    "neither detection nor correlation": (RULE, "detection:", "detektion:", "either `detection` or `correlation`"),
    "temporal": (CORRELATION, "event_count", "temporal", "11:9: correlation.type: temporal is not supported"),
    "an ordered one": (CORRELATION, "event_count", "temporal_ordered", "temporal_ordered is not supported"),
    "aliases": (CORRELATION, "  timespan", "  aliases: {}\n  timespan", "aliases are not supported"),
    "an unknown rule": (CORRELATION, "rules: [failure]", "rules: [failed]", "12:10: correlation.rules: there is no rule 'failed'"),
    "a chain": (CORRELATION, "rules: [failure]", "rules: [many]", "chains of them are not supported"),
    "no subject to group by": (CORRELATION, "[userId]", "[operation.template]", "correlation.group-by: expected at most 4 fields, one of them userId"),
    "an unknown group": (CORRELATION, "[userId]", "[user]", "cannot be grouped by 'user'; did you mean userId"),
    "a strange span": (CORRELATION, "5m", "5 minutes", "14:13: correlation.timespan: expected such as 30s"),
    "a long span": (CORRELATION, "5m", "60d", "longer than 7 days"),
    "fewer than": (CORRELATION, "{gt: 10}", "{lt: 10}", "what is rare or absent is not looked for"),
    "a range": (CORRELATION, "{gt: 10}", "{gt: 10, lte: 20}", "expected one of gt and gte"),
    "a share": (CORRELATION, "{gt: 10}", "{gt: 0.5}", "expected a whole number from 1"),
    "a figure that the spec does not have": (CORRELATION, "{gt: 10}", "{gt: '%distinct%'}", "security.events.multiple_failed_operations says nothing that %distinct%"),
    "values of no field": (CORRELATION, "event_count", "value_count", "cannot count the values of ''"),
    "beyond something else": (CORRELATION, "event: mult", "beyond: template\n  event: mult", "expected userId"),
    "generate": (CORRELATION, "correlation:", "generate: true\ncorrelation:", "is not supported beyond `false`"),
}  # fmt: skip


@pytest.mark.parametrize("sentence", REFUSED)
def test_refused_by_name_and_place(sentence: str, read: Read) -> None:
    text, old, new, message = REFUSED[sentence]
    assert text.count(old) >= 1
    rules, problems = read(text.replace(old, new, 1))
    said = "\n".join(map(str, problems))
    assert rules == ()
    assert message in said, said
    assert said.startswith("r.yml:")


def test_every_problem_at_once(read: Read) -> None:
    text = (
        RULE.replace("level: low", "level: no")
        .replace("error.code|cased", "CommandLine|re")
        .replace("user", "host")
    )
    assert [problem.line for problem in read(text)[1]] == [12, 18, 18, 22]


HOSTILE: Mapping[str, tuple[str, str]] = {
    "aliases that multiply": ("a: &a [x, x]\nb: &b [*a, *a]\n", "anchors and aliases"),
    "a tag": ("title: !!python/object/apply:os.system [id]\n", "tags are not supported"),
    "depth": ("detection: " + "[" * 200 + "]" * 200, "nested deeper"),
    "documents without end": ("---\na: b\n" * 500, "more than 100 documents"),
    "values without end": ("a: [" + "x," * 30_000 + "x]", "more than 20000 values"),
    "a control character": ("title: \x07", "unprintable"),
    "broken YAML": ("title: [", "(syntax)"),
    "a list": ("- a\n", "expected a rule"),
    "nothing": ("---\n", "expected a rule"),
    "a key twice": ("title: a\ntitle: b\n", "stands here twice"),
    "half a megabyte of nots": (
        RULE.replace("condition: selection", "condition: " + "not " * 100_000 + "selection"),
        "longer than 200 words",
    ),
}


@pytest.mark.parametrize("sentence", HOSTILE)
def test_hostile_text_is_a_problem(sentence: str, read: Read) -> None:
    text, message = HOSTILE[sentence]
    rules, problems = read(text)
    assert rules == ()
    assert any(message in str(problem) for problem in problems), problems


def test_a_file_that_is_too_large(read: Read) -> None:
    assert "larger than" in str(read("#" * (1024 * 1024 + 1))[1][0])


def test_a_file_that_is_no_text(tmp_path: Path) -> None:
    (tmp_path / "r.yml").write_bytes(b"title: \xff")
    assert "r.yml:1:8: (file): not UTF-8" in str(read_files([(tmp_path / "r.yml", "r.yml")], FRAMEWORK)[1][0])


def test_two_rules_of_one_name(read: Read) -> None:
    assert "a rule is called 'blocked_runs' already, in r.yml:1" in str(read(RULE + "---\n" + RULE)[1])


OWN = """\
services: {unjucks-cli: {}}
security:
  rules: [own.yml]
"""


def test_the_spec_names_more_rules_beside_itself(tmp_path: Path) -> None:
    (tmp_path / "operations.yaml").write_text(OWN)
    (tmp_path / "own.yml").write_text(RULE)
    names = [rule.name for rule in detect.load(spec.load(tmp_path / "operations.yaml").framework, tmp_path)]
    assert "blocked_runs" in names
    assert len(names) == len(detect.load(FRAMEWORK)) + 1


def test_a_rule_file_that_is_not_there(tmp_path: Path) -> None:
    (tmp_path / "operations.yaml").write_text(OWN)
    with pytest.raises(SpecError, match=r"own.yml:1:1: \(file\): cannot be read"):
        detect.load(spec.load(tmp_path / "operations.yaml").framework, tmp_path)


def test_an_own_rule_may_count_a_shipped_one(tmp_path: Path) -> None:
    counted = CORRELATION.split("---\n")[1].replace("failure", "failed_run")
    (tmp_path / "operations.yaml").write_text(OWN)
    (tmp_path / "own.yml").write_text(counted)
    assert "many" in {
        rule.name for rule in detect.load(spec.load(tmp_path / "operations.yaml").framework, tmp_path)
    }


@pytest.mark.parametrize(
    ("text", "code", "said"), [(RULE, 0, "good"), (RULE.replace("|cased", "|re"), 1, "own.yml:18:5")]
)
def test_spec_check_reads_the_rule_files(text: str, code: int, said: str, tmp_path: Path) -> None:
    (tmp_path / "operations.yaml").write_text(OWN)
    (tmp_path / "own.yml").write_text(text)
    opsdeck = Path(sys.executable).with_name("opsdeck")
    done = subprocess.run(
        [opsdeck, "spec", "check", tmp_path / "operations.yaml"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, said in done.stdout + done.stderr) == (code, True), done.stdout + done.stderr
