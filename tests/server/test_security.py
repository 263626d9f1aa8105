"""Security through the API and the pages: what is shown, what people may do, and nothing from events is markup."""

import re
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from opsdeck.deck import Deck
from opsdeck.model import AlertState, Change, Detection, Entitlement, Restriction
from opsdeck.testing import START, ManualClock

HOSTILE = "<script>alert(1)</script>"
USER = "user_1fbdc7d0d9745c1f"
Detected = Callable[..., str]


@pytest.fixture
def detected(deck: Deck) -> Detected:
    """A detection with its row in the log, as a detector writes it; the tick then enforces it. Returns its key."""

    def detect(**changes: Any) -> str:
        values: dict[str, Any] = {
            "key": "D-1", "service": "unjucks-cli", "event": "multiple_failed_operations", "rule": "failures_by_user",
            "subject_kind": "user", "subject": USER, "action": "rate limit and alert", "at": deck.clock.now(),
            "first_at": START, "last_at": START, "count": 11, "detail": "11 failures in 5 minutes",
            "data": {"events": ["0199-a", "0199-b"], "template": "component/react"},
        }  # fmt: skip
        found = Detection(**values | changes)
        with deck.state.begin() as tx:
            tx.put(found)
            data = {"detection": found.key}
            tx.append(
                Change("security", f"{found.service}/{found.event}", "", "detected", "", "detect", data),
                found.at,
            )
        deck.tick("detect").run(deck.clock.now())
        return found.key

    return detect


@pytest.fixture
def restriction(deck: Deck, detected: Detected) -> Restriction:
    detected()
    with deck.state.begin(write=False) as tx:
        return tx.find(Restriction)[0]


EMPTY = {
    "the queue": ("/security", "Nothing waits"),
    "restrictions": ("/security", "Nobody is restricted"),
    "events": ("/security", "Nothing was detected yet"),
    "entitlements": ("/security", "Entitle somebody below"),
    "habits": ("/security", "opsdeck security profile USER"),
    "a user nobody knows": (f"/security/users/{USER}", "Learning"),
}
PAGES = ["/security", "/security/detections/D-1", f"/security/users/{USER}"]


@pytest.mark.parametrize(("path", "words"), EMPTY.values(), ids=EMPTY)
def test_an_empty_deck_says_what_would_be_there(person: Any, path: str, words: str) -> None:
    page = person.read(path)
    assert words in page.text
    assert "None" not in page.text


@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_used_without_a_mouse_and_read_aloud(
    person: Any, detected: Detected, path: str
) -> None:
    detected(action="rate limit and review", event="data_exfiltration_risk")
    page = person.read(path)
    assert len(page.all("h1")) == 1
    assert "None" not in page.text
    assert [a["href"] for a in page.all("a") if a.get("aria-current") == "page"] == ["/security"]
    assert all("aria-label" in a or "aria-hidden" in a for a in page.all("svg"))


@pytest.mark.parametrize("path", PAGES)
def test_nothing_from_an_event_is_markup(person: Any, detected: Detected, path: str) -> None:
    said = {"detail": HOSTILE, "rule": HOSTILE, "data": {"events": [HOSTILE], "template": HOSTILE}}
    detected(action="rate limit and review", event="data_exfiltration_risk", **said)
    page = person.read(path)
    assert HOSTILE not in page.source
    assert HOSTILE in page.text


def test_a_detection_names_its_evidence_and_what_it_led_to(person: Any, detected: Detected) -> None:
    detected()
    page = person.read("/security/detections/D-1")
    assert {a["href"] for a in page.all("a")} >= {
        "/events/0199-a",
        "/alerts/unjucks-cli/multiple_failed_operations",
    }
    assert "rate limit" in page.text
    assert "stands" in page.text


def test_no_verdict_is_chosen_before_somebody_chooses(person: Any, detected: Detected) -> None:
    key = detected()
    path = f"/security/detections/{key}"
    chosen = [one["value"] for one in person.read(path).all("option") if "selected" in one]
    assert chosen == [""]
    assert person.post(f"{path}/verdict", data={"verdict": ""}).status_code == 422
    person.post(f"{path}/verdict", data={"verdict": "suspicious"})
    chosen = [one["value"] for one in person.read(path).all("option") if "selected" in one]
    assert chosen == ["suspicious"]


def test_one_moment_is_shown_once(person: Any, detected: Detected) -> None:
    detected(key="D-1")
    detected(key="D-2", last_at=START + timedelta(minutes=5))
    assert "From, to" not in person.read("/security/detections/D-1").text
    assert "From, to" in person.read("/security/detections/D-2").text
    assert "Template component/react" in person.read("/security/detections/D-1").text


def test_a_phone_is_told_what_was_seen_why_and_until_when(person: Any, detected: Detected) -> None:
    detected(action="rate limit and review", event="data_exfiltration_risk", detail="501 generations")
    right = {"subject": USER, "feature": "allow-outside", "for": "1 hour", "reason": "team"}
    person.post("/security/entitlements", data=right)
    page = person.read("/security")
    hidden = re.findall(r'<td class="wide[^"]*">(.*?)</td>', page.source, re.DOTALL)
    assert page.source.count('<td data-label="until">') == 2
    assert [cell for cell in hidden if "501 generations" in cell or "<time" in cell] == []


def test_the_page_of_a_user_says_how_restrictions_ended(
    person: Any, clock: ManualClock, restriction: Restriction
) -> None:
    block = {"subject": USER, "for": "1 hour", "reason": "lost laptop"}
    person.post("/security/restrictions", data=block)
    path = f"/security/users/{USER}"
    assert "Past limits" not in person.read(path).text
    person.post(f"/security/restrictions/{restriction.key}/lift", data={"reason": HOSTILE})
    clock.advance(hours=2)
    page = person.read(path)
    assert f"lifted by local: {HOSTILE}" in page.text
    assert "by itself, its time was over" in page.text
    assert HOSTILE not in page.source
    assert page.text.count("days") == page.text.count("days that are needed") == 1


def test_a_verdict_by_form(person: Any, deck: Deck, detected: Detected) -> None:
    key = detected(action="rate limit and review", event="data_exfiltration_risk")
    assert "Nothing waits" not in person.read("/security").text
    form = {"verdict": "fine", "note": "release day", "lift": "yes"}
    assert person.post(f"/security/detections/{key}/verdict", data=form).status_code == 303
    page = person.read("/security")
    assert "Nothing waits" in page.text
    assert "Nobody is restricted" in page.text
    assert deck.standing.rights("unjucks-cli", USER, "").restrictions == ()


def test_lifting_by_form_needs_a_reason(person: Any, deck: Deck, restriction: Restriction) -> None:
    path = f"/security/restrictions/{restriction.key}/lift"
    assert person.post(path, data={"reason": " "}).status_code == 422
    assert person.post(path, data={"reason": "repaired"}).status_code == 303
    with deck.state.begin(write=False) as tx:
        assert tx.get(Restriction, restriction.key).lifted_by == "local"  # type: ignore[union-attr]


def test_after_lifting_the_page_says_what_still_stands(person: Any, restriction: Restriction) -> None:
    block = {"subject": USER, "for": "1 hour", "reason": "lost laptop"}
    person.post("/security/restrictions", data=block)
    lifted = person.post(f"/security/restrictions/{restriction.key}/lift", data={"reason": "repaired"})
    assert f"{USER} is still blocked until" in person.read(lifted.headers["location"]).text
    assert "user_2 is not restricted" in person.read("/security?about=user_2").text
    assert HOSTILE not in person.read(f"/security?about={HOSTILE}").source


def test_a_flood_of_restrictions_is_counted_and_not_all_shown(
    person: Any, deck: Deck, restriction: Restriction
) -> None:
    with deck.state.begin() as tx:
        tx.put_all(replace(restriction, key=f"R-{n:04}", subject=f"user_{n:04}") for n in range(2_000))
    page = person.read("/security")
    assert page.source.count("/lift") == 50
    assert "and 1,951 more" in page.text


def test_block_entitle_and_revoke_by_form(person: Any, deck: Deck) -> None:
    block = {"subject": USER, "for": "1 hour", "reason": "lost laptop"}
    right = {"subject": USER, "feature": "template:infra/*", "for": "", "reason": "platform team"}
    assert person.post("/security/restrictions", data=block).status_code == 303
    assert person.post("/security/entitlements", data=right).status_code == 303
    found = deck.standing.rights("unjucks-cli", USER, "")
    assert [one.kind for one in found.restrictions] == ["block"]
    assert [one.feature for one in found.entitlements] == ["template:infra/*"]
    revoked = person.post("/security/entitlements/revoke", data=right | {"reason": "left the team"})
    assert revoked.status_code == 303
    assert deck.standing.rights("unjucks-cli", USER, "").entitlements == ()


FORMS = [
    "/security/detections/D-1/verdict",
    "/security/restrictions/R-1/lift",
    "/security/restrictions",
    "/security/entitlements",
    "/security/entitlements/revoke",
]


@pytest.mark.parametrize("path", FORMS)
def test_a_form_of_another_site_changes_nothing(person: Any, deck: Deck, path: str) -> None:
    form = {"subject": USER, "for": "1 hour", "reason": "x", "feature": "allow-outside", "verdict": "fine"}
    assert person.post(path, data=form, headers={"origin": "http://elsewhere.test"}).status_code == 403
    with deck.state.begin(write=False) as tx:
        assert [*tx.find(Restriction), *tx.find(Entitlement)] == []


def test_the_alert_on_a_detection_does_not_wait_for_its_turn(
    deck: Deck, clock: ManualClock, collected: Callable[..., str]
) -> None:
    error = {"code": "RESTRICTED", "message": "infra/vault is restricted"}
    operation = {"type": "template_generation", "template": "infra/vault", "duration": 1, "success": False}
    collected(operation=operation, error=error)
    for _ in range(2):
        deck.tick("detect").run(clock.now())
        deck.loader.tick()
        clock.advance(seconds=1)
    with deck.state.begin(write=False) as tx:
        alert = tx.get(AlertState, "unjucks-cli/privilege_escalation_attempt")
    assert alert is not None
    assert alert.phase == "firing"
    assert [one.kind for one in deck.standing.rights("unjucks-cli", "user_1", "").restrictions] == ["block"]


STACKS = {
    "innermost last": ("Traceback (most recent call last):\n  File x\nValueError: no", "trace tail"),
    "innermost first": ("TypeError: no\n    at render (x.js:1)", "trace"),
}


@pytest.mark.parametrize(("stack", "box"), STACKS.values(), ids=STACKS)
def test_a_stack_starts_where_it_broke(
    person: Any,
    operator: Any,
    deck: Deck,
    clock: ManualClock,
    collected: Callable[..., str],
    stack: str,
    box: str,
) -> None:
    operation = {"type": "template_generation", "template": "t/one", "duration": 1, "success": False}
    error = {"code": "BROKEN", "message": "no", "stack": stack}
    collected(operation=operation, error=error, timestamp=clock.now().isoformat(), exitCode=1)
    deck.tick("faults").run(clock.advance(seconds=2))
    (row,) = operator.get("/api/errors").json()["errors"]
    boxes = [one["class"] for one in person.read(f"/errors/{row['id']}").all("div") if "tabindex" in one]
    assert boxes == [box]


# ---- the API ----------------------------------------------------------------------------------------------------

READS = [
    "/api/security/detections",
    "/api/security/detections/D-1",
    "/api/security/review",
    "/api/security/restrictions",
    "/api/security/entitlements",
    f"/api/security/users/{USER}",
    "/api/security/rules",
]


@pytest.mark.parametrize("path", READS)
def test_the_api_is_closed_to_strangers_and_to_ingest_keys(
    stranger: Any, deck: Deck, detected: Detected, path: str
) -> None:
    detected()
    deck.leave_keys("http://deck.test:8600")
    ingest = {"authorization": f"Bearer {(deck.home / 'ingest.key').read_text().strip()}"}
    assert stranger.get(path).status_code == 401
    assert stranger.get(path, headers=ingest).status_code == 401


@pytest.mark.parametrize("path", READS)
def test_the_api_answers_the_operator(operator: Any, detected: Detected, path: str) -> None:
    detected()
    assert operator.get(path).status_code == 200


def test_the_api_tells_the_story_of_a_detection(operator: Any, detected: Detected) -> None:
    story = operator.get(f"/api/security/detections/{detected()}").json()
    assert story["restrictions"][0]["kind"] == "rate_limit"
    assert [row["change"]["kind"] for row in story["history"]] == ["restriction", "security"]
    assert story["evidence"] == ["0199-a", "0199-b"]


def test_an_id_that_two_begin_with_names_them(operator: Any, detected: Detected) -> None:
    for key in ("D-10", "D-11"):
        detected(key=key)
    error = operator.get("/api/security/detections/D-1")
    assert error.status_code == 404
    assert error.json()["error"]["message"] == "2 ids begin with 'D-1'"
    assert "D-10, D-11" in error.json()["error"]["hint"]
    assert operator.get("/api/security/detections/D-11").json()["detection"]["key"] == "D-11"


def test_the_api_reviews_lifts_and_keeps_what_is_over(
    operator: Any, clock: ManualClock, detected: Detected
) -> None:
    key = detected()
    verdict = operator.post(
        f"/api/security/detections/{key}/verdict", json={"verdict": "suspicious", "note": "why?"}
    )
    assert verdict.json()["verdict"] == "suspicious"
    standing = operator.get("/api/security/restrictions").json()["restrictions"]
    lifted = operator.post(f"/api/security/restrictions/{standing[0]['key'][:5]}/lift", json={"reason": "ok"})
    assert lifted.json()["lifted_by"] == "local"
    clock.advance(timedelta(minutes=1))
    assert operator.get("/api/security/restrictions").json()["restrictions"] == []
    assert len(operator.get("/api/security/restrictions?ended=true").json()["restrictions"]) == 1


def test_the_api_blocks_entitles_and_revokes(operator: Any) -> None:
    block = {"subject": USER, "for": "1 hour", "reason": "lost"}
    right = {"subject": USER, "feature": "allow-outside", "reason": "team"}
    assert operator.post("/api/security/restrictions", json=block).status_code == 201
    assert operator.post("/api/security/entitlements", json=right).status_code == 201
    assert len(operator.get("/api/security/entitlements").json()["entitlements"]) == 1
    assert operator.post("/api/security/entitlements/revoke", json=right).status_code == 200
    assert operator.post("/api/security/entitlements/revoke", json=right).status_code == 404


def test_the_api_filters_and_says_that_there_is_more(operator: Any, detected: Detected) -> None:
    for number in range(3):
        detected(key=f"D-{number}", subject=f"user_{number % 2}")
    asked = "/api/security/detections?limit=2"
    assert operator.get(asked).json()["more"] is True
    found = operator.get(asked + "&subject=user_0").json()
    assert ([one["key"] for one in found["detections"]], found["more"]) == (["D-2", "D-0"], False)
    assert operator.get("/api/security/detections?event=secret_in_event").json()["detections"] == []


def test_the_queue_holds_only_what_asks_for_review(operator: Any, detected: Detected) -> None:
    detected(key="D-1")
    detected(key="D-2", action="log and review", event="suspicious_template_access")
    found = operator.get("/api/security/review").json()["detections"]
    assert [one["key"] for one in found] == ["D-2"]


def test_secrets_in_entries_are_counted(person: Any, collected: Callable[..., str]) -> None:
    error = {"code": "X", "message": "token=ghp_" + "a1B2" * 9}
    collected(error=error, operation={"type": "template_generation", "duration": 1, "success": False})
    figures = person.read("/security").text
    assert "Entries with secrets 1 last 24 hours" in figures


WRONG: dict[str, tuple[str, str, dict[str, Any] | None, int]] = {
    "a detection that is not there": ("GET", "/api/security/detections/D-9", None, 404),
    "a limit of none": ("GET", "/api/security/detections?limit=0", None, 422),
    "a user that is none": ("GET", "/api/security/users/a%20b", None, 422),
    "a page of a user that is none": ("GET", "/security/users/a%20b", None, 404),
    "a page of a detection that is not there": ("GET", "/security/detections/D-9", None, 404),
    "an unknown verdict": ("POST", "/api/security/detections/D-1/verdict", {"verdict": "good"}, 422),
    "a verdict on nothing": ("POST", "/api/security/detections/D-9/verdict", {"verdict": "fine"}, 404),
    "a restriction that is not there": ("POST", "/api/security/restrictions/R-9/lift", {"reason": "x"}, 404),
    "a span that is none": ("POST", "/api/security/restrictions", {"subject": USER, "for": "soon", "reason": "x"}, 422),
    "a span beyond the calendar": ("POST", "/api/security/restrictions", {"subject": USER, "for": "99999999 days", "reason": "x"}, 422),
    "a subject that is none": ("POST", "/api/security/restrictions", {"subject": "a b", "for": "1 hour", "reason": "x"}, 422),
    "a service nobody knows": ("POST", "/api/security/entitlements", {"service": "x", "subject": USER, "feature": "a", "reason": "x"}, 404),
    "a feature that is none": ("POST", "/api/security/entitlements", {"subject": USER, "feature": "*", "reason": "x"}, 422),
    "no reason": ("POST", "/api/security/entitlements", {"subject": USER, "feature": "a", "reason": " "}, 422),
}  # fmt: skip


@pytest.mark.parametrize(("method", "path", "body", "status"), WRONG.values(), ids=WRONG)
def test_wrong_requests(
    operator: Any, detected: Detected, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    detected()
    answer = operator.ask(method, path, json=body)
    assert answer.status_code == status, answer.text
    assert answer.json()["error"]["hint"]
