"""The policy document: byte for byte, what is in it, how long it stays the same."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import vectors

from opsdeck import spec
from opsdeck.model import Entitlement, Restriction
from opsdeck.respond.enforce import policy
from opsdeck.respond.enforce.policy import Rights
from opsdeck_emit import policy as reader

NOW = datetime.fromtimestamp(vectors.NOW, UTC)
SHIPPED = spec.load(None)
MINUTE = timedelta(minutes=1)


def restriction(kind: Any, key: str, until: datetime, reason: str = "why") -> Restriction:
    return Restriction(key, vectors.SERVICE, kind, "user", vectors.SUBJECT, NOW, until, 1, reason, "D-1")


def entitlement(feature: str, until: datetime | None = None) -> Entitlement:
    return Entitlement(feature, vectors.SERVICE, vectors.SUBJECT, feature, "ann", "team", NOW, until)


FULL = Rights(
    (
        restriction("rate_limit", "R-1a2b3c4d5e6f", datetime.fromtimestamp(1_764_012_645, UTC), "12 failures in 5 minutes by this user"),
        restriction("block", "R-0f1e2d3c4b5a", datetime.fromtimestamp(1_764_019_845, UTC), "attempt on template:infra/vault — naïve"),
    ),
    (entitlement("template:infra/*"),),
)  # fmt: skip


def text(rights: Rights = FULL, now: datetime = NOW, key: str = vectors.KEY) -> str:
    validity = SHIPPED.framework.enforcement.validity
    retry = SHIPPED.undeclared.retry
    return policy.text(vectors.SERVICE, vectors.SUBJECT, rights, retry, validity=validity, key=key, now=now)


def lines(document: str, word: str) -> list[str]:
    return [line.partition(" ")[2] for line in document.splitlines() if line.partition(" ")[0] == word]


def test_the_document_is_the_vector_byte_for_byte() -> None:
    assert text().encode() == vectors.POLICY


def test_an_operated_tool_relies_on_it() -> None:
    found = reader.verify(text().encode(), vectors.SECRET, vectors.SERVICE, vectors.SUBJECT, vectors.NOW)
    assert found.reason == reader.STANDING
    assert found.policy is not None
    assert found.policy.restriction(vectors.NOW).id == "R-0f1e2d3c4b5a"  # type: ignore[union-attr]
    assert found.policy.entitled("template:infra/vault")
    assert found.policy.retryable("WRITE_FAILED")


@pytest.mark.parametrize("place", range(0, len(vectors.POLICY) - 1, 7))
def test_a_byte_that_differs_makes_it_worthless(place: int) -> None:
    raw = bytearray(vectors.POLICY)
    raw[place] ^= 1
    found = reader.verify(bytes(raw), vectors.SECRET, vectors.SERVICE, vectors.SUBJECT, vectors.NOW)
    assert found.policy is None


def test_it_runs_out() -> None:
    raw = vectors.POLICY
    last = reader.verify(raw, vectors.SECRET, vectors.SERVICE, vectors.SUBJECT, vectors.EXPIRES - 1)
    over = reader.verify(raw, vectors.SECRET, vectors.SERVICE, vectors.SUBJECT, vectors.EXPIRES)
    assert [last.reason, over.reason] == [reader.STANDING, reader.EXPIRED]


def test_a_user_of_whom_nothing_is_known_gets_what_everybody_gets() -> None:
    empty = text(Rights())
    assert lines(empty, "restrict") == lines(empty, "entitled") == []
    assert lines(empty, "retry-limits") == ["3 50 1000 2000"]


def test_of_each_kind_the_one_that_ends_last() -> None:
    minutes = (restriction("block", f"R-{n}", NOW + n * MINUTE) for n in (1, 3, 2))
    limit = restriction("rate_limit", "R-9", NOW + MINUTE)
    found = lines(text(Rights((*minutes, limit))), "restrict")
    assert [line.split()[2] for line in found] == ["R-3", "R-9"]


def test_what_is_over_is_not_in_it() -> None:
    over = Rights(
        (restriction("block", "R-1", NOW),),
        (entitlement("allow-outside", NOW), entitlement("b", NOW + MINUTE)),
    )
    assert lines(text(over), "restrict") == []
    assert lines(text(over), "entitled") == ["b"]


def test_a_restriction_never_ends_early_by_rounding() -> None:
    until = NOW + timedelta(seconds=9.2)
    assert lines(text(Rights((restriction("block", "R-1", until),))), "restrict")[0].split()[1] == str(
        vectors.NOW + 10
    )


PERIOD = timedelta(minutes=5)
BEGIN = datetime.fromtimestamp(vectors.ISSUED, UTC)
TAGS = {
    "the same moment": (text(), True),
    "later in the same third of the validity": (text(now=BEGIN + PERIOD - timedelta.resolution), True),
    "the next third": (text(now=BEGIN + PERIOD), False),
    "another key": (text(key="0" * 64), False),
    "another restriction": (text(Rights(FULL.restrictions[:1], FULL.entitlements)), False),
    "another reason": (text(Rights((replace(FULL.restrictions[0], reason="x"), FULL.restrictions[1]), FULL.entitlements)), False),
    "another entitlement": (text(Rights(FULL.restrictions)), False),
}  # fmt: skip


@pytest.mark.parametrize(("other", "same"), TAGS.values(), ids=TAGS)
def test_the_tag_is_the_content_s_and_the_period_s(other: str, same: bool) -> None:
    assert (policy.tag(text()) == policy.tag(other)) is same


def test_what_is_given_out_holds_for_two_thirds_of_the_validity_at_least() -> None:
    latest = text(now=BEGIN + PERIOD - timedelta.resolution)
    left = int(lines(latest, "expires")[0]) - (BEGIN + PERIOD).timestamp()
    assert timedelta(seconds=left) == 2 * SHIPPED.framework.enforcement.validity / 3
