"""What becomes of findings, whatever the order in which they come: pure values in, pure values out."""

from datetime import timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from opsdeck.collect.scans.shape import SEVERITIES, Found
from opsdeck.collect.scans.unite import Look, reported, shown, unite
from opsdeck.collect.scans.waive import by_name, standing
from opsdeck.model import Finding, Waiver
from opsdeck.testing import START

NAMES = [f"CVE-2024-{n}" for n in range(4)] + [f"GHSA-{n}" for n in range(3)] + ["PYSEC-1"]
lines = st.builds(
    Found,
    package=st.sampled_from(["pkg:pypi/a", "pkg:pypi/b"]),
    version=st.sampled_from(["", "1", "2"]),
    ids=st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True).map(tuple),
    severity=st.sampled_from(SEVERITIES),
)
scans = st.lists(st.lists(lines.filter(lambda line: bool(line.version)), max_size=6), min_size=1, max_size=4)
reports = st.lists(st.lists(lines, max_size=6), min_size=1, max_size=4)


def after(looks: list[tuple[str, list[Found]]]) -> dict[str, Finding]:
    known: dict[str, Finding] = {}
    for turn, (tool, found) in enumerate(looks):
        done = unite(list(known.values()), found, Look("demo", tool, ""), START + timedelta(hours=turn))
        known = {key: one for key, one in known.items() if key not in done.merged}
        known |= {one.key: one for one in done.findings}
    return known


def said(findings: dict[str, Finding]) -> list[tuple[object, ...]]:
    return sorted(
        (one.package, one.version, tuple(one.ids["all"]), one.severity, tuple(sorted(one.tools)))
        for one in findings.values()
    )


@given(scans, st.randoms(use_true_random=False))
@settings(deadline=None, max_examples=150)
def test_the_order_of_the_scans_changes_nothing(given_: list[list[Found]], chance: object) -> None:
    looks = [(f"tool-{place}", found) for place, found in enumerate(given_)]
    other = list(looks)
    chance.shuffle(other)  # type: ignore[attr-defined]
    assert said(after(looks)) == said(after(other))


@given(reports)
@settings(deadline=None, max_examples=150)
def test_no_two_findings_of_a_version_share_a_name(given_: list[list[Found]]) -> None:
    seen = [
        (one.package, one.version, name)
        for one in after([(f"tool-{place}", found) for place, found in enumerate(given_)]).values()
        for name in one.ids["all"]
    ]
    assert len(seen) == len(set(seen))


@given(st.lists(lines, max_size=8))
@settings(deadline=None, max_examples=150)
def test_nothing_that_is_reported_is_lost_and_the_same_again_is_the_same(found: list[Found]) -> None:
    once = after([("tool", found)])
    names = {(one.package, name) for one in found for name in one.ids}
    assert {(one.package, name) for one in once.values() for name in one.ids["all"]} == names
    assert said(once) == said(after([("tool", found), ("tool", found)]))
    assert once.keys() == after([("tool", found), ("tool", found)]).keys()


@given(reports)
@settings(deadline=None, max_examples=100)
def test_when_every_tool_finds_nothing_any_more_all_is_gone(given_: list[list[Found]]) -> None:
    looks = [(f"tool-{place}", found) for place, found in enumerate(given_)]
    ended = after([*looks, *((tool, []) for tool, _ in looks)])
    assert not any(reported(one) for one in ended.values())
    assert {standing(one, {}, START)[0] for one in ended.values()} <= {"gone"}


def test_the_name_that_is_shown() -> None:
    assert shown(["PYSEC-1", "GHSA-b", "CVE-2", "CVE-1"]) == "CVE-1"
    assert shown(["PYSEC-1", "GHSA-b"]) == "GHSA-b"


def waiver(
    status: str,
    *,
    hours: int = 0,
    kind: str = "vex",
    name: str = "CVE-2024-1",
    until: int = 0,
    package: str = "",
) -> Waiver:
    end = START + timedelta(hours=until) if until else None
    at = START + timedelta(hours=hours)
    return Waiver(f"{status}{hours}{name}", "demo", name, package, kind, status, "", "", "", at, end)  # type: ignore[arg-type]


# what is said → where the finding CVE-2024-1 = GHSA-1 of pkg:pypi/a at version 1 stands an hour later
STANDINGS = {
    "nothing": ([], "open"),
    "not affected": ([waiver("not_affected")], "not_affected"),
    "fixed, by its other name": ([waiver("fixed", name="GHSA-1")], "fixed"),
    "affected after not affected": ([waiver("not_affected"), waiver("affected", hours=1)], "open"),
    "not affected after affected": ([waiver("affected"), waiver("not_affected", hours=1)], "not_affected"),
    "both at one time": ([waiver("affected"), waiver("not_affected")], "open"),
    "under investigation": ([waiver("under_investigation")], "open"),
    "about another vulnerability": ([waiver("not_affected", name="CVE-2024-2")], "open"),
    "about another package": ([waiver("not_affected", package="pkg:pypi/b")], "open"),
    "about its package": ([waiver("not_affected", package="pkg:pypi/a")], "not_affected"),
    "about its version": ([waiver("not_affected", package="pkg:pypi/a@1")], "not_affected"),
    "about another version": ([waiver("not_affected", package="pkg:pypi/a@2")], "open"),
    "accepted": ([waiver("accepted", kind="accepted", until=2)], "accepted"),
    "accepted until now": ([waiver("accepted", kind="accepted", until=1)], "open"),
    "accepted and affected": ([waiver("accepted", kind="accepted", until=2), waiver("affected")], "accepted"),
    "withdrawn by one name": ([waiver("withdrawn")], "open"),
    "withdrawn by both": ([waiver("withdrawn"), waiver("withdrawn", name="GHSA-1")], "not_affected"),
}


def test_where_a_finding_stands() -> None:
    found = Found("pkg:pypi/a", "1", ("CVE-2024-1", "GHSA-1"))
    (one,) = after([("tool", [found])]).values()
    now = START + timedelta(hours=1)
    stands = {what: standing(one, by_name(given_), now)[0] for what, (given_, _) in STANDINGS.items()}
    assert stands == {what: expected for what, (_, expected) in STANDINGS.items()}
