"""What people do with a fault, and what comes of it: resolved, back or not, merged, split, found by its id."""

from datetime import timedelta
from typing import Any

import pytest

from opsdeck import faults
from opsdeck.errors import NotFoundError, UsageError
from opsdeck.model import Fault

VERSIONS = {
    # seen on, resolved in ("" after the newest), then seen on → where it stands
    "an old client still reports": ("2025.9.8", "2025.9.9", "2025.9.8", "resolved"),
    "a much older client reports": ("2025.9.8", "2025.9.9", "2024.1.1", "resolved"),
    "the version that was to fix it": ("2025.9.8", "2025.9.9", "2025.9.9", "open"),
    "a later one": ("2025.9.8", "2025.9.9", "2025.10.1", "open"),
    "a later one with another number of digits": ("2025.9.8", "2025.9.9", "2025.9.10", "open"),
    "the version it is on was corrected in place": ("2025.9.8", "2025.9.8", "2025.9.8", "open"),
    "no version given, the newest seen so far": ("2025.9.8", "", "2025.9.8", "resolved"),
    "no version given, the next one": ("2025.9.8", "", "2025.9.9", "open"),
    "SemVer: the next patch": ("1.4.1", "1.4.2", "1.4.2", "open"),
    "SemVer: a candidate of the fix": ("1.4.1", "1.4.2", "1.4.2-rc.1", "resolved"),
    "SemVer: another major line, later": ("1.4.1", "1.4.2", "2.0.0", "resolved"),
    "SemVer: another major line, earlier": ("2.0.0", "2.0.1", "1.9.0", "resolved"),
    "no version given, another major line": ("1.4.1", "", "2.0.0", "resolved"),
    "CalVer after SemVer": ("1.4.1", "1.4.2", "2025.9.9", "resolved"),
    "a version that cannot be read": ("2025.9.8", "2025.9.9", "dev", "resolved"),
    "no version given where none can be read": ("dev", "", "dev", "resolved"),
}


@pytest.mark.parametrize(("on", "fixed", "seen", "status"), VERSIONS.values(), ids=VERSIONS)
def test_a_resolved_fault(desk: Any, on: str, fixed: str, seen: str, status: str) -> None:
    fault = desk.happens(version=on)
    desk.act(faults.resolve, fault.key, fixed)
    desk.clock.advance(minutes=1)
    again = desk.happens(version=seen)
    assert (again.key, again.status) == (fault.key, status)
    rows = [row for row in desk.log() if row.new == "regressed"]
    assert len(rows) == (status == "open")


def test_what_came_before_it_was_resolved_does_not_bring_it_back(desk: Any) -> None:
    fault = desk.happens(version="2025.9.8")
    desk.fail(version="2025.9.9")
    desk.clock.advance(seconds=1)
    with desk.state.begin() as tx:
        faults.resolve(tx, fault.key, "2025.9.9", "ada", "", desk.clock.now())
    desk.tick()
    assert desk.all()[0].status == "resolved"


def test_a_fault_that_is_back_says_why_and_can_be_resolved_again(desk: Any) -> None:
    fault = desk.happens()
    desk.act(faults.resolve, fault.key, "2025.9.9")
    desk.clock.advance(minutes=1)
    back = desk.happens(2, version="2025.9.10")
    assert back.regressed_at == desk.clock.now()
    assert desk.log()[-1].reason == "seen on 2025.9.10, but resolved in 2025.9.9"
    assert desk.act(faults.resolve, fault.key, "").resolved_in == ">2025.9.10"


def test_each_act_is_a_row_with_its_person_and_reason(desk: Any) -> None:
    fault = desk.happens()
    desk.act(faults.ignore, fault.key)
    desk.act(faults.resolve, fault.key, "")
    desk.act(faults.reopen, fault.key)
    rows = [(row.old, row.new, row.actor, row.reason) for row in desk.log()[1:]]
    assert rows == [
        ("open", "ignored", "ada", "because"),
        ("ignored", "resolved", "ada", "because"),
        ("resolved", "open", "ada", "because"),
    ]


def test_an_ignored_fault_goes_on_being_counted_and_stays_ignored(desk: Any) -> None:
    fault = desk.happens()
    desk.act(faults.ignore, fault.key)
    again = desk.happens(version="2026.1.1")
    assert again.status == "ignored"
    assert again.last_seen > fault.last_seen


# ---- merge ------------------------------------------------------------------------------------------------------


@pytest.fixture
def pair(desk: Any) -> tuple[Fault, Fault]:
    """Two faults, the second a minute younger."""
    one = desk.happens(version="2025.9.8")
    desk.clock.advance(minutes=1)
    return one, desk.happens(message="the disk is full", version="2025.9.9")


def test_a_merged_fault_goes_on_in_the_other(desk: Any, pair: tuple[Fault, Fault]) -> None:
    one, two = pair
    merged = desk.act(faults.merge, one.key, two.key)
    assert (merged.first_seen, merged.first_version, merged.last_seen) == (
        one.first_seen,
        "2025.9.8",
        two.last_seen,
    )
    assert [fault.key for fault in desk.all()] == [two.key]
    assert desk.happens().key == two.key
    assert f"merged from {one.key} by ada: because" in [member.reason for member in desk.members(two.key)]


def test_the_id_of_a_merged_fault_leads_on(desk: Any, pair: tuple[Fault, Fault]) -> None:
    one, two = pair
    three = desk.happens(code="WRITE_FAILED")
    desk.act(faults.merge, one.key, two.key)
    desk.act(faults.merge, two.key, three.key)
    with desk.state.begin() as tx:
        assert faults.find(tx, one.key).key == three.key


def test_an_open_fault_does_not_disappear_in_a_resolved_one(desk: Any, pair: tuple[Fault, Fault]) -> None:
    one, two = pair
    desk.act(faults.resolve, two.key, "")
    with pytest.raises(UsageError, match="would disappear"):
        desk.act(faults.merge, one.key, two.key)


# ---- split ------------------------------------------------------------------------------------------------------


def split(desk: Any, fault: str, fingerprint: str) -> Fault:
    return faults.split(  # type: ignore[no-any-return]
        desk.state,
        desk.events,
        fault,
        fingerprint,
        actor="ada",
        reason="two causes",
        now=desk.clock.advance(minutes=1),
    )


def test_a_fingerprint_that_is_split_off_is_a_fault_of_its_own(desk: Any, pair: tuple[Fault, Fault]) -> None:
    one, two = pair
    mine = desk.members(one.key)[0].fingerprint
    desk.act(faults.merge, one.key, two.key)
    made = split(desk, two.key, mine)
    assert made.key not in (one.key, two.key)
    assert (made.title, made.first_seen, made.last_version) == (one.title, one.first_seen, "2025.9.8")
    assert desk.happens().key == made.key
    assert desk.log()[-1].reason == "two causes"
    assert desk.members(made.key)[0].reason == f"split from {two.key} by ada: two causes"


def test_nothing_is_split_twice(desk: Any, pair: tuple[Fault, Fault]) -> None:
    one, two = pair
    mine = desk.members(one.key)[0].fingerprint
    desk.act(faults.merge, one.key, two.key)
    split(desk, two.key, mine)
    with pytest.raises(NotFoundError, match="has no fingerprint"):
        split(desk, two.key, mine)


# ---- refusals ---------------------------------------------------------------------------------------------------

REFUSED: dict[str, tuple[Any, str, Any]] = {
    "an id that never was": (lambda d, _: d.act(faults.reopen, "flt_00000000"), "there is no fault", NotFoundError),
    "no id": (lambda d, _: d.act(faults.reopen, ""), "there is no fault", NotFoundError),
    "the beginning of several": (lambda d, _: d.act(faults.reopen, "flt_"), "begins the ids of 2", UsageError),
    "what is no version": (lambda d, a: d.act(faults.resolve, a, "soon"), "'soon' is no version", UsageError),
    "reopening an open one": (lambda d, a: d.act(faults.reopen, a), "open already", UsageError),
    "resolving twice": (
        lambda d, a: [d.act(faults.resolve, a, ""), d.act(faults.resolve, a, "")], "resolved by ada", UsageError,
    ),
    "ignoring twice": (lambda d, a: [d.act(faults.ignore, a), d.act(faults.ignore, a)], "ignored already", UsageError),
    "merging with itself": (lambda d, a: d.act(faults.merge, a, a), "itself", UsageError),
    "splitting off everything": (
        lambda d, a: split(d, a, d.members(a)[0].fingerprint), "is all that", UsageError,
    ),
    "splitting off what is not there": (lambda d, a: split(d, a, "1:00"), "has no fingerprint", NotFoundError),
}  # fmt: skip


@pytest.mark.parametrize(("act", "said", "kind"), REFUSED.values(), ids=REFUSED)
def test_refused_with_a_hint(desk: Any, pair: tuple[Fault, Fault], act: Any, said: str, kind: Any) -> None:
    with pytest.raises(kind, match=said) as refused:
        act(desk, pair[0].key)
    assert refused.value.hint


def test_faults_of_two_services_are_not_merged(desk: Any, pair: tuple[Fault, Fault]) -> None:
    desk.fail(service="other")
    other = desk.spec.service("other")
    faults.tick(desk.state, desk.events, [other], desk.clock.advance(timedelta(seconds=2)))
    theirs = next(fault for fault in desk.all() if fault.service == "other")
    with pytest.raises(UsageError, match="of other and"):
        desk.act(faults.merge, theirs.key, pair[0].key)


@pytest.mark.parametrize("short", [3, 6, 12], ids=str)
def test_the_beginning_of_an_id_is_enough(desk: Any, short: int) -> None:
    fault = desk.happens()
    with desk.state.begin() as tx:
        assert faults.find(tx, fault.key.removeprefix("flt_")[:short]) == fault


# ---- explain ----------------------------------------------------------------------------------------------------


def explain(desk: Any, a: str, b: str) -> Any:
    with desk.state.begin(write=False) as tx:
        return faults.explain(tx, desk.entry(a), desk.entry(b))


APART = {
    "template": ({"template": "page/vue"}, ["template", "fault"]),
    "code": ({"code": "RENDER_FAILED"}, ["code", "fault"]),
    "user type": ({"user_type": "ci"}, ["user type", "fault"]),
    "message": ({"message": "the disk is full"}, ["message", "fingerprint", "fault"]),
}


@pytest.mark.parametrize(("changes", "parts"), APART.values(), ids=APART)
def test_explain_names_what_keeps_two_apart(desk: Any, changes: dict[str, str], parts: list[str]) -> None:
    (a,), (b,) = desk.fail(), desk.fail(**changes)
    desk.tick()
    said = explain(desk, a, b)
    assert (said.together, [step.part for step in said.steps if step.verdict == "different"]) == (
        False,
        parts,
    )
    assert said.conclusion.startswith(f"apart: {parts[0]}")


def test_explain_says_why_two_are_together(desk: Any) -> None:
    a, b = desk.fail(2)
    assert explain(desk, a, b).conclusion.startswith("not sorted yet")
    desk.tick()
    assert explain(desk, a, b).conclusion == "together: nothing that counts differs"


def test_explain_tells_of_a_merge(desk: Any) -> None:
    (a,), (b,) = desk.fail(), desk.fail(message="the disk is full")
    desk.tick()
    gone = desk.of(a).key
    desk.act(faults.merge, gone, desk.of(b).key)
    said = explain(desk, a, b)
    assert said.together
    assert said.conclusion.startswith("together, though message, fingerprint differ")
    assert f"merged from {gone} by ada: because" in said.steps[-1].a


def test_explain_refuses_what_is_no_failure(desk: Any) -> None:
    (a,), (b,) = desk.fail(), desk.fail(code="CANCELLED")
    desk.tick()
    with pytest.raises(UsageError, match="belongs to no fault"):
        explain(desk, a, b)
