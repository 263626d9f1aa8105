"""A deck that is killed while its log grows: whatever was signed still verifies, and the next tick goes on."""

import random
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

DECK = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from opsdeck.govern import audit
from opsdeck.model import Change
from opsdeck.stores.state import open_state

home = Path(sys.argv[1])
state = open_state(f"sqlite:///{home}/state.db")
print("up", flush=True)
while True:
    with state.begin() as tx:
        for number in range(37):
            tx.append(Change("alert", f"cli/{number}", "", "firing", "because", "deck"), datetime.now(UTC))
    print(audit.tick(state, home, "deck", datetime.now(UTC)), flush=True)
"""


def kill_while_signing(home: Path, draw: random.Random) -> None:
    child = subprocess.Popen([sys.executable, "-c", DECK, str(home)], stdout=subprocess.PIPE)
    assert child.stdout is not None
    for _ in range(1 + draw.randrange(6)):
        child.stdout.readline()
    try:
        child.wait(draw.random() / 50)
    except subprocess.TimeoutExpired:
        child.send_signal(signal.SIGKILL)
    child.communicate()


def survive(log: Any, verify: Callable[..., Any], kills: int) -> None:
    draw, last = random.Random(kills), 0
    for _ in range(kills):
        kill_while_signing(log.home, draw)
        log.tick()
        found = verify(log.export(), log.key)
        assert found.rows == log.standing().grown >= last
        assert log.tick() == 0
        last = found.rows
    assert last % 37 == 1  # whole transactions, and the row of the key: made once


def test_three_kills_while_signing(log: Any, verify: Callable[..., Any]) -> None:
    survive(log, verify, 3)


@pytest.mark.soak
def test_fifty_kills_while_signing(log: Any, verify: Callable[..., Any]) -> None:
    survive(log, verify, 50)
