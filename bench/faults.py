"""What grouping costs: `python bench/faults.py [--rounds N] [--json]`.

200 different errors of 12 causes (failures.py): microseconds per fingerprint, the median and 95th percentile of the
errors' own best times. Then texts made to be slow, a megabyte each as message and as stack: the slowest of them, in ms.
Nothing is remembered between two fingerprints.
"""

import argparse
import json
import statistics
import time
from collections.abc import Callable

from failures import failures

from opsdeck.fingerprint import fingerprint

MEGABYTE = 1_000_000
HOSTILE = (
    "a.", "..-", "-1", "1.", "1:", "@a", '"\\', "'a ", "a-", "/a", "\x1b[", "1, ", "\ud800", "\n", "a(\n", "at a(\n",
    'File "', '  File "/a/b.py", line 3, in x\n', "\tat a.b.C.d(C.java:1)\n", "a.b.", "at a:1", "caused by\n",
    "Traceback (most recent call last):\n", "(((", "at (", "0123456789abcdef", "user_1", " ", "é", "a/", "Mon, 1 Jan ",
)  # fmt: skip


def main(rounds: int = 25) -> dict[str, float]:
    """Figures by name."""
    errors = list(failures())
    best = [
        min(_seconds(lambda e=error: fingerprint(e.message, e.stack)) for _ in range(rounds))
        for error in errors
    ]
    worst = max(
        min(_seconds(lambda m=message, s=stack: fingerprint(m, s)) for _ in range(3))
        for piece in HOSTILE
        for text in [(piece * MEGABYTE)[:MEGABYTE]]
        for message, stack in ((text, ""), ("", text))
    )
    return {
        "errors": len(errors),
        "groups": len({fingerprint(error.message, error.stack) for error in errors}),
        "fingerprint_us_median": statistics.median(best) * 1e6,
        "fingerprint_us_p95": statistics.quantiles(best, n=20)[18] * 1e6,
        "fingerprint_us_max": max(best) * 1e6,
        "megabyte_ms_worst": worst * 1e3,
    }


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=25)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    figures = main(asked.rounds)
    if asked.json:
        print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
    else:
        print("\n".join(f"{name:24} {value:12,.1f}" for name, value in figures.items()))
