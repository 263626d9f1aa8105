"""How bad it is. In: a tool's word, CVSS vectors, numbers. Out: a level and a score; what means nothing is unknown.

Within one report the tool's own level counts, for the tool has weighed the sources; where it gives none, the highest of
its CVSS scores. Across tools the highest counts (unite). A CVSS 2 score is never critical: version 2 has no such level.
"""

from collections.abc import Iterable
from functools import lru_cache
from math import isfinite

from cvss import CVSS2, CVSS3, CVSS4  # type: ignore[import-untyped]
from cvss.exceptions import CVSSError  # type: ignore[import-untyped]

from opsdeck.collect.scans.shape import SEVERITIES
from opsdeck.model import VulnerabilitySeverity

WORDS: dict[str, VulnerabilitySeverity] = {
    **{level: level for level in SEVERITIES},
    "important": "high",
    "moderate": "medium",
    "minimal": "low",
    "negligible": "low",
    "info": "none",
    "informational": "none",
}
LONGEST_VECTOR = 300
TOP = 10.0
# The qualitative ratings of CVSS 3 and 4.
RATINGS: tuple[tuple[float, VulnerabilitySeverity], ...] = (
    (9.0, "critical"),
    (7.0, "high"),
    (4.0, "medium"),
    (0.1, "low"),
    (0.0, "none"),
)

Rated = tuple[VulnerabilitySeverity, float | None]
UNKNOWN: Rated = ("unknown", None)


def rated(level: str = "", vectors: Iterable[str] = (), scores: Iterable[float | str] = ()) -> Rated:
    """The level and the highest score of one report about one vulnerability."""
    given = (*map(of_vector, vectors), *map(of_score, scores))
    own = WORDS.get(level.strip().lower(), "unknown")
    if own == "unknown":
        return max(given, key=_height, default=UNKNOWN)
    return own, _score(own, given)


def highest(ratings: Iterable[Rated]) -> Rated:
    """The gravest level among them, and the highest score."""
    given = list(ratings)
    level = min(given, key=lambda one: SEVERITIES.index(one[0]), default=UNKNOWN)[0]
    return level, _score(level, given)


def of_score(score: float | str) -> Rated:
    """A base score from 0 to 10, as a number or as a text."""
    try:
        number = float(score)
    except ValueError:
        return UNKNOWN
    if not isfinite(number) or not 0 <= number <= TOP:
        return UNKNOWN
    return next(level for least, level in RATINGS if number >= least or least == 0), number


@lru_cache(maxsize=65_536)
def of_vector(vector: str) -> Rated:
    """The base score of a CVSS vector of any version."""
    vector = vector.strip()
    if len(vector) > LONGEST_VECTOR:
        return UNKNOWN
    try:
        if vector.startswith("CVSS:4"):
            return of_score(float(CVSS4(vector).base_score))
        if vector.startswith("CVSS:3"):
            return of_score(float(CVSS3(vector).base_score))
        second = of_score(float(CVSS2(vector.strip("()")).base_score))
    except (CVSSError, ArithmeticError, KeyError, ValueError):
        return UNKNOWN
    return ("high" if second[0] == "critical" else second[0], second[1])


def _score(level: VulnerabilitySeverity, given: Iterable[Rated]) -> float | None:
    """The highest score, of those that mean this level where there are some."""
    known = [(said == level, score) for said, score in given if score is not None]
    return max(known)[1] if known else None


def _height(rating: Rated) -> tuple[float, int]:
    return (-1.0 if rating[1] is None else rating[1], -SEVERITIES.index(rating[0]))
