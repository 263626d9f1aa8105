"""The file format: whatever bytes get lost or changed, sound frames are found and nothing else is taken for one."""

import io
import random
from itertools import pairwise

import pytest

from opsdeck.collect import frames
from opsdeck.collect.frames import FRAME_SIZE, HEADER_SIZE, Frame, Gap
from opsdeck.errors import DamagedError

PAYLOADS = [b'{"a":1}\n', b'{"b":{"c":2}}\n{"d":3}\n', b'{"e":"\\u0000"}\n' * 20]


def _file(payloads: list[bytes]) -> bytes:
    return frames.header() + b"".join(frames.head(p) + p for p in payloads)


def _walk(blob: bytes) -> list[Frame | Gap]:
    return list(frames.walk(io.BytesIO(blob), HEADER_SIZE, len(blob)))


def _payloads(blob: bytes) -> list[bytes]:
    return [found.payload for found in _walk(blob) if isinstance(found, Frame)]


def test_payloads_come_back_in_order_with_their_places() -> None:
    found = _walk(_file(PAYLOADS))
    assert [f.payload for f in found if isinstance(f, Frame)] == PAYLOADS
    assert (found[0].start, found[-1].end) == (HEADER_SIZE, len(_file(PAYLOADS)))
    assert all(before.end == after.start for before, after in pairwise(found))


@pytest.mark.parametrize("cut", range(1, FRAME_SIZE + len(PAYLOADS[-1])))
def test_a_last_frame_torn_anywhere_is_one_gap_at_the_end(cut: int) -> None:
    blob = _file(PAYLOADS)[:-cut]
    whole = len(_file(PAYLOADS[:-1]))
    assert _payloads(blob) == PAYLOADS[:-1]
    assert _walk(blob)[-1] == Gap(whole, len(blob))


@pytest.mark.parametrize("at", range(HEADER_SIZE, len(_file(PAYLOADS))))
def test_a_flipped_byte_costs_its_own_frame_only(at: int) -> None:
    blob = bytearray(_file(PAYLOADS))
    blob[at] ^= 0x41
    starts = [HEADER_SIZE, len(_file(PAYLOADS[:1])), len(_file(PAYLOADS[:2]))]
    hit = sum(at >= start for start in starts) - 1
    assert _payloads(bytes(blob)) == [p for n, p in enumerate(PAYLOADS) if n != hit]


@pytest.mark.parametrize("kind", ["zeros", "ones", "noise", "lines"])
def test_a_hole_in_the_middle_is_skipped(kind: str) -> None:
    noise = random.Random(1).randbytes(3_000_000)
    hole = {
        "zeros": bytes(3_000_000),
        "ones": b"\xff" * 3_000_000,
        "noise": noise,
        "lines": b'{"x":1}\n' * 375_000,
    }
    before, after = _file(PAYLOADS), _file(PAYLOADS)[HEADER_SIZE:]
    found = _walk(before + hole[kind] + after)
    assert [f.payload for f in found if isinstance(f, Frame)] == PAYLOADS + PAYLOADS
    assert Gap(len(before), len(before) + 3_000_000) in found


@pytest.mark.parametrize("offset", range(-12, 12))
def test_a_frame_is_found_wherever_the_search_window_ends(offset: int) -> None:
    hole = bytes(frames.SEARCH + offset)
    assert _payloads(_file([]) + hole + _file(PAYLOADS)[HEADER_SIZE:]) == PAYLOADS


def test_what_a_client_wrote_is_not_taken_for_a_frame() -> None:
    inner = frames.head(b'{"z":1}\n') + b'{"z":1}\n'
    # Such bytes cannot be in a line of JSON, but in a damaged one: only then they count.
    assert _payloads(_file([b'{"a":"' + inner + b'"}\n'])) == [b'{"a":"' + inner + b'"}\n']


def test_a_length_beyond_the_file_is_no_reason_to_read_it() -> None:
    assert _walk(frames.header() + b"\xff\xff\xff\x01" + bytes(40)) == [Gap(HEADER_SIZE, HEADER_SIZE + 44)]


def test_a_header_is_known() -> None:
    assert frames.check_header(frames.header(), "x")


@pytest.mark.parametrize("at", range(HEADER_SIZE))
def test_a_flipped_header_is_not(at: int) -> None:
    blob = bytearray(frames.header())
    blob[at] ^= 1
    assert not frames.check_header(bytes(blob), "x")


@pytest.mark.parametrize("length", range(HEADER_SIZE))
def test_a_short_header_is_not(length: int) -> None:
    assert not frames.check_header(frames.header()[:length], "x")


def test_a_newer_format_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frames, "VERSION", 2)
    newer = frames.header()
    monkeypatch.undo()
    with pytest.raises(DamagedError, match="audit/2025-09-09: journal format 2, this opsdeck reads 1"):
        frames.check_header(newer, "audit/2025-09-09")
