"""What a detection leads to: the kind, the step, how long, and the named reason where it leads to nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from detections import detection

from opsdeck.model import Restriction
from opsdeck.respond.enforce.decide import decide, kind_of, plain
from opsdeck.spec.framework import Framework
from opsdeck.testing import START

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)


def earlier(step: int, since: timedelta, **changes: Any) -> Restriction:
    """A rate limit of the past that has run out."""
    at = START - since
    made = Restriction(
        f"R-{step}",
        "unjucks-cli",
        "rate_limit",
        "user",
        "user_1",
        at,
        at + MINUTE,
        step,
        "",
        "D-0",
        lifted_at=at,
    )
    return replace(made, **changes)


ACTIONS = {
    "log and review": None,
    "rate limit and alert": "rate_limit",
    "block and immediate alert": "block",
    "rate limit and review": "rate_limit",
    "log and alert": None,
    "": None,
    "unblock and alert": None,
}


@pytest.mark.parametrize(("action", "kind"), ACTIONS.items())
def test_the_framework_s_actions(action: str, kind: str | None) -> None:
    assert kind_of(action) == kind


RATE_LIMIT = [5 * MINUTE, 15 * MINUTE, HOUR, 4 * HOUR, DAY, DAY, DAY]
BLOCK = [15 * MINUTE, HOUR, 4 * HOUR, DAY, DAY]


@pytest.mark.parametrize(("before", "span"), list(enumerate(RATE_LIMIT)))
def test_a_rate_limit_grows_with_each_repetition(framework: Framework, before: int, span: timedelta) -> None:
    past = [earlier(step + 1, DAY) for step in range(before)]
    made = decide(detection(), past, framework.enforcement, START).restriction
    assert made is not None
    assert (made.step, made.until - made.since, made.kind) == (before + 1, span, "rate_limit")


@pytest.mark.parametrize(("before", "span"), list(enumerate(BLOCK)))
def test_a_block_grows_with_each_repetition(framework: Framework, before: int, span: timedelta) -> None:
    past = [earlier(step + 1, DAY, kind="block") for step in range(before)]
    found = detection(action="block and immediate alert")
    made = decide(found, past, framework.enforcement, START).restriction
    assert made is not None
    assert (made.step, made.until - made.since, made.kind) == (before + 1, span, "block")


COUNTED = {
    "one within seven days": (earlier(1, 7 * DAY - MINUTE), 2),
    "one seven days ago is forgotten": (earlier(1, 7 * DAY), 1),
    "the fourth seven days ago is forgotten, too": (earlier(4, 8 * DAY), 1),
    "one that a person lifted was none": (earlier(1, DAY, lifted_by="local"), 1),
    "a block by hand is no repetition": (earlier(1, DAY, detection=""), 1),
    "a block is no repetition of a rate limit": (earlier(1, DAY, kind="block"), 1),
}


@pytest.mark.parametrize(("past", "step"), COUNTED.values(), ids=COUNTED)
def test_what_counts_as_a_repetition(framework: Framework, past: Restriction, step: int) -> None:
    made = decide(detection(), [past], framework.enforcement, START).restriction
    assert made is not None
    assert made.step == step


STANDS = earlier(2, MINUTE, until=START + 2 * HOUR, lifted_at=None)
SHORT = replace(STANDS, until=START + MINUTE)
NOTHING: dict[str, tuple[dict[str, Any], list[Restriction], timedelta, str]] = {
    "an action that restricts nobody": ({"action": "log and review"}, [], MINUTE, "not_enforced"),
    "a service is no subject": ({"subject_kind": "service"}, [], MINUTE, "no_subject"),
    "nobody": ({"subject": ""}, [], MINUTE, "no_subject"),
    "a log that is read too late": ({}, [], 5 * MINUTE, "already_over"),
    "one that lasts longer stands": ({}, [STANDS], MINUTE, "stands"),
    "one of a detection stands, however short": ({}, [SHORT], timedelta(), "stands"),
}


@pytest.mark.parametrize(("changes", "past", "later", "reason"), NOTHING.values(), ids=NOTHING)
def test_what_leads_to_nothing(
    framework: Framework, changes: dict[str, Any], past: list[Restriction], later: timedelta, reason: str
) -> None:
    verdict = decide(detection(**changes), past, framework.enforcement, START + later)
    assert (verdict.reason, verdict.restriction) == (reason, None)


def test_one_that_was_lifted_does_not_stand(framework: Framework) -> None:
    lifted = replace(STANDS, lifted_by="local", lifted_at=START)
    assert decide(detection(), [lifted], framework.enforcement, START).reason == "restricted"


def test_a_shorter_one_by_hand_is_joined_by_a_longer_one(framework: Framework) -> None:
    short = replace(SHORT, detection="")
    made = decide(detection(), [short], framework.enforcement, START).restriction
    assert made is not None
    assert made.until == START + RATE_LIMIT[0]


def test_an_address_is_restricted_until_the_day_s_end(framework: Framework) -> None:
    late = datetime(2025, 9, 9, 23, 58, tzinfo=UTC)
    found = detection(subject_kind="address", subject="ab" * 16, at=late)
    made = decide(found, [], framework.enforcement, late).restriction
    assert made is not None
    assert made.until == datetime(2025, 9, 10, tzinfo=UTC)
    assert decide(found, [], framework.enforcement, late + 2 * MINUTE).reason == "already_over"


def test_the_same_detection_makes_the_same_restriction(framework: Framework) -> None:
    first, again = (decide(detection(), [], framework.enforcement, START) for _ in range(2))
    assert first == again


def test_a_reason_is_one_short_line() -> None:
    assert plain("a\nrestrict block 9 R-1\tb\x1b[31m \u202e" + "x" * 300).startswith(
        "a restrict block 9 R-1 b [31m"
    )
    assert len(plain("x" * 300)) == 200
