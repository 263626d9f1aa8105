"""The pure parts: what counts as back, how many causes there is room for, ids, and what is told apart."""

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdeck import faults
from opsdeck.faults.members import ANY, MOST_CAUSES, MOST_OF_SERVICE, Cause, fresh_id, kept, member_of
from opsdeck.faults.resolution import after, came_back, latest, said
from opsdeck.faults.sight import Room
from opsdeck.model import FaultMember
from opsdeck.testing import START
from opsdeck.versions import Regression, newer

CAUSE = Cause("s", "CODE", "t", "human", "1:00")
VERSIONS = st.one_of(
    st.builds("{}.{}.{}".format, *[st.integers(0, 12)] * 3),
    st.builds("2025.{}.{}".format, st.integers(1, 12), st.integers(0, 30)),
    st.sampled_from(["dev", "", "1.2.3-rc.1", "v1.4.0", "2025.9"]),
)


def member(cause: Cause, fault: str = "flt_1") -> FaultMember:
    return FaultMember(
        cause.key, cause.service, cause.code, cause.template, cause.user_type, cause.fingerprint, fault, "", START
    )  # fmt: skip


# ---- resolutions ------------------------------------------------------------------------------------------------


@given(VERSIONS, VERSIONS)
def test_only_a_version_that_is_not_older_brings_it_back(fixed: str, seen: str) -> None:
    if came_back(fixed, seen) is Regression.BACK:
        assert newer(fixed, seen) is False


@given(VERSIONS, VERSIONS)
def test_after_a_version_is_stricter_than_in_it(fixed: str, seen: str) -> None:
    if came_back(after(fixed), seen) is Regression.BACK:
        assert came_back(fixed, seen) is Regression.BACK
        assert newer(seen, fixed)


@given(VERSIONS)
def test_the_version_it_was_resolved_after_never_brings_it_back(version: str) -> None:
    assert came_back(after(version), version) is not Regression.BACK


@given(VERSIONS)
def test_what_is_resolved_for_good_stays_so(version: str) -> None:
    assert came_back("", version) is Regression.UNREADABLE


SAID = {"2025.9.9": "resolved in 2025.9.9", ">1.2.3": "resolved after 1.2.3", "": "resolved for good"}


@pytest.mark.parametrize(("resolved_in", "words"), SAID.items(), ids=SAID.values())
def test_a_resolution_in_words(resolved_in: str, words: str) -> None:
    assert said(resolved_in).startswith(words)


LATEST = {
    "a later one": ("2025.9.8", "2025.9.10", False, "2025.9.10"),
    "an older one, seen later": ("2025.9.10", "2025.9.8", True, "2025.9.10"),
    "another scheme, seen later": ("1.2.3", "2025.9.8", True, "2025.9.8"),
    "another scheme, seen earlier": ("1.2.3", "2025.9.8", False, "1.2.3"),
    "one that cannot be read, seen later": ("1.2.3", "dev", True, "dev"),
}


@pytest.mark.parametrize(("a", "b", "later", "wanted"), LATEST.values(), ids=LATEST)
def test_the_newest_version(a: str, b: str, later: bool, wanted: str) -> None:
    assert latest(a, b, b_is_later=later) == wanted


# ---- room -------------------------------------------------------------------------------------------------------


def test_there_is_room_for_so_many_causes_of_a_combination() -> None:
    room = Room([])
    taken = [room.takes(replace(CAUSE, fingerprint=f"1:{number}")) for number in range(MOST_CAUSES + 5)]
    assert taken == [True] * MOST_CAUSES + [False] * 5
    assert room.instead(replace(CAUSE, fingerprint="1:new")) == replace(CAUSE, fingerprint=ANY)
    assert room.takes(replace(CAUSE, template="other"))


def test_there_is_room_for_so_many_causes_of_a_service() -> None:
    room = Room(member(replace(CAUSE, code=f"C{number}")) for number in range(MOST_OF_SERVICE))
    assert room.instead(replace(CAUSE, code="new")) == Cause("s", ANY, ANY, ANY, ANY)
    assert room.takes(replace(CAUSE, service="other"))


def test_a_cause_that_is_known_needs_no_room() -> None:
    room = Room(member(replace(CAUSE, fingerprint=f"1:{number}")) for number in range(MOST_CAUSES))
    assert room.takes(replace(CAUSE, fingerprint="1:0"))


# ---- members ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("width", range(3), ids=["itself", "of its combination", "of its service"])
def test_the_nearest_member_stands_for_a_cause(width: int) -> None:
    known = {cause.key: member(cause, f"flt_{at}") for at, cause in enumerate(CAUSE.wider) if at >= width}
    found = member_of(CAUSE, known.get)
    assert found is not None
    assert found.fault == f"flt_{width}"


def test_causes_that_run_into_each_other_have_different_keys() -> None:
    keys = {
        Cause(*parts).key
        for parts in (("a", "bc", "", "", ""), ("ab", "c", "", "", ""), ("a", "b", "c", "", ""))
    }
    assert len(keys) == 3


def test_an_id_that_is_taken_grows() -> None:
    first = fresh_id("seed", lambda _: False)
    second = fresh_id("seed", {first}.__contains__)
    assert second.startswith(first)
    assert (len(first), len(second)) == (12, 16)


@given(st.text(alphabet=st.characters(exclude_categories=())))
def test_what_is_kept_can_be_stored(text: str) -> None:
    assert "\0" not in kept(text)
    kept(text).encode()


FAILED: dict[str, Any] = {
    "service": "s", "userType": "human", "operation": {"success": False, "template": "t"},
    "error": {"code": "CODE", "fingerprint": "1:00"},
}  # fmt: skip
NONE = {
    "a success": {"operation": {"success": True}, "error": None},
    "a cancelled run": {"error": {"code": "CANCELLED", "fingerprint": "1:00"}},
    "a refusal by policy": {"error": {"code": "BLOCKED", "fingerprint": "1:00"}},
    "an entry from before fingerprints": {"error": {"code": "CODE"}},
}


def test_the_cause_of_a_failure() -> None:
    assert faults.cause(FAILED) == CAUSE


@pytest.mark.parametrize("changes", NONE.values(), ids=NONE)
def test_no_cause(changes: dict[str, Any]) -> None:
    assert faults.cause(FAILED | changes) is None


def test_a_cause_with_half_a_character_can_be_stored() -> None:
    found = faults.cause(json.loads(json.dumps(FAILED).replace("CODE", "\\ud800\\u0000")))
    assert found is not None
    assert found.code == "?\ufffd"
