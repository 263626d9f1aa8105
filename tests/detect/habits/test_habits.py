"""Learned habits over a real DuckDB file: learning, watching, the three findings, peers, verdicts."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from work import DAY, NOW, Work

from opsdeck.detect.habits import FIRST_SEEN, MIX, VOLUME
from opsdeck.model import Detection

WORKDAYS = range(1, 15)
USUAL = {"page/list": 6, "page/form": 3, "page/edit": 1}
FOREIGN = {f"infra/part-{n}": 1 for n in range(6)}
TODAY = {
    "as much as ever": (USUAL, set()),
    "three times as much": ({name: 3 * count for name, count in USUAL.items()}, set()),
    "eight times as much": ({name: 8 * count for name, count in USUAL.items()}, {VOLUME}),
    "nothing but one usual template": ({"page/list": 30}, set()),
    "as much as ever of something else": ({"infra/vpc": 40}, {MIX}),
    "a few of something else": ({"infra/vpc": 12}, set()),
    "six templates never used before": (USUAL | FOREIGN, {FIRST_SEEN}),
    "six of them and nothing else": (FOREIGN, {FIRST_SEEN}),
    "four templates never used before": (USUAL | dict(list(FOREIGN.items())[:4]), set()),
}
NO_WORK = {
    "runs of CI": {"userType": "ci"},
    "runs of probes": {"userType": "service"},
    "failures": {
        "operation": {"type": "template_generation", "template": "x/y", "duration": 1, "success": False}
    },
    "lists of templates": {"operation": {"type": "template_list", "duration": 1, "success": True}},
    "another service's runs": {"service": "other"},
    "runs without a user": {"userId": ""},
}


@pytest.mark.parametrize("said", TODAY)
def test_a_day_after_two_weeks_like(work: Work, said: str) -> None:
    templates, expected = TODAY[said]
    work.given("ana", WORKDAYS, USUAL).given("ana", [0], templates)
    assert work.rules() == expected


@pytest.mark.parametrize("said", NO_WORK)
def test_no_habit_is_made_or_broken_by(work: Work, said: str) -> None:
    work.given("ana", WORKDAYS, USUAL).given("ana", [0], {"x/y": 200}, **NO_WORK[said])
    assert work.rules() == set()
    assert work.profile("ana").today == 0


def test_nothing_is_unusual_while_it_is_learned(work: Work) -> None:
    work.given("ana", range(1, 10), USUAL).given("ana", [0], FOREIGN | {"infra/vpc": 300})
    assert work.rules() == set()


def test_days_without_work_are_neither_learned_nor_missed(work: Work) -> None:
    work.given("ana", range(1, 20, 2), USUAL).given("ana", [0], {"page/list": 200})
    assert work.rules() == {VOLUME}


def test_days_before_the_baseline_are_forgotten(work: Work) -> None:
    work.given("ana", range(29, 60), USUAL).given("ana", [0], {"infra/vpc": 300})
    assert work.rules() == set()


def test_only_who_handed_in_something_lately_is_looked_at(work: Work) -> None:
    work.given("ana", WORKDAYS, USUAL).given("ana", [0], {"page/list": 200})
    later = NOW + timedelta(hours=3)
    assert [work.look(at=later), len(work.look(at=later, lately=timedelta(hours=4)))] == [[], 1]


def test_a_laptop_that_ships_late_is_judged_for_the_day_it_worked(work: Work) -> None:
    work.given("ana", range(3, 17), USUAL).given("ana", [2], {"page/list": 200}, received=NOW)
    (hit,) = work.look()
    assert (hit.rule, NOW - 3 * DAY < hit.first <= hit.last < NOW - DAY) == (VOLUME, True)


def test_what_came_after_a_day_does_not_explain_it(work: Work) -> None:
    work.given("ana", range(3, 17), USUAL).given("ana", [0, 1], FOREIGN).given(
        "ana", [2], FOREIGN, received=NOW
    )
    assert {hit.rule for hit in work.look()} == {FIRST_SEEN}


def test_a_hit_says_what_is_usual_and_what_was_found(work: Work) -> None:
    work.given("ana", WORKDAYS, USUAL).given("ana", [0], {"page/list": 99})
    (hit,) = work.look()
    assert (hit.event, hit.subject_kind, hit.subject, hit.count) == (
        "data_exfiltration_risk",
        "user",
        "ana",
        99,
    )
    assert hit.detail == "99 generations in a day; usual are 10, up to 65"
    assert hit.data["limit"] == 65
    assert len(hit.data["events"]) == 1


def test_evidence_is_bounded_however_much_was_found(work: Work) -> None:
    work.given("ana", WORKDAYS, USUAL).given("ana", [0], {f"infra/part-{n:03}": 1 for n in range(400)})
    found = {hit.rule: hit for hit in work.look()}
    assert (found[FIRST_SEEN].count, len(found[FIRST_SEEN].data["templates"])) == (400, 20)
    assert (len(found[MIX].data["mix"]), len(found[MIX].detail) < 200) == (20, True)


def test_who_works_on_one_thing_at_a_time_may_go_on_so(work: Work) -> None:
    for day in WORKDAYS:
        work.given("ana", [day], {f"page/part-{day % 5}": 40})
    assert work.given("ana", [0], {"page/part-3": 40}).rules() == set()


def test_who_explores_every_day_may_explore_today(work: Work) -> None:
    for day in range(14, -1, -1):
        work.given("ana", [day], {f"page/part-{day}-{n}": 1 for n in range(6)})
    assert work.rules() == set()


# ---- peers ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("colleagues", "expected"), [(0, {FIRST_SEEN}), (2, {FIRST_SEEN}), (3, set())])
def test_what_enough_others_took_up_as_well_is_a_release(
    work: Work, colleagues: int, expected: set[str]
) -> None:
    work.given("ana", WORKDAYS, USUAL).given("ana", [0], FOREIGN)
    for n in range(colleagues):
        work.given(f"colleague-{n}", [1], FOREIGN)
    assert {hit.rule for hit in work.look() if hit.subject == "ana"} == expected


def test_what_others_have_long_used_is_new_to_this_user(work: Work) -> None:
    work.given("ana", WORKDAYS, USUAL).given("ana", [0], FOREIGN)
    for n in range(4):
        work.given(f"infra-{n}", range(20), FOREIGN).given(
            f"newcomer-{n}", [0], dict(list(FOREIGN.items())[:3])
        )
    assert {hit.subject for hit in work.look()} == {"ana"}


def test_a_day_full_of_a_released_template_is_no_other_mix(work: Work) -> None:
    for user in ("ana", "ben", "cleo", "dora"):
        work.given(user, WORKDAYS, USUAL).given(user, [0], {"page/next": 60})
    assert MIX not in work.rules()


# ---- verdicts ---------------------------------------------------------------------------------------------------

Judge = Callable[..., Detection]
UNUSUAL = {
    VOLUME: {"page/list": 80},
    MIX: {"infra/vpc": 40},
    FIRST_SEEN: USUAL | FOREIGN,
}


@pytest.mark.parametrize("rule", UNUSUAL)
@pytest.mark.parametrize(
    ("verdict", "again"), [("fine", False), ("suspicious", True), ("confirmed", True), ("", True)]
)
def test_only_fine_makes_it_usual(work: Work, judged: Judge, rule: str, verdict: str, again: bool) -> None:
    work.given("ana", WORKDAYS, USUAL).given("ana", [0], UNUSUAL[rule])
    (hit,) = work.look()
    assert (rule in work.rules(judged(hit, verdict))) is again


def test_a_fine_level_is_the_usual_one_and_more_than_that_is_not(work: Work, judged: Judge) -> None:
    work.given("ana", WORKDAYS, USUAL).given("ana", [0], {"page/list": 80})
    fine = judged(work.look()[0], "fine")
    assert work.profile("ana", fine).median == pytest.approx(80)
    assert work.given("ana", [0], {"page/form": 450}).rules(fine) == {VOLUME}


def test_a_confirmed_day_is_not_learned_from(work: Work, judged: Judge) -> None:
    work.given("ana", range(2, 16), USUAL).given("ana", [1, 0], FOREIGN)
    found = [hit for hit in work.look(lately=2 * DAY) if hit.last < NOW - DAY / 2]
    confirmed = [judged(hit, "confirmed") for hit in found]
    assert work.rules() == set()
    assert work.rules(*confirmed) == {FIRST_SEEN}


def test_verdicts_about_others_teach_nothing(work: Work, judged: Judge) -> None:
    work.given("ana", WORKDAYS, USUAL).given("ana", [0], {"page/list": 80})
    fine = judged(work.look()[0], "fine")
    others = [
        replace(fine, service="other"),
        replace(fine, subject="ben"),
        replace(fine, subject_kind="address"),
    ]
    assert work.rules(*others) == {VOLUME}


def test_a_verdict_without_its_evidence_teaches_nothing_and_breaks_nothing(work: Work, judged: Judge) -> None:
    work.given("ana", WORKDAYS, USUAL).given("ana", [0], UNUSUAL[MIX])
    assert work.rules(judged(work.look()[0], "fine", data={})) == {MIX}


# ---- the profile ------------------------------------------------------------------------------------------------


def test_a_profile_says_how_much_is_still_to_be_learned(work: Work) -> None:
    known = work.given("ana", range(1, 4), USUAL).profile("ana")
    assert (known.state, known.reason) == ("learning", "seen on 3 of the 10 days that are needed")
    assert (known.days, known.enough, known.today, known.usual) == (3, 10, 0, ())


def test_nobody_knows_a_stranger(work: Work) -> None:
    assert work.profile("nobody").reason == "seen on 0 of the 10 days that are needed"


def test_a_profile_says_what_is_usual_and_what_today_is(work: Work) -> None:
    known = work.given("ana", WORKDAYS, USUAL).given("ana", [0], {"infra/vpc": 40}).profile("ana")
    assert (known.state, known.reason, known.today) == ("watching", "learned from 14 days", 40)
    assert (round(known.median), known.deviation, known.limit) == (10, 0.3, 65)
    assert known.usual == (("page/list", 0.6), ("page/form", 0.3), ("page/edit", 0.1))
    assert known.new == ("infra/vpc",)
    assert known.distance > known.farthest == work.baseline.divergence


# ---- many ------------------------------------------------------------------------------------------------------


def test_more_users_than_one_statement_names_are_all_looked_at(work: Work) -> None:
    users = [f"user-{n}" for n in range(510)]
    work.crowd(users, range(1, 12), ["page/list"])
    work.crowd(users, [0], [f"{{user}}/part-{n}" for n in range(5)])
    assert {hit.subject for hit in work.look()} == set(users)


def test_as_many_strangers_hide_nobody(work: Work) -> None:
    work.given("ana", WORKDAYS, USUAL).given("ana", [0], {"page/list": 200})
    work.crowd([f"stranger-{n}" for n in range(600)], [0], [f"page/part-{n}" for n in range(5)])
    assert [hit.subject for hit in work.look()] == ["ana"]
