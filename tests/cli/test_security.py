"""`opsdeck security …` against a real server on the loopback address: what it prints, what it changes, what docs say."""

import json
import re
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from typer.main import get_command
from typer.testing import CliRunner, Result

from opsdeck.cli.app import app
from opsdeck.deck import Deck
from opsdeck.errors import OpsdeckError
from opsdeck.identity import access
from opsdeck.model import Change, Detection, Restriction
from opsdeck.server.app import create
from opsdeck.testing import START, ManualClock

ROOT = Path(__file__).parents[2]
DOCS = (ROOT / "docs/security.md").read_text()
RULES = ROOT / "packages/opsdeck/src/opsdeck/detect/rules"
USER = "user_1fbdc7d0d9745c1f"
Run = Callable[..., Result]


@pytest.fixture
def deck(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deck]:
    monkeypatch.setenv("OPSDECK_EVENTS", "memory://")
    monkeypatch.setenv("OPSDECK_STATE", "memory://")
    opened = Deck.open(tmp_path / "home", None, ManualClock(START))
    yield opened
    opened.close()


@pytest.fixture
def address(deck: Deck) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config("", port=0, log_level="error", lifespan="off"))
    bound = server.config.bind_socket()
    url = f"127.0.0.1:{bound.getsockname()[1]}"
    server.config.app = create(deck, hosts=(url,))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [bound]})
    bound.listen()  # who asks before the server is up waits
    thread.start()
    yield f"http://{url}"
    server.should_exit = True
    thread.join()
    bound.close()


@pytest.fixture
def run(deck: Deck, address: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    with deck.state.begin() as tx:
        token = access.token(tx, "ann", START)
    for name, value in {"OPSDECK_URL": address, "OPSDECK_KEY": token, "OPSDECK_HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    return lambda *words: CliRunner().invoke(app, ["security", *words])


@pytest.fixture
def detected(deck: Deck) -> str:
    """A detection that restricted a user and waits for review; returns its id."""
    found = Detection(
        "D-1", "unjucks-cli", "data_exfiltration_risk", "many_generations", "user", USER, "rate limit and review",
        START, START, START, 501, "501 generations\x1b[31m in 1 hour", {"events": ["0199-a"], "template": "component/react", "templates": ["a/b", "c/d"]},
    )  # fmt: skip
    with deck.state.begin() as tx:
        tx.put(found)
        data = {"detection": "D-1"}
        tx.append(Change("security", f"unjucks-cli/{found.event}", "", "detected", "", "detect", data), START)
    deck.tick("detect").run(START)
    return found.key


def test_a_detection_is_shown_with_all_its_figures_and_how_to_read_its_evidence(
    run: Run, detected: str
) -> None:
    said = run("show", "D-1").stdout
    assert re.search(r"^template +component/react$", said, re.MULTILINE)
    assert re.search(r"^templates +a/b, c/d$", said, re.MULTILINE)
    assert re.search(r"^count +501$", said, re.MULTILINE)
    command = re.search(r"opsdeck (logs --where eventId=0199-a)$", said, re.MULTILINE)
    assert command is not None
    assert CliRunner().invoke(app, command[1].split()).exit_code == 0


def restriction(deck: Deck) -> Restriction:
    with deck.state.begin(write=False) as tx:
        return tx.find(Restriction)[0]


EMPTY = {
    ("events",): "nothing was detected; the rules: opsdeck security rules",
    ("review",): "nothing waits for a verdict",
    ("blocks",): "nobody is restricted",
    ("entitlements",): "opsdeck security entitle",
    ("profile", USER): "learning",
}


@pytest.mark.parametrize(("words", "said"), EMPTY.items(), ids=[words[0] for words in EMPTY])
def test_an_empty_deck(run: Run, words: tuple[str, ...], said: str) -> None:
    result = run(*words)
    assert (result.exit_code, said in result.stdout) == (0, True), result.output


SHOWN = {
    ("events",): ["D-1", USER, "waits", "501 generations"],
    ("review",): ["D-1"],
    ("show", "D-1"): ["many_generations", "0199-a", "rate limit", "detected"],
    ("blocks",): ["R-", "rate limit", USER],
    ("profile", USER): ["learning", "rate limit", "D-1"],
    ("rules",): ["multiple_failed_operations", "(rules)/"],
}


@pytest.mark.parametrize(("words", "said"), SHOWN.items(), ids=[words[0] for words in SHOWN])
def test_what_is_shown(run: Run, detected: str, words: tuple[str, ...], said: list[str]) -> None:
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert [word for word in said if word not in result.stdout] == []
    assert "\x1b" not in result.stdout


@pytest.mark.parametrize("words", SHOWN, ids=[words[0] for words in SHOWN])
def test_every_reading_command_speaks_json(run: Run, detected: str, words: tuple[str, ...]) -> None:
    assert isinstance(json.loads(run(*words, "--json").stdout), dict)


def test_lifting(run: Run, deck: Deck, detected: str) -> None:
    result = run("lift", restriction(deck).key[:6], "--reason", "repaired")
    assert "is free again" in result.stdout
    assert restriction(deck).lifted_by == "ann"
    assert "nobody is restricted" in run("blocks").stdout
    assert "lifted by ann" in run("blocks", "--all").stdout


def test_lifting_and_entitling_say_what_still_stands(run: Run, deck: Deck, detected: str) -> None:
    limit = restriction(deck).key
    run("block", USER, "--for", "2 hours", "--reason", "lost laptop")
    entitled = run("entitle", USER, "template:infra/*", "--reason", "team").stdout
    assert f"{USER} is still blocked until" in entitled
    lifted = run("lift", limit, "--reason", "repaired").stdout
    assert "free again" not in lifted
    other = next(key for key in re.findall(r"R-\w+", entitled) if key != limit)
    assert f"by {other}: opsdeck security lift {other}" in lifted
    assert json.loads(run("lift", other, "--reason", "found", "--json").stdout)["still"] == []


def test_a_verdict_that_lifts(run: Run, deck: Deck, detected: str) -> None:
    assert "D-1: fine" in run("verdict", "D-1", "fine", "--note", "release day", "--lift").stdout
    assert restriction(deck).lift_reason == "release day"


def test_a_detection_is_named_by_the_beginning_of_its_id(run: Run, deck: Deck, detected: str) -> None:
    assert "many_generations" in run("show", "D-").stdout
    assert "D-1: suspicious" in run("verdict", "D", "suspicious").stdout


UNKNOWN = {
    ("show", "D-9"): ("there is no detection 'D-9'", "opsdeck security events"),
    ("verdict", "D-9", "fine"): ("there is no detection 'D-9'", "opsdeck security events"),
    ("lift", "R-9", "--reason", "x"): ("there is no restriction 'R-9'", "opsdeck security blocks"),
    ("events", "--event", "foo"): ("there is no security event 'foo'", "multiple_failed_operations"),
}


@pytest.mark.parametrize(("words", "said"), UNKNOWN.items(), ids=[" ".join(words) for words in UNKNOWN])
def test_what_is_not_there_is_named(
    run: Run, detected: str, words: tuple[str, ...], said: tuple[str, str]
) -> None:
    error = run(*words).exception
    assert isinstance(error, OpsdeckError)
    assert error.message == said[0]
    assert said[1] in error.hint


def test_an_empty_answer_names_the_filter(run: Run, detected: str) -> None:
    assert "nothing was detected with this filter" in run("events", "--event", "secret_in_event").stdout
    assert "nothing was detected with this filter" in run("events", "--subject", "user_2").stdout


def test_blocking(run: Run, deck: Deck) -> None:
    assert "blocked" in run("block", USER, "--for", "2 hours", "--reason", "lost laptop").stdout
    assert (restriction(deck).kind, restriction(deck).reason) == ("block", "lost laptop")


def test_blocking_an_address(run: Run, deck: Deck) -> None:
    run("block", "ab" * 16, "--address", "--for", "2 hours", "--reason", "flood")
    assert restriction(deck).subject_kind == "address"


def test_entitling_and_revoking(run: Run) -> None:
    feature = "template:infra/*"
    assert "may use" in run("entitle", USER, feature, "--reason", "team", "--for", "30 days").stdout
    assert feature in run("entitlements", "--user", USER).stdout
    assert "may no longer use" in run("revoke", USER, feature, "--reason", "left").stdout
    assert "nobody is entitled" in run("entitlements").stdout


WRONG = {
    "a detection that is not there": ("show", "D-9"),
    "a verdict that is none": ("verdict", "D-1", "good"),
    "a span that is none": ("block", USER, "--for", "soon", "--reason", "x"),
    "an id with a path in it": ("lift", "../../keys", "--reason", "x"),
    "a rule file that is not there": ("rules", "test", "/nowhere/rule.yml"),
}


@pytest.mark.parametrize("words", WRONG.values(), ids=WRONG)
def test_wrong_words_are_an_error_with_the_next_step(run: Run, detected: str, words: tuple[str, ...]) -> None:
    error = run(*words).exception
    assert isinstance(error, OpsdeckError), error
    assert error.hint


def test_rules_are_tested_without_a_deck() -> None:
    result = CliRunner().invoke(app, ["security", "rules", "test", str(RULES), "--json"])
    assert result.exit_code == 0
    found: dict[str, Any] = json.loads(result.stdout)
    assert found["passed"]
    assert len(found["results"]) > 10


def test_every_command_is_documented_and_no_other() -> None:
    group: Any = get_command(app)
    commands = {*group.commands["security"].commands, "rules test"}
    assert set(re.findall(r"^\| `opsdeck security ([a-z]+(?: test)?)", DOCS, re.MULTILINE)) == commands


def test_every_event_of_the_spec_is_documented_with_its_action(deck: Deck) -> None:
    for name, event in deck.spec.framework.security_events.items():
        assert re.search(rf"^\| `{name}` \| .* \| {event.action} \|$", DOCS, re.MULTILINE)
