"""Plain bytes → entries and, for each event that is not acceptable, an index, a code and a message with its path.

In: NDJSON or a JSON array. Out: Decoded, or RejectedError where nothing can be read. It must not know keys or specs.

1. A batch of well-formed events without control characters decodes in one call.
2. Anything else goes event by event: well-formed ones as before; the others as untyped JSON, from which unknown
   fields and nulls are dropped and counted, control characters removed and over-long texts cut; then validated again.

Of a key that occurs twice in one object the last one counts, as in every JSON reader here.
"""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from opsdeck.collect.codes import Limits, Rejection, refuse
from opsdeck.collect.scrub import redact
from opsdeck.collect.wire import CONTEXT_LIMIT, MESSAGE_LIMIT, PARTS, SHAPE, STACK_LIMIT, Entry

BOM = b"\xef\xbb\xbf"
# Commas per event beyond which a broken array is refused unread: each could cost a hostile 80 bytes of memory.
COMMAS = 64
# Characters of an unknown field's name that are searched for secrets, and that are kept of it.
NAME_READ, NAME_SHOWN = 512, 64
CUT = {"message": MESSAGE_LIMIT, "stack": STACK_LIMIT, "context": CONTEXT_LIMIT}
# All of Unicode's Cc but tab and newline: they steer terminals and mean nothing in an entry.
CONTROLS = dict.fromkeys([*range(9), *range(11, 32), *range(127, 160)])

_ESCAPED = re.compile(rb"\\(?:u00[0189]|u007[fF]|[bfr])")
_C1 = re.compile(rb"\xc2[\x80-\x9f]")
_WHERE = re.compile(r"(?s)(.*?)(?: - at (?:`key` in )?`\$\.?([^`]*)`)?")
_MISSING = re.compile(r"Object missing required field `([^`]*)`")

_one = msgspec.json.Decoder(Entry)
_array = msgspec.json.Decoder(list[Entry])
_raw_array = msgspec.json.Decoder(list[msgspec.Raw])
_UNREADABLE = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


@dataclass(frozen=True, slots=True)
class Decoded:
    """Entries with their indexes in the batch, what was refused, which entries were cut, what was dropped by name."""

    entries: list[Entry]
    indexes: Sequence[int]
    rejected: list[Rejection] = field(default_factory=list)
    cut: set[int] = field(default_factory=set)
    dropped: Counter[str] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class _Fault:
    code: str
    message: str


def decode(body: bytes, limits: Limits) -> Decoded:
    """Read a batch. Raises RejectedError: empty, unparseable, too_many_events."""
    body = body.removeprefix(BOM)
    if not body or body.isspace():
        raise refuse("empty")
    is_array = body.lstrip()[:1] == b"["
    if not is_array and body.count(b"\n") > limits.events:
        raise _too_many(limits)
    if not _has_controls(body):
        try:
            entries = _array.decode(body) if is_array else _one.decode_lines(body)
        except _UNREADABLE:
            pass
        else:
            if not entries:
                raise refuse("empty")
            if len(entries) > limits.events:
                raise _too_many(limits)
            return Decoded(entries, range(len(entries)))
    return _event_by_event(_elements(body, limits) if is_array else _lines(body, limits), limits)


def _too_many(limits: Limits) -> Exception:
    return refuse("too_many_events", f"the batch has more than {limits.events:,} events")


def _has_controls(body: bytes) -> bool:
    return (
        (b"\\" in body and _ESCAPED.search(body) is not None)
        or b"\x7f" in body
        or (b"\xc2" in body and _C1.search(body) is not None)
    )


def _elements(body: bytes, limits: Limits) -> list[bytes]:
    if body.count(b",") > COMMAS * limits.events:
        raise _too_many(limits)
    try:
        elements = _raw_array.decode(body)
    except _UNREADABLE as error:
        raise refuse("unparseable", f"the body begins as a JSON array, but: {_reason(error)}") from error
    if len(elements) > limits.events:
        raise _too_many(limits)
    return [bytes(raw) for raw in elements]


def _lines(body: bytes, limits: Limits) -> list[bytes]:
    if len(body) <= limits.event:
        try:
            msgspec.json.decode(body, type=msgspec.Raw)
        except _UNREADABLE:
            pass
        else:
            return [body]  # one event, perhaps over several lines
    return [line for line in body.split(b"\n") if line and not line.isspace()]


def _event_by_event(raws: list[bytes], limits: Limits) -> Decoded:
    indexes: list[int] = []
    out = Decoded([], indexes)
    for index, raw in enumerate(raws):
        read = _event(raw, limits, out)
        if isinstance(read, Entry):
            out.entries.append(read)
            indexes.append(index)
        else:
            out.rejected.append(Rejection(index, read.code, read.message))
    if out.rejected and all(r.code == "malformed_json" for r in out.rejected) and not out.entries:
        raise refuse("unparseable", f"no line is JSON; line 1: {out.rejected[0].message}")
    return out


def _event(raw: bytes, limits: Limits, out: Decoded) -> Entry | _Fault:
    if len(raw) > limits.event:
        return _Fault("event_too_large", f"the event is larger than {limits.event:,} bytes")
    if not _has_controls(raw):
        try:
            return _one.decode(raw)
        except _UNREADABLE:
            pass  # the careful way below says why, or mends it
    try:
        found = msgspec.json.decode(raw)
    except _UNREADABLE as error:
        return _Fault("malformed_json", _reason(error))
    if not isinstance(found, dict):
        return _Fault("invalid_field", "the event is not a JSON object")
    return _mended(found, out)


def _mended(found: dict[str, Any], out: Decoded) -> Entry | _Fault:
    tidy = _known("", found, out.dropped)
    failure = tidy.get("error")
    cut = False
    if isinstance(failure, dict):
        for name, limit in CUT.items():
            text = failure.get(name)
            if isinstance(text, str) and len(text) > limit:
                failure[name], cut = text[:limit], True
    try:
        entry = msgspec.convert(tidy, Entry)
    except msgspec.ValidationError as error:
        return _fault(str(error))
    if cut:
        out.cut.add(len(out.entries))
    return entry


def _known(part: str, found: dict[str, Any], dropped: Counter[str]) -> dict[str, Any]:
    """The object without nulls, unknown fields (counted) and control characters."""
    kept: dict[str, Any] = {}
    for name, value in found.items():
        if value is None:
            continue
        if name not in SHAPE[part]:
            dropped[_shown(f"{part}.{name}" if part else name)] += 1
        elif name in PARTS and not part and isinstance(value, dict):
            kept[name] = _known(name, value, dropped)
        elif isinstance(value, str):
            kept[name] = value.translate(CONTROLS)
        elif isinstance(value, dict):
            kept[name] = {key.translate(CONTROLS): item for key, item in value.items()}
        else:
            kept[name] = value
    return kept


def _shown(name: str) -> str:
    """A name that a sender made up, fit for a terminal and a page."""
    return redact(name[:NAME_READ].translate(CONTROLS))[:NAME_SHOWN]


def _fault(text: str) -> _Fault:
    """msgspec's words with the field's path in front and a code of ours."""
    match = _WHERE.fullmatch(text)
    said, path = (match[1], match[2] or "") if match else (text, "")
    missing = _MISSING.match(said)
    if missing:
        return _Fault("missing_field", f"{path}.{missing[1]}: is required".lstrip("."))
    return _Fault("invalid_field", f"{path or 'event'}: {said[:1].lower()}{said[1:]}")


def _reason(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "nested too deep"
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8"
    return str(error)[:200]
