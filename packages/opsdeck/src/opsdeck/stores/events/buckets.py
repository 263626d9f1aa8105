"""Latency buckets: a duration comes in, the number of its cell goes out; the same rule as Python and as SQL.

Cells are log-spaced with a ratio of 1.02, the scheme of DDSketch (Masson, Rim, Lee: "DDSketch: a fast and
fully-mergeable quantile sketch with relative-error guarantees", VLDB 2019) at about 1% relative error. A bar answers
with the mean of its members, so its answer is never further from the exact one than the width of the cell, 2%.

A threshold of the spec gets a cell of its own inside the cell that it falls into: below it, exactly on it, above it.
So "P95 < 2 s" and "P95 > 5 s" are both decided as the exact percentile would decide them. Numbers are stable: another
set of thresholds only splits other cells, it does not renumber. Must not know stores or events.
"""

import math
from collections import defaultdict
from collections.abc import Sequence
from itertools import groupby

RATIO = 1.02
# Room for the parts of a split cell: 31 thresholds within 2% of each other.
PARTS = 64


def cell(duration: float) -> int:
    """The log-spaced cell of a duration in ms: 0 below 1 ms, 1 from there up in steps of 2%."""
    return 0 if duration < 1 else 1 + math.floor(math.log(duration) / math.log(RATIO))


def bucket(duration: float, thresholds: Sequence[float] = ()) -> int:
    """The bucket of a duration in ms: grows with the duration, split at `thresholds` (ms)."""
    here = cell(duration)
    part = sum((duration >= t) + (duration > t) for t in set(thresholds) if cell(t) == here)
    return here * PARTS + part


def bucket_sql(column: str, thresholds: Sequence[float] = ()) -> str:
    """`bucket` as a SQL expression over a numeric column; NULL stays NULL.

    Short on purpose: planning it costs more than running it. sign() makes 0, 1, 2 of below, on and above.
    """
    here = f"CASE WHEN {column} < 1 THEN 0 ELSE 1 + floor(ln({column}) / {math.log(RATIO)!r}) END"
    ranks: dict[int, dict[int, float]] = defaultdict(dict)
    for where, group in groupby(sorted({float(t) for t in thresholds}), cell):
        for rank, threshold in enumerate(group):
            ranks[rank][where] = threshold
    parts = [
        f" + 1 + sign({column} - CASE {here} "
        + " ".join(f"WHEN {where} THEN {threshold!r}" for where, threshold in split.items())
        + " ELSE 'infinity'::DOUBLE END)"
        for split in ranks.values()
    ]
    return f"(({here}) * {PARTS}{''.join(parts)})::INTEGER"
