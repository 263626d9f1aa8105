"""Error groups over the API and on their pages: with nothing, with real failures, with hostile ones, and what people do."""

from collections.abc import Callable
from typing import Any

import pytest

from opsdeck.deck import Deck
from opsdeck.testing import ManualClock

Fail = Callable[..., str]
HOSTILE = '<script>alert(1)</script> \x1b[2J"><img src=x onerror=alert(1)>'


@pytest.fixture
def fail(deck: Deck, clock: ManualClock, collected: Callable[..., str]) -> Fail:
    """A run that fails comes in and is sorted; returns its event's id."""

    def fail(
        message: str = "Template 'a' not found", code: str = "TEMPLATE_NOT_FOUND", **changes: Any
    ) -> str:
        stamp = clock.now().isoformat()
        operation = {"type": "template_generation", "template": "t/one", "duration": 1, "success": False}
        error = {"code": code, "message": message, "stack": changes.pop("stack", "")}
        event = collected(operation=operation, error=error, timestamp=stamp, exitCode=1, **changes)
        deck.tick("faults").run(clock.advance(seconds=2))
        return event

    return fail


@pytest.fixture
def fault(operator: Any, fail: Fail) -> str:
    """The only error group."""
    fail()
    (row,) = operator.get("/api/errors").json()["errors"]
    return str(row["id"])


def act(operator: Any, fault: str, what: str, **given: str) -> Any:
    return operator.post(f"/api/errors/{fault}/{what}", json=given)


# ---- the API ----------------------------------------------------------------------------------------------------


def test_a_fresh_deck_has_none(operator: Any) -> None:
    found = operator.get("/api/errors").json()
    assert (found["errors"], found["more"]) == ([], 0)
    rules = {row["rule"] for row in found["thresholds"]}
    assert rules == {"error_rate_threshold", "unique_errors", "critical_errors", "system_errors"}


def test_a_row_says_who_how_often_and_what_is_done_about_it(operator: Any, fail: Fail) -> None:
    for user in ("ada", "bob", "ada"):
        fail(userId=user, sessionId=f"s-{user}", version="2025.9.8")
    (row,) = operator.get("/api/errors").json()["errors"]
    assert (row["count"], row["users"], row["sessions"], sum(row["trend"])) == (3, 2, 2, 3)
    assert (row["versions"], row["templates"]) == (["2025.9.8"], ["t/one"])
    assert (row["category"], row["severity"]) == ("user_errors", "low")
    assert row["treatment"] == ["severity low", "not retried", "the user is told"]


TREATED = {
    "a system error that the tool retries": ("WRITE_FAILED", "the tool tries it again"),
    "a system error that it does not": ("RENDER_FAILED", "its category is retried, this code is not"),
    "the threshold of system errors": ("RENDER_FAILED", "alert from 5 errors/hour on"),
    "a critical error": ("SHELL_REFUSED", "alert at once"),
    "a code that nobody declared": ("MADE_UP", "severity medium"),
}


@pytest.mark.parametrize(("code", "words"), TREATED.values(), ids=TREATED)
def test_treatment_in_words(operator: Any, fail: Fail, code: str, words: str) -> None:
    fail(code=code)
    assert words in operator.get("/api/errors").json()["errors"][0]["treatment"]


FILTERS = {
    "nothing": ("", 2),
    "a category": ("category=system_errors", 1),
    "another category": ("category=critical_errors", 0),
    "a text in the title": ("text=DISK", 1),
    "a text in the template": ("text=t/one", 2),
    "resolved ones": ("status=resolved", 0),
    "all": ("status=all", 2),
    "one of them": ("limit=1", 1),
}


@pytest.mark.parametrize(("query", "count"), FILTERS.values(), ids=FILTERS)
def test_filters(operator: Any, fail: Fail, query: str, count: int) -> None:
    fail()
    fail("the disk is full", "WRITE_FAILED")
    assert len(operator.get(f"/api/errors?{query}").json()["errors"]) == count


def test_orders(operator: Any, fail: Fail) -> None:
    for user in ("ada", "bob"):
        fail("the disk is full", "WRITE_FAILED", userId=user)
    fail()
    codes = {
        sort: operator.get(f"/api/errors?sort={sort}").json()["errors"][0]["code"]
        for sort in ("last", "first", "count", "users")
    }
    assert codes == dict.fromkeys(("last", "first"), "TEMPLATE_NOT_FOUND") | dict.fromkeys(
        ("count", "users"), "WRITE_FAILED"
    )


WRONG = ["status=odd", "sort=odd", "category=odd", "limit=0", "limit=1001", "window=soon", "service=stranger"]


@pytest.mark.parametrize("query", WRONG)
def test_a_filter_that_means_nothing_is_refused_with_a_hint(operator: Any, query: str) -> None:
    answer = operator.get(f"/api/errors?{query}")
    assert answer.status_code in (404, 422)
    assert answer.json()["error"]["hint"]


def test_the_framework_groups_over_windows_of_5_minutes(
    operator: Any, fail: Fail, clock: ManualClock
) -> None:
    fail()
    fail("another cause altogether")
    clock.advance(minutes=10)
    fail()
    (found,) = operator.get("/api/errors").json()["windows"]
    (row,) = found["rows"]
    assert (found["group_by"], found["step"]) == (["error_code", "template", "user_type"], "PT300S")
    assert (row["counts"][-3:], row["causes"]) == ([2, 0, 1], 2)
    assert row["group"] == ["TEMPLATE_NOT_FOUND", "t/one", "human"]


def test_a_group_in_full(operator: Any, fault: str, fail: Fail) -> None:
    event = fail("Template 'b' not found", version="2.0.0")
    found = operator.get(f"/api/errors/{fault[4:9]}").json()
    assert [one["version"] for one in found["versions"]] == ["2.0.0", "1.0.0"]
    assert found["sample"]["event_id"] == event
    assert [one["reason"] for one in found["members"]] == ["first of its kind"]
    assert [row["change"]["new"] for row in found["history"]] == ["open"]


def test_who_met_two_merged_causes_is_counted_once(operator: Any, fault: str, fail: Fail) -> None:
    fail("the disk is full", "WRITE_FAILED")
    other = operator.get("/api/errors?text=disk").json()["errors"][0]["id"]
    act(operator, other, "merge", into=fault, reason="one release")
    (row,) = operator.get("/api/errors").json()["errors"]
    assert (row["count"], row["users"], row["sessions"]) == (2, 1, 1)
    story = operator.get(f"/api/errors/{other}").json()
    assert story["row"]["id"] == fault
    assert [row["change"]["new"] for row in story["history"]] == ["merged", "open", "open"]


def test_resolved_regressed_and_resolved_again(
    operator: Any, fault: str, fail: Fail, clock: ManualClock
) -> None:
    done = act(operator, fault, "resolve", version="1.0.1", reason="fixed").json()
    assert (done["status"], done["resolved_in"], done["resolved_by"]) == ("resolved", "1.0.1", "local")
    clock.advance(minutes=1)
    fail(version="1.0.0")
    assert operator.get("/api/errors").json()["errors"] == []
    fail(version="1.0.1")
    (row,) = operator.get("/api/errors?status=regressed").json()["errors"]
    assert row["standing"] == "regressed"


def test_a_part_is_split_off(operator: Any, fault: str, fail: Fail) -> None:
    fail("the disk is full", "WRITE_FAILED")
    other = operator.get("/api/errors?text=disk").json()["errors"][0]["id"]
    part = operator.get(f"/api/errors/{other}").json()["members"][0]["fingerprint"]
    act(operator, other, "merge", into=fault, reason="one release")
    made = act(operator, fault, "split", fingerprint=part, reason="two causes").json()
    assert made["title"] == "the disk is full"
    assert len(operator.get("/api/errors").json()["errors"]) == 2


def test_explain(operator: Any, fail: Fail) -> None:
    found = operator.get(
        "/api/errors/explain", params={"a": fail(), "b": fail("Template 'b' not found")}
    ).json()
    assert found["together"]
    verdicts = {step["part"]: step["verdict"] for step in found["steps"]}
    assert verdicts["message"] == "equal once parameterized"


REFUSED = {
    "an unknown id": ("flt_00000000", "reopen", {}, 404),
    "a version that is none": ("", "resolve", {"version": "soon"}, 422),
    "reopening an open one": ("", "reopen", {}, 422),
    "ignoring without a reason": ("", "ignore", {}, 422),
    "merging with itself": ("", "merge", {"into": "flt_", "reason": "x"}, 422),
    "a fingerprint that is not there": ("", "split", {"fingerprint": "1:0", "reason": "x"}, 404),
    "a member that is not known": ("", "resolve", {"verison": "1"}, 422),
}


@pytest.mark.parametrize(("name", "what", "given", "status"), REFUSED.values(), ids=REFUSED)
def test_acts_are_refused_with_a_hint(
    operator: Any, fault: str, name: str, what: str, given: dict[str, str], status: int
) -> None:
    answer = act(operator, name or fault, what, **given)
    assert answer.status_code == status
    assert answer.json()["error"]["hint"]


def test_strangers_neither_see_nor_act(stranger: Any, fault: str) -> None:
    assert stranger.get("/api/errors").status_code == 401
    assert stranger.post(f"/api/errors/{fault}/resolve", json={}).status_code == 401


# ---- the pages --------------------------------------------------------------------------------------------------

PAGES = [
    "/errors",
    "/errors/explain",
    "/errors/{fault}",
    "/errors/{fault}?window=30d",
    "/errors?status=all&window=15m",
]


def test_the_empty_list_says_what_to_type(person: Any) -> None:
    page = person.read("/errors")
    assert "opsdeck exec --service demo -- false" in page.text
    assert "Nothing failed in the last hour" in page.text


@pytest.mark.parametrize("path", PAGES)
def test_pages_can_be_read_aloud(person: Any, fault: str, path: str) -> None:
    page = person.read(path.format(fault=fault))
    assert len(page.all("h1")) == 1
    assert not {"NaN", "None"} & set(page.text.split())
    assert all("aria-label" in a or "aria-hidden" in a for a in page.all("svg"))
    assert [a["href"].partition("?")[0] for a in page.all("a") if a.get("aria-current") == "page"] == [
        "/errors"
    ]


def test_a_group_and_its_event_lead_to_each_other(person: Any, fail: Fail) -> None:
    event = fail()
    links = [a["href"] for a in person.read(f"/events/{event}").all("a")]
    (group,) = [link for link in links if link.startswith("/errors/flt_")]
    assert any(a["href"] == f"/events/{event}" for a in person.read(group).all("a"))


def test_the_live_part_comes_alone(person: Any, fault: str) -> None:
    part = person.get(f"/errors/{fault}", headers={"hx-request": "true"})
    assert part.status_code == 200
    assert "<html" not in part.text


def test_people_resolve_and_reopen_on_the_page(person: Any, fault: str) -> None:
    answer = person.post(f"/errors/{fault}/resolve", data={"version": "1.0.1", "reason": "fixed"})
    assert (answer.status_code, answer.headers["location"]) == (303, f"/errors/{fault}")
    assert "Resolved · resolved in 1.0.1 · fixed" in person.read(f"/errors/{fault}").text
    person.post(f"/errors/{fault}/reopen", data={"reason": "not so"})
    assert "Open · not so" in person.read(f"/errors/{fault}").text


def test_people_merge_and_split_on_the_page(person: Any, fault: str, fail: Fail) -> None:
    fail("the disk is full", "WRITE_FAILED")
    person.post(f"/errors/{fault}/ignore", data={"reason": "known"})
    assert person.post(f"/errors/{fault}/merge", data={"into": fault, "reason": "x"}).status_code == 422
    assert person.post(f"/errors/{fault}/split", data={"fingerprint": "", "reason": "x"}).status_code == 404


def test_the_explain_page_says_what_is_wrong_with_an_id(person: Any, fail: Fail) -> None:
    page = person.read(f"/errors/explain?a={fail()}&b=nobody")
    assert "there is no event 'nobody'" in page.text


def test_hostile_words_are_shown_and_never_obeyed(person: Any, operator: Any, fail: Fail) -> None:
    event = fail(HOSTILE, HOSTILE[:20], stack=HOSTILE)
    (row,) = operator.get("/api/errors").json()["errors"]
    for path in (
        "/errors",
        f"/errors/{row['id']}",
        f"/errors/explain?a={event}&b={event}",
        f"/errors?text={HOSTILE[:25]}",
    ):
        page = person.read(path)
        assert not page.all("img")
        assert "<script>alert" not in page.source
        assert all(not name.startswith("on") for _, attrs in page.elements for name in attrs)
