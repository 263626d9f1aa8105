"""Which services there are and how each is doing."""

import json
from datetime import timedelta
from typing import Any

import pytest

from opsdeck.errors import NotFoundError
from opsdeck.model import Batch
from opsdeck.reports import services
from opsdeck.reports.services import ServiceRow
from opsdeck.testing import Story, failing, probes, runs


def rows(story: Story) -> dict[str, ServiceRow]:
    with story.state.begin(write=False) as tx:
        found = services.services(story.events, tx, story.spec, story.clock.now())
    return {row.name: row for row in found}


def sent(story: Story, service: str, at: str = "2025-09-09T12:00:00Z") -> None:
    entry = {"eventId": service + at, "timestamp": at, "service": service}
    story.events.load(Batch(json.dumps(entry).encode(), ()))


def test_declared_services_come_without_any_event(story: Any) -> None:
    row = rows(story())["unjucks-cli"]
    assert (row.declared, row.runs, row.failures, row.last_event) == (True, 0, 0, None)
    assert row.probes > 0


def test_runs_of_the_last_day(busy: Story) -> None:
    row = rows(busy)["unjucks-cli"]
    assert (row.runs, row.failures) == (300, 90)
    assert row.firing >= 1
    assert row.last_event is not None


def test_the_last_event_may_be_a_probe(story: Any) -> None:
    row = rows(story(runs(1, at="12:01"), probes(at="12:20")))["unjucks-cli"]
    assert row.last_event.strftime("%H:%M") == "12:20"


def test_services_that_only_sent_events_follow_by_name(story: Any) -> None:
    told = story()
    for name in ("terraform", "aws"):
        sent(told, name)
    assert list(rows(told)) == ["unjucks-cli", "aws", "terraform"]
    assert rows(told)["aws"].declared is False


def test_services_not_seen_for_a_month_are_gone(story: Any) -> None:
    told = story()
    sent(told, "terraform", "2025-08-01T12:00:00Z")
    assert list(rows(told)) == ["unjucks-cli"]


def test_the_first_service_is_meant_where_none_is_named(busy: Story) -> None:
    assert services.named(busy.events, busy.spec, "", busy.clock.now()).name == "unjucks-cli"


def test_an_undeclared_service_has_the_defaults(story: Any) -> None:
    told = story()
    sent(told, "terraform")
    found = services.named(told.events, told.spec, "terraform", told.clock.now())
    assert found.name == "terraform"
    assert found.probes == ()


def test_a_service_that_nobody_knows(story: Any) -> None:
    told = story()
    with pytest.raises(NotFoundError, match="'nope'") as caught:
        services.named(told.events, told.spec, "nope", told.clock.now())
    assert caught.value.hint == "services: unjucks-cli"


def test_all_watched_services_or_the_one_that_is_named(story: Any) -> None:
    told = story()
    sent(told, "terraform")
    now = told.clock.now() + timedelta(minutes=1)
    assert [one.name for one in services.chosen(told.events, told.spec, "", now)] == [
        "unjucks-cli",
        "terraform",
    ]
    assert [one.name for one in services.chosen(told.events, told.spec, "terraform", now)] == ["terraform"]


@pytest.mark.parametrize(
    ("at", "watched"),
    [
        ("2025-09-09T12:00:00Z", ["unjucks-cli", "terraform"]),
        ("2025-09-08T12:29:00Z", ["unjucks-cli"]),
    ],
    ids=["seen in the last day", "not seen for a day"],
)
def test_services_that_are_only_seen_are_watched_for_a_day(story: Any, at: str, watched: list[str]) -> None:
    told = story()
    sent(told, "terraform", at)
    assert [one.name for one in services.watched(told.events, told.spec, told.clock.now())] == watched


def test_what_to_type_for_a_first_run(busy: Story) -> None:
    assert services.first_run(busy.service)[0] == "unjucks telemetry on"
    other = busy.spec.service("terraform")
    assert services.first_run(other) == ("opsdeck exec --service terraform -- COMMAND",)


def test_pending_alerts_are_counted(story: Any) -> None:
    told = story(runs(1, failing, every="1 minute", at="12:27", until="12:30"))
    assert rows(told)["unjucks-cli"].pending >= 1


def test_invented_names_are_not_all_looked_at(story: Any) -> None:
    told = story()
    for number in range(services.UNDECLARED + 5):
        sent(told, f"invented-{number:02}")
    assert len(rows(told)) == 1 + services.UNDECLARED


def test_a_service_that_is_not_looked_at_can_be_asked_for(story: Any) -> None:
    told = story()
    for number in range(services.UNDECLARED + 1):
        sent(told, f"invented-{number:02}")
    last = f"invented-{services.UNDECLARED:02}"
    assert services.named(told.events, told.spec, last, told.clock.now()).name == last
