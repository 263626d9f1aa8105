"""What a deck may refuse: limits, blocks and what is restricted, on the real command with a deck on a real socket."""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "emit"))  # test folders are no packages

from policies import KEY, PATIENCE, Deck, document, limit, serving

from opsdeck_emit import consent, launch, policy, policy_fetch
from unjucks import standing
from unjucks.errors import RateLimited

SERVICE = "unjucks-cli"
OPEN = {"gen/one/a.t": "---\nto: a\n---\nhi"}
CLOSED = {**OPEN, "gen/one/template.yaml": "restricted: true\ndescription: Only for some\n"}
OUTSIDE = {
    "gen/one/template.yaml": "variables:\n  dir:\n    default: src\n",
    "gen/one/a.t": "---\nto: '{{ dir }}/a'\n---\nhi",
}
SHELL = {"gen/one/a.t": "---\nto: a\nsh: touch by-shell\n---\nhi"}
RUN = ("generate", "gen", "one")


@pytest.fixture
def deck(project: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Deck]:
    """A deck that is known here, and consent; shippers end with the test. A busy machine is given time to answer."""
    monkeypatch.setattr(standing, "RESTRICTED_SECONDS", PATIENCE)
    monkeypatch.setattr(standing, "EXPIRED_SECONDS", PATIENCE)
    home = Path(os.environ["OPSDECK_HOME"])
    consent.grant(SERVICE)
    with serving() as running:
        know(running.url)
        yield running
    for url in home.parent.parent.glob("**/url"):
        url.unlink()  # a shipper that is still starting finds no deck and ends
    for lock in home.parent.parent.glob("**/emit/spool/*/shipper.lock"):
        while launch.alive(str(lock.parent)) and lock.read_text().strip():
            os.kill(int(lock.read_text()), 9)


def know(url: str) -> None:
    home = Path(os.environ["OPSDECK_HOME"])
    (home / "url").write_text(url)
    (home / "ingest.key").write_text(KEY)


def me() -> str:
    return consent.pseudonym()


def put(*lines: str, **changes: Any) -> Path:
    """Cache a policy about this user."""
    place = Path(policy.path(SERVICE))
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_bytes(document(SERVICE, changes.pop("subject", me()), *lines, now=time.time(), **changes))
    place.chmod(0o600)
    return place


class Known:
    """A run of this user."""

    @property
    def subject(self) -> tuple[str, str]:
        return SERVICE, me()


def until(true: Callable[[], Any]) -> bool:
    end = time.monotonic() + PATIENCE
    while not true():
        if time.monotonic() > end:
            return False
    return True


REFUSALS = {
    "limited": ("rate_limit", "RATE_LIMITED", "your generations are limited until "),
    "blocked": ("block", "BLOCKED", "your generations are blocked until "),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_a_user_who_is(case: str, deck: Deck, templates: Any, spawn: Any, tree: Any) -> None:
    kind, code, words = REFUSALS[case]
    templates(OPEN)
    put(limit(600, kind))
    outcome = spawn(*RUN)
    assert (outcome.code, outcome.error, outcome.out) == (77, code, "")
    assert words in outcome.err
    assert "12 failures in 5 minutes by this user (R-1a2b3c4d)" in outcome.err
    assert tree() == {}


def test_a_refusal_says_until_when_and_whom_to_ask(deck: Deck, templates: Any, run: Any) -> None:
    templates(OPEN)
    end = time.time() + 600
    put(limit(600))
    said = run(*RUN).err
    assert any(standing.when(end + off) in said for off in (-1, 0, 1))
    assert f"wait, or ask who runs the deck ({deck.url}): opsdeck security lift R-1a2b3c4d --reason …" in said


ZONES = {
    "UTC": "2026-11-24 21:05:07 UTC",
    "CET-1": "2026-11-24 22:05:07 CET (2026-11-24 21:05:07 UTC)",
    "EST5": "2026-11-24 16:05:07 EST (2026-11-24 21:05:07 UTC)",
}


@pytest.mark.parametrize("zone", ZONES)
def test_a_time_is_told_in(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    told = standing.when(1_795_554_307)
    monkeypatch.undo()
    time.tzset()
    assert told == ZONES[zone]


def test_a_refusal_in_json(deck: Deck, templates: Any, run: Any) -> None:
    templates(OPEN)
    put(limit(600, "block"))
    outcome = run(*RUN, "--json")
    error = outcome.json["error"]
    assert (outcome.code, error["code"], error["category"]) == (77, "BLOCKED", "user_errors")
    assert sorted(error) == ["category", "code", "hint", "message"]


def test_a_refusal_is_recorded_as_one(deck: Deck, templates: Any, run: Any, granted: Any) -> None:
    templates(OPEN)
    put(limit(600))
    know("http://127.0.0.1:9")  # so that the event waits here
    run(*RUN)
    (event,) = granted()
    assert (event["exitCode"], event["error"]["code"]) == (77, "RATE_LIMITED")
    assert event["operation"]["template"] == "gen/one"


def test_a_dry_run_is_refused_too(deck: Deck, templates: Any, run: Any) -> None:
    templates(OPEN)
    put(limit(600, "block"))
    assert run(*RUN, "--dry-run").code == 77


NEVER = (["list"], ["help"], ["help", "gen"], ["doctor"], ["telemetry"], ["--version"])


@pytest.mark.parametrize("argv", NEVER, ids=[argv[-1] for argv in NEVER])
def test_never_refused_is(argv: list[str], deck: Deck, templates: Any, spawn: Any) -> None:
    templates(OPEN)
    put(limit(600, "block"))
    assert spawn(*argv).code == 0


ENDED = {
    "the restriction is over": lambda: put(limit(-1, "block")),
    "it is about another user": lambda: put(limit(600, "block"), subject="user_2"),
    "it is signed for another key": lambda: put(limit(600, "block"), key="odk_other"),
    "it was issued in the future": lambda: put(limit(600, "block"), issued=999),
    "it is tampered with": lambda: (place := put(limit(600))).write_bytes(
        place.read_bytes().replace(b"12", b"13")
    ),
    "another user may write it": lambda: put(limit(600, "block")).chmod(0o666),
    "there is none": lambda: None,
}


@pytest.mark.parametrize("case", ENDED)
def test_a_user_goes_on_when(case: str, deck: Deck, templates: Any, run: Any, tree: Any) -> None:
    templates(OPEN)
    ENDED[case]()
    assert run(*RUN).code == 0
    assert tree() == {"a": "hi"}


def test_a_restriction_ends_by_itself(deck: Deck) -> None:
    end = int(time.time()) + 600
    put(f"restrict rate_limit {end} R-1 12 failures")
    with pytest.raises(RateLimited):
        standing.admit(Known(), [], end - 1)
    standing.admit(Known(), [], end)


def test_a_lifted_limit_is_felt_after_the_refused_run(deck: Deck, templates: Any, spawn: Any) -> None:
    templates(OPEN)
    put(limit(600))
    assert spawn(*RUN).code == 77
    assert until(lambda: spawn(*RUN, "--force").code == 0)


def test_a_new_limit_reaches_the_next_run(deck: Deck, templates: Any, spawn: Any) -> None:
    templates(OPEN)
    assert spawn(*RUN).code == 0
    assert deck.wait(304)
    deck.lines[me()] = [limit(600)]
    assert until(lambda: spawn(*RUN, "--force").code == 77)


def test_a_limit_earned_by_runs_that_found_nothing_holds_for_the_next(
    deck: Deck, templates: Any, spawn: Any, tree: Any
) -> None:
    templates(OPEN)
    deck.lines[me()] = [limit(600)]
    assert spawn("generate", "gen", "missing").error == "TEMPLATE_NOT_FOUND"
    assert deck.wait(304)
    assert spawn(*RUN).code == 77
    assert tree() == {}


def test_another_user_of_the_same_deck_is_unaffected(
    deck: Deck, templates: Any, spawn: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates(OPEN)
    deck.lines[me()] = [limit(600, "block")]
    put(limit(600, "block"))
    assert spawn(*RUN).code == 77
    monkeypatch.setenv("OPSDECK_HOME", str(tmp_path / "other"))
    consent.grant(SERVICE)
    know(deck.url)
    assert spawn(*RUN).code == 0


def test_an_expired_policy_that_still_blocks_is_asked_for_anew(deck: Deck, templates: Any, run: Any) -> None:
    templates(OPEN)
    deck.lines[me()] = [limit(600, "block")]
    put(limit(600, "block"), issued=-99, expires=-1)
    assert run(*RUN).code == 77
    assert len(deck.asked) >= 1


def test_an_expired_block_that_was_lifted_is_none(deck: Deck, templates: Any, run: Any) -> None:
    templates(OPEN)
    put(limit(600, "block"), issued=-99, expires=-1)
    assert run(*RUN).code == 0
    assert deck.statuses[0] == 200


def test_an_expired_block_of_a_dead_deck_is_none(deck: Deck, templates: Any, run: Any) -> None:
    templates(OPEN)
    put(limit(600, "block"), issued=-99, expires=-1)
    know("http://127.0.0.1:9")
    assert run(*RUN).code == 0


def test_nothing_is_asked_before_an_ordinary_run(deck: Deck, templates: Any, project: Path) -> None:
    templates(OPEN)
    put("entitled template:gen/one")
    standing.admit(Known(), [], time.time())
    assert deck.asked == []


def test_an_entitlement_is_asked_for_even_if_the_last_answer_named_it(
    deck: Deck, templates: Any, project: Path
) -> None:
    templates(OPEN)
    put("entitled template:gen/one")
    deck.lines[me()] = ["entitled template:gen/one"]
    standing.admit(Known(), ["template:gen/one"], time.time())
    assert len(deck.asked) == 1


ENTITLEMENTS = {
    "nothing": ([], 77),
    "another template": (["entitled template:gen/two"], 77),
    "this template": (["entitled template:gen/one"], 0),
    "this generator": (["entitled template:gen/*"], 0),
    "every template": (["entitled template:*"], 0),
    "another feature": (["entitled allow-outside"], 77),
}


@pytest.mark.parametrize("case", ENTITLEMENTS)
def test_a_restricted_template_with_an_entitlement_to(
    case: str, deck: Deck, templates: Any, run: Any, tree: Any
) -> None:
    lines, code = ENTITLEMENTS[case]
    templates(CLOSED)
    deck.lines[me()] = lines
    outcome = run(*RUN)
    assert (outcome.code, outcome.error) == (code, "RESTRICTED" if code else "")
    assert tree() == ({} if code else {"a": "hi"})


def test_who_is_not_entitled_is_told_what_to_ask_for(deck: Deck, templates: Any, run: Any) -> None:
    templates(CLOSED)
    said = run(*RUN).err
    assert "Template 'gen/one' is restricted, and you are not entitled to it [RESTRICTED]" in said
    assert f"opsdeck security entitle {me()} template:gen/one" in said


def test_a_name_cannot_put_words_into_the_command_to_paste(deck: Deck, templates: Any, run: Any) -> None:
    templates({path.replace("one", "$(id) #"): text for path, text in CLOSED.items()})
    assert f"entitle {me()} 'template:gen/$(id) #' --reason …" in run("generate", "gen", "$(id) #").err


def test_an_attempt_is_recorded_as_critical(
    deck: Deck, templates: Any, run: Any, granted: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates(CLOSED)
    put()
    monkeypatch.setattr(
        sys.modules["opsdeck_emit.run"], "wake", lambda *_, **__: None
    )  # so that the event waits here
    assert run(*RUN).error == "RESTRICTED"
    (event,) = granted()
    error = event["error"]
    assert (error["code"], error["category"], event["level"]) == ("RESTRICTED", "critical_errors", "FATAL")


def test_nobody_is_refused_on_an_old_word(deck: Deck, templates: Any, run: Any) -> None:
    templates(CLOSED)
    put()
    deck.lines[me()] = ["entitled template:gen/one"]
    assert run(*RUN).code == 0


def test_a_block_found_while_asking_refuses_as_a_block(deck: Deck, templates: Any, run: Any) -> None:
    templates(CLOSED)
    put()
    deck.lines[me()] = ["entitled template:*", limit(600, "block")]
    assert run(*RUN).error == "BLOCKED"


UNKNOWN: dict[str, tuple[Callable[[pytest.MonkeyPatch], Any], str, str]] = {
    "the deck is down": (
        lambda _: know("http://127.0.0.1:9"),
        "the deck gave no policy: ",
        "is the deck up?",
    ),
    "no deck is known": (
        lambda _: Path(os.environ["OPSDECK_HOME"], "url").unlink(),
        "no deck is known here",
        "opsdeck up",
    ),
    "telemetry is off": (
        lambda _: consent.deny(SERVICE),
        "telemetry is off (answer)",
        "unjucks telemetry on",
    ),
    "nobody may track": (
        lambda patch: patch.setenv("DO_NOT_TRACK", "1"),
        "telemetry is off (DO_NOT_TRACK)",
        "unjucks telemetry on",
    ),
}


@pytest.mark.parametrize("case", UNKNOWN)
def test_without_a_policy_only_what_is_restricted_stays_closed_when(
    case: str, deck: Deck, templates: Any, run: Any, tree: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates({**CLOSED, "gen/two/b.t": "---\nto: b\n---\n"})
    change, why, hint = UNKNOWN[case]
    change(monkeypatch)
    outcome = run(*RUN)
    assert (outcome.code, outcome.error) == (77, "ENTITLEMENT_UNKNOWN")
    assert why in outcome.err
    assert hint in outcome.err
    assert run("generate", "gen", "two").code == 0
    assert tree() == {"b": ""}


STALE = {
    "tampered with": lambda place: place.write_bytes(place.read_bytes().replace(b"gen/two", b"gen/one")),
    "a link": lambda place: (place.rename(place.with_name("x")), place.symlink_to("x")),
    "a pipe": lambda place: (place.unlink(), os.mkfifo(place)),
    "too large": lambda place: place.write_bytes(b"x" * 99_999),
    "writable by all": lambda place: place.chmod(0o666),
}


@pytest.mark.parametrize("case", STALE)
def test_a_dead_decks_policy_opens_nothing_that_is(case: str, deck: Deck, templates: Any, run: Any) -> None:
    templates(CLOSED)
    know("http://127.0.0.1:9")
    STALE[case](put("entitled template:gen/two", "entitled template:gen/one"))
    outcome = run(*RUN)
    assert (outcome.code, outcome.error) == (77, "ENTITLEMENT_UNKNOWN")


def test_an_entitlement_opens_nothing_while_the_deck_is_down(deck: Deck, templates: Any, run: Any) -> None:
    templates(CLOSED)
    put("entitled template:gen/one")
    know("http://127.0.0.1:9")
    outcome = run(*RUN)
    assert (outcome.code, outcome.error) == (77, "ENTITLEMENT_UNKNOWN")


def test_an_entitlement_that_was_taken_back_opens_nothing(deck: Deck, templates: Any, run: Any) -> None:
    templates(CLOSED)
    put("entitled template:gen/one")
    deck.lines[me()] = []
    assert run(*RUN).error == "RESTRICTED"


def test_an_expired_entitlement_opens_nothing(deck: Deck, templates: Any, run: Any) -> None:
    templates(CLOSED)
    put("entitled template:gen/one", issued=-99, expires=-1)
    know("http://127.0.0.1:9")
    assert run(*RUN).error == "ENTITLEMENT_UNKNOWN"


def test_a_cache_that_others_may_write_does_not_open_a_template(
    templates: Any, run: Any, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from unjucks import cache

    monkeypatch.setattr(cache, "SETTLED_NS", 0)
    templates(CLOSED)
    run("list")
    (entry,) = [path for path in Path(cache.folder()).iterdir() if b"Only for some" in path.read_bytes()]
    raw = entry.read_bytes()
    start = len(cache.HEADER) + cache.CRC_BYTES
    opened = raw[start:].replace(b"Only for some", b"Open to all!!")
    entry.write_bytes(cache.HEADER + cache.crc32(opened).to_bytes(4, "big") + opened)
    assert "Open to all!!" in run("list").out
    entry.chmod(0o666)
    assert "Only for some  (project, restricted)" in run("list").out


def test_what_is_restricted_is_shown(templates: Any, run: Any) -> None:
    templates(CLOSED)
    assert "gen/one          Only for some  (project, restricted)\n" in run("list").out
    assert "gen/one  Only for some  (restricted)\n" in run("help", "gen").out
    assert "(project, restricted)" in run("help", "gen", "one").out


def test_outside_is_restricted(deck: Deck, templates: Any, run: Any) -> None:
    templates(OUTSIDE)
    assert run(*RUN, "--dir", "..", "--allow-outside").error == "RESTRICTED"
    assert run(*RUN, "--dir", "src", "--allow-outside").error == "RESTRICTED"
    assert run(*RUN, "--dir", "..").error == "PATH_OUTSIDE"


PLACES = {
    "above": ("..", "a", "~/a"),
    "at an absolute path": ("{home}/deep/er", "deep/er/a", "~/deep/er/a"),
    "through a link": ("link", "elsewhere/a", "~/elsewhere/a"),
    "inside all the same": ("src", "project/src/a", "src/a"),
}


@pytest.mark.parametrize("case", PLACES)
def test_who_is_entitled_may_write(case: str, deck: Deck, templates: Any, run: Any, project: Path) -> None:
    typed, written, told = PLACES[case]
    home = project.parent
    (home / "elsewhere").mkdir()
    (project / "link").symlink_to(home / "elsewhere")
    templates(OUTSIDE)
    deck.lines[me()] = ["entitled allow-outside"]
    outcome = run(*RUN, "--dir", typed.format(home=home), "--allow-outside")
    assert (outcome.code, outcome.out.split()[:2]) == (0, ["create", told])
    assert (home / written).read_text() == "hi"


def test_files_inside_and_outside_are_written_by_one_run(
    deck: Deck, templates: Any, run: Any, project: Path
) -> None:
    templates({**OUTSIDE, "gen/one/b.t": "---\nto: b\nsh: pwd > where\n---\nhi"})
    deck.lines[me()] = ["entitled allow-outside"]
    assert run(*RUN, "--dir", "../x", "--allow-outside", "--yes").code == 0
    assert (project.parent / "x/a").read_text() == (project / "b").read_text() == "hi"
    assert (project / "where").read_text() == f"{project}\n"


def test_outside_in_json_and_a_dry_run(deck: Deck, templates: Any, run: Any, project: Path) -> None:
    templates(OUTSIDE)
    deck.lines[me()] = ["entitled allow-outside"]
    found = run(*RUN, "--dir", "..", "--allow-outside", "--json", "--dry-run").json
    assert [one["path"] for one in found["files"]] == [f"{project.parent}/a"]
    assert not (project.parent / "a").exists()


def test_a_file_in_the_way_outside_is_named_in_full(
    deck: Deck, templates: Any, run: Any, project: Path
) -> None:
    templates(OUTSIDE)
    (project.parent / "a").write_text("mine")
    deck.lines[me()] = ["entitled allow-outside"]
    outcome = run(*RUN, "--dir", "..", "--allow-outside")
    assert outcome.error == "FILE_EXISTS"
    assert f"a file exists and differs: {project.parent}/a" in outcome.err
    assert (project.parent / "a").read_text() == "mine"


def test_an_injection_may_lead_outside(deck: Deck, templates: Any, run: Any, project: Path) -> None:
    templates({**OUTSIDE, "gen/one/a.t": "---\nto: '{{ dir }}/a'\ninject: true\nappend: true\n---\nhi\n"})
    (project.parent / "a").write_text("mine\n")
    deck.lines[me()] = ["entitled allow-outside"]
    assert run(*RUN, "--dir", "..", "--allow-outside").code == 0
    assert (project.parent / "a").read_text() == "mine\nhi\n"


STILL_REFUSED = {
    "a template that climbs by itself": ("---\nto: ../{{ name }}\n---\n", ["x"], "PATH_ESCAPE"),
    "a template with a path of its own": ("---\nto: /tmp/{{ name }}\n---\n", ["x"], "PATH_ESCAPE"),
    "git's own folder": ("---\nto: '{{ d }}/x'\n---\n", ["--d", "../.git/hooks"], "PATH_OUTSIDE"),
    "a folder": ("---\nto: '{{ d }}'\n---\n", ["--d", ".."], "PATH_OUTSIDE"),
    "odd characters": ("---\nto: '{{ d }}'\n---\n", ["--d", "../a\\b"], "PATH_OUTSIDE"),
}


@pytest.mark.parametrize("case", STILL_REFUSED)
def test_refused_all_the_same_is(case: str, deck: Deck, templates: Any, run: Any, tree: Any) -> None:
    text, words, code = STILL_REFUSED[case]
    templates({"gen/one/a.t": text})
    deck.lines[me()] = ["entitled allow-outside"]
    outcome = run(*RUN, *words, "--allow-outside")
    assert (outcome.code, outcome.error) == (1, code)


def test_a_template_that_is_not_trusted_never_leaves(
    deck: Deck, templates: Any, run: Any, project: Path
) -> None:
    root = templates(OUTSIDE, project.parent / "foreign")
    deck.lines[me()] = ["entitled allow-outside"]
    outcome = run(*RUN, "--root", str(root), "--dir", "..", "--allow-outside")
    assert outcome.error == "PATH_ESCAPE"


SHELLS = {
    "without an entitlement": ([], ["--yes"], "SHELL_REFUSED", []),
    "with one, and agreement": (["entitled untrusted-shell"], ["--yes"], "", ["a", "by-shell"]),
    "with one, and nobody to agree": (["entitled untrusted-shell"], [], "SHELL_UNCONFIRMED", []),
    "with one, in a dry run": (["entitled untrusted-shell"], ["--dry-run"], "", []),
}


@pytest.mark.parametrize("case", SHELLS)
def test_a_command_that_nobody_vouched_for(
    case: str, deck: Deck, templates: Any, run: Any, tree: Any, project: Path
) -> None:
    lines, words, code, files = SHELLS[case]
    root = templates(SHELL, project.parent / "foreign")
    deck.lines[me()] = lines
    assert run(*RUN, "--root", str(root), *words).error == code
    assert sorted(tree()) == files


DOCTOR = {
    "nothing was asked yet": (lambda _: None, "ok", "none: the deck has not answered yet"),
    "all is well": (lambda _: put("entitled template:*"), "ok", "standing until "),
    "an entitlement": (lambda _: put("entitled template:*"), "ok", "entitled to template:*"),
    "a restriction": (lambda _: put(limit(600, "block")), "warn", "block until "),
    "an end that no calendar has": (
        lambda _: put(expires=1e30),
        "ok",
        "9999-12-31 23:59:59 UTC",
    ),
    "a forgery": (lambda _: put(key="x"), "warn", "none: not signed by this deck for this key"),
    "an expired one": (lambda _: put(issued=-99, expires=-1), "warn", "expired since "),
    "trouble": (
        lambda _: (policy.want(SERVICE), know("http://127.0.0.1:9"), policy_fetch.refresh(SERVICE, 0, 1)),
        "warn",
        "none: no answer: Connection refused",
    ),
}


@pytest.mark.parametrize("case", DOCTOR)
def test_the_doctor_shows(case: str, deck: Deck, run: Any) -> None:
    change, state, detail = DOCTOR[case]
    change(None)
    (found,) = [one for one in run("doctor", "--json").json if one["check"] == "policy"]
    assert found["state"] == state
    assert detail in found["detail"]


def test_children_that_nobody_waits_for_are_no_trouble(deck: Deck, templates: Any, spawn: Any) -> None:
    templates(CLOSED)
    deck.lines[me()] = ["entitled template:gen/one"]
    ignore = {"preexec_fn": lambda: signal.signal(signal.SIGCHLD, signal.SIG_IGN)}
    assert until(lambda: spawn(*RUN, **ignore).code == 0)


def test_without_emit_only_what_is_restricted_stays_closed(
    templates: Any, run: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    templates({**CLOSED, "gen/two/b.t": "---\nto: b\n---\n"})
    for name in [one for one in sys.modules if one.startswith("opsdeck_emit")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "opsdeck_emit", None)
    outcome = run(*RUN)
    assert (outcome.code, outcome.error) == (77, "ENTITLEMENT_UNKNOWN")
    assert "opsdeck-emit is missing or broken" in outcome.err
    assert run("generate", "gen", "two").code == 0
