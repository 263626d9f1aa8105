"""Limits, blocks and entitlements: a real deck, the real unjucks of several people, all at one address.

The spec is examples/accelerated with limits of seconds; the same rules with their real durations run on a manual clock
in tests/detect and tests/enforce.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from subprocess import CompletedProcess
from typing import Any

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples/accelerated/operations.yaml"
SECONDS = 6
LIMITS = f"""
security:
  enforcement:
    validity: 30 seconds
    rate_limit: [{SECONDS} seconds]
    block: [{SECONDS} seconds]
"""
REFUSED = 77
ORDINARY = ("component", "react")
SECRET = ("infra", "vault")


@dataclass
class Person:
    """Somebody with a home folder of their own, whose runs the deck sees."""

    desk: Any
    home: Path
    key: str

    def types(self, *words: str) -> CompletedProcess[str]:
        env = {"OPSDECK_HOME": str(self.home), "OPSDECK_URL": self.desk.url, "OPSDECK_KEY": self.key}
        done: CompletedProcess[str] = self.desk.run("unjucks", *words, **env)
        return done

    def generates(self, template: tuple[str, str] = ORDINARY) -> CompletedProcess[str]:
        return self.types("generate", *template, "Thing", "--to", f"out-{self.home.name}", "--force", "--yes")

    def fails(self, times: int) -> None:
        for _ in range(times):
            assert self.types("generate", "component", "angular", "Thing").returncode == 1

    @property
    def name(self) -> str:
        """The pseudonym that the deck knows."""
        return (self.home / "emit/identity").read_text().split()[1]


@pytest.fixture
def person(desk: Any) -> Callable[[str], Person]:
    """Brings somebody to a running deck; the templates are everybody's."""
    folder = desk.work / "_templates" / "/".join(SECRET)
    folder.mkdir(parents=True)
    (folder / "template.yaml").write_text("restricted: true\nvariables:\n  name:\n    default: kept\n")
    (folder / "file.txt").write_text("---\nto: vault.txt\n---\n{{ name }}\n")
    (desk.work / "operations.yaml").write_text(EXAMPLE.read_text() + LIMITS)
    desk.up()
    key = desk.json("opsdeck", "keys", "add", "unjucks-cli")["secret"]

    def come(name: str) -> Person:
        one = Person(desk, desk.home.parent / name, key)
        one.types("telemetry", "on")
        return one

    return come


def counted(desk: Any, failures: int) -> bool:
    """Whether the deck has seen so many failures."""
    done = desk.run("opsdeck", "logs", "-n", "99", "--where", "error.code=TEMPLATE_NOT_FOUND", "--json")
    return len(done.stdout.splitlines()) == failures


def standing(desk: Any, rule: str) -> str:
    rows = {row["rule"]: row for row in desk.json("opsdeck", "alerts", "list")["alerts"]}
    found: str = rows[rule]["standing"]
    return found


def blocks(desk: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = desk.json("opsdeck", "security", "blocks")["restrictions"]
    return found


def test_the_eleventh_failure_of_a_user_limits_that_user_for_a_while(desk: Any, person: Any) -> None:
    ann, bob = person("ann"), person("bob")
    ann.fails(10)
    desk.until(lambda: counted(desk, 10))
    assert ann.generates().returncode == 0
    assert blocks(desk) == []
    ann.fails(1)
    refused = desk.until(lambda: (done := ann.generates()).returncode == REFUSED and done)
    assert "your generations are limited until" in refused.stderr
    assert bob.generates().returncode == 0
    assert desk.until(lambda: standing(desk, "multiple_failed_operations") == "firing")
    assert desk.until(lambda: ann.generates().returncode == 0)


def test_failures_of_two_users_at_one_address_limit_both(desk: Any, person: Any) -> None:
    ann, bob = person("ann"), person("bob")
    ann.fails(6)
    bob.fails(4)
    desk.until(lambda: counted(desk, 10))
    assert (ann.generates().returncode, bob.generates().returncode) == (0, 0)
    bob.fails(1)
    for one in (ann, bob):
        desk.until(lambda one=one: one.generates().returncode == REFUSED)
    assert {row["subject_kind"] for row in blocks(desk)} == {"address"}
    for one in (ann, bob):
        desk.until(lambda one=one: one.generates().returncode == 0)


def test_an_attempt_on_a_restricted_template_is_refused_and_blocks(desk: Any, person: Any) -> None:
    ann = person("ann")
    refused = ann.generates(SECRET)
    assert (refused.returncode, "you are not entitled to it" in refused.stderr) == (REFUSED, True)
    assert not list(desk.work.rglob("vault.txt"))
    blocked = desk.until(lambda: (done := ann.generates()).returncode == REFUSED and done)
    assert "your generations are blocked until" in blocked.stderr
    assert desk.until(lambda: standing(desk, "privilege_escalation_attempt") == "firing")
    assert desk.until(lambda: ann.generates().returncode == 0)


def test_who_is_entitled_passes_and_nobody_does_without_a_deck(desk: Any, person: Any) -> None:
    ann = person("ann")
    assert ann.generates().returncode == 0
    given = desk.run(
        "opsdeck", "security", "entitle", ann.name, "template:infra/*", "--reason", "keeper of the vault"
    )
    assert given.returncode == 0, given.stderr
    assert ann.generates(SECRET).returncode == 0
    assert list(desk.work.rglob("vault.txt"))
    url = desk.url
    desk.stop()
    (desk.home / "url").write_text(url)
    refused = ann.generates(SECRET)
    assert (refused.returncode, "is restricted" in refused.stderr) == (REFUSED, True)
    assert ann.generates().returncode == 0
