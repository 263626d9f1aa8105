"""Secrets and control characters: taken out of every text, in linear time, wherever they stand."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from opsdeck.collect.door import Door
from opsdeck.collect.scrub import redact
from opsdeck.identity.secret import mint
from opsdeck.model import IngestKey

Make = Callable[..., dict[str, Any]]
Body = Callable[..., bytes]
Stored = Callable[[], list[dict[str, Any]]]

KEY = "-----BEGIN RSA PRIVATE KEY-----\nMIIE\n-----END RSA PRIVATE KEY-----"
SECRET = {
    "a bearer token": ("Authorization: Bearer abc.def-123456", "Authorization: Bearer [redacted]"),
    "a bearer token in lower case": ("bearer abcdefgh12345", "bearer [redacted]"),
    "basic credentials": ("Basic dXNlcjpwYXNzd29yZA==", "Basic [redacted]"),
    "an AWS key": ("key AKIAIOSFODNN7EXAMPLE!", "key [redacted]!"),
    "a temporary AWS key": ("ASIAIOSFODNN7EXAMPLE", "[redacted]"),
    "a GitHub token": ("ghp_" + "a1" * 18, "[redacted]"),
    "a GitHub server token": ("x=ghs_" + "a1" * 18, "x=[redacted]"),
    "a fine-grained GitHub token": ("github_pat_" + "a_1" * 20, "[redacted]"),
    "a GitLab token": ("glpat-" + "a1-" * 8, "[redacted]"),
    "a Slack token": ("xoxb-123456789012-abc", "[redacted]"),
    "an npm token": ("npm_" + "a1" * 18, "[redacted]"),
    "a JSON web token": ("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc_-1", "[redacted]"),
    "an ingest key of ours": (mint("odk"), "[redacted]"),
    "a password in a URL": ("https://user:hunter2@example.org/x", "https://[redacted]@example.org/x"),
    "a password with an at sign": ("https://user:p@ss@example.org", "https://[redacted]@example.org"),
    "a password without a user": ("redis://:hunter2@host:1/0", "redis://[redacted]@host:1/0"),
    "an assigned password": ("PASSWORD=hunter2 next", "PASSWORD=[redacted] next"),
    "a password in JSON": ('{"password": "hunter2"}', '{"password": "[redacted]"}'),
    "a secret key": ("AWS_SECRET_ACCESS_KEY=abc/def", "AWS_SECRET_ACCESS_KEY=[redacted]"),
    "an assigned token": ("token=abc123 x", "token=[redacted] x"),
    "an npm line": ("//registry/:_authToken=abc-123", "//registry/:_authToken=[redacted]"),
    "an assigned API key": ("api_key=abc123&x=1", "api_key=[redacted]&x=1"),
    "a password option": ("login --password hunter2 now", "login --password [redacted] now"),
    "a longer option": ("--registry-token abc123", "--registry-token [redacted]"),
    "pwd": ("pwd=hunter2", "pwd=[redacted]"),
    "a passphrase": ("passphrase: hunter2", "passphrase: [redacted]"),
    "a Stripe key": ("sk_live_" + "a1" * 12, "[redacted]"),
    "an sk- key": ("key sk-" + "a1" * 12, "key [redacted]"),
    "a Google key": ("AIza" + "a1_-b" * 7, "[redacted]"),
    "a token in a URL": ("https://a1b2c3@example.org/x", "https://[redacted]@example.org/x"),
    "an Azure account key": ("AccountKey=abc+/==;x", "AccountKey=[redacted];x"),
    "a database's password": ("DB_PASS=hunter2", "DB_PASS=[redacted]"),
    "a token in JSON": ('{"token": "abc123"}', '{"token": "[redacted]"}'),
    "a Slack hook": (
        "https://hooks.slack.com/services/T0/B0/abc",
        "https://hooks.slack.com/services/[redacted]",
    ),
    "a cookie": ("Cookie: sid=abc; b=c\nnext", "Cookie: [redacted]\nnext"),
    "a private key": (f"before\n{KEY}\nafter", "before\n[redacted]\nafter"),
    "a private key cut off": ("x -----BEGIN PRIVATE KEY-----\nMIIE", "x [redacted]"),
    "two of them": ("a AKIAIOSFODNN7EXAMPLE b ghp_" + "a1" * 18, "a [redacted] b [redacted]"),
}
HARMLESS = (
    "Template 'component/angular' not found",
    "https://example.org/a@b",
    "ssh://git@github.com/owner/repository",
    "SyntaxError: unexpected token: identifier",
    "bearer of bad news",
    "the ghp_ prefix",
    "AKIA is a prefix",
    "task-force-with-a-very-long-name",
    "3 tests pass: all of them",
    "--tokens 12",
)


@pytest.mark.parametrize(("text", "safe"), SECRET.values(), ids=SECRET)
def test_what_is_taken_out_is(text: str, safe: str) -> None:
    assert redact(text) == safe


@pytest.mark.parametrize("text", HARMLESS)
def test_what_is_left_alone_is(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(("text", "safe"), SECRET.values(), ids=SECRET)
def test_redacting_twice_changes_nothing_more(text: str, safe: str) -> None:
    assert redact(redact(text)) == safe


@pytest.mark.parametrize(
    "dotted",
    ["error.message", "error.stack", "error.context", "command", "operation.template", "operation.generator"],
)
def test_no_text_keeps_a_secret(
    door: Door, key: IngestKey, failing: Make, body: Body, stored: Stored, dotted: str
) -> None:
    secret = "https://user:hunter2@example.org"
    door.accept(body(failing(), failing({dotted: secret}), failing({dotted: secret})), key)
    assert "hunter2" not in json.dumps(stored())
    assert door.counts().redacted == 2


@pytest.mark.parametrize(
    "dotted",
    [
        "version",
        "requestId",
        "userId",
        "sessionId",
        "command",
        "signal",
        "os",
        "arch",
        "pythonVersion",
        "emitVersion",
        "operation.type",
        "operation.template",
        "operation.generator",
        "metadata.workingDirectory",
        "metadata.templateRoot",
        "error.code",
        "error.message",
    ],
)
def test_no_word_keeps_a_token(
    door: Door, key: IngestKey, failing: Make, body: Body, stored: Stored, dotted: str
) -> None:
    door.accept(body(failing({dotted: "ghp_" + "a1" * 18})), key)
    assert "ghp_" not in json.dumps(stored())


def test_no_name_of_a_phase_keeps_a_token(
    door: Door, key: IngestKey, entry: Make, body: Body, stored: Stored
) -> None:
    door.accept(body(entry({"metadata.phasesMs": {"ghp_" + "a1" * 18: 3}})), key)
    assert stored()[0]["metadata"]["phasesMs"] == {"[redacted]": 3}


def test_a_secret_is_not_hidden_by_control_characters(
    door: Door, key: IngestKey, failing: Make, body: Body, stored: Stored
) -> None:
    door.accept(body(failing({"error.message": "AKIA\x00IOSFODNN7\x1bEXAMPLE"})), key)
    assert stored()[0]["error"]["message"] == "[redacted]"


HOSTILE = {
    "bearers": "Bearer " * 40_000,
    "urls": "://a:" * 60_000,
    "one endless url": "://" + "a" * 300_000,
    "begins": "-----BEGIN PRIVATE KEY-----" * 12_000,
    "dashes": "-" * 300_000 + "PRIVATE",
    "tokens": "eyJ" * 100_000,
    "dotted tokens": "eyJaaaaaaaa." * 25_000,
    "tokens in tokens": "eyJ-" * 250 + "." + "eyJ-" * 60_000,
    "assignments": "password" * 40_000,
    "options": "--a-a-" * 50_000 + "password",
    "stripes": "sk-" * 100_000,
    "cookies": "cookie:" * 40_000,
    "https": "https://" * 40_000 + "@",
    "spaces": "password:" + " " * 300_000,
    "prefixes": "ghp_" * 80_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_the_work_grows_with_the_text_and_not_with_its_square(text: str) -> None:
    # A pattern that backtracks would take hours here; the test has no clock, it would only never end.
    assert len(redact(text)) <= len(text) + 20


CONTROLLED = {
    "a terminal's escape": ("a\x1b[31mb", "a[31mb"),
    "NUL": ("a\x00b", "ab"),
    "backspaces": ("a\b\b\x7fb", "ab"),
    "a carriage return": ("a\r\nb", "a\nb"),
    "a form feed": ("a\fb", "ab"),
    "a C1 escape": ("a\x9b31mb", "a31mb"),
    "lines and tabs, which stay": ("a\n\tb", "a\n\tb"),
    "letters of any language, which stay": ("Grüße 世界 ελ", "Grüße 世界 ελ"),
}


@pytest.mark.parametrize(("sent", "kept"), CONTROLLED.values(), ids=CONTROLLED)
@pytest.mark.parametrize("plain", [True, False], ids=["escaped", "raw"])
def test_control_characters_are_taken_out(
    door: Door, key: IngestKey, failing: Make, stored: Stored, *, sent: str, kept: str, plain: bool
) -> None:
    raw = json.dumps(failing({"error.message": sent, "operation.template": sent}), ensure_ascii=plain)
    door.accept(raw.encode(), key)
    found = stored()[0]
    assert (found["error"]["message"], found["operation"]["template"]) == (kept, kept)


def test_names_of_phases_are_cleaned_too(
    door: Door, key: IngestKey, entry: Make, body: Body, stored: Stored
) -> None:
    door.accept(body(entry({"metadata.phasesMs": {"ren\x1bder": 3}})), key)
    assert stored()[0]["metadata"]["phasesMs"] == {"render": 3}
