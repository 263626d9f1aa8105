"""docs/alerts.md: its examples run, and every reason, verdict, setting and payload key stands in it."""

import ast
import doctest
import re
from pathlib import Path

import pytest

from opsdeck import spec
from opsdeck.alerts import evaluate, machine
from opsdeck.respond.channels import console, smtp, webhook
from opsdeck.respond.notify import planning, route, sending
from opsdeck.testing import failing, given, runs

PAGE = Path(__file__).parents[2] / "docs" / "alerts.md"
TEXT = PAGE.read_text(encoding="utf-8")
# How verdicts are written in each module that leaves steps on an alert's path.
VERDICTS = {
    evaluate: r'verdict, detail = "(\w+)"|"evaluate", "(\w+)"',
    planning: r'note\("(\w+)"',
    route: r'When\(due, "(\w+)"',
    sending: r'_note\(tx, \w+, now, "(\w+)"',
}


def written(module: object, pattern: str) -> set[str]:
    source = Path(module.__file__).read_text(encoding="utf-8")  # type: ignore[attr-defined]
    return {word for match in re.finditer(pattern, source) for word in match.groups() if word}


def test_the_examples_run() -> None:
    assert doctest.testfile(str(PAGE), module_relative=False).failed == 0


@pytest.mark.parametrize("module", VERDICTS, ids=lambda module: module.__name__)
def test_every_reason_and_verdict_is_explained(module: object) -> None:
    words = written(module, VERDICTS[module])
    assert words
    assert {word for word in words if f"`{word}`" not in TEXT} == set()


def test_every_reason_of_the_machine_is_explained() -> None:
    reasons = set(re.findall(r"`(\w+)`", (machine.__doc__ or "").partition("Reasons:")[2]))
    assert {"fired", "frozen"} <= reasons
    assert {reason for reason in reasons - {"stale", "now"} if f"| `{reason}` |" not in TEXT} == set()


@pytest.mark.parametrize("kind", [console, webhook, smtp], ids=lambda module: module.__name__)
def test_every_setting_is_shown(kind: object) -> None:
    tree = ast.parse(Path(kind.__file__).read_text(encoding="utf-8"))  # type: ignore[attr-defined]
    names = set(re.findall(r"`(\w+)`", ast.get_docstring(tree) or "")) - {"none"}
    assert {name for name in names if f"{name}:" not in TEXT and f"`{name}`" not in TEXT} == set()


def test_every_key_of_a_payload_is_listed() -> None:
    each = {"every": "1 minute", "until": "12:30"}
    [message] = given(spec.load(None), runs(1, failing, **each)).at("12:05").sent("high_error_rate")
    assert {key for key in message.payload if f"`{key}`" not in TEXT} == set()
