"""A person's browser on a real deck: real server, real unjucks, real Chromium."""

import re
import shutil
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
# Without these Chromium talks to its maker and, as root, refuses to start.
ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
PATIENCE = 30_000  # ms: the promise is that a fresh deck shows real runs within 30 s
LIGHT, DARK = "rgb(247, 247, 248)", "rgb(15, 16, 19)"
PAGES = (
    "/",
    "/slo",
    "/alerts",
    "/alerts/unjucks-cli/service_down",
    "/errors",
    "/errors/explain",
    "/events",
    "/events?where=oops",
    "/nothing",
)

pytestmark = [
    pytest.mark.browser,
    pytest.mark.skipif(
        not CHROMIUM, reason="no Chromium on PATH; install it, for example: apt-get install chromium"
    ),
]


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with sync_playwright() as tools:
        browser = tools.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture
def signed_in(chromium: Browser, desk: Any) -> Iterator[Callable[..., Page]]:
    """Opens a browser window on a running deck and signs in by a link; options are those of a Playwright context.

    An error in a script, or anything that the page's policy refused, fails the test.
    """
    complaints: list[str] = []
    opened = []

    def sign_in(**options: Any) -> Page:
        window = chromium.new_context(**options)
        opened.append(window)
        page = window.new_page()
        page.set_default_timeout(PATIENCE)
        page.on(
            "console", lambda said: complaints.append(said.text) if "Content Security" in said.text else None
        )
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(link(desk))
        page.wait_for_url(f"{desk.url}/")
        return page

    yield sign_in
    for window in opened:
        window.close()
    assert complaints == []


def link(desk: Any) -> str:
    """A fresh sign-in link, as `opsdeck link` asks for it."""
    token = (desk.home / "operator.token").read_text().strip()
    answer = httpx.post(f"{desk.url}/api/links", headers={"authorization": f"Bearer {token}"})
    return str(answer.json()["url"])


def test_a_link_signs_in_once_and_a_fresh_deck_shows_real_runs(desk: Any, signed_in: Any) -> None:
    desk.up()
    page = signed_in()
    row = page.locator("tr", has_text="unjucks generate component react")
    expect(row).to_contain_text("success", timeout=PATIENCE)
    expect(page.get_by_role("region", name="Health")).to_contain_text("Healthy", timeout=PATIENCE)
    expect(page.locator("#chart-probes canvas")).to_be_visible()
    expect(page.get_by_text("unjucks telemetry on")).to_be_visible()


def test_a_used_link_tells_how_to_get_a_fresh_one(desk: Any, chromium: Browser) -> None:
    used = link(desk.up())
    with chromium.new_context() as first, chromium.new_context() as second:
        page = first.new_page()
        page.goto(used)
        expect(page.get_by_role("heading", name="unjucks")).to_be_visible()
        page = second.new_page()
        page.goto(used)
        expect(page.get_by_text("This link does not work any more")).to_be_visible()
        expect(page.get_by_text("opsdeck link")).to_be_visible()


def test_a_run_appears_without_a_reload(desk: Any, signed_in: Any) -> None:
    desk.up()
    page = signed_in()
    page.goto(f"{desk.url}/events?where=userType%3Dhuman")
    expect(page.get_by_text("No event matches")).to_be_visible()
    page.evaluate("window.untouched = true")
    desk.run("unjucks", "telemetry", "on")
    desk.run("unjucks", "generate", "component", "react", "Button")
    expect(page.locator("tbody tr", has_text="component/react")).to_contain_text("success", timeout=PATIENCE)
    assert page.evaluate("window.untouched") is True


def test_charts_follow_without_a_reload(desk: Any, signed_in: Any) -> None:
    desk.up()
    desk.run("unjucks", "telemetry", "on")
    desk.run("unjucks", "list")
    page = signed_in()
    chart = page.locator("#chart-operations")
    expect(chart.locator("canvas")).to_be_visible(timeout=PATIENCE)
    before = chart.get_attribute("data-chart")
    desk.run("unjucks", "list")
    expect(chart).not_to_have_attribute("data-chart", before or "", timeout=PATIENCE)
    expect(chart.locator("canvas")).to_have_count(1)


def test_a_paused_page_asks_for_nothing_until_it_is_resumed(desk: Any, signed_in: Any) -> None:
    desk.up()
    page = signed_in()
    page.clock.install()
    page.goto(f"{desk.url}/events")
    pulse = page.locator("#pulse")
    expect(pulse).to_have_text("Live")
    pulse.click()
    expect(pulse).to_have_attribute("aria-pressed", "true")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert asked == []
    with page.expect_response(f"{desk.url}/events"):
        pulse.click()


def test_a_tab_that_nobody_sees_asks_for_nothing(desk: Any, signed_in: Any) -> None:
    desk.up()
    page = signed_in()
    page.clock.install()
    page.goto(f"{desk.url}/events")
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, configurable: true})")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(60_000)
    assert asked == []
    page.evaluate("Object.defineProperty(document, 'hidden', {value: false})")
    with page.expect_response(f"{desk.url}/events"):
        page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")


def test_a_lost_deck_is_said(desk: Any, signed_in: Any) -> None:
    desk.up()
    page = signed_in()
    desk.stop()
    expect(page.locator("#pulse")).to_have_text("No connection", timeout=PATIENCE)


@pytest.mark.parametrize(("scheme", "colour"), [("light", LIGHT), ("dark", DARK)], ids=["light", "dark"])
def test_no_page_scrolls_sideways(
    desk: Any, signed_in: Any, tmp_path: Path, scheme: str, colour: str
) -> None:
    desk.up()
    desk.run(
        "opsdeck", "exec", "--service", "a-tool-with-a-rather-long-name-that-does-not-wrap", "--", "false"
    )
    page = signed_in(color_scheme=scheme)
    expect(page.locator("tr", has_text="unjucks list")).to_contain_text("success", timeout=PATIENCE)
    newest = page.request.get(f"{desk.url}/api/logs?limit=1").json()["entries"][0]["eventId"]
    for width, path in product((1440, 390), (*PAGES, f"/events/{newest}")):
        page.set_viewport_size({"width": width, "height": 844})
        page.goto(f"{desk.url}{path}")
        page.screenshot(path=tmp_path / "page.png", full_page=True)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, (path, width)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == colour


def test_the_keyboard_is_enough(desk: Any, signed_in: Any) -> None:
    desk.up()
    page = signed_in()
    page.goto(f"{desk.url}/events")
    order = []
    for _ in range(8):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.textContent.trim() || document.activeElement.id"))
    assert order[:7] == ["Skip to content", "opsdeck", "Overview", "SLOs", "Alerts", "Errors", "Events"]
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"
    page.keyboard.press("/")
    page.keyboard.type("level=ERROR")
    page.keyboard.press("Enter")
    page.wait_for_url("**/events?**where=level%3DERROR**")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_times_are_the_readers(desk: Any, signed_in: Any) -> None:
    desk.up()
    page = signed_in(timezone_id="Asia/Kathmandu")
    expect(page.locator("tr", has_text="unjucks list")).to_contain_text("success", timeout=PATIENCE)
    page.goto(f"{desk.url}/events")
    time = page.locator("tbody time").first
    expect(time).to_have_attribute("title", re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3} UTC$"))
    in_utc, shown = time.get_attribute("datetime"), time.text_content()
    assert in_utc
    assert shown
    assert int(shown[-5:-3]) == (int(in_utc[14:16]) + 45) % 60  # Kathmandu is 5:45 ahead


def test_the_theme_is_kept(desk: Any, signed_in: Any) -> None:
    desk.up()
    page = signed_in(color_scheme="light")
    page.locator("#theme").click()
    page.reload()
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == DARK


def test_a_form_survives_the_pages_own_updates(desk: Any, signed_in: Any) -> None:
    desk.up()
    page = signed_in()
    path = f"{desk.url}/alerts/unjucks-cli/service_down"
    page.goto(path)
    page.get_by_label("Reason").fill("planned upgrade")
    with page.expect_response(path):
        pass
    with page.expect_response(path):
        expect(page.get_by_label("Reason")).to_have_value("planned upgrade")
    page.get_by_role("button", name="Silence").click()
    expect(page.get_by_text("Silenced until")).to_be_visible()
    expect(page.locator("main")).to_contain_text("planned upgrade")
