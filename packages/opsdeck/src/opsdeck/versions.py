"""Versions of operated tools → their order: CalVer (`2025.9.8`, `2025.09.08.1`) and SemVer (`1.2.3-rc.1+build`).

In: texts as events carry them, a leading `v` allowed. Out: Version, which is newer, whether two are of one line, and
whether a fault that was resolved in one version came back with another. Pure. It must not know faults or releases.

A text whose first number is a year (YEARS) is CalVer: two to four numbers, leading zeros allowed, missing ones are 0.
Every other is SemVer 2.0.0 (semver.org): its §11 orders pre-releases; build metadata does not count. CalVer may carry a
pre-release too, and a SemVer of two numbers is read with a patch of 0. The line of a SemVer is its major version; CalVer is one line.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

LONGEST = 64
YEARS = range(1990, 2200)

_FORM = re.compile(
    r"v?(\d{1,9}(?:\.\d{1,9}){1,3})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?",
    re.ASCII,
)
_SEMVER_NUMBERS, _CALVER_NUMBERS = 3, 4

Scheme = Literal["calver", "semver"]
# A part of a pre-release: numbers before words, each kind in its own order (§11.4).
Identifier = tuple[int, int, str]


@dataclass(frozen=True, slots=True)
class Version:
    """A version that can be compared; `pre` is empty for a release."""

    scheme: Scheme
    numbers: tuple[int, ...]
    pre: tuple[Identifier, ...] = ()

    @property
    def rank(self) -> tuple[tuple[int, ...], bool, tuple[Identifier, ...]]:
        """Orders versions of one scheme: a release is after its pre-releases."""
        return self.numbers, not self.pre, self.pre


class Regression(StrEnum):
    """Whether a resolved fault is back, and why (not); only `BACK` is a regression."""

    BACK = "seen on the resolving version's line, at it or newer"
    OLDER = "seen on an older version, which never had the fix"
    OTHER_LINE = "seen on another line of versions"
    UNREADABLE = "one of the versions cannot be read"


def parse(text: str) -> Version | None:
    """The version, or None for a text that is none."""
    found = _FORM.fullmatch(text.strip()) if len(text) <= LONGEST else None
    if found is None:
        return None
    parts, pre = found[1].split("."), found[2].split(".") if found[2] else []
    numbers, identifiers = tuple(map(int, parts)), tuple(map(_identifier, pre))
    if numbers[0] in YEARS:
        return Version("calver", numbers + (0,) * (_CALVER_NUMBERS - len(numbers)), identifiers)
    if len(numbers) > _SEMVER_NUMBERS or any(map(_zero_padded, parts + pre)):
        return None
    return Version("semver", numbers + (0,) * (_SEMVER_NUMBERS - len(numbers)), identifiers)


def newer(a: str, b: str) -> bool | None:
    """Whether `a` is after `b`; None where they cannot be compared (another scheme, or no version)."""
    left, right = parse(a), parse(b)
    if left is None or right is None or left.scheme != right.scheme:
        return None
    return left.rank > right.rank


def same_line(a: str, b: str) -> bool:
    """Whether fixes of one reach the other: SemVer of one major version, or both CalVer."""
    return _same_line(parse(a), parse(b))


def regresses(resolved_in: str, seen: str) -> Regression:
    """Whether a fault that was resolved in one version and is seen on another came back."""
    fixed, found = parse(resolved_in), parse(seen)
    if fixed is None or found is None:
        return Regression.UNREADABLE
    if not _same_line(fixed, found):
        return Regression.OTHER_LINE
    return Regression.BACK if found.rank >= fixed.rank else Regression.OLDER


def _same_line(a: Version | None, b: Version | None) -> bool:
    if a is None or b is None or a.scheme != b.scheme:
        return False
    return a.scheme == "calver" or a.numbers[0] == b.numbers[0]


def _identifier(part: str) -> Identifier:
    return (0, int(part), "") if part.isdigit() else (1, 0, part)


def _zero_padded(part: str) -> bool:
    return part.isdigit() and len(part) > 1 and part.startswith("0")
