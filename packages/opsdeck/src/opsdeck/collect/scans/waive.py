"""Where a finding stands. Pure: a finding, waivers, now → a status and its named reason.

1. What no scan reports any more is gone.
2. Of the VEX statements about it the newest counts; of two at one time the graver. not_affected and fixed end it there.
3. A withdrawn advisory ends a finding only where every name of it was withdrawn: its other names may stand.
4. A risk that somebody accepted counts until its time.
5. A statement that somebody withdrew counts no more; it is kept, so that its file cannot bring it back.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Literal

from opsdeck.collect.scans.unite import names, reported
from opsdeck.model import Finding, Waiver

Status = Literal["open", "not_affected", "fixed", "accepted", "gone"]
Reason = Literal["not_reported", "vex", "withdrawn", "accepted", "reported"]

WITHDRAWN = "withdrawn"
# Of two statements at one time: the first of these counts.
GRAVER = ("affected", "under_investigation", "fixed", "not_affected")

ByName = Mapping[str, Sequence[Waiver]]


def by_name(waivers: Iterable[Waiver]) -> ByName:
    """Waivers by the vulnerability that they name."""
    named: dict[str, list[Waiver]] = defaultdict(list)
    for waiver in waivers:
        named[waiver.vulnerability].append(waiver)
    return named


def about(finding: Finding, waivers: ByName) -> list[Waiver]:
    """The waivers that speak about the finding: by any of its names, for its package, its version or all of them."""
    places = ("", finding.package, f"{finding.package}@{finding.version}")
    return [one for name in sorted(names(finding)) for one in waivers.get(name, ()) if one.package in places]


def standing(finding: Finding, waivers: ByName, now: datetime) -> tuple[Status, Reason]:
    """The finding's status, and why."""
    if not reported(finding):
        return "gone", "not_reported"
    given = [one for one in about(finding, waivers) if in_force(one, now)]
    said = [one for one in given if one.kind == "vex" and one.status != WITHDRAWN]
    newest = max(said, key=lambda one: (one.at, -GRAVER.index(one.status)), default=None)
    if newest and newest.status in ("not_affected", "fixed"):
        return "not_affected" if newest.status == "not_affected" else "fixed", "vex"
    if names(finding) <= {one.vulnerability for one in given if one.status == WITHDRAWN}:
        return "not_affected", "withdrawn"
    if any(one.kind == "accepted" for one in given):
        return "accepted", "accepted"
    return "open", "reported"


def taken_back(waiver: Waiver) -> bool:
    """Whether it is a statement that somebody withdrew (`actor`, at `until`)."""
    return waiver.kind == "vex" and waiver.until is not None


def in_force(waiver: Waiver, now: datetime) -> bool:
    """Whether its time has not come yet."""
    return waiver.until is None or waiver.until > now
