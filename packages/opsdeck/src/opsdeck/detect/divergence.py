"""Two measures of how far something is from the usual: numbers and counts in, numbers out; nothing else known.

The median and the median absolute deviation (MAD) are what a few odd days cannot move: Iglewicz and Hoaglin, "How to
detect and handle outliers", ASQC 1993; Leys, Ley, Klein, Bernard and Licata, "Detecting outliers", Journal of
Experimental Social Psychology 49, 2013. The square root of the Jensen-Shannon divergence to base 2 is a distance from
0 (the same mix) to 1 (nothing in common): Endres and Schindelin, "A new metric for probability distributions", IEEE
Transactions on Information Theory 49, 2003.
"""

from collections.abc import Iterable, Mapping
from math import exp, expm1, log1p, log2, sqrt
from statistics import median

# A normal spread of 1 has this MAD.
_NORMAL = 0.6745


def spread(counts: Iterable[int], least: float) -> tuple[float, float]:
    """Median and MAD of the logarithms of daily counts; at least one count.

    The MAD is not below `least`, nor below that of mere chance (a Poisson count of this median): days that happen to
    be alike do not make a busier one a suspect.
    """
    logs = [log1p(count) for count in counts]
    middle = median(logs)
    chance = _NORMAL / sqrt(exp(middle))
    return middle, max(median(abs(one - middle) for one in logs), chance, least)


def expected_new(counts: Mapping[str, int], runs: int) -> float:
    """How many of so many further runs will be of something new: as often as what was met once has been (Good, "The
    population frequencies of species and the estimation of population parameters", Biometrika 40, 1953)."""
    whole = sum(counts.values())
    return runs * sum(count == 1 for count in counts.values()) / whole if whole else float(runs)


def at_most(expected: float, deviations: float) -> float:
    """What a Poisson count of this mean reaches at so many MADs above it."""
    return expected + deviations * _NORMAL * sqrt(expected)


def level(logarithm: float) -> int:
    """The daily count that a logarithm stands for, rounded down."""
    return int(expm1(min(logarithm, 40.0)) + 1e-9)


def distance(counts: Mapping[str, int], usual: Mapping[str, int], prior: int) -> float:
    """How far a day's mix is from the usual one, 0 to 1. `prior` runs of the usual mix are added to the day (additive
    smoothing towards it), so that a day of few runs cannot be far away by chance."""
    runs, whole = sum(counts.values()), sum(usual.values())
    if not runs or not whole:
        return 0.0
    total = 0.0
    for name in counts.keys() | usual.keys():
        here = usual.get(name, 0) / whole
        there = (counts.get(name, 0) + prior * here) / (runs + prior)
        total += _part(here, there) + _part(there, here)
    return sqrt(max(0.0, total / 2))


def _part(share: float, other: float) -> float:
    return share * log2(2 * share / (share + other)) if share else 0.0
