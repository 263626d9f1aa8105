"""What an error may say: no secrets, no home folder, no terminal tricks, within its size, in linear time."""

import pytest

from opsdeck_emit import failure
from opsdeck_emit.redact import redact

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA\nabc-def\n-----END RSA PRIVATE KEY-----"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0NTY3ODkwIn0.dozjgNryP4J3jVmNHl0w5N"
CASES = {
    "a bearer token": ("Authorization: Bearer abc.def-123", "Authorization: Bearer [redacted]"),
    "a basic credential": ("Basic dXNlcjpwYXNz", "Basic [redacted]"),
    "key=": ("GET /x?key=abc123&n=1", "GET /x?key=[redacted]&n=1"),
    "api_key in JSON": ('{"api_key": "abc 123", "n": 1}', '{"api_key": "[redacted]", "n": 1}'),
    "password=": ("password=hunter2 ok", "password=[redacted] ok"),
    "a quoted password": ("password: 'hunter 2' ok", "password: '[redacted]' ok"),
    "an unclosed quote": ('password="abc def1', 'password="[redacted]'),
    "an environment variable": ("AWS_SECRET_ACCESS_KEY=abc/def+g", "AWS_SECRET_ACCESS_KEY=[redacted]"),
    "an option": ("run --token abc123 now", "run --token [redacted] now"),
    "a URL with a password": ("https://ann:pw@host/x", "https://[redacted]@host/x"),
    "a URL with a token": ("https://ghp0a1b2@host/x", "https://[redacted]@host/x"),
    "an AWS key": ("id AKIAIOSFODNN7EXAMPLE.", "id [redacted]."),
    "a GitHub token": ("ghp_0123456789abcdefABCDEF0123456789abcd", "[redacted]"),
    "a GitLab token": ("glpat-abcdefghij0123456789", "[redacted]"),
    "a Slack token": ("xoxb-1234567890-abc", "[redacted]"),
    "a Stripe-like key": ("sk_live_0123456789abcdef", "[redacted]"),
    "a deck's ingest key": ("odk_b1kZHSpIpOtNtM2dSCerz_cKE5", "[redacted]"),
    "a JSON web token": (f"got {JWT}", "got [redacted]"),
    "a private key": (f"read {KEY} end", "read [redacted] end"),
    "a private key cut off": (KEY[:60], "[redacted]"),
    "colours": ("\x1b[31mred\x1b[0m", "red"),
    "a terminal title": ("\x1b]0;title\x07text", "text"),
    "a terminal link never closed": ("\x1b]8;;http://x", ""),
    "control characters": ("a\x00b\x07c", "a b c"),
    "text that runs backwards": ("a\u202eb", "a b"),
    "line breaks": ("a\nb\r\n\tc", "a b c"),
}
KEPT = {
    "a missing template": "Template 'component/angular' not found",
    "a KeyError": "KeyError: 'name'",
    "a sentence about keys": "the key of the map is missing",
    "a URL": "https://example.com/a?b=c#d",
    "an e-mail-like word": "cannot reach a@b",
    "a path": "/etc/hosts:12:3: no such file",
    "umlauts": "Größe passt nicht: 木",
}


@pytest.mark.parametrize("case", CASES)
def test_is_taken_out(case: str) -> None:
    text, expected = CASES[case]
    assert redact(text, 1024) == expected


@pytest.mark.parametrize("case", KEPT)
def test_stays(case: str) -> None:
    assert redact(KEPT[case], 1024) == KEPT[case]


HOME_CASES = {
    "a path below home": ("/home/ann/x", "~/x"),
    "home itself": ("in '/home/ann'", "in '~'"),
    "a longer name": ("/home/anna/x", "/home/anna/x"),
    "every occurrence": ("/home/ann/x to /home/ann/y", "~/x to ~/y"),
}


@pytest.mark.parametrize("case", HOME_CASES)
def test_the_home_folder(case: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/ann")
    text, expected = HOME_CASES[case]
    assert redact(text, 1024) == expected


LIMITS = {
    "short text is whole": ("abc", 10, "abc"),
    "long text ends in an ellipsis": ("abcdefghijkl", 10, "abcdefg…"),
    "letters are not cut in half": ("äöüäöü", 10, "äöü…"),
}


@pytest.mark.parametrize("case", LIMITS)
def test_the_size(case: str) -> None:
    text, limit, expected = LIMITS[case]
    assert redact(text, limit) == expected
    assert len(redact(text, limit).encode()) <= limit


def test_line_breaks_of_a_stack_stay() -> None:
    assert redact("a\n  b", 100, lines=True) == "a\n  b"


HOSTILE = {
    "many key words": "key=" * 200_000,
    "many quotes": 'token="' * 100_000,
    "many key headers": "-----BEGIN PRIVATE KEY-----" * 30_000,
    "almost tokens": "eyJ-" * 200_000,
    "almost URLs": "a://" * 200_000,
    "escapes never closed": "\x1b]" * 300_000,
    "one long word": "a" * 1_000_000,
    "dots and letters": "a." * 400_000,
    "blanks": "bearer" + " " * 1_000_000,
    "half letters": "\ud800" * 100_000,
}


@pytest.mark.parametrize("case", HOSTILE)
def test_a_hostile_text_stays_small(case: str) -> None:
    assert len(redact(HOSTILE[case], 8192, lines=True).encode()) <= 8192


def test_the_input_is_cut_before_it_is_looked_at() -> None:
    assert redact("x " * 500_000 + "key=1", 8) == "x x x…"
    assert redact("\x00" * 4096 + "beyond the look", 1024) == ""


CODES = {
    "TEMPLATE_NOT_FOUND": True,
    "E42": True,
    "X" * 41: True,
    "X" * 42: False,
    "AB": False,
    "lower": False,
    "1ABC": False,
    "_ABC": False,
    "ABC\n": False,
    "A-B": False,
    "ÄBC": False,
    "": False,
}


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_well_formed(code: str) -> None:
    assert failure.well_formed(code) is CODES[code]


def test_an_error_block_has_limits() -> None:
    block = failure.error("BAD_INPUT", "m" * 9000, "user_errors", stack="s\n" * 9000, context="c" * 9000)
    sizes = {name: len(str(block[name]).encode()) for name in ("message", "stack", "context")}
    assert sizes == {"message": 1024, "stack": 8192, "context": 1024}


def test_an_unknown_category_is_the_systems() -> None:
    assert failure.error("BAD_INPUT", "m", "whatever")["category"] == "system_errors"


def test_a_malformed_code_is_named_so() -> None:
    assert failure.error("not a code", "m", "user_errors")["code"] == "UNNAMED_ERROR"


def deep(levels: int) -> None:
    if levels:
        deep(levels - 1)
    raise ValueError("deep")


def test_a_deep_stack_keeps_its_ends() -> None:
    with pytest.raises(ValueError, match="deep") as caught:
        deep(200)
    lines = failure.stack_of(caught.value).splitlines()
    assert len(lines) == 5 + 1 + 35 + 1
    assert lines[5] == "  … 162 frames"


def fail_because_of_a_failure() -> None:
    try:
        {}["inner"]
    except KeyError as inner:
        raise ValueError("outer") from inner


def test_causes_are_told() -> None:
    with pytest.raises(ValueError, match="outer") as caught:
        fail_because_of_a_failure()
    stack = failure.stack_of(caught.value)
    assert stack.index("ValueError: outer") < stack.index("caused by") < stack.index("KeyError: 'inner'")


def test_a_circle_of_causes_ends() -> None:
    one, two = ValueError("one"), ValueError("two")
    one.__cause__, two.__cause__ = two, one
    assert failure.stack_of(one).count("caused by") == 1


def test_an_unprintable_exception_is_still_an_error() -> None:
    class BrokenError(Exception):
        def __str__(self) -> str:
            raise ValueError("no")

    assert "cannot be printed" in str(failure.by_exception(BrokenError())["message"])


SIGNALS = {
    "Ctrl-C": (2, "SIGINT", "CANCELLED", "user_errors"),
    "the reader of a pipe went away": (13, "SIGPIPE", "CANCELLED", "user_errors"),
    "a crash": (11, "SIGSEGV", "SIGNALED", "system_errors"),
    "the memory killer": (9, "SIGKILL", "SIGNALED", "system_errors"),
    "a signal without a name here": (40, "SIG40", "SIGNALED", "system_errors"),
}


@pytest.mark.parametrize("case", SIGNALS)
def test_a_death_by_signal(case: str) -> None:
    number, name, code, category = SIGNALS[case]
    signal, block = failure.by_signal(number)
    assert (signal, block["code"], block["category"]) == (name, code, category)
