"""The tick: log rows in, restrictions and log rows out, each once; what has run out ends without anybody."""

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from opsdeck.model import Change, Cursor, Restriction
from opsdeck.respond import enforce
from opsdeck.spec.framework import Framework
from opsdeck.stores.api import StateStore
from opsdeck.testing import START

MINUTE = timedelta(minutes=1)
Detected = Callable[..., Any]


def restrictions(state: StateStore) -> list[Restriction]:
    with state.begin(write=False) as tx:
        return tx.find(Restriction)


def logged(state: StateStore) -> list[Change]:
    with state.begin(write=False) as tx:
        return [row.change for row in tx.log(kind="restriction")]


def test_a_detection_is_enforced_once(state: StateStore, framework: Framework, detected: Detected) -> None:
    found = detected()
    assert [enforce.tick(state, framework, START) for _ in range(3)] == [1, 0, 0]
    made = restrictions(state)[0]
    assert (made.kind, made.subject, made.until, made.detection) == (
        "rate_limit",
        "user_1",
        START + 5 * MINUTE,
        found.key,
    )
    assert made.reason == "11 failures in 5 minutes by this user"


def test_its_row_in_the_log(state: StateStore, framework: Framework, detected: Detected) -> None:
    detected()
    enforce.tick(state, framework, START)
    change = logged(state)[0]
    assert (change.subject, change.old, change.new, change.actor) == (
        "unjucks-cli/user_1",
        "",
        "rate_limit",
        "enforce",
    )
    assert change.data["restriction"] == restrictions(state)[0].key


def test_without_detections_nothing_is_written(state: StateStore, framework: Framework) -> None:
    assert enforce.tick(state, framework, START) == 0
    with state.begin(write=False) as tx:
        assert tx.get(Cursor, "enforce") is None


def test_rows_of_others_are_passed_over(state: StateStore, framework: Framework) -> None:
    with state.begin() as tx:
        tx.append(Change("alert", "a/b", "", "firing", "", "x"), START)
        tx.append(Change("security", "a/b", "", "detected", "", "x", {"detection": "gone"}), START)
        tx.append(Change("security", "a/b", "", "detected", "", "x"), START)
    assert enforce.tick(state, framework, START) == 0
    with state.begin(write=False) as tx:
        assert tx.get(Cursor, "enforce") == Cursor("enforce", 3)


def test_it_grows_and_forgets(
    state: StateStore, framework: Framework, restrict: Callable[..., Restriction]
) -> None:
    days = [0, 1, 2, 9.5]
    made = [restrict(START + timedelta(days=day)) for day in days]
    assert [(one.step, one.until - one.since) for one in made] == [
        (1, 5 * MINUTE), (2, 15 * MINUTE), (3, 60 * MINUTE), (1, 5 * MINUTE),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("later", "rows"), [(timedelta(minutes=5) - timedelta.resolution, 0), (5 * MINUTE, 1)]
)
def test_it_ends_by_itself_and_the_log_says_so_once(
    state: StateStore, framework: Framework, restrict: Callable[..., Restriction], later: timedelta, rows: int
) -> None:
    made = restrict()
    assert [enforce.tick(state, framework, START + later) for _ in range(2)] == [rows, 0]
    assert [change.new for change in logged(state)] == ["rate_limit", "expired"][: rows + 1]
    over = restrictions(state)[0]
    assert over == (replace(made, lifted_at=made.until, lift_reason="expired") if rows else made)


def test_a_log_that_is_read_after_a_week_restricts_nobody(
    state: StateStore, framework: Framework, detected: Detected
) -> None:
    detected()
    assert enforce.tick(state, framework, START + timedelta(days=7)) == 0
    assert restrictions(state) == []


def test_two_decks_at_once_enforce_once(state: StateStore, framework: Framework, detected: Detected) -> None:
    for second in range(20):
        detected(START + timedelta(seconds=second), subject=f"user_{second}")
    done: list[int] = []
    decks = [
        threading.Thread(target=lambda: done.append(enforce.tick(state, framework, START + MINUTE)))
        for _ in range(2)
    ]
    for deck in decks:
        deck.start()
    for deck in decks:
        deck.join()
    assert sorted(done) == [0, 20]
    assert len(restrictions(state)) == len(logged(state)) == 20


def test_one_restriction_for_each_kind(state: StateStore, restrict: Callable[..., Restriction]) -> None:
    restrict()
    restrict(START + MINUTE, action="block and immediate alert")
    assert {(one.kind, one.step) for one in restrictions(state)} == {("rate_limit", 1), ("block", 1)}


SHIPPED = {
    "suspicious_template_access": [],
    "multiple_failed_operations": ["rate_limit"],
    "privilege_escalation_attempt": ["block"],
    "data_exfiltration_risk": ["rate_limit"],
    "secret_in_event": [],
}


@pytest.mark.parametrize(("event", "kinds"), SHIPPED.items(), ids=SHIPPED)
def test_what_each_event_of_the_framework_leads_to(
    state: StateStore, framework: Framework, detected: Detected, event: str, kinds: list[str]
) -> None:
    detected(event=event, action=framework.security_events[event].action)
    enforce.tick(state, framework, START)
    assert [one.kind for one in restrictions(state)] == kinds
    assert set(SHIPPED) == set(framework.security_events)


def test_more_rows_than_a_tick_reads_are_read_by_the_next(
    state: StateStore, framework: Framework, detected: Detected
) -> None:
    with state.begin() as tx:
        for _ in range(1_200):
            tx.append(Change("alert", "a/b", "", "firing", "", "x"), START)
    detected()
    assert [enforce.tick(state, framework, START) for _ in range(3)] == [0, 1, 0]
