"""kill -9 of the shipper at every stage of a delivery, while four writers write: every run arrives, none as two."""

import itertools
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opsdeck_emit import telemetry

WRITER = """
import sys, opsdeck_emit
number = int(sys.argv[1]) * 1_000_000
for _ in sys.stdin:
    for number in range(number, number + 10):
        with opsdeck_emit.run("demo", "1.2.3", "build") as run:
            run.metadata(fileCount=number)
    number += 1
"""
WRITERS = 4
STAGES = ("arrived", "stored", "answered")


class Killer:
    """Kills the living shipper at the stages in turn, a number of times."""

    def __init__(self, times: int, sink: Any, living: Callable[[], list[int]]) -> None:
        self.left, self.sink, self.living = times, sink, living
        self.turn = itertools.cycle(STAGES)
        self.next = next(self.turn)

    def __call__(self, stage: str) -> None:
        with self.sink.changed:
            for pid in self.living() if self.left and stage == self.next else []:
                os.kill(pid, 9)
                while (
                    pid in self.living()
                ):  # a dying shipper still holds the lock: every writer may pass it by
                    os.sched_yield()
                self.left -= 1
                self.next = next(self.turn)
            self.sink.changed.notify_all()


def prove(kills: int, sink: Any, living: Callable[[], list[int]]) -> None:
    sink.at_stage = killer = Killer(kills, sink, living)
    environment = {**os.environ, "PYTHONPATH": str(Path(telemetry.__file__).parents[1])}
    command = [sys.executable, "-c", WRITER]
    writers = [
        subprocess.Popen([*command, str(w)], stdin=subprocess.PIPE, env=environment) for w in range(WRITERS)
    ]
    steps = 0
    while killer.left:
        before = (len(sink.batches), killer.left)
        release(writers)
        steps += 1
        assert sink.wait(lambda s, before=before: len(s.batches) > before[0] or killer.left < before[1])
    release(writers)  # somebody must find that the last shipper is gone
    assert [writer.communicate()[0] for writer in writers] == [None] * WRITERS
    expected = {w * 1_000_000 + n for w in range(WRITERS) for n in range((steps + 1) * 10)}
    assert sink.wait(lambda s: {event["metadata"]["fileCount"] for event in s.events()} >= expected)
    ids = defaultdict(set)
    for event in sink.events():
        ids[event["metadata"]["fileCount"]].add(event["eventId"])
    assert ids.keys() == expected
    assert len(sink.events()) > len(expected)  # a kill between storing and answering sends again
    assert {len(same) for same in ids.values()} == {1}
    assert telemetry.status("demo")["dropped"] == {}


def release(writers: list[subprocess.Popen[bytes]]) -> None:
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write(b"go\n")
        writer.stdin.flush()


@pytest.mark.usefixtures("granted")
def test_eight_kills_lose_nothing(sink: Any, living: Callable[[], list[int]]) -> None:
    prove(8, sink, living)


@pytest.mark.soak
@pytest.mark.usefixtures("granted")
def test_fifty_kills_lose_nothing(sink: Any, living: Callable[[], list[int]]) -> None:
    prove(50, sink, living)
