"""From a tampered bundle to the alert: the real unjucks' event, the real door and stores, a clock that is set by hand."""

import json
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from opsdeck.deck import Deck
from opsdeck.model import IngestKey
from opsdeck.timing import ManualClock, SystemClock
from opsdeck_emit import consent, drain, home

UNJUCKS = str(Path(sys.executable).with_name("unjucks"))


@pytest.fixture
def records(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What a run leaves whose template is not the one of the manifest."""
    for name in ("CI", "DO_NOT_TRACK", "OPSDECK_URL", "OPSDECK_KEY", "OPSDECK_STATE", "OPSDECK_EVENTS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "OPSDECK_HOME", "XDG_CACHE_HOME", "XDG_CONFIG_HOME"):
        monkeypatch.setenv(name, str(tmp_path / name))
    template = tmp_path / "_templates/gen/one"
    template.mkdir(parents=True)
    (template / "a.t").write_text("---\nto: a\n---\nchanged\n")
    (tmp_path / "_templates/MANIFEST.sha256").write_text(f"{'0' * 64}  gen/one/a.t\n")
    consent.grant("unjucks-cli")
    done = subprocess.run([UNJUCKS, "generate", "gen", "one"], cwd=tmp_path, check=False, capture_output=True)
    assert done.returncode == 1
    return list(drain.waiting(home.spool("unjucks-cli")))


def test_a_tampered_bundle_alerts_at_once(records: list[bytes], tmp_path: Path) -> None:
    clock = ManualClock(SystemClock().now())
    deck = Deck.open(tmp_path / "deck", clock=clock)
    deck.door.accept(b"\n".join(records), IngestKey("k", "*", "", "local", clock.now()))
    deck.loader.tick()
    deck.tick("evaluate").run(clock.now() + timedelta(seconds=1))
    with deck.state.begin(write=False) as tx:
        fired = {row.change.subject for row in tx.log() if row.change.new == "firing"}
    deck.close()
    assert json.loads(records[0])["error"]["code"] == "BUNDLE_TAMPERED"
    assert any("critical_errors" in subject for subject in fired)
