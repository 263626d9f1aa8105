"""One look at a store: whom it is about, what it leaves out, and what it costs when there are many."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from opsdeck.detect import looking
from opsdeck.detect.expression import All, Comparison, Expression
from opsdeck.detect.fields import FIELDS
from opsdeck.detect.looking import Found, look
from opsdeck.detect.rule import Rule
from opsdeck.model import Batch, Position
from opsdeck.stores.events.memory import MemoryEvents
from opsdeck.timing import iso

NOW = datetime(2025, 9, 9, 12, tzinfo=UTC)
SECOND, MINUTE = timedelta(seconds=1), timedelta(minutes=1)
EVERYTHING: Expression = All(())
CASED = Comparison(FIELDS["version"], "equals", ("1",), cased=True)
UNCASED = Comparison(FIELDS["version"], "equals", ("1",))


def rule(*by: str, asked: Expression = EVERYTHING, **more: Any) -> Rule:
    kinds = {"user_id": "user", "address": "address", "service": "service"}
    figures = {"span": 5 * MINUTE, "above": 2} | more
    return Rule("r", "A title", "low", "", "event", kinds[by[0]], by, asked, **figures)  # type: ignore[arg-type]


def store(*entries: dict[str, Any]) -> MemoryEvents:
    made = MemoryEvents()
    basis = {
        "timestamp": iso(NOW), "receivedAt": iso(NOW), "service": "a", "version": "1", "userId": "u", "userType": "human",
        "operation": {"type": "x", "success": True},
    }  # fmt: skip
    lines = [json.dumps(basis | one | {"eventId": f"e{n:04}"}).encode() for n, one in enumerate(entries)]
    made.load(Batch(b"\n".join(lines), (Position("all", 1),)))
    return made


def found(events: MemoryEvents, one: Rule, *, now: datetime = NOW, **more: Any) -> list[Found]:
    return look(events, [one], more.pop("services", ["a"]), more.pop("spent", lambda *_: None), now, **more)


def test_one_hit_by_service_and_user() -> None:
    events = store(*[{"service": name, "userId": user} for name in "ab" for user in "uv"] * 3)
    hits = found(events, rule("user_id"), services=["a", "b"])
    assert [(one.service, one.hit.subject) for one in hits] == [
        ("a", "u"),
        ("a", "v"),
        ("b", "u"),
        ("b", "v"),
    ]


def test_a_service_can_be_the_subject() -> None:
    (hit,) = found(store(*[{"userId": user} for user in "uvw"]), rule("service"))
    assert (hit.hit.subject_kind, hit.hit.subject, hit.hit.count) == ("service", "a", 3)


def test_more_fields_are_counted_apart() -> None:
    events = store(*[{"version": str(n)} for n in range(6)])
    assert found(events, rule("user_id", "version")) == []
    assert len(found(events, rule("user_id"))) == 1


@pytest.mark.parametrize("asked", [CASED, UNCASED], ids=["store", "here"])
def test_what_was_received_long_ago_is_left_out(asked: Expression) -> None:
    events = store(*[{"receivedAt": iso(NOW - 30 * MINUTE)}] * 3)
    assert found(events, rule("user_id", asked=asked)) == []


@pytest.mark.parametrize("asked", [CASED, UNCASED], ids=["store", "here"])
def test_what_is_received_after_the_look_waits_for_the_next(asked: Expression) -> None:
    events = store({}, {}, {"receivedAt": iso(NOW + SECOND)})
    assert found(events, rule("user_id", asked=asked)) == []
    assert len(found(events, rule("user_id", asked=asked), now=NOW + SECOND)) == 1


@pytest.mark.parametrize("asked", [CASED, UNCASED], ids=["store", "here"])
def test_what_is_spent_does_not_count(asked: Expression) -> None:
    events = store({}, {}, {}, {"receivedAt": iso(NOW + SECOND)})
    later = NOW + 2 * SECOND
    assert found(events, rule("user_id", asked=asked), now=later, spent=lambda *_: NOW) == []
    assert len(found(events, rule("user_id", asked=asked), now=later, spent=lambda *_: NOW - SECOND)) == 1


def test_who_is_left_alone_for_a_while() -> None:
    events = store(*[{"receivedAt": iso(NOW + 2 * MINUTE)}] * 3)
    later = NOW + 3 * MINUTE
    for again, hits in ((timedelta(0), 1), (5 * MINUTE, 0)):
        assert len(found(events, rule("user_id", again=again), now=later, spent=lambda *_: NOW)) == hits


def test_a_fresh_look_is_about_those_who_sent_something() -> None:
    events = store(*[{"receivedAt": iso(NOW - 2 * MINUTE)}] * 3, *[{"userId": "v"}] * 3)
    assert [one.hit.subject for one in found(events, rule("user_id"), fresh=NOW - MINUTE)] == ["v"]
    assert len(found(events, rule("user_id"))) == 2


def test_a_fresh_look_counts_what_came_before_as_well() -> None:
    events = store(*[{"receivedAt": iso(NOW - 2 * MINUTE)}] * 2, {})
    assert found(events, rule("user_id"), fresh=NOW - MINUTE)[0].hit.count == 3


def test_more_subjects_than_the_store_is_asked_about_by_name() -> None:
    many = looking.MOST_NAMED + 1
    events = store(*[{"userId": f"u{n}"} for n in range(many) for _ in range(3)])
    assert len(found(events, rule("user_id"), fresh=NOW - MINUTE)) == many


def test_evidence_is_bounded() -> None:
    hits = found(store(*[{"userId": f"u{n % 8}"} for n in range(800)]), rule("user_id"))
    assert [len(one.hit.data["events"]) for one in hits] == [20] * looking.MOST_PROVEN + [1] * 3
    assert hits[0].hit.data["count"] == 100


def test_only_so_many_subjects_are_read_entry_by_entry() -> None:
    events = store(*[{"userId": f"u{n % 150}"} for n in range(450)])
    assert len(found(events, rule("user_id", asked=UNCASED))) == looking.MOST_SUBJECTS


def test_the_sentence_has_the_figures() -> None:
    one = rule(
        "user_id", distinct="template", detail="%count% runs, %distinct% templates in %window%: %title%"
    )
    events = store(
        *[{"operation": {"type": "x", "template": f"t{n % 3}", "success": True}} for n in range(9)]
    )
    assert found(events, one)[0].hit.detail == "9 runs, 3 templates in 5 minutes: A title"
