"""The simulated company is what its description says; else the stories would prove nothing."""

from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from attacks import ACCESS, STORIES, Story, scene, two_users
from company import BUSY, FLAKY, HOLIDAYS, LATE, NEW_MACHINE, RELEASE, RELEASED, START, Company, Event

COMPANY = Company(7)
WEEKDAYS = [day for day in range(60) if day % 7 < 5 and day not in HOLIDAYS]
Test = Callable[[Event], bool]


def day_of(event: Event) -> int:
    return (datetime.fromisoformat(event["timestamp"]) - START).days


def share(test: Test, of: Test) -> float:
    meant = [event for event in COMPANY.events if of(event)]
    return sum(map(test, meant)) / len(meant)


def human(event: Event) -> bool:
    return event["userType"] == "human"


def failed(event: Event) -> bool:
    return "error" in event


def test_a_seed_is_a_company_and_another_seed_another_one() -> None:
    assert Company(7).events == COMPANY.events
    assert Company(8).events != COMPANY.events


def test_entries_come_in_order_and_each_once() -> None:
    received = [event["receivedAt"] for event in COMPANY.events]
    assert received == sorted(received)
    assert len({event["eventId"] for event in COMPANY.events}) == len(COMPANY.events)


def test_some_thousand_entries_a_week_most_of_people() -> None:
    assert 1_500 < len(COMPANY.events) / (60 / 7) < 5_000
    assert share(human, lambda _: True) > 0.7


def test_weekends_and_holidays_are_nearly_free() -> None:
    runs = Counter(day_of(event) for event in COMPANY.events if human(event))
    free = [runs[day] for day in range(60) if day not in WEEKDAYS]
    assert max(free) < min(runs[day] for day in WEEKDAYS)


def test_more_fails_on_flaky_days() -> None:
    usual = share(failed, lambda event: human(event) and day_of(event) not in FLAKY)
    assert 0.02 < usual < 0.08
    assert share(failed, lambda event: human(event) and day_of(event) in FLAKY) > 2 * usual


def test_a_deadline_makes_everybody_busy() -> None:
    runs = Counter(day_of(event) for event in COMPANY.events if human(event))
    (busy,) = BUSY
    assert runs[busy] > 1.7 * sorted(runs[day] for day in WEEKDAYS)[len(WEEKDAYS) // 2]


def test_a_release_is_taken_up_and_was_unknown_before() -> None:
    users = {day: set[str]() for day in range(60)}
    for event in COMPANY.events:
        if event["operation"]["template"] in RELEASED:
            users[day_of(event)].add(event["userId"])
    assert not any(users[day] for day in range(RELEASE))
    assert len(set().union(*users.values())) > 25


def test_one_laptop_ships_a_day_late() -> None:
    late = [
        event
        for event in COMPANY.events
        if datetime.fromisoformat(event["receivedAt"]) - datetime.fromisoformat(event["timestamp"])
        > timedelta(hours=10)
    ]
    assert {day_of(event) for event in late} == {LATE}
    assert len({event["userId"] for event in late}) == 1


def test_a_new_machine_is_a_new_pseudonym() -> None:
    days: dict[str, list[int]] = {}
    for event in COMPANY.events:
        days.setdefault(event["userId"], []).append(day_of(event))
    assert days[COMPANY.people[8].user][0] >= NEW_MACHINE
    assert len(days) == len(COMPANY.people) + 2


def test_nobody_attacks() -> None:
    codes = Counter(event["error"]["code"] for event in COMPANY.events if failed(event))
    assert not {"RESTRICTED", "SHELL_REFUSED"} & codes.keys()
    assert not any("redactions" in event["metadata"] for event in COMPANY.events)


@pytest.mark.parametrize("story", STORIES, ids=lambda story: story.name)
def test_a_story_is_about_somebody_established_who_is_there(story: Story) -> None:
    where = scene(COMPANY, story, range(34, 52))
    day = (where.at - START).days
    assert (where.person.joins, where.person.skew) == (0, timedelta(0))
    assert day % 7 < 5
    assert day not in where.person.leave


@pytest.mark.parametrize(
    "story", [one for one in STORIES if one.kind == "anomaly"], ids=lambda story: story.name
)
def test_an_anomaly_stays_below_the_fixed_limits_of_its_event(story: Story) -> None:
    entries = story.play(scene(COMPANY, story, range(34, 52)))
    assert most(entries, timedelta(days=1), templates=True) <= 100
    if story.event == ACCESS:
        assert most(entries, timedelta(hours=1), templates=True) <= 20
    else:
        assert most(entries, timedelta(hours=1), templates=False) <= 500


def test_two_users_at_one_address_are_two_and_neither_over_the_line() -> None:
    story = next(one for one in STORIES if one.play is two_users)
    entries = story.play(scene(COMPANY, story, range(34, 52)))
    users = Counter(event["userId"] for event in entries)
    assert (len(users), len({event["addressHash"] for event in entries})) == (2, 1)
    assert max(users.values()) <= 10 < sum(users.values())


def most(entries: list[Event], span: timedelta, *, templates: bool) -> int:
    """The most runs, or different templates, within any such span."""
    stamped = [(datetime.fromisoformat(one["timestamp"]), one["operation"]["template"]) for one in entries]
    within = [[name for at, name in stamped if start <= at < start + span] for start, _ in stamped]
    return max(len(set(names)) if templates else len(names) for names in within)
