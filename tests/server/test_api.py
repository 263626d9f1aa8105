"""The API behind the command line: what each route answers, and how it says no."""

from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from opsdeck.deck import Deck
from opsdeck.identity import keys
from opsdeck.server import acts
from opsdeck.testing import failing, probes, runs

READING = {
    "/api/status": {"at", "health", "services", "alerts", "last_event", "checks", "trouble"},
    "/api/overview": {"service", "standing", "reason", "realtime", "charts", "probes", "templates", "errors"},
    "/api/sli": {"indicators"},
    "/api/slo": {"objectives"},
    "/api/slo/unjucks-cli/availability": {"verdict", "budget_left", "burn_rate", "note", "figures"},
    "/api/alerts": {"alerts"},
    "/api/alerts/unjucks-cli/service_down": {"row", "rule", "explanation", "history"},
    "/api/logs": {"entries", "older"},
    "/api/log": {"changes"},
    "/api/services": {"services"},
    "/api/spec": {"version", "digest", "facts"},
    "/api/doctor": {"state", "checks"},
    "/api/keys": {"keys"},
}


def error(answer: httpx.Response) -> dict[str, str]:
    said = answer.json()["error"]
    assert said.keys() == {"code", "message", "hint"}
    return {**said, "status": str(answer.status_code)}


def story(happened: Callable[..., None]) -> None:
    """Three of ten runs fail for half an hour, the probes are well."""
    happened(
        probes(every="1 minute", until="12:30"),
        runs(7, every="1 minute", until="12:30"),
        runs(3, failing, every="1 minute", until="12:30", template="component/vue"),
    )


@pytest.mark.parametrize(("path", "members"), READING.items(), ids=READING)
def test_a_fresh_deck_answers(operator: Any, path: str, members: set[str]) -> None:
    answer = operator.get(path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.json().keys() >= members


@pytest.mark.parametrize(("path", "members"), READING.items(), ids=READING)
def test_a_busy_deck_answers(operator: Any, happened: Any, path: str, members: set[str]) -> None:
    story(happened)
    assert operator.get(path).json().keys() >= members


def test_unknown_is_null_and_nothing_is_not_a_number(operator: Any) -> None:
    figures = {figure["name"]: figure for figure in operator.get("/api/overview").json()["realtime"]}
    assert figures["error_rate"]["value"] is None
    assert figures["error_rate"]["verdict"] == "unknown"
    assert figures["active_users"]["value"] == 0
    assert "NaN" not in operator.get("/api/overview").text


def test_times_are_in_utc(operator: Any) -> None:
    assert operator.get("/api/status").json()["at"] == "2025-09-09T12:00:00Z"


def test_the_overview_of_a_story(operator: Any, happened: Any) -> None:
    story(happened)
    shown = operator.get("/api/overview").json()
    figures = {figure["name"]: figure for figure in shown["realtime"]}
    assert figures["error_rate"]["value"] == pytest.approx(0.3)
    assert (figures["error_rate"]["verdict"], figures["error_rate"]["target"]) == ("breach", "< 1%")
    assert figures["p95_latency"]["value"] == pytest.approx(100)
    assert shown["standing"] == "degraded"
    assert [row["name"] for row in shown["templates"]] == ["component/react", "component/vue"]


@pytest.mark.parametrize("window", ["15m", "1h", "24 hours", "30 days"])
def test_the_overview_over_any_span(operator: Any, window: str) -> None:
    answer = operator.get("/api/overview", params={"window": window})
    assert answer.status_code == 200
    assert all(len(chart["times"]) <= 96 for chart in answer.json()["charts"])


def test_indicators_have_a_verdict_where_there_is_a_target(operator: Any, happened: Any) -> None:
    story(happened)
    rows = {row["name"]: row for row in operator.get("/api/sli?window=1h").json()["indicators"]}
    assert rows["cli_command_success_rate"]["value"] == pytest.approx(0.7)
    assert rows["cli_command_success_rate"]["verdict"] == "breach"
    assert rows["binary_download_success_rate"]["verdict"] == "unknown"
    assert [row["sli"] for row in rows.values()][:5] == [True, True, True, True, False]


def test_objectives_of_a_service(operator: Any, happened: Any) -> None:
    story(happened)
    rows = {row["name"]: row for row in operator.get("/api/slo?service=unjucks-cli").json()["objectives"]}
    assert rows["error_rate"]["verdict"] == "breach"
    assert rows["error_rate"]["budget_left"] == pytest.approx(1 - 30)
    assert rows["availability"]["verdict"] == "ok"
    assert rows["error_rate"]["window"] == "P30D"


def test_alerts_by_phase(operator: Any, happened: Any) -> None:
    story(happened)
    firing = operator.get("/api/alerts?phase=firing").json()["alerts"]
    assert "high_error_rate" in [row["rule"] for row in firing]
    assert {row["standing"] for row in firing} == {"firing"}
    every = operator.get("/api/alerts").json()["alerts"]
    assert [row["standing"] for row in every][: len(firing)] == ["firing"] * len(firing)


def test_an_explanation_is_told_line_by_line(operator: Any, happened: Any) -> None:
    story(happened)
    found = operator.get("/api/alerts/unjucks-cli/high_error_rate/explain").json()
    assert "firing since" in found["lines"][0]
    assert [step["verdict"] for step in found["explanation"]["steps"]][:2] == ["holding", "fired"]


def test_the_log_tells_the_newest_change_first(operator: Any, happened: Any) -> None:
    story(happened)
    changes = operator.get("/api/log?kind=alert&limit=3").json()["changes"]
    assert [row["change"]["kind"] for row in changes] == ["alert"] * 3
    assert changes[0]["seq"] > changes[1]["seq"] > changes[2]["seq"]


# ---- entries ----------------------------------------------------------------------------------------------------


def test_entries_come_as_they_were_collected(operator: Any, collected: Any) -> None:
    event_id = collected(command="generate", exitCode=0)
    entry = operator.get("/api/logs").json()["entries"][0]
    assert entry["eventId"] == event_id
    assert entry["operation"] == {"type": "template_generation", "duration": 120, "success": True}
    assert entry["userType"] == "human"
    assert entry["receivedAt"] == "2025-09-09T12:00:00.000Z"


def test_entries_by_filter(operator: Any, collected: Any) -> None:
    collected(command="list")
    collected(command="generate")
    found = operator.get("/api/logs", params={"where": "command=list"}).json()["entries"]
    assert [entry["command"] for entry in found] == ["list"]
    assert operator.get("/api/logs?service=terraform").json()["entries"] == []


def test_entries_page_by_page(operator: Any, collected: Any) -> None:
    ids = [collected(timestamp=f"2025-09-09T11:{minute:02}:00.000Z") for minute in range(5)]
    first = operator.get("/api/logs?limit=3").json()
    rest = operator.get("/api/logs", params={"limit": 3, "before": first["older"]}).json()
    assert [entry["eventId"] for entry in first["entries"] + rest["entries"]] == ids[::-1]
    assert rest["older"] == ""


def test_entries_since(operator: Any, collected: Any) -> None:
    for minute in range(3):
        collected(timestamp=f"2025-09-09T11:{minute:02}:00.000Z")
    found = operator.get("/api/logs?since=2025-09-09T11:01:00Z").json()["entries"]
    assert [entry["timestamp"][14:16] for entry in found] == ["02", "01"]


def test_an_entry_of_a_clock_that_is_ahead_is_not_hidden(operator: Any, collected: Any) -> None:
    collected(timestamp="2025-09-09T12:04:00.000Z")
    assert len(operator.get("/api/logs").json()["entries"]) == 1


# ---- changes ----------------------------------------------------------------------------------------------------


def test_acknowledging(operator: Any, happened: Any) -> None:
    story(happened)
    answer = operator.post("/api/alerts/unjucks-cli/high_error_rate/ack", json={"note": "on it"})
    assert answer.json()["acknowledged_by"] == "local"
    row = operator.get("/api/log?kind=acknowledgement").json()["changes"][0]["change"]
    assert (row["actor"], row["reason"]) == ("local", "on it")


def test_somebody_else_was_first(operator: Any, happened: Any, deck: Deck) -> None:
    story(happened)
    acts.take(deck, "unjucks-cli", "high_error_rate", "bob", "")
    said = error(operator.post("/api/alerts/unjucks-cli/high_error_rate/ack", json={}))
    assert (said["status"], said["code"]) == ("409", "conflict")
    assert "bob" in said["message"]


def test_what_does_not_fire_is_not_acknowledged(operator: Any) -> None:
    said = error(operator.post("/api/alerts/unjucks-cli/high_error_rate/ack", json={}))
    assert said["status"] == "422"


def test_silencing(operator: Any, happened: Any) -> None:
    story(happened)
    body = {"for": "2 hours", "reason": "upgrade"}
    made = operator.post("/api/alerts/unjucks-cli/high_error_rate/silence", json=body).json()
    assert (made["until"], made["reason"], made["actor"]) == ("2025-09-09T14:30:00Z", "upgrade", "local")
    rows = operator.get("/api/alerts").json()["alerts"]
    assert next(r for r in rows if r["rule"] == "high_error_rate")["silenced_until"] == "2025-09-09T14:30:00Z"


def test_a_key_is_minted_listed_and_revoked(operator: Any, deck: Deck) -> None:
    secret = operator.post("/api/keys", json={"service": "demo", "label": "laptop"}).json()["secret"]
    listed = operator.get("/api/keys").json()["keys"][-1]
    assert (listed["service"], listed["label"], listed["revoked_at"]) == ("demo", "laptop", None)
    assert secret not in operator.get("/api/keys").text
    assert operator.post(f"/api/keys/{listed['key'][:12]}/revoke").json()["revoked_at"]
    with deck.state.begin(write=False) as tx:
        assert keys.find(tx, secret) is None


def test_a_revoked_key_stops_at_once(operator: Any, stranger: Any) -> None:
    secret = operator.post("/api/keys", json={"service": "demo"}).json()["secret"]
    headers = {"authorization": f"Bearer {secret}", "content-type": "application/x-ndjson"}
    assert stranger.post("/v1/events", content=b"{}", headers=headers).status_code == 422
    operator.post(f"/api/keys/{operator.get('/api/keys').json()['keys'][-1]['key']}/revoke")
    assert stranger.post("/v1/events", content=b"{}", headers=headers).status_code == 401


def test_a_fresh_link_signs_somebody_in(operator: Any, stranger: Any) -> None:
    made = operator.post("/api/links").json()
    assert made["url"] == f"http://deck.test:8600/sign-in?link={made['link']}"
    assert stranger.get(made["url"]).status_code == 200
    assert stranger.get("/").status_code == 200


def test_applying_the_spec_is_a_logged_change(operator: Any, deck: Deck, tmp_path: Path) -> None:
    deck.spec_path = tmp_path / "operations.yaml"
    deck.spec_path.write_text("evaluation: {every: 20 seconds}\n")
    changed = operator.post("/api/spec/apply").json()["differences"]
    assert [(one["path"], one["new"]) for one in changed] == [("evaluation.every", "20 seconds")]
    assert operator.get("/api/log?kind=spec").json()["changes"][0]["change"]["reason"] == "applied"


def test_a_deck_on_the_shipped_spec_has_nothing_to_apply(operator: Any) -> None:
    refused = operator.post("/api/spec/apply")
    assert (refused.status_code, "opsdeck up --spec" in refused.text) == (422, True)


# ---- how it says no ---------------------------------------------------------------------------------------------

REFUSALS = {
    "a service that nobody knows": ("GET", "/api/overview?service=nope", None, 404, "'nope'", "unjucks-cli"),
    "an objective that is none": ("GET", "/api/slo/unjucks-cli/nope", None, 404, "'nope'", "availability"),
    "a rule that is none": ("GET", "/api/alerts/unjucks-cli/nope", None, 404, "'nope'", "service_down"),
    "a phase that is none": ("GET", "/api/alerts?phase=loud", None, 422, "'loud'", "firing"),
    "a window that is none": ("GET", "/api/sli?window=soon", None, 422, "window", "24h"),
    "a window that is too long": ("GET", "/api/sli?window=99y", None, 422, "800 days", "30d"),
    "a filter with a mistake": ("GET", "/api/logs?where=eror.code%3D1", None, 422, "column 1", "error.code"),
    "a limit that is too high": ("GET", "/api/logs?limit=1001", None, 422, "1001", "before"),
    "a limit that is no number": ("GET", "/api/logs?limit=many", None, 422, "limit", "openapi"),
    "a time that is none": ("GET", "/api/logs?since=yesterday", None, 422, "since", "2025"),
    "a page that is not there": ("GET", "/api/logs?before=nothing", None, 422, "nothing", ""),
    "an address that is none": ("GET", "/api/nope", None, 404, "nothing", "/"),
    "a method that is not served": ("PUT", "/api/status", None, 405, "request", "openapi"),
    "a body that is no JSON": ("POST", "/api/keys", b"{", 422, "JSON", "openapi"),
    "a member that is unknown": ("POST", "/api/keys", b'{"service":"x","servce":"y"}', 422, "servce", "openapi"),
    "a member that is missing": ("POST", "/api/keys", b"{}", 422, "service", "openapi"),
    "a service name that cannot be": ("POST", "/api/keys", b'{"service":"a b"}', 422, "'a b'", "services"),
    "a silence without a reason": (
        "POST", "/api/alerts/unjucks-cli/service_down/silence", b'{"for":"2 hours","reason":" "}', 422, "reason", "",
    ),
    "a silence for no time": (
        "POST", "/api/alerts/unjucks-cli/service_down/silence", b'{"for":"soon","reason":"x"}', 422, "for:", "2 hours",
    ),
}  # fmt: skip


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "message", "hint"), REFUSALS.values(), ids=REFUSALS
)
def test_refusals(
    operator: Any, method: str, path: str, body: bytes | None, status: int, message: str, hint: str
) -> None:
    headers = {"content-type": "application/json"} if body else {}
    said = error(operator.ask(method, path, content=body, headers=headers))
    assert said["status"] == str(status)
    assert message in said["message"]
    assert hint in said["hint"]


def test_a_body_that_is_too_large_is_not_read(operator: Any) -> None:
    assert operator.post("/api/keys", content=b" " * 70_000).status_code == 413


def test_a_body_that_turns_out_too_large_is_given_up(operator: Any) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield b" " * 1_000

    headers = {"content-type": "application/json"}
    said = error(operator.post("/api/keys", content=endless(), headers=headers))
    assert (said["status"], said["code"]) == ("413", "too_large")


def test_a_failure_of_ours_is_said_without_a_traceback(operator: Any, deck: Deck, monkeypatch: Any) -> None:
    with monkeypatch.context() as broken:
        broken.delattr(deck, "loader")
        answer = operator.get("/api/doctor")
    assert error(answer)["code"] == "failed"
    assert "Traceback" not in answer.text
    assert "loader" not in answer.text


def test_the_api_describes_itself(operator: Any) -> None:
    described = operator.get("/api/openapi.json").json()
    assert described["info"]["title"] == "opsdeck"
    summaries = [route["summary"] for path in described["paths"].values() for route in path.values()]
    assert len(summaries) > 20
    assert all(" " in summary for summary in summaries)
