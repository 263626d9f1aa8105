"""Error groups as a person meets them: the real unjucks fails on a real deck, commands list, explain, resolve."""

import json
import uuid
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest


@pytest.fixture
def failed(desk: Any) -> Any:
    """A deck on which a template that is not there was asked for twice, and one variable was missing."""
    desk.up()
    desk.run("unjucks", "telemetry", "on")
    for words in (("component", "angular", "X"), ("component", "angular", "Y"), ("component", "react")):
        assert desk.run("unjucks", "generate", *words).returncode != 0
    desk.until(lambda: sorted(row["count"] for row in listed(desk)) == [1, 2])
    return desk


def listed(desk: Any, *options: str) -> list[dict[str, Any]]:
    return desk.json("opsdeck", "errors", "list", *options)["errors"]  # type: ignore[no-any-return]


def one(desk: Any) -> str:
    return str(listed(desk, "--text", "TEMPLATE_NOT_FOUND")[0]["id"])


def test_a_missing_template_is_one_group_with_a_reason(failed: Any) -> None:
    (row,) = listed(failed, "--text", "TEMPLATE_NOT_FOUND")
    assert (row["count"], row["category"]) == (2, "user_errors")
    assert "the user is told" in row["treatment"]
    told = failed.run("opsdeck", "errors", "show", row["id"], COLUMNS="200").stdout
    assert f"open {row['id']}  TEMPLATE_NOT_FOUND: " in told
    assert "first of its kind" in told


def test_explain_tells_part_by_part(failed: Any) -> None:
    events = failed.json("opsdeck", "errors", "show", one(failed))["sample"]["event_id"]
    other = listed(failed, "--text", "VARIABLE")[0]["newest"]
    said = failed.run("opsdeck", "errors", "explain", events, other).stdout
    assert said.startswith("apart: code")
    assert failed.run("opsdeck", "errors", "explain", events, events).stdout.startswith("together: nothing")


def test_resolve_reopen_merge_and_split(failed: Any) -> None:
    fault, other = one(failed), listed(failed, "--text", "VARIABLE")[0]["id"]
    said = failed.run("opsdeck", "errors", "resolve", fault[4:9], "--in", "2099.1.1").stdout
    assert said.startswith(f"{fault}: resolved in 2099.1.1")
    assert len(listed(failed, "--status", "resolved")) == 1
    assert failed.run("opsdeck", "errors", "reopen", fault).stdout.startswith(f"{fault}: open")
    merged = failed.json("opsdeck", "errors", "merge", other, "--into", fault, "--reason", "both")
    assert merged["key"] == failed.json("opsdeck", "errors", "show", other)["row"]["id"] == fault
    part = failed.json("opsdeck", "errors", "show", fault)["members"][1]["fingerprint"]
    made = failed.json("opsdeck", "errors", "split", fault, part, "--reason", "two after all")
    assert failed.json("opsdeck", "errors", "ignore", made["key"], "--reason", "known")["status"] == "ignored"


REFUSED = {
    "an unknown id": (("show", "flt_00000000"), "there is no fault", 2),
    "an id that is a path": (("show", "../keys"), "", 2),
    "an unknown event": (("explain", "a", "b"), "there is no event 'a'", 2),
    "an unknown status": (("list", "--status", "odd"), "there is no 'odd'", 2),
    "a version that is none": (("resolve", "ID", "--in", "soon"), "'soon' is no version", 2),
    "a reason that is empty": (("ignore", "ID", "--reason", " "), "a reason is needed", 2),
    "an open one reopened": (("reopen", "ID"), "open already", 2),
}


def test_refusals_say_what_to_type(failed: Any) -> None:
    fault = one(failed)
    for words, said, code in REFUSED.values():
        done = failed.run("opsdeck", "errors", *(fault if word == "ID" else word for word in words))
        assert (done.returncode, said in done.stderr, "try: " in done.stderr) == (code, True, True), (
            done.stderr
        )
        assert "Traceback" not in done.stderr


def test_no_message_steers_the_terminal(desk: Any) -> None:
    desk.up()
    send(desk, "\x1b[2J\x1b]0;owned\x07 gone")
    (row,) = desk.until(lambda: listed(desk))
    for words in (("list",), ("show", row["id"]), ("explain", row["newest"], row["newest"])):
        shown = desk.run("opsdeck", "errors", *words).stdout
        assert "gone" in shown
        assert not set(shown) & {"\x1b", "\x07"}


def send(desk: Any, message: str) -> None:
    key = (desk.home / "ingest.key").read_text().strip()
    entry = {
        "timestamp": datetime.now(UTC).isoformat(), "level": "ERROR", "service": "unjucks-cli", "version": "1.0.0",
        "environment": "production", "requestId": "r", "userId": "u", "sessionId": "s", "metadata": {},
        "operation": {"type": "template_generation", "duration": 1, "success": False}, "eventId": str(uuid.uuid4()),
        "error": {"code": "RENDER_FAILED", "message": message, "stack": message},
    }  # fmt: skip
    headers = {"authorization": f"Bearer {key}"}
    answer = httpx.post(f"{desk.url}/v1/events", content=json.dumps(entry), headers=headers)
    assert answer.status_code == 202, answer.text
