"""Whatever comes, the door answers with a receipt that accounts for it or with a documented refusal; never otherwise."""

import gzip
import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from opsdeck.collect.codes import EVENT_CODES, REQUEST_CODES, NoneAcceptableError
from opsdeck.collect.door import Door, Receipt
from opsdeck.collect.journal import Journal
from opsdeck.collect.schema import entry_schema
from opsdeck.errors import RejectedError
from opsdeck.model import IngestKey
from opsdeck.spec import load
from opsdeck.stores.state import open_state
from opsdeck.timing import ManualClock

NOW = datetime(2025, 9, 9, 12, 0, 5, tzinfo=UTC)
ENTRY: dict[str, Any] = {
    "timestamp": "2025-09-09T12:00:00.000Z",
    "level": "INFO",
    "service": "unjucks-cli",
    "version": "2025.9.8",
    "environment": "production",
    "userId": "user_abc123",
    "operation": {
        "type": "template_generation",
        "template": "component/react",
        "duration": 1250,
        "success": True,
    },
    "metadata": {
        "fileCount": 3,
        "outputSize": 2048,
        "workingDirectory": "~/myapp",
        "phasesMs": {"render": 2.5},
    },
    "eventId": "01992e58-de00-7000-8000-000000000001",
    "userType": "human",
    "signal": "SIGTERM",
    "exitCode": 1,
}
ERROR = {"code": "TEMPLATE_NOT_FOUND", "message": "not found", "stack": "a\nb", "context": "more"}
KEY = IngestKey("k", "*", "", "fuzz", NOW)
STREAM = f"application/{NOW:%Y-%m-%d}"
VALIDATOR = Draft202012Validator(entry_schema())
FAILING = {**ENTRY, "operation": {**ENTRY["operation"], "success": False}, "error": ERROR}
PLACES = [
    (name, None) for name in ENTRY
] + [(part, name) for part in ("operation", "metadata", "error") for name in FAILING[part]]  # fmt: skip
PACK = {"": bytes, "gzip": gzip.compress, "zstd": zstandard.compress}

scalars = (
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text()
    | st.sampled_from(["", "X" * 70_000, 10**30])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=8,
)


@st.composite
def entries(draw: st.DrawFn) -> Any:
    """The example with some fields changed to anything, removed or added."""
    made: dict[str, Any] = json.loads(json.dumps(draw(st.sampled_from([dict(ENTRY), FAILING]))))
    for part, name in draw(st.lists(st.sampled_from(PLACES), max_size=3)):
        holder = made.get(part) if name else made
        if isinstance(holder, dict):
            holder[name or part] = draw(values)
    made.update(draw(st.dictionaries(st.text(max_size=5), values, max_size=2)))
    return made


@st.composite
def lines(draw: st.DrawFn) -> bytes:
    """A line: an entry, cut, or with a byte changed, or any bytes at all."""
    line = json.dumps(draw(entries()), ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    kind = draw(st.sampled_from(["whole", "whole", "cut", "flipped", "bytes"]))
    at = draw(st.integers(0, len(line) - 1))
    if kind == "cut":
        return line[:at]
    if kind == "flipped":
        return line[:at] + bytes([draw(st.integers(0, 255))]) + line[at + 1 :]
    return draw(st.binary(max_size=60)) if kind == "bytes" else line


@pytest.fixture(scope="module")
def journal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Journal]:
    opened = Journal(Path(tmp_path_factory.mktemp("fuzz")) / "journal")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def door(journal: Journal) -> Door:
    return Door(journal, load(None), ManualClock(NOW), open_state("memory://"))


def _answer(door: Door, body: bytes, encoding: str = "") -> Receipt | None:
    """The receipt, also of a refusal that lists every event; None where the body was refused unread."""
    try:
        return door.accept(body, KEY, "192.0.2.1", encoding)
    except RejectedError as refusal:
        documented = {code: status for code, (status, _) in REQUEST_CODES.items()}
        if refusal.status != documented[refusal.code]:
            raise
        return Receipt(0, refusal.rejected) if isinstance(refusal, NoneAcceptableError) else None


def _check_any_bytes(door: Door, body: bytes, encoding: str) -> None:
    _answer(door, body, encoding)


def _check_batch(door: Door, journal: Journal, batch: list[bytes], encoding: str) -> None:
    before = journal.ends().get(STREAM, 0)
    receipt = _answer(door, PACK[encoding](b"\n".join(batch)), encoding)
    if receipt is None:
        return
    assert all(r.code in EVENT_CODES for r in receipt.rejected)
    indexes = [r.index for r in receipt.rejected]
    assert indexes == sorted(set(indexes))
    first = batch[0].removeprefix(b"\xef\xbb\xbf").strip()
    if all(b"\n" not in line and line.strip() for line in batch) and first and first[:1] != b"[":
        assert receipt.accepted + len(indexes) == len(batch)
    stored = (
        journal.read(STREAM, before, 1 << 30).lines.splitlines()
        if before != journal.ends().get(STREAM, 0)
        else []
    )
    assert all(not list(VALIDATOR.iter_errors(json.loads(line))) for line in stored)


def _many(examples: int) -> Any:
    return settings(
        max_examples=examples,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )


batches = st.lists(lines(), min_size=1, max_size=4)
encodings = st.sampled_from(list(PACK))


@_many(200)
@given(st.binary(max_size=200), st.sampled_from(["", "gzip", "zstd", "br"]))
def test_any_bytes_are_answered(door: Door, body: bytes, encoding: str) -> None:
    _check_any_bytes(door, body, encoding)


@_many(300)
@given(batches, encodings)
def test_any_batch_is_accounted_for_and_what_is_kept_is_valid(
    door: Door, journal: Journal, batch: list[bytes], encoding: str
) -> None:
    _check_batch(door, journal, batch, encoding)


@pytest.mark.soak
@_many(20_000)
@given(st.binary(max_size=2_000), st.sampled_from(["", "gzip", "zstd", "br"]))
def test_any_bytes_are_answered_for_long(door: Door, body: bytes, encoding: str) -> None:
    _check_any_bytes(door, body, encoding)


@pytest.mark.soak
@_many(20_000)
@given(batches, encodings)
def test_any_batch_is_accounted_for_for_long(
    door: Door, journal: Journal, batch: list[bytes], encoding: str
) -> None:
    _check_batch(door, journal, batch, encoding)
