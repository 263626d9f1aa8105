"""Both nets over one table: 2,000 planted secrets, 20,000 clean lines, and every byte that is left on the disk."""

import json
import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from clean import lines
from forms import FORMS, Planted

import opsdeck_emit
from opsdeck.deck import Deck
from opsdeck.identity.secret import well_formed
from opsdeck.model import IngestKey
from opsdeck.timing import iso
from opsdeck_emit import consent, drain, home, wire
from opsdeck_emit.forms import take_out

RECALL = 0.99
BATCH = 100


def left(plants: list[Planted], raw: bytes) -> list[str]:
    """The forms of the secrets that occur in the bytes, as they are or as JSON writes them."""
    return [
        one.form
        for one in plants
        if one.secret.encode() in raw or json.dumps(one.secret)[1:-1].encode() in raw
    ]


def test_the_table_is_as_large_as_it_says(plants: list[Planted]) -> None:
    assert len(FORMS) >= 30
    assert len({one.secret for one in plants}) == len(plants) == 2000
    assert all(one.secret in one.text for one in plants)


def test_our_own_keys_in_it_are_well_formed(plants: list[Planted]) -> None:
    keys = [one.secret for one in plants if one.form == "ingest key of a deck"]
    assert keys
    assert all(well_formed(key, "odk") for key in keys)


def test_every_form_is_found(plants: list[Planted]) -> None:
    missed = Counter(one.form for one in plants if one.secret in take_out(one.text)[0])
    assert sum(missed.values()) <= len(plants) * (1 - RECALL), missed


def test_one_secret_counts_once_and_none_the_second_time(plants: list[Planted]) -> None:
    found = [take_out(one.text) for one in plants]
    assert {count for _, count in found} == {1}
    assert {take_out(text) for text, _ in found} == {(text, 0) for text, _ in found}


def test_clean_lines_stay_as_they_are() -> None:
    clean = lines(20_000)
    assert len(clean) == 20_000
    assert [line for line in clean if take_out(line) != (line, 0)] == []


def test_what_is_cheap_to_look_for_is_in_every_text(plants: list[Planted]) -> None:
    missed = {one.form for one in plants if not wire.suspect(wire.dumps({"x": one.text}))}
    assert missed == set()


@pytest.fixture
def spool(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """The spool of a tool with consent, on a machine that ships nowhere."""
    for name in ("CI", "DO_NOT_TRACK", "OPSDECK_URL", "OPSDECK_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("OPSDECK_HOME", str(tmp_path / "emit"))
    monkeypatch.setattr(sys.modules["opsdeck_emit.run"], "wake", lambda *_, **__: None)
    consent.grant("demo")
    return home.spool("demo")


def test_no_secret_of_a_failure_is_in_the_spool(plants: list[Planted], spool: str) -> None:
    for one in plants:
        with opsdeck_emit.run("demo", "1.2.3", "x") as run:
            run.fail("BAD_INPUT", one.text, context=one.text)
    records = list(drain.waiting(spool))
    assert len(left(plants, b"".join(records))) <= len(plants) * (1 - RECALL)
    assert {json.loads(record)["metadata"]["redactions"] for record in records} == {2}


def test_no_secret_of_a_name_is_in_the_spool(plants: list[Planted], spool: str) -> None:
    short = [one for one in plants[:200] if len(one.text) < wire.NAME_LIMIT]
    for one in short:
        with opsdeck_emit.run("demo", one.text, one.text) as run, run.phase(one.text):
            run.operation(one.text, one.text, one.text)
            run.metadata(templateRoot=one.text)
    raw = b"".join(
        path.read_bytes() for path in Path(os.environ["OPSDECK_HOME"]).rglob("*") if path.is_file()
    )
    assert len(short) > 30
    assert left(short, raw) == []


def test_a_start_marker_holds_none(plants: list[Planted], spool: str) -> None:
    one = plants[0]
    with opsdeck_emit.run("demo", "1.2.3", one.text):
        markers = [path.read_bytes() for path in Path(spool).glob("v1.*.run")]
    assert len(markers) == 1
    assert left([one], markers[0]) == []


def test_an_event_without_secrets_has_no_count(spool: str) -> None:
    with opsdeck_emit.run("demo", "1.2.3", "x") as run:
        run.fail("BAD_INPUT", "Template 'a' not found")
    [record] = drain.waiting(spool)
    assert "redactions" not in json.loads(record)["metadata"]


def entry(one: Planted, number: int, now: str) -> dict[str, Any]:
    """A failed run that says it in every text it has."""
    long, short, word = one.text, one.text[:256], one.text if len(one.text) <= 64 else "x"
    return {
        "timestamp": now, "level": "ERROR", "service": "unjucks-cli", "version": word, "environment": "production",
        "requestId": short[:128], "userId": f"user_{number}", "sessionId": f"sess_{number}", "command": short,
        "os": word, "arch": word, "pythonVersion": word, "emitVersion": word,
        "operation": {"type": word, "template": short, "generator": short, "duration": 1, "success": False},
        "metadata": {"workingDirectory": long, "templateRoot": short, "phasesMs": {word: 1}, "retries": [{"code": word, "waitMs": 1}]},
        "error": {"code": word, "message": long, "stack": f"{long}\n{long}", "context": long},
        f"unknown {short}": long,
    }  # fmt: skip


def fits(one: Planted) -> bool:
    """Whether no field would cut the secret in half."""
    return len(one.text) <= 128


def test_no_file_of_a_deck_holds_one(plants: list[Planted], tmp_path: Path) -> None:
    deck = Deck.open(tmp_path / "home")
    sent = [one for one in plants if fits(one)]
    now = iso(deck.clock.now())
    for start in range(0, len(sent), BATCH):
        batch = [entry(one, start, now) for one in sent[start : start + BATCH]]
        deck.door.accept(b"\n".join(json.dumps(one).encode() for one in batch), KEY)
    deck.loader.tick()
    assert deck.door.counts().redacted == len(sent) > 1000
    deck.close()
    raw = b"".join(path.read_bytes() for path in deck.home.rglob("*") if path.is_file())
    assert b"[redacted]" in raw
    assert left(sent, raw) == []


KEY = IngestKey("k", "*", "", "test", None)  # type: ignore[arg-type]  # the door does not look at its age


def test_collection_adds_to_the_senders_count(plants: list[Planted], deck: Deck) -> None:
    made = entry(plants[0], 1, iso(deck.clock.now())) | {
        "operation": {"type": "x", "duration": 1, "success": False}
    }
    plain = {
        name: made[name] for name in ("timestamp", "level", "service", "version", "environment", "operation")
    }
    failure = {"code": "X", "message": plants[0].text}
    deck.door.accept(json.dumps({**plain, "metadata": {"redactions": 2}, "error": failure}).encode(), KEY)
    deck.door.accept(json.dumps({**plain, "error": failure}).encode(), KEY)
    deck.door.accept(json.dumps({**plain, "error": {"code": "X", "message": "m"}}).encode(), KEY)
    [stream] = deck.journal.ends()
    stored = [json.loads(line) for line in deck.journal.read(stream, 0, 1_000_000).lines.splitlines()]
    assert [one.get("metadata", {}).get("redactions") for one in stored] == [3, 1, None]
