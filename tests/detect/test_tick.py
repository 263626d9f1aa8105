"""From the door to the alert: entries handed in, the real stores, ticks on a clock that stands still until it is told."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from opsdeck import detect
from opsdeck.deck import Deck
from opsdeck.detect.hits import Hit
from opsdeck.detect.looking import Found, look
from opsdeck.detect.ticking import settle
from opsdeck.errors import SpecError
from opsdeck.model import (
    AlertState,
    Change,
    Cursor,
    Detection,
    Entry,
    IngestKey,
    Match,
    TickRun,
    Transition,
    Window,
)
from opsdeck.timing import ManualClock, iso

START = datetime(2025, 9, 9, 12, 0, 2, tzinfo=UTC)
SECOND, MINUTE, HOUR = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
KEY = IngestKey("k", "*", "", "test", START)
BY_USER, BY_ADDRESS = "multiple_failed_operations_by_user", "multiple_failed_operations_by_address"


class Site:
    """A deck and its clock; `fail` and `run` hand entries in at the door."""

    def __init__(self, deck: Deck, clock: ManualClock) -> None:
        self.deck, self.clock, self.sent = deck, clock, 0

    def run(self, user: str = "user_a", *, count: int = 1, code: str = "", address: str = "", ago: timedelta = SECOND, **more: Any) -> None:  # fmt: skip
        self.clock.advance(timedelta(milliseconds=10))
        entries = []
        for _ in range(count):
            self.sent += 1
            operation = {"type": "template_generation", "template": "component/react", "duration": 5}
            entry: dict[str, Any] = {
                "timestamp": iso(self.clock.now() - ago), "level": "INFO", "service": "unjucks-cli", "version": "1.0.0",
                "environment": "production", "userId": user, "requestId": f"req_{self.sent}",
                "operation": operation | {"success": not code} | more,
            }  # fmt: skip
            entries.append(entry | ({"error": {"code": code, "message": "no"}} if code else {}))
        self.deck.door.accept(json.dumps(entries).encode(), KEY, address)

    def fail(self, user: str = "user_a", *, count: int = 1, **more: Any) -> None:
        self.run(user, count=count, code="RENDER_FAILED", **more)

    def tick(self, after: timedelta = SECOND) -> int:
        self.clock.advance(after)
        self.deck.loader.tick()
        return self.deck.tick("detect").run(self.clock.now())

    def detections(self) -> list[Detection]:
        with self.deck.state.begin(write=False) as tx:
            return sorted(tx.find(Detection), key=lambda one: (one.at, one.rule, one.subject))

    def found(self) -> list[tuple[str, str, int]]:
        return [(one.rule, one.subject, one.count) for one in self.detections()]

    def rows(self) -> list[Transition]:
        with self.deck.state.begin(write=False) as tx:
            return tx.log(kind="security")

    def entries(self) -> list[Entry]:
        self.deck.loader.tick()
        window = Window(self.clock.now() - HOUR, self.clock.now() + HOUR)
        return self.deck.events.find(Match.of(category="security"), window, 100)


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    clock = ManualClock(START)
    deck = Deck.open(tmp_path / "home", clock=clock)
    yield Site(deck, clock)
    deck.close()


def test_ten_failures_are_nothing_and_the_eleventh_is_one_detection(site: Site) -> None:
    site.fail(count=10)
    site.tick()
    assert site.found() == []
    site.fail()
    site.tick()
    assert site.found() == [(BY_USER, "user_a", 11)]


def test_a_detection_says_what_and_why(site: Site) -> None:
    site.fail(count=11)
    site.tick()
    (one,) = site.detections()
    assert (one.service, one.event, one.subject_kind) == ("unjucks-cli", "multiple_failed_operations", "user")
    assert (one.action, one.detail) == ("rate limit and alert", "11 failures in 5 minutes by this user")
    assert len(one.data["events"]) == 11
    assert one.data["template"] == "component/react"


def test_a_detection_is_one_row_of_the_log(site: Site) -> None:
    site.fail(count=11)
    site.tick()
    ((row,), (one,)) = site.rows(), site.detections()
    assert (row.change.subject, row.change.old, row.change.new) == (
        "unjucks-cli/multiple_failed_operations",
        "",
        "detected",
    )
    assert (row.change.actor, row.change.reason) == ("detect", one.detail)
    assert row.change.data == {
        "detection": one.key, "rule": BY_USER, "subject_kind": "user", "subject": "user_a", "count": 11,
        "action": "rate limit and alert",
    }  # fmt: skip


def test_a_detection_is_an_entry_of_category_security(site: Site) -> None:
    site.fail(count=11)
    site.tick()
    (found,) = site.entries()
    assert found.body["operation"]["type"] == "multiple_failed_operations"
    assert (found.body["userType"], found.body["userId"], found.body["command"]) == (
        "service",
        "user_a",
        BY_USER,
    )
    assert found.body["operation"]["success"] is True
    assert "error" not in found.body


def test_the_alert_fires(site: Site) -> None:
    site.fail(count=11)
    site.tick()
    site.clock.advance(SECOND)
    site.deck.loader.tick()
    site.deck.tick("evaluate").run(site.clock.now())
    with site.deck.state.begin(write=False) as tx:
        alert = tx.get(AlertState, "unjucks-cli/multiple_failed_operations")
    assert alert is not None
    assert alert.phase == "firing"


def test_the_same_moment_again_changes_nothing(site: Site) -> None:
    site.fail(count=11)
    site.tick()
    site.tick(timedelta(0))
    site.tick(timedelta(0))
    assert (len(site.detections()), len(site.rows()), len(site.entries())) == (1, 1, 1)


def test_what_was_found_is_spent(site: Site) -> None:
    site.fail(count=11)
    site.tick()
    site.fail(count=10)
    site.tick()
    assert len(site.detections()) == 1


def test_eleven_more_are_another_detection(site: Site) -> None:
    site.fail(count=11)
    site.tick()
    site.fail(count=10)
    site.tick()
    site.fail()
    site.tick()
    assert site.found() == [(BY_USER, "user_a", 11), (BY_USER, "user_a", 11)]
    assert len({one.key for one in site.detections()}) == len(site.entries()) == 2


def test_one_more_after_a_detection_waits_for_ten_others(site: Site) -> None:
    for _ in range(30):
        site.fail()
        site.tick()
    assert len(site.detections()) == 2


def test_two_users_at_one_address(site: Site) -> None:
    site.fail("user_a", count=6, address="192.0.2.7")
    site.fail("user_b", count=4, address="192.0.2.7")
    site.tick()
    assert site.found() == []
    site.fail("user_b", address="192.0.2.7")
    site.tick()
    assert [(one.rule, one.subject_kind, one.count) for one in site.detections()] == [
        (BY_ADDRESS, "address", 11)
    ]


def test_an_entry_about_an_address_names_nobody(site: Site) -> None:
    site.fail("user_a", count=6, address="192.0.2.7")
    site.fail("user_b", count=6, address="192.0.2.7")
    site.tick()
    assert "userId" not in site.entries()[0].body


def test_one_user_never_takes_his_colleagues_with_him(site: Site) -> None:
    for _ in range(5):
        site.fail("user_a", count=11, address="192.0.2.7")
        site.fail("user_b", address="192.0.2.7")
        site.tick(MINUTE)
    assert {(one.rule, one.subject) for one in site.detections()} == {(BY_USER, "user_a")}


def test_an_offline_laptop_is_no_burst(site: Site) -> None:
    for hours in range(40):
        site.fail(ago=hours * HOUR)
    site.tick()
    assert site.found() == []


@pytest.mark.parametrize(
    "skew", [-20 * MINUTE, -4 * MINUTE, 4 * MINUTE, 20 * MINUTE, 3 * HOUR, timedelta(days=40)]
)
def test_a_wrong_clock_neither_hides_nor_makes_a_burst(site: Site, skew: timedelta) -> None:
    site.fail("user_burst", count=11, ago=skew)
    for _ in range(12):
        site.fail("user_slow", ago=skew)
        site.tick(MINUTE)
    assert site.found() == [(BY_USER, "user_burst", 11)]


def test_an_event_that_is_sent_again_counts_once(site: Site) -> None:
    for _ in range(3):
        site.sent = 0
        site.fail(count=6, ago=site.clock.now() - START + SECOND)
        site.tick()
    assert site.found() == []


def test_refusals_by_policy_do_not_keep_a_limit_alive(site: Site) -> None:
    site.fail(count=11)
    site.tick()
    site.run(code="RATE_LIMITED", count=50)
    site.run(code="BLOCKED", count=50)
    site.tick()
    assert len(site.detections()) == 1


def test_one_attempt_on_a_restricted_template_is_enough(site: Site) -> None:
    site.run(code="RESTRICTED", template="infra/vault")
    site.tick()
    (one,) = site.detections()
    assert (one.event, one.action) == ("privilege_escalation_attempt", "block and immediate alert")
    assert one.data["template"] == "infra/vault"


def test_another_attempt_later_is_another_detection(site: Site) -> None:
    for _ in range(2):
        site.run(code="SHELL_REFUSED")
        site.tick()
        site.tick()
    assert len(site.detections()) == 2


def test_a_tool_that_leaks_in_every_run_is_told_of_now_and_then(site: Site) -> None:
    for _ in range(10):
        site.run("user_a", template="component/AKIAIOSFODNN7EXAMPLE")
        site.tick(MINUTE)
    found = [one.rule for one in site.detections()]
    assert set(found) == {"secret_in_event"}
    assert len(found) == 2


def test_a_probe_or_the_deck_itself_is_never_found(site: Site) -> None:
    service = IngestKey("p", "*", "service", "probe", START)
    entry = {
        "timestamp": iso(START), "level": "ERROR", "service": "unjucks-cli", "version": "1", "environment": "production",
        "userId": "user_probe", "operation": {"type": "cli_startup", "duration": 1, "success": False},
        "error": {"code": "RESTRICTED", "message": "no"},
    }  # fmt: skip
    site.deck.door.accept(json.dumps([entry | {"requestId": str(n)} for n in range(30)]).encode(), service)
    site.tick()
    assert site.found() == []


def test_a_service_that_nobody_watches_is_not_looked_at(site: Site) -> None:
    site.fail(count=11)
    site.clock.advance(SECOND)
    site.deck.loader.tick()
    deck = site.deck
    assert (
        detect.tick(deck.state, deck.events, ["other"], deck.rules, deck.spec.framework, site.clock.now())
        == 0
    )


def test_two_decks_that_look_at_the_same_moment_say_it_once(site: Site, tmp_path: Path) -> None:
    site.fail(count=11)
    site.clock.advance(SECOND)
    site.deck.loader.tick()
    deck, now = site.deck, site.clock.now()
    with deck.state.begin(write=False) as tx:
        found = look(deck.events, deck.rules, ["unjucks-cli"], lambda *_: None, now)
        assert tx.log(kind="security") == []
    assert [settle(deck.state, found, deck.spec.framework, now + n * SECOND) for n in (0, 1)] == [1, 0]
    assert len(site.rows()) == 1


def test_a_look_that_was_overtaken_says_nothing(site: Site) -> None:
    site.fail(count=11)
    site.tick()
    hit = Hit("multiple_failed_operations", BY_USER, "user", "user_a", 11, START, START, "stale")
    earlier = Found("unjucks-cli", hit, START - HOUR)
    assert settle(site.deck.state, [earlier], site.deck.spec.framework, site.clock.now()) == 0


def test_a_crash_before_the_entry_is_handed_in_repeats_it(site: Site) -> None:
    site.fail(count=11)
    site.clock.advance(SECOND)
    deck, now = site.deck, site.clock.now()
    deck.loader.tick()
    detect.tick(deck.state, deck.events, ["unjucks-cli"], deck.rules, deck.spec.framework, now)
    with pytest.raises(ConnectionError):
        detect.announce(deck.state, _refuse, now)
    assert detect.announce(deck.state, deck.door.accept, now + MINUTE) == 1
    assert len(site.entries()) == 1


def test_a_crash_after_the_entry_was_handed_in_doubles_nothing(site: Site) -> None:
    site.fail(count=11)
    site.tick()
    with site.deck.state.begin() as tx:
        tx.put(Cursor("announce", 0))
    assert detect.announce(site.deck.state, site.deck.door.accept, site.clock.now() + MINUTE) == 1
    assert len(site.entries()) == 1


def test_an_entry_that_the_door_never_takes_holds_nobody_up(site: Site) -> None:
    hit = Hit("x" * 100, "unusual_mix", "user", "user_a", 30, START, START, "no such event")
    deck, now = site.deck, START + MINUTE
    detect.learned(deck.state, "unjucks-cli", [hit], deck.spec.framework, now)
    assert [detect.announce(deck.state, deck.door.accept, now) for _ in range(2)] == [0, 0]
    with deck.state.begin(write=False) as tx:
        (row,) = tx.log(kind="trouble")
    assert "no event is acceptable" in row.change.reason


def _refuse(body: bytes, key: IngestKey) -> object:
    raise ConnectionError


def test_after_the_first_look_only_who_sends_is_looked_at(site: Site) -> None:
    """A subject over the line of whom nothing came lately: seen by the look at everybody, every five minutes."""
    site.fail(count=11)
    site.clock.advance(2 * MINUTE)
    now = site.clock.now()
    with site.deck.state.begin() as tx:
        tx.put(TickRun("detect", now, now - SECOND))
    site.tick(timedelta(0))
    assert site.detections() == []
    site.tick(5 * MINUTE)
    assert len(site.detections()) == 1


def test_after_trouble_everybody_is_looked_at(site: Site) -> None:
    site.fail(count=11)
    site.clock.advance(2 * MINUTE)
    with site.deck.state.begin() as tx:
        tx.put(TickRun("detect", site.clock.now(), site.clock.now() - SECOND, 0, "OSError: it broke"))
    site.tick(timedelta(0))
    assert len(site.detections()) == 1


def test_what_habits_find_is_written_once(site: Site) -> None:
    hit = Hit("suspicious_template_access", "unusual_mix", "user", "user_a", 30, START, START + HOUR, "odd")
    deck, now = site.deck, START + HOUR
    counts = [
        detect.learned(deck.state, "unjucks-cli", [hit], deck.spec.framework, now + n * MINUTE)
        for n in range(3)
    ]
    assert counts == [1, 0, 0]
    assert site.detections()[0].action == "log and review"


def test_what_habits_find_on_another_day_is_news(site: Site) -> None:
    deck = site.deck
    for day in range(2):
        at = START + day * timedelta(days=1)
        hit = Hit("suspicious_template_access", "unusual_mix", "user", "user_a", 30, at, at + HOUR, "odd")
        assert detect.learned(deck.state, "unjucks-cli", [hit], deck.spec.framework, at + HOUR) == 1


OWN = "security: {rules: [own.yml]}\nservices: {unjucks-cli: {}}\n"
RULE = """\
title: A version from the future
name: future
logsource: {product: opsdeck}
detection:
  s: {version|startswith: '9'}
  condition: s
opsdeck: {event: suspicious_template_access, subject: user}
"""


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Site]:
    (tmp_path / "operations.yaml").write_text(OWN)
    (tmp_path / "own.yml").write_text(RULE.replace("'9'", "'1'"))
    clock = ManualClock(START)
    site = Site(Deck.open(tmp_path / "home", tmp_path / "operations.yaml", clock), clock)
    yield site
    site.deck.close()


def test_a_rule_that_the_store_cannot_test_whole_finds_as_well(own: Site) -> None:
    own.run(count=3)
    own.tick()
    assert own.found() == [("future", "user_a", 3)]
    assert own.detections()[0].detail == "A version from the future: 3 events"


def test_applying_a_spec_reads_its_rules_again(own: Site, tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text(RULE)
    own.deck.apply("me")
    own.run()
    own.tick()
    assert own.found() == []


def rows_about_rules(deck: Deck) -> list[Change]:
    with deck.state.begin(write=False) as tx:
        return [row.change for row in tx.log(kind="rules")]


def test_a_changed_rule_file_is_a_logged_change_though_the_spec_is_the_same(
    own: Site, tmp_path: Path
) -> None:
    (tmp_path / "own.yml").write_text(RULE.replace("'9'", "'8'"))
    assert [one.path for one in own.deck.apply("me")] == ["security.rules: own.yml"]
    last = rows_about_rules(own.deck)[-1]
    assert (last.reason, last.actor, list(last.data)) == ("applied", "me", ["security.rules: own.yml"])


def test_a_rule_file_that_changed_while_the_deck_was_down_is_logged_at_its_start(
    own: Site, tmp_path: Path
) -> None:
    own.deck.close()
    (tmp_path / "own.yml").write_text(RULE.replace("'9'", "'8'"))
    again = Deck.open(tmp_path / "home", tmp_path / "operations.yaml", own.clock)
    assert [(one.reason, list(one.data)) for one in rows_about_rules(again)][1:] == [
        ("opened", ["security.rules: own.yml"])
    ]
    own.deck = again


def test_the_same_rule_files_again_are_no_change(own: Site) -> None:
    assert own.deck.apply("me") == []
    assert len(rows_about_rules(own.deck)) == 1


def test_a_wrong_rule_file_keeps_the_old_rules(own: Site, tmp_path: Path) -> None:
    before = own.deck.rules
    (tmp_path / "own.yml").write_text(RULE.replace("startswith", "re"))
    with pytest.raises(
        SpecError, match=r"own.yml:5:7: detection.s.version\|re: the modifier `re` is not supported"
    ):
        own.deck.apply("me")
    assert own.deck.rules == before


def test_a_deck_does_not_start_on_a_wrong_rule_file(own: Site, tmp_path: Path) -> None:
    (tmp_path / "own.yml").write_text("title: [")
    with pytest.raises(SpecError, match=r"own\.yml"):
        Deck.open(tmp_path / "other", tmp_path / "operations.yaml")
