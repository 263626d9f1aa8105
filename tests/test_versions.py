"""Order of versions: the tables that versions.py promises, row by row."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdeck.versions import Regression, Version, newer, parse, regresses, same_line

READ = {
    "CalVer": ("2025.9.8", Version("calver", (2025, 9, 8, 0))),
    "CalVer with leading zeros": ("2025.09.08", Version("calver", (2025, 9, 8, 0))),
    "CalVer with a fourth number": ("2025.09.08.1", Version("calver", (2025, 9, 8, 1))),
    "CalVer of a month": ("2025.9", Version("calver", (2025, 9, 0, 0))),
    "CalVer with a v": ("v2025.9.8", Version("calver", (2025, 9, 8, 0))),
    "CalVer with a pre-release": ("2025.9.8-rc.1", Version("calver", (2025, 9, 8, 0), ((1, 0, "rc"), (0, 1, "")))),
    "SemVer": ("1.2.3", Version("semver", (1, 2, 3))),
    "SemVer with a v": ("v1.2.3", Version("semver", (1, 2, 3))),
    "SemVer with build metadata": ("1.2.3+20130313144700", Version("semver", (1, 2, 3))),
    "SemVer with a pre-release": ("1.0.0-alpha.1", Version("semver", (1, 0, 0), ((1, 0, "alpha"), (0, 1, "")))),
    "SemVer with hyphens": ("1.0.0-x-y-z.--", Version("semver", (1, 0, 0), ((1, 0, "x-y-z"), (1, 0, "--")))),
    "SemVer with both": ("1.0.0-beta+exp.sha.5114f85", Version("semver", (1, 0, 0), ((1, 0, "beta"),))),
    "SemVer without a patch": ("1.2", Version("semver", (1, 2, 0))),
    "space around it": (" 1.2.3 ", Version("semver", (1, 2, 3))),
}  # fmt: skip
UNREADABLE = {
    "nothing": "",
    "a word": "latest",
    "one number": "12",
    "four numbers that are no year": "1.2.3.4",
    "leading zeros in SemVer": "1.02.3",
    "leading zeros in a SemVer's pre-release": "1.0.0-rc.01",
    "an empty pre-release": "1.0.0-",
    "an empty part of one": "1.0.0-a..b",
    "an empty build": "1.0.0+",
    "Python's form of a pre-release": "1.2.3rc1",
    "a capital V": "V1.2.3",
    "digits of another script": "\u0661.\u0662.\u0663",
    "a terminal escape": "1.2.3\x1b[31m",
    "a number too long": "1.2." + "9" * 10,
    "a text too long": "1.2.3-" + "a" * 64,
    "a branch": "main-3f2a9bc",
}
# semver.org §11, then ours: each is newer than the one before.
ASCENDING = {
    "numbers": ("1.0.0", "2.0.0", "2.1.0", "2.1.1", "2.10.0", "10.0.0"),
    "pre-releases": (
        *("1.0.0-alpha", "1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11"),
        *("1.0.0-rc.1", "1.0.0"),
    ),
    "numbers before words": ("1.0.0-1", "1.0.0-2", "1.0.0-10", "1.0.0--", "1.0.0-A", "1.0.0-a"),
    "CalVer": ("2024.12.31", "2025.1.1", "2025.9.8", "2025.09.08.1", "2025.9.8.2", "2025.9.10", "2025.10.1"),
    "CalVer's pre-releases": ("2025.9.8-rc.1", "2025.9.8", "2025.9.8.1"),
}
EQUAL = {
    "build metadata": ("1.0.0+a", "1.0.0+b"),
    "a v": ("v1.2.3", "1.2.3"),
    "leading zeros of CalVer": ("2025.09.08", "2025.9.8"),
    "a missing number of CalVer": ("2025.9.8", "2025.9.8.0"),
}
INCOMPARABLE = {
    "another scheme": ("2025.9.8", "1.2.3"),
    "no version on the left": ("latest", "1.2.3"),
    "no version on the right": ("1.2.3", ""),
    "no version at all": ("dev", "dev"),
}
LINES = {
    "one major version": ("1.2.3", "1.9.0", True),
    "another major version": ("1.2.3", "2.0.0", False),
    "a pre-release of the next": ("1.9.0", "2.0.0-rc.1", False),
    "two years of CalVer": ("2024.1.1", "2025.9.8", True),
    "two schemes": ("2025.9.8", "1.2.3", False),
    "no version": ("dev", "dev", False),
}
REGRESSIONS = {
    "the resolving version itself": ("1.2.3", "1.2.3", Regression.BACK),
    "a newer one": ("1.2.3", "1.3.0", Regression.BACK),
    "an older one": ("1.2.3", "1.2.2", Regression.OLDER),
    "a pre-release of the resolving one": ("1.2.3", "1.2.3-rc.1", Regression.OLDER),
    "another build of it": ("1.2.3", "1.2.3+build.9", Regression.BACK),
    "the next major version": ("1.2.3", "2.0.0", Regression.OTHER_LINE),
    "the major version before": ("2.0.0", "1.9.9", Regression.OTHER_LINE),
    "a newer CalVer": ("2025.9.8", "2026.1.1", Regression.BACK),
    "the same CalVer, written longer": ("2025.9.8", "2025.09.08.0", Regression.BACK),
    "an older CalVer": ("2025.9.8", "2025.9.7.3", Regression.OLDER),
    "another scheme": ("2025.9.8", "1.2.3", Regression.OTHER_LINE),
    "no version seen": ("1.2.3", "dev", Regression.UNREADABLE),
    "resolved in no version": ("", "1.2.3", Regression.UNREADABLE),
}


@pytest.mark.parametrize(("text", "expected"), READ.values(), ids=READ)
def test_it_reads(text: str, expected: Version) -> None:
    assert parse(text) == expected


@pytest.mark.parametrize("text", UNREADABLE.values(), ids=UNREADABLE)
def test_it_does_not_read(text: str) -> None:
    assert parse(text) is None


@pytest.mark.parametrize("texts", ASCENDING.values(), ids=ASCENDING)
def test_it_orders(texts: tuple[str, ...]) -> None:
    assert all(newer(after, before) is True for before, after in pairwise(texts))
    assert all(newer(before, after) is False for before, after in pairwise(texts))


@pytest.mark.parametrize(("a", "b"), EQUAL.values(), ids=EQUAL)
def test_it_does_not_tell_apart(a: str, b: str) -> None:
    assert newer(a, b) is newer(b, a) is False
    assert parse(a) == parse(b)


@pytest.mark.parametrize(("a", "b"), INCOMPARABLE.values(), ids=INCOMPARABLE)
def test_it_does_not_compare(a: str, b: str) -> None:
    assert newer(a, b) is newer(b, a) is None


@pytest.mark.parametrize(("a", "b", "expected"), LINES.values(), ids=LINES)
def test_a_line_is(a: str, b: str, *, expected: bool) -> None:
    assert same_line(a, b) is same_line(b, a) is expected


@pytest.mark.parametrize(("resolved_in", "seen", "expected"), REGRESSIONS.values(), ids=REGRESSIONS)
def test_a_resolved_fault_seen_on(resolved_in: str, seen: str, expected: Regression) -> None:
    assert regresses(resolved_in, seen) is expected


def test_every_reason_is_reached() -> None:
    assert {expected for _, _, expected in REGRESSIONS.values()} == set(Regression)


part = st.from_regex(r"[0-9]{1,3}|[a-z-]{1,5}", fullmatch=True).map(lambda text: text.lstrip("0") or "0")
versions = st.builds(
    lambda numbers, pre: ".".join(map(str, numbers)) + ("-" + ".".join(pre) if pre else ""),
    st.lists(st.integers(0, 30), min_size=3, max_size=3),
    st.lists(part, max_size=3),
)


@given(versions, versions, versions)
def test_the_order_is_total(a: str, b: str, c: str) -> None:
    assert (newer(a, b), newer(b, a)).count(True) == (parse(a) != parse(b))
    assert not (newer(a, b) and newer(b, c)) or newer(a, c)


@given(st.text())
def test_any_text_is_a_version_or_none(text: str) -> None:
    found = parse(text)
    assert found is None or not newer(text, text)
