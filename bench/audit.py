"""What the audit log costs: `python bench/audit.py [--rows N] [--json]`.

Durable leaves: changes in transactions of 500 into SQLite (synchronous=FULL), then ticks until all are in the tree and
signed; rows per second of both together, and of the tree alone. A single change: median of its commit while a deck
ticks without a pause, minus the median with no tree at all, interleaved. Verification: an export of a million rows, a
checkpoint every 10,000, by the verifier as a program of its own.
"""

import argparse
import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

from opsdeck.govern import audit
from opsdeck.merkle import leaves, verifier
from opsdeck.merkle.notes import Signer
from opsdeck.merkle.verifier import TILE, Checkpoint, Frontier, compact, tile_path
from opsdeck.model import Change, Transition
from opsdeck.stores.api import StateStore
from opsdeck.stores.state import open_state

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
GROUP, DURABLE, SINGLE, SIGNED_EVERY = 500, 20_000, 200, 10_000


def main(rows: int = 1_000_000) -> dict[str, float]:
    """Figures by name."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        return durable(home) | single(home) | offline(home, rows)


def change(number: int) -> Change:
    data = {"value": number / 7, "threshold": 0.05, "window": "5 minutes"}
    reason = "error rate 7.1% is above 5% for 5 minutes"
    return Change("alert", f"unjucks-cli/rule-{number % 40}", "pending", "firing", reason, "deck", data)


def durable(home: Path) -> dict[str, float]:
    """Rows per second until they are committed, in the tree and signed."""
    state = open_state(f"sqlite:///{home}/durable.db")
    audit.tick(state, home, "bench", NOON)
    appending = seconds(lambda: [append(state, at, GROUP) for at in range(0, DURABLE, GROUP)])
    growing = seconds(lambda: audit.tick(state, home, "bench", NOON))
    state.close()
    return {
        "leaves_per_second": DURABLE / (appending + growing),
        "tree_per_second": DURABLE / growing,
    }


def append(state: StateStore, start: int, count: int) -> None:
    with state.begin() as tx:
        for number in range(start, start + count):
            tx.append(change(number), NOON)


def single(home: Path) -> dict[str, float]:
    """Milliseconds of one change, without a tree and beside a deck that does nothing but tick."""
    with_tree, without = (open_state(f"sqlite:///{home}/{name}.db") for name in ("with", "without"))
    (home / "with").mkdir()
    stop = threading.Event()

    def ticks() -> None:
        while not stop.wait(0.01):
            audit.tick(with_tree, home / "with", "bench", NOON)

    deck = threading.Thread(target=ticks)
    deck.start()
    plain: list[float] = []
    audited: list[float] = []
    for number in range(SINGLE):
        plain.append(seconds(lambda n=number: append(without, n, 1)))
        audited.append(seconds(lambda n=number: append(with_tree, n, 1)))
    stop.set()
    deck.join()
    append(with_tree, 0, 1)
    one = seconds(lambda: audit.tick(with_tree, home / "with", "bench", NOON))
    with_tree.close()
    without.close()
    added = statistics.median(audited) - statistics.median(plain)
    return {"change_ms": statistics.median(plain) * 1e3, "added_ms": added * 1e3, "tick_of_one_ms": one * 1e3}


def offline(home: Path, rows: int) -> dict[str, float]:
    """Seconds to verify so many rows, the whole program."""
    signer = Signer.make("opsdeck/bench")
    file = home / "audit.ndjson"
    with file.open("wb") as out:
        out.writelines(export(signer, rows))
    program = [sys.executable, verifier.__file__, str(file), "--key", str(signer.key)]
    best = min(
        seconds(lambda: subprocess.run(program, check=True, stdout=subprocess.DEVNULL)) for _ in range(2)
    )
    return {"verify_seconds": best, "export_mib": file.stat().st_size / 2**20}


def export(signer: Signer, rows: int) -> Iterator[bytes]:
    """An export as the deck writes it, without the years that its rows would take."""
    header = {"opsdeck-audit": 1, "origin": signer.key.name, "size": rows, "keys": [str(signer.key)]}
    yield compact(header) + b"\n"
    tree, number = Frontier(), 0
    for first in range(0, rows, TILE):
        end = min(first + TILE, rows)
        lines = [
            leaves.opened(Transition(n + 1, NOON, change(n)), os.urandom(leaves.SALT))
            for n in range(first, end)
        ]
        hashes = [verifier.leaf_hash(verifier.row(line)[1]) for line in lines]
        path, text = tile_path(0, first // TILE, end - first), base64.b64encode(b"".join(hashes)).decode()
        yield compact({"tile": path, "hashes": text}) + b"\n"
        for line, hashed in zip(lines, hashes, strict=True):
            tree.append(hashed)
            yield line
            if tree.size % SIGNED_EVERY == 0 or tree.size == rows:
                number += 1
                note = signer.sign(str(Checkpoint(signer.key.name, tree.size, tree.root())))
                yield compact({"checkpoint": number, "note": note}) + b"\n"


def seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    figures = main(asked.rows)
    if asked.json:
        print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
    else:
        print("\n".join(f"{name:24} {value:12,.2f}" for name, value in figures.items()))
