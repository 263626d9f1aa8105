"""The journal's file format, version 1: payloads in, bytes out, and back again past whatever got damaged.

    file   = header frame*
    header = b"opsdeckj" version:u32 crc32c(the 12 bytes before):u32
    frame  = length:u32 crc32c(length and payload):u32 payload        (all numbers little-endian)

A payload is whole lines of JSON objects: it starts with `{"` and ends with a line feed, which is how the next sound
frame is found after a damaged one. It must not know streams, folders or what the lines mean.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

import google_crc32c

from opsdeck.errors import DamagedError

VERSION = 1
LARGEST_PAYLOAD = 32 * 1024 * 1024
SEARCH = 1024 * 1024

_MAGIC = b"opsdeckj"
_HEADER = struct.Struct("<8sII")
_FRAME = struct.Struct("<II")
_LENGTH = struct.Struct("<I")
HEADER_SIZE = _HEADER.size
FRAME_SIZE = _FRAME.size


@dataclass(frozen=True, slots=True)
class Frame:
    """A sound frame: where it starts, where the next one would, and its payload."""

    start: int
    end: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes that are no sound frame, up to the next one or the end of the file."""

    start: int
    end: int


def header() -> bytes:
    """The first bytes of a file."""
    start = struct.pack("<8sI", _MAGIC, VERSION)
    return start + _LENGTH.pack(google_crc32c.value(start))


def check_header(found: bytes, name: str) -> bool:
    """Whether the header is sound. Raises DamagedError for a version that this program does not read."""
    if len(found) < HEADER_SIZE:
        return False
    magic, version, crc = _HEADER.unpack(found[:HEADER_SIZE])
    if magic != _MAGIC or crc != google_crc32c.value(found[: HEADER_SIZE - 4]):
        return False
    if version != VERSION:
        raise DamagedError(
            f"{name}: journal format {version}, this opsdeck reads {VERSION}", hint="upgrade opsdeck"
        )
    return True


def head(payload: bytes) -> bytes:
    """What stands before the payload in its frame."""
    return _FRAME.pack(len(payload), _crc(payload))


def walk(file: BinaryIO, start: int, end: int) -> Iterator[Frame | Gap]:
    """Frames and gaps of the file from `start`, which is a frame's start, to `end`."""
    while start < end:
        payload = _payload(file, start, end)
        if payload is None:
            after = _resume(file, start + 1, end)
            yield Gap(start, after)
        else:
            after = start + FRAME_SIZE + len(payload)
            yield Frame(start, after, payload)
        start = after


def _crc(payload: bytes) -> int:
    return int(google_crc32c.extend(google_crc32c.value(_LENGTH.pack(len(payload))), payload))


def _payload(file: BinaryIO, start: int, end: int) -> bytes | None:
    file.seek(start)
    found = file.read(FRAME_SIZE)
    if len(found) < FRAME_SIZE:
        return None
    length, crc = _FRAME.unpack(found)
    if not 0 < length <= min(LARGEST_PAYLOAD, end - start - FRAME_SIZE):
        return None
    payload = file.read(length)
    return payload if len(payload) == length and _crc(payload) == crc else None


def _resume(file: BinaryIO, start: int, end: int) -> int:
    """Where the next sound frame starts at or after `start`; `end` if there is none."""
    while start < end:
        file.seek(start)
        window = file.read(min(SEARCH, end - start))
        at = window.find(b'{"', FRAME_SIZE)
        while at >= 0:
            candidate = start + at - FRAME_SIZE
            (length,) = _LENGTH.unpack_from(window, at - FRAME_SIZE)
            if length <= LARGEST_PAYLOAD and _payload(file, candidate, end) is not None:
                return candidate
            at = window.find(b'{"', at + 1)
        # A frame whose first bytes straddle the window's edge begins within the last few of them.
        start += max(len(window) - FRAME_SIZE - 1, 1)
    return end
