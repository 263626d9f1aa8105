"""What each page shows: with nothing in it yet, with a story in it, and when asked for what is not there."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from opsdeck.deck import Deck
from opsdeck.testing import ManualClock, failing, gauge, probes, runs

EMPTY = {
    "the overview says what to type": ("/", "unjucks telemetry on"),
    "the overview names the probes before they run": ("/", "not yet run"),
    "figures are unknown, not zero": ("/", "unknown"),
    "objectives are unknown": ("/slo", "budget unknown"),
    "rules have not been looked at": ("/alerts", "not evaluated yet"),
    "no alert has changed": ("/alerts", "No alert has changed its state yet"),
    "an alert has no path": ("/alerts/unjucks-cli/service_down", "Nothing has happened to it yet"),
    "the explorer says what to type": ("/events", "opsdeck exec --service demo -- true"),
}
PAGES = ["/", "/slo", "/alerts", "/alerts/unjucks-cli/high_error_rate", "/events"]


@pytest.fixture
def busy(happened: Callable[..., None]) -> None:
    """Three of ten runs fail for half an hour; the probes are well, but for two minutes of outage."""
    happened(
        probes(every="1 minute", until="12:20"),
        probes(failing, every="1 minute", at="12:20", until="12:22"),
        probes(every="1 minute", at="12:22", until="12:30"),
        runs(7, every="1 minute", until="12:30", session="sess_2"),
        runs(3, failing, every="1 minute", until="12:30", template="component/vue"),
        gauge("cpu_usage", 0.34, every="10 seconds", until="12:30"),
    )


# ---- every page -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("path", "words"), EMPTY.values(), ids=EMPTY)
def test_an_empty_deck(person: Any, path: str, words: str) -> None:
    page = person.read(path)
    assert words in page.text
    assert "NaN" not in page.text
    assert "None" not in page.text


@pytest.mark.parametrize("path", PAGES)
def test_a_busy_deck(person: Any, busy: None, path: str) -> None:
    page = person.read(path)
    assert "NaN" not in page.text
    assert "None" not in page.text


@pytest.mark.parametrize("path", PAGES)
def test_a_page_can_be_used_without_a_mouse_and_read_aloud(person: Any, busy: None, path: str) -> None:
    page = person.read(path)
    assert page.one("html")["lang"] == "en"
    assert page.one("a", href="#main")["class"] == "skip"
    assert page.one("main")["id"] == "main"
    assert len(page.all("h1")) == 1
    named = {attrs["for"] for attrs in page.all("label") if "for" in attrs}
    fields = [a for tag in ("select", "input") for a in page.all(tag) if a.get("type") != "hidden"]
    assert {field["id"] for field in fields if "id" in field} <= named
    assert all("aria-label" in a or "aria-hidden" in a for a in page.all("svg"))


@pytest.mark.parametrize("path", PAGES)
def test_the_page_that_is_open_is_marked(person: Any, path: str) -> None:
    marked = [a["href"] for a in person.read(path).all("a") if a.get("aria-current") == "page"]
    assert marked == ["/" + path.split("/")[1]]


@pytest.mark.parametrize("path", PAGES)
def test_the_live_part_is_the_page_without_its_frame(person: Any, busy: None, path: str) -> None:
    page = person.read(path)
    assert page.one("div", id="live")["hx-get"] == path
    part = person.get(path, headers={"hx-request": "true"})
    assert part.status_code == 200
    assert "<html" not in part.text
    assert '<nav aria-label="Pages"' not in part.text
    assert re.search(r'<span class="badge" id="badge" hx-swap-oob="true">\s*\d', part.text)


@pytest.mark.parametrize("path", PAGES)
def test_ids_are_unique(person: Any, busy: None, path: str) -> None:
    ids = [attrs["id"] for _, attrs in person.read(path).elements if "id" in attrs]
    assert len(ids) == len(set(ids))


def test_times_are_for_scripts_to_put_into_the_readers_zone(person: Any, busy: None) -> None:
    times = person.read("/alerts").all("time")
    assert times
    assert all(re.fullmatch(r"2025-09-09T\d\d:\d\d:\d\d\.\d{3}Z", a["datetime"]) for a in times)


def test_the_badge_counts_what_fires(person: Any, busy: None) -> None:
    firing = person.get("/api/alerts?phase=firing").json()["alerts"]
    assert f"{len(firing)} firing" in person.read("/").text


def test_an_unknown_service_is_said_with_the_known_ones(person: Any) -> None:
    answer = person.get("/?service=nope", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert "services: unjucks-cli" in answer.text


def test_a_service_that_only_sent_events_has_pages_too(person: Any, collected: Any) -> None:
    collected(service="terraform", operation={"type": "command_run", "duration": 5, "success": True})
    page = person.read("/?service=terraform")
    assert [a for a in page.all("option") if "selected" in a]
    assert "terraform" in page.text


def test_links_keep_service_and_range(person: Any) -> None:
    page = person.read("/?service=unjucks-cli&window=24h")
    links = {a["href"] for a in page.all("a")}
    assert {"/slo?service=unjucks-cli&window=24h", "/?service=unjucks-cli&window=7d"} <= links
    assert page.one("div", id="live")["hx-get"] == "/?service=unjucks-cli&window=24h"


# ---- overview ---------------------------------------------------------------------------------------------------


def test_the_overview_has_the_frameworks_real_time_metrics(person: Any, busy: None) -> None:
    text = person.read("/").text
    for words in (
        "Active users 2",
        "Operations per minute 10",
        "Error rate 30%",
        "P50 latency 100 ms",
        "P99 latency",
    ):
        assert words in text


def test_a_figure_that_misses_its_objective_says_so_in_words(person: Any, busy: None) -> None:
    assert person.read("/").all("svg", **{"aria-label": "misses the objective"})


def test_probe_runs_are_shown_as_what_they_are(person: Any, collected: Any, clock: ManualClock) -> None:
    probe = {"type": "template_discovery", "duration": 61.5, "success": True}
    collected(user_type="service", category="performance", command="discovery", operation=probe)
    clock.advance(seconds=20)
    text = person.read("/").text
    assert "Probes: the real CLI, run by this deck" in text
    assert "discovery success 61.5 ms 20 s ago" in text
    assert "unjucks list" in text
    assert "Healthy" in text


def test_a_failing_probe_shows_what_it_said(person: Any, collected: Any) -> None:
    collected(
        user_type="service", category="performance", command="version", level="ERROR",
        operation={"type": "cli_startup", "duration": 20, "success": False},
        error={"code": "PROBE_FAILED", "message": "unjucks --version exited 1: no such file"},
    )  # fmt: skip
    text = person.read("/").text
    assert "unjucks --version exited 1: no such file" in text
    assert "Degraded · 1 of 1 probes failed when they last ran" in text


def test_charts_carry_their_data_and_their_meaning(person: Any, busy: None) -> None:
    charts = {a["id"]: a for a in person.read("/").all("div") if "data-chart" in a}
    assert {"chart-operations", "chart-errors", "chart-latency", "chart-probes"} == charts.keys()
    assert "Succeeded latest" in charts["chart-operations"]["aria-label"]
    assert '"limit":2000.0' in charts["chart-latency"]["data-chart"]


def test_the_minutes_of_an_outage(person: Any, busy: None) -> None:
    text = person.read("/").text
    assert "minutes: 28 good, 2 bad, 30 unknown" in text


def test_most_used_templates_and_most_frequent_errors_lead_to_their_events(person: Any, busy: None) -> None:
    links = [a["href"] for a in person.read("/").all("a")]
    assert any("where=operation.template%3D%22component%2Fvue%22" in link for link in links)
    assert any("where=error.code%3D%22RENDER_FAILED%22" in link for link in links)


# ---- objectives -------------------------------------------------------------------------------------------------


def test_an_overspent_budget_says_by_how_much(person: Any, busy: None) -> None:
    page = person.read("/slo")
    assert "budget overspent by 2,900%" in page.text
    assert "burn rate 30" in page.text
    assert page.all("rect", **{"class": "breach", "width": "100"})


def test_an_objective_says_what_it_promises_and_what_was_measured(person: Any, busy: None) -> None:
    text = person.read("/slo").text
    assert "Error rate missed 30% < 1% of all operations over 30 days" in text
    assert "90 of 300 runs were bad" in text


def test_the_four_indicators_of_the_framework_are_marked(person: Any, busy: None) -> None:
    page = person.read("/slo")
    assert (
        len(
            page.all(
                "span", **{"class": "tag", "title": "one of the framework's four service level indicators"}
            )
        )
        == 4
    )
    assert "no downloads" in page.text


# ---- alerts -----------------------------------------------------------------------------------------------------


def test_what_needs_a_person_comes_first(person: Any, busy: None) -> None:
    text = person.read("/alerts").text
    assert (
        text.index("high_error_rate")
        < text.index("security_scan_failure")
        < text.index("performance_degraded")
    )
    assert "nobody yet" in text


def test_an_inhibited_alert_names_what_silences_it(person: Any, happened: Any) -> None:
    happened(runs(1, failing, every="1 minute", until="12:16"), until="12:16", looks="12:00")
    assert "inhibited by high_error_rate" in person.read("/alerts").text


def test_services_without_rules_are_said(person: Any, collected: Any) -> None:
    collected(
        service="terraform",
        timestamp="2025-09-07T12:00:00.000Z",
        operation={"type": "command_run", "duration": 5, "success": True},
    )
    text = person.read("/alerts").text
    assert "No rules watch terraform" in text
    assert "opsdeck services add terraform" in text


def test_an_alert_is_explained_step_by_step(person: Any, busy: None) -> None:
    text = person.read("/alerts/unjucks-cli/high_error_rate").text
    assert "error_rate > 5% for 5 minutes" in text
    assert "on-call engineer → team lead" in text
    assert text.index("evaluate fired") < text.index("evaluate holding")
    assert "pending → firing" in text
    assert "console" in text


def test_acknowledging_on_the_page(person: Any, busy: None) -> None:
    path = "/alerts/unjucks-cli/high_error_rate"
    answer = person.post(f"{path}/ack", data={"note": "looking at it"})
    assert (answer.status_code, answer.headers["location"]) == (303, path)
    text = person.read(path).text
    assert "Acknowledged by local" in text
    assert "by local: looking at it" in text
    assert not person.read(path).all("form", action=f"{path}/ack")


def test_silencing_on_the_page(person: Any, busy: None) -> None:
    path = "/alerts/unjucks-cli/high_error_rate"
    person.post(f"{path}/silence", data={"for": "2 hours", "reason": "planned upgrade"})
    page = person.read(path)
    assert "planned upgrade" in page.text
    assert page.all("time", datetime="2025-09-09T14:30:00.000Z")


FORMS = {
    "a silence without a reason": (
        "silence",
        {"for": "2 hours", "reason": ""},
        422,
        "a silence needs a reason",
    ),
    "a silence for no time": ("silence", {"for": "soon", "reason": "x"}, 422, "for example: 2 hours"),
    "a silence without any field": ("silence", {}, 422, "for example: 2 hours"),
}


@pytest.mark.parametrize(("act", "fields", "status", "words"), FORMS.values(), ids=FORMS)
def test_forms_that_lack_something(
    person: Any, busy: None, act: str, fields: dict[str, str], status: int, words: str
) -> None:
    headers = {"accept": "text/html", "content-type": "application/x-www-form-urlencoded"}
    answer = person.post(f"/alerts/unjucks-cli/high_error_rate/{act}", data=fields, headers=headers)
    assert answer.status_code == status
    assert words in answer.text


def test_a_form_is_not_json(person: Any, busy: None) -> None:
    answer = person.post("/alerts/unjucks-cli/high_error_rate/ack", json={"note": "x"})
    assert answer.status_code == 415


# ---- events -----------------------------------------------------------------------------------------------------


def test_entries_newest_first_with_links_to_them(person: Any, collected: Any) -> None:
    ids = [collected(timestamp=f"2025-09-09T11:{minute:02}:00.000Z") for minute in (1, 2)]
    links = [a["href"] for a in person.read("/events").all("a") if a["href"].startswith("/events/")]
    assert links == [f"/events/{event_id}" for event_id in ids[::-1]]


def test_filters_in_the_address_are_shown_and_hold(person: Any, collected: Any) -> None:
    collected(command="generate")
    collected(
        command="list", level="ERROR", operation={"type": "template_discovery", "duration": 5, "success": False},
        error={"code": "TEMPLATES_UNREADABLE", "message": "no templates"},
    )  # fmt: skip
    page = person.read("/events?outcome=failure&operation=template_discovery&level=ERROR&where=duration%3C10")
    assert "1 shown" in page.text
    assert "TEMPLATES_UNREADABLE" in page.text
    assert page.one("input", name="where")["value"] == "duration<10"
    selected = {a.get("value") for a in page.all("option") if "selected" in a}
    assert {"failure", "template_discovery", "ERROR"} <= selected


def test_a_mistake_in_the_filter_is_shown_where_it_was_typed(person: Any, collected: Any) -> None:
    collected()
    page = person.read("/events?where=eror.code%3D1")
    assert "where, column 1: there is no field 'eror.code'" in page.text
    assert "nearest: error.code" in page.text
    assert page.one("input", name="where")["aria-describedby"] == page.one("p", role="alert")["id"]
    assert "shown" not in page.text


def test_nothing_matches(person: Any, collected: Any) -> None:
    collected()
    assert "Loosen the filter" in person.read("/events?where=command%3Dnope").text


def test_paging(person: Any, collected: Any) -> None:
    for minute in range(55):
        collected(timestamp=f"2025-09-09T11:{minute:02}:00.000Z", command=f"c{minute:02}")
    first = person.read("/events?window=24h")
    older = next(a["href"] for a in first.all("a") if "before=" in a["href"])
    second = person.read(older)
    assert ("50 shown" in first.text, "5 shown, no older ones" in second.text) == (True, True)
    assert "c05" in first.text
    assert "c05" not in second.text
    assert {"href": "/events?window=24h", "class": "button"} in second.all("a")


def test_an_older_page_stands_still(person: Any, collected: Any) -> None:
    event_id = collected()
    assert not [a for a in person.read(f"/events?before={event_id}").all("div") if "hx-get" in a]


def test_an_entry_in_full_with_each_field_explained(person: Any, collected: Any) -> None:
    page = person.read(f"/events/{collected(exitCode=0, startupMs=41.2)}")
    assert '"type" : "template_generation"' in page.text
    assert "operation.duration § 120 how long it took, in milliseconds" in page.text
    assert "startupMs 41.2 from the start of the process" in page.text
    assert "a field that this version does not know" not in page.text


def test_a_failed_entry_says_first_what_went_wrong(person: Any, collected: Any) -> None:
    event_id = collected(
        level="ERROR", operation={"type": "template_generation", "duration": 5, "success": False},
        error={"code": "TEMPLATE_NOT_FOUND", "message": "Template 'x' not found", "stack": "File find.py, line 41"},
    )  # fmt: skip
    page = person.read(f"/events/{event_id}")
    assert page.text.index("TEMPLATE_NOT_FOUND Template 'x' not found") < page.text.index(
        "The entry as it is stored"
    )
    assert "File find.py, line 41" in page.text


def test_values_of_an_entry_lead_to_all_entries_with_them(person: Any, collected: Any) -> None:
    page = person.read(f"/events/{collected(command='generate')}")
    link = next(a["href"] for a in page.all("a") if "command%3D" in a["href"])
    assert "1 shown" in person.read(link).text


def test_an_entry_that_is_not_there(person: Any) -> None:
    answer = person.get("/events/nothing", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert "there is no event" in answer.text


def test_an_address_that_is_not_there(person: Any) -> None:
    answer = person.get("/nothing", headers={"accept": "text/html"})
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.text


def test_a_page_that_fails_is_a_page(person: Any, deck: Deck, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as broken:
        broken.delattr(deck, "events")
        answer = person.get("/", headers={"accept": "text/html"})
    assert answer.status_code == 500
    assert "The deck failed" in answer.text
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "opsdeck doctor" in answer.text
