"""What opsdeck_emit records, the door takes as it is: nothing refused, nothing dropped, nothing changed."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opsdeck import timing
from opsdeck.collect.door import Door
from opsdeck.collect.schema import entry_schema
from opsdeck.model import IngestKey
from opsdeck.spec.model import Spec
from opsdeck.timing import ManualClock, SystemClock
from opsdeck_emit import consent, drain, home
from opsdeck_emit.wire import METADATA

Stored = Callable[[], list[dict[str, Any]]]
SERVICE = "demo"
TOOL = f"""
import opsdeck_emit, os, sys
with opsdeck_emit.run({SERVICE!r}, "1.2.3", "generate") as run:
    run.operation("template_generation", "component/react", "Button")
    run.metadata(fileCount=2, outputSize=10, dryRun=False, templateRoot="/x", templateCount=3, cacheHit=True)
    with run.phase("render"):
        pass
    exec(sys.argv[1])
"""
ENDS = {
    "well": "pass",
    "by an exception": "raise ValueError('ünfortunate ' + 'x' * 9000)",
    "by a declared failure": "run.fail('TEMPLATE_NOT_FOUND', 'no such template', context='c')",
    "by an exit code": "sys.exit(3)",
    "by a signal": "os.kill(os.getpid(), 15)",
    "by a kill": "os.kill(os.getpid(), 9)",
}


@pytest.fixture
def clock() -> ManualClock:
    """The tool looks at the machine's clock."""
    return ManualClock(SystemClock().now())


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], list[bytes]]:
    """What waits in the spool after a run of the tool that ends so. Without a deck's address nothing is sent."""
    for name in ("CI", "DO_NOT_TRACK", "OPSDECK_URL", "OPSDECK_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPSDECK_HOME", str(tmp_path / "home"))
    consent.grant(SERVICE)

    def run(end: str) -> list[bytes]:
        subprocess.run(
            [sys.executable, "-c", TOOL, end], env=os.environ, check=False, stderr=subprocess.DEVNULL
        )
        folder = home.spool(SERVICE)
        drain.lost_runs(folder)
        return list(drain.waiting(folder))

    return run


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_a_run_that_ends(
    door: Door,
    shipped: Spec,
    any_key: IngestKey,
    records: Callable[[str], list[bytes]],
    stored: Stored,
    clock: ManualClock,
    end: str,
) -> None:
    door.spec = shipped
    sent = records(end)
    receipt = door.accept(b"\n".join(sent), any_key)
    assert (receipt.accepted, receipt.rejected, len(sent)) == (1, (), 1)
    assert door.counts().dropped_fields == {}
    (found,) = stored()
    assert bool(found.get("error", {}).pop("fingerprint", "")) == ("error" in found)
    assert found == {**json.loads(sent[0]), "receivedAt": timing.iso(clock.now())}


def test_emits_metadata_is_the_schemas() -> None:
    own = {"phasesMs", "retries", "redactions"}
    assert set(METADATA) | own == set(entry_schema()["$defs"]["Metadata"]["properties"])
