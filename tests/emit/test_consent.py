"""Who may be recorded: unknown and denied leave nothing at all, and what was denied is gone."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import opsdeck_emit
from opsdeck_emit import consent, home, telemetry


def files(folder: Path) -> list[str]:
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()]


def record(service: str = "demo") -> None:
    with opsdeck_emit.run(service, "1.2.3", "build"):
        pass


STATES = {
    "nobody was asked": ({}, None, "unknown", "not asked"),
    "the person agreed": ({}, "granted", "granted", "answer"),
    "the person refused": ({}, "denied", "denied", "answer"),
    "DO_NOT_TRACK beats an agreement": ({"DO_NOT_TRACK": "1"}, "granted", "denied", "DO_NOT_TRACK"),
    "DO_NOT_TRACK beats the organisation": (
        {"DO_NOT_TRACK": "yes", "CI": "1", "OPSDECK_KEY": "k"},
        None,
        "denied",
        "DO_NOT_TRACK",
    ),
    "DO_NOT_TRACK=0 is not set": ({"DO_NOT_TRACK": "0"}, "granted", "granted", "answer"),
    "an empty DO_NOT_TRACK is not set": ({"DO_NOT_TRACK": ""}, "granted", "granted", "answer"),
    "a key in CI is the organisation's consent": (
        {"CI": "true", "OPSDECK_KEY": "k"},
        None,
        "granted",
        "OPSDECK_KEY",
    ),
    "a key outside CI is not": ({"OPSDECK_KEY": "k"}, None, "unknown", "not asked"),
    "CI without a key is not": ({"CI": "true"}, None, "unknown", "not asked"),
    "CI=false is not CI": ({"CI": "false", "OPSDECK_KEY": "k"}, None, "unknown", "not asked"),
    "a person's refusal holds in CI": ({"CI": "true", "OPSDECK_KEY": "k"}, "denied", "denied", "answer"),
    "an unreadable answer is no answer": ({}, "\x00garbage", "unknown", "not asked"),
}


@pytest.mark.parametrize("case", STATES)
def test_consent_is_told_from(case: str, home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    environment, answer, word, source = STATES[case]
    if answer:
        (home / "emit/consent").mkdir(parents=True)
        (home / "emit/consent/demo").write_text(answer + " 2026-01-01T00:00:00Z\n")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    state = consent.state("demo")
    assert (state, state.source) == (word, source)


@pytest.mark.parametrize(
    "environment", [{}, {"DO_NOT_TRACK": "1"}, {"CI": "1"}], ids=["asked nothing", "do not track", "CI"]
)
def test_without_consent_not_one_file_is_written(
    environment: dict[str, str], home: Path, tool: Callable[..., Any], sink: Any
) -> None:
    before = files(home)
    done = tool("run.fail('BAD_INPUT', 'x')", **environment)
    assert (done.returncode, done.stderr) == (0, "")
    assert files(home) == before


def test_do_not_track_writes_nothing_after_an_agreement(granted: Path, tool: Callable[..., Any]) -> None:
    before = files(granted)
    tool("run.metadata(fileCount=1)", DO_NOT_TRACK="1")
    assert files(granted) == before


def test_the_pseudonym_is_made_with_the_agreement(home: Path) -> None:
    assert not (home / "emit/identity").exists()
    consent.grant("demo")
    assert consent.identity()[0].startswith("user_")


def test_the_pseudonym_stays(granted: Path) -> None:
    first = consent.identity()
    consent.grant("other")
    assert consent.identity() == first


def test_a_refusal_deletes_what_waits(granted: Path) -> None:
    record()
    consent.deny("demo")
    assert files(granted / "emit/spool/local/demo") == []


def test_a_refusal_during_a_run_holds_for_that_run(granted: Path) -> None:
    with opsdeck_emit.run("demo", "1.2.3", "build"):
        consent.deny("demo")
    assert list(telemetry.show("demo")) == []
    assert telemetry.status("demo")["dropped"] == {}


def test_a_refusal_leaves_other_services_alone(granted: Path) -> None:
    consent.grant("other")
    record("other")
    user = consent.identity()
    consent.deny("demo")
    assert len(list(telemetry.waiting("other"))) == 1
    assert consent.identity() == user


def test_the_last_refusal_deletes_the_pseudonym(granted: Path) -> None:
    user, _ = consent.identity()
    consent.deny("demo")
    assert not (granted / "emit/identity").exists()
    consent.grant("demo")
    assert consent.identity()[0] != user


def test_a_purge_keeps_the_answer(granted: Path) -> None:
    record()
    telemetry.purge("demo")
    assert (consent.state("demo"), list(telemetry.show("demo"))) == ("granted", [])


def test_a_purge_reaches_every_deck(granted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    record()
    monkeypatch.setenv("OPSDECK_URL", "http://127.0.0.1:9")
    record()
    assert telemetry.status("demo")["spooled"] == 2
    telemetry.purge("demo")
    assert telemetry.status("demo")["spooled"] == 0


def test_a_purge_of_nothing_is_no_error(home: Path) -> None:
    consent.purge("demo")
    assert not home.exists()


def test_exec_takes_the_persons_own_deck_as_consent(sink: Any, home: Path) -> None:
    assert consent.state("demo", typed=True).source == "local deck"
    assert consent.state("demo") == "unknown"


def test_exec_takes_nobody_elses_deck(sink: Any, home: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a file away")
    os.chown(home / "ingest.key", 12345, 12345)
    assert consent.state("demo", typed=True) == "unknown"


def test_a_refusal_beats_the_own_deck(sink: Any) -> None:
    consent.deny("demo")
    assert consent.state("demo", typed=True) == "denied"


NAMES = {
    "an ordinary name": ("unjucks-cli", "unjucks-cli"),
    "a path": ("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd"),
    "an address": ("https://deck.example.com:8443/x", "https%3A%2F%2Fdeck.example.com%3A8443%2Fx"),
    "the parent folder": ("..", "%2E."),
    "another script": ("木", "%E6%9C%A8"),
    "nothing": ("", "%"),
    "a hidden file": (".ssh", "%2Essh"),
}


@pytest.mark.parametrize("case", NAMES)
def test_a_name_stays_inside_the_folder(case: str) -> None:
    name, expected = NAMES[case]
    assert home.safe(name) == expected


def test_the_longest_name_is_still_a_file_name() -> None:
    assert len(home.safe("ü/" * 5000)) == 150


ROOTS = {
    "OPSDECK_HOME first": ({"OPSDECK_HOME": "/a", "XDG_DATA_HOME": "/b", "HOME": "/c"}, "/a"),
    "then XDG_DATA_HOME": ({"XDG_DATA_HOME": "/b", "HOME": "/c"}, "/b/opsdeck"),
    "a relative XDG_DATA_HOME does not count": (
        {"XDG_DATA_HOME": "b", "HOME": "/c"},
        "/c/.local/share/opsdeck",
    ),
    "then the home folder": ({"HOME": "/c"}, "/c/.local/share/opsdeck"),
}


@pytest.mark.parametrize("case", ROOTS)
def test_the_home_is(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    environment, expected = ROOTS[case]
    for name in ("OPSDECK_HOME", "XDG_DATA_HOME", "HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    assert home.root() == expected


def test_the_environment_beats_the_local_deck(sink: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert home.deck() == (sink.url, "key-1")
    monkeypatch.setenv("OPSDECK_URL", "https://deck.example.com")
    monkeypatch.setenv("OPSDECK_KEY", "key-2")
    assert home.deck() == ("https://deck.example.com", "key-2")
