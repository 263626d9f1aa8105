"""What a cached policy is worth: only one that the deck signed for this user, service and time, and that is our own."""

import importlib.util
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))  # test folders are no packages; policies.py stands beside

from policies import KEY, document, signed

import opsdeck_emit
from opsdeck_emit import consent, home, policy

NOW = 1_764_012_345.0
SERVICE, SUBJECT = "demo", "user_1fbdc7d0d9745c1f"
LINES = (
    f"restrict rate_limit {int(NOW) + 300} R-1 12 failures",
    f"restrict block {int(NOW) + 100} R-2 an attempt",
    f"restrict block {int(NOW) + 50} R-3 an earlier attempt",
    f"restrict block {int(NOW) - 1} R-4 long ago",
    f"restrict banish {int(NOW) + 999} R-5 of a later version",
    "entitled template:infra/*",
    "entitled allow-outside",
    "retry TEMPLATE_UNREADABLE",
    "retry-limits 4 60 700 1500",
    "of-a-later-version 1 2 3",
)


NAMED = {policy.STANDING, policy.EXPIRED, policy.MALFORMED, policy.FUTURE} | {
    policy.OTHER_SERVICE,
    policy.OTHER_SUBJECT,
}


def written(**changes: Any) -> bytes:
    return document(SERVICE, SUBJECT, *LINES, now=NOW, **changes)


def worth(raw: bytes, now: float = NOW) -> str:
    return policy.verify(raw, KEY, SERVICE, SUBJECT, now).reason


def held() -> policy.Policy:
    found = policy.verify(written(), KEY, SERVICE, SUBJECT, NOW).policy
    assert found is not None
    return found


@pytest.fixture
def place(granted: Path) -> Path:
    """Where the policy of the demo is kept; the deck's key is known."""
    (granted / "url").write_text("http://127.0.0.1:9")
    (granted / "ingest.key").write_text(KEY + "\n")
    path = Path(policy.path(SERVICE))
    path.parent.mkdir(parents=True)
    return path


def put(place: Path, raw: bytes, mode: int = 0o600) -> None:
    place.write_bytes(raw)
    place.chmod(mode)


def test_a_policy_of_the_deck_stands(place: Path) -> None:
    put(place, written())
    found = policy.standing(SERVICE, SUBJECT, NOW)
    assert found is not None
    assert (found.service, found.subject, found.issued) == (SERVICE, SUBJECT, int(NOW))


HOLDING = {
    "a block comes before a rate limit, the longest first": (0, "R-2"),
    "the rate limit holds when the blocks are over": (100, "R-1"),
    "an end is the first moment without": (300, None),
}


@pytest.mark.parametrize("case", HOLDING)
def test_of_several_restrictions(case: str) -> None:
    after, name = HOLDING[case]
    found = held().restriction(NOW + after)
    assert (found and found.id) == name


def test_a_restriction_says_kind_end_and_reason() -> None:
    found = held().restriction(NOW)
    assert found is not None
    assert (found.kind, found.until, found.reason) == ("block", NOW + 100, "an attempt")


FEATURES = {
    "one that is named": ("allow-outside", True),
    "one below a star": ("template:infra/vault", True),
    "one beside the star": ("template:infrastructure/vault", False),
    "a shorter one": ("template:infra", False),
    "one that is not named": ("untrusted-shell", False),
    "the beginning of one": ("allow", False),
    "nothing": ("", False),
}


@pytest.mark.parametrize("case", FEATURES)
def test_an_entitlement_opens(case: str) -> None:
    feature, opened = FEATURES[case]
    assert held().entitled(feature) is opened


def test_a_star_inside_an_entitlement_is_no_glob() -> None:
    raw = document(SERVICE, SUBJECT, "entitled template:*/vault", now=NOW)
    found = policy.verify(raw, KEY, SERVICE, SUBJECT, NOW).policy
    assert found is not None
    assert not found.entitled("template:infra/vault")


def test_the_retries_are_what_the_deck_says() -> None:
    assert (held().retryable("TEMPLATE_UNREADABLE"), held().retryable("USAGE")) == (True, False)


def test_what_has_no_code_is_retried_by_no_policy() -> None:
    said = {"service": ["s"], "subject": ["u"], "issued": ["1"], "expires": ["2"], "retry": [""]}
    assert not policy.Policy(said).retryable("")
    assert held().retry_limits == (4, 60, 700, 1500)


RETRIES = {
    "nothing said": ((), (1, 0, 0, 0)),
    "far too much": (("retry-limits 999999 999999 999999 999999",), (10, 5_000, 5_000, 10_000)),
    "less than nothing": (("retry-limits -1 -1 -1 -1",), (1, 0, 0, 0)),
}


@pytest.mark.parametrize("case", RETRIES)
def test_retries_are_bounded_with(case: str) -> None:
    lines, limits = RETRIES[case]
    found = policy.verify(document(SERVICE, SUBJECT, *lines, now=NOW), KEY, SERVICE, SUBJECT, NOW).policy
    assert found is not None
    assert found.retry_limits == limits


NONE = {
    "of another service": (document("other", SUBJECT, now=NOW), policy.OTHER_SERVICE),
    "of another user": (document(SERVICE, "user_2", now=NOW), policy.OTHER_SUBJECT),
    "signed with another key": (written(key="odk_other"), policy.NOT_AUTHENTIC),
    "signed with no key": (written(key=""), policy.NOT_AUTHENTIC),
    "issued in the future": (written(issued=policy.SKEW_SECONDS + 1), policy.FUTURE),
    "issued a little ahead": (written(issued=policy.SKEW_SECONDS), policy.STANDING),
    "expired": (written(issued=-901, expires=-1), policy.EXPIRED),
    "expired this second": (written(issued=-900, expires=0), policy.EXPIRED),
    "empty": (b"", policy.NOT_AUTHENTIC),
    "half": (written()[: len(written()) // 2], policy.NOT_AUTHENTIC),
    "without its last line": (b"".join(written().splitlines(keepends=True)[:-1]), policy.NOT_AUTHENTIC),
    "with a line after the last": (written() + b"entitled *\n", policy.NOT_AUTHENTIC),
    "twice": (written() * 2, policy.NOT_AUTHENTIC),
    "a page": (b"<!doctype html><title>Sign in</title>" * 9, policy.NOT_AUTHENTIC),
    "of a later version": (
        signed(written().decode().replace("policy 1", "policy 2").partition("mac ")[0]),
        policy.MALFORMED,
    ),
    "signed, without times": (signed("opsdeck-policy 1\nservice demo\nsubject x\n"), policy.MALFORMED),
    "signed, with a restriction cut short": (
        document(SERVICE, SUBJECT, "restrict block", now=NOW),
        policy.MALFORMED,
    ),
    "signed, with an endless number": (
        document(SERVICE, SUBJECT, f"restrict block {'9' * 5000} R-1 x", now=NOW),
        policy.MALFORMED,
    ),
    "signed, with three limits": (
        document(SERVICE, SUBJECT, "retry-limits 1 2 3", now=NOW),
        policy.MALFORMED,
    ),
    "too large": (document(SERVICE, SUBJECT, "x" * policy.SIZE_LIMIT, now=NOW), policy.NOT_AUTHENTIC),
}


@pytest.mark.parametrize("case", NONE)
def test_a_document(case: str) -> None:
    raw, reason = NONE[case]
    assert worth(raw) == reason


def test_a_policy_with_any_byte_changed_is_none() -> None:
    raw = written()
    for at in range(len(raw)):
        for change in (1, 0x20, 0x80):
            assert worth(raw[:at] + bytes([raw[at] ^ change]) + raw[at + 1 :]) == policy.NOT_AUTHENTIC, at


def test_a_policy_with_any_byte_gone_or_added_is_none() -> None:
    raw = written()
    for at in range(len(raw)):
        shorter, longer = raw[:at] + raw[at + 1 :], raw[:at] + b" " + raw[at:]
        assert (worth(shorter), worth(longer)) == (policy.NOT_AUTHENTIC, policy.NOT_AUTHENTIC), at


WORDS = st.sampled_from(
    ("service", "subject", "issued", "expires", "restrict", "entitled", "retry", "retry-limits", "mac", "")
)


@given(st.lists(st.tuples(WORDS, st.text() | st.integers().map(str)), max_size=12))
def test_whatever_a_deck_signs_it_is_a_policy_or_none(lines: list[tuple[str, str]]) -> None:
    raw = signed("opsdeck-policy 1\n" + "".join(f"{word} {rest}\n" for word, rest in lines))
    assert worth(raw) in NAMED


@given(st.binary(max_size=400))
def test_whatever_lies_there_is_no_policy(raw: bytes) -> None:
    assert worth(raw) == policy.NOT_AUTHENTIC


def test_without_the_modules_of_c_the_digests_are_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("_blake2", "_sha2", "_sha256"):
        monkeypatch.setitem(sys.modules, name, None)
    assert worth(written()) == policy.STANDING


def test_an_end_far_away_can_still_be_shown() -> None:
    raw = document(SERVICE, SUBJECT, f"restrict block {10**30} R-1 x", now=NOW)
    found = policy.verify(raw, KEY, SERVICE, SUBJECT, NOW).policy
    assert found is not None
    assert found.restrictions[0].until == policy.END_OF_TIME


def test_an_expired_policy_is_still_told_apart(place: Path) -> None:
    put(place, written(issued=-901, expires=-1))
    reading = policy.read(SERVICE, SUBJECT, NOW)
    assert reading.reason == policy.EXPIRED
    assert reading.policy is not None
    assert reading.policy.restriction(NOW) is not None
    assert policy.standing(SERVICE, SUBJECT, NOW) is None


FILES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "there is none": (lambda _: None, policy.ABSENT),
    "it is empty": (lambda path: put(path, b""), policy.ABSENT),
    "it is a link": (
        lambda path: (put(path.with_name("real"), written()), path.symlink_to("real")),
        policy.FOREIGN,
    ),
    "it is a pipe": (os.mkfifo, policy.FOREIGN),
    "it is a folder": (lambda path: path.mkdir(), policy.FOREIGN),
    "its group may write it": (lambda path: put(path, written(), 0o620), policy.FOREIGN),
    "everybody may write it": (lambda path: put(path, written(), 0o602), policy.FOREIGN),
    "it is too large": (lambda path: put(path, b"x" * 65_537), policy.TOO_LARGE),
    "everybody may read it": (lambda path: put(path, written(), 0o644), policy.STANDING),
}


@pytest.mark.parametrize("case", FILES)
def test_a_file_when(case: str, place: Path) -> None:
    make, reason = FILES[case]
    make(place)
    assert policy.read(SERVICE, SUBJECT, NOW).reason == reason


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_a_file_of_another_user_is_none(place: Path) -> None:
    put(place, written())
    os.chown(place, 65534, 65534)
    assert policy.read(SERVICE, SUBJECT, NOW).reason == policy.FOREIGN


def test_without_a_pseudonym_there_is_none(place: Path) -> None:
    put(place, written())
    assert policy.read(SERVICE, "", NOW).reason == policy.NO_SUBJECT


def test_without_a_key_there_is_none(place: Path, granted: Path) -> None:
    put(place, written())
    (granted / "ingest.key").unlink()
    assert policy.read(SERVICE, SUBJECT, NOW).reason == policy.NO_KEY


def test_the_policy_of_another_deck_does_not_count(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(place, written())
    monkeypatch.setenv("OPSDECK_URL", "http://127.0.0.1:8")
    monkeypatch.setenv("OPSDECK_KEY", KEY)
    assert policy.read(SERVICE, SUBJECT, NOW).reason == policy.ABSENT


def test_a_key_that_is_no_text_is_no_trouble() -> None:
    assert policy.verify(written(), "k\udcff", SERVICE, SUBJECT, NOW).reason == policy.NOT_AUTHENTIC


def test_who_asks_first_leaves_word_for_the_shipper(place: Path) -> None:
    assert policy.standing(SERVICE, SUBJECT, NOW) is None
    assert (place.read_bytes(), place.stat().st_mode & 0o777) == (b"", 0o600)


def test_asking_without_consent_leaves_nothing(place: Path) -> None:
    assert policy.standing(SERVICE, "", NOW) is None
    assert not place.exists()


def test_a_purge_takes_the_policy_along(place: Path) -> None:
    for name in (place.name, place.name + "~etag", place.name + "~trouble"):
        put(place.with_name(name), b"x")
    consent.purge(SERVICE)
    assert list(place.parent.iterdir()) == []


def test_a_run_knows_whom_to_ask_about(granted: Path) -> None:
    with opsdeck_emit.run(SERVICE, "1.2.3", "build") as run:
        assert run.subject == (SERVICE, consent.pseudonym())


def test_there_is_no_pseudonym_before_consent(home: Path) -> None:
    assert consent.pseudonym() == ""
    assert not home.exists()


def vector() -> ModuleType:
    path = Path(__file__).parents[1] / "enforce/vectors.py"
    spec = importlib.util.spec_from_file_location("policy_vectors", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_what_the_deck_signs_is_what_is_verified_here() -> None:
    known = vector()
    reading = policy.verify(known.POLICY, known.SECRET, known.SERVICE, known.SUBJECT, known.NOW)
    assert reading.reason == policy.STANDING
    assert reading.policy is not None
    assert (reading.policy.issued, reading.policy.expires) == (known.ISSUED, known.EXPIRES)
    assert signed(known.POLICY.decode().partition("mac ")[0], known.SECRET) == known.POLICY


def test_reading_brings_no_heavy_module(place: Path) -> None:
    put(place, written())
    code = (
        f"import sys, opsdeck_emit; B = set(sys.modules)\nfrom opsdeck_emit import policy\n"
        f"assert policy.standing({SERVICE!r}, {SUBJECT!r}, {NOW}).restriction({NOW}).id == 'R-2'\n"
        "print(*sorted(set(sys.modules) - B))"
    )
    command = [sys.executable, "-S", "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(Path(opsdeck_emit.__file__).parents[1])}
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert set(done.stdout.split()) <= {"opsdeck_emit.policy", "_blake2", "_sha256", "_sha2"}


def test_the_home_names_the_place(place: Path) -> None:
    assert str(place) == f"{home.emit()}/policy/local/demo"
