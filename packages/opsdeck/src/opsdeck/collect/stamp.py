"""Decoded entries → entries as they are stored: whose they are, when they came, from where, in which category.

In: what `decode` read, the key, the moment, the address hash, the spec. Out: accepted entries (changed in place) and
rejections. Pure but for that. It must not know bytes, journals or where keys come from.

1. refuse what contradicts itself or claims what only a key can give
2. write down what only the collecting side knows: receipt, address, flags, user type, error category, identity
3. take out the fields that the service's list does not allow
4. name the cause of a failure by its fingerprint, from what is kept: who reads the entry later finds the same
"""

import uuid
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from hashlib import blake2b

import msgspec
from msgspec import UNSET, UnsetType

from opsdeck.collect.codes import Rejection
from opsdeck.collect.decode import Decoded
from opsdeck.collect.policy import Policies, Policy
from opsdeck.collect.wire import Category, Entry, Failure
from opsdeck.fingerprint import fingerprint
from opsdeck.identity.keys import ANY_SERVICE
from opsdeck.model import ABANDONED, IngestKey
from opsdeck.timing import iso

LATE = timedelta(days=30)
AHEAD = timedelta(minutes=5)
# The category of a code that neither the spec nor the sender places (spec, errors.codes).
UNPLACED = "system_errors"
UNDATED = "invalid_timestamp", "timestamp: expected RFC 3339 with a zone, such as 2025-09-09T12:00:00.000Z"
MISNAMED = "invalid_field", "service: expected letters, digits, `.`, `_` and `-`, and no secret"
UUID_LENGTH = 36
UUID_HYPHENS = (8, 13, 18, 23)
# Fingerprints that are remembered, of short failures only: 4 MiB at most.
REMEMBERED, SHORT = 256, 4_096

_encoder = msgspec.json.Encoder()
_remembered = lru_cache(REMEMBERED)(fingerprint)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What is the same for every entry of one request."""

    key: IngestKey
    received: str
    oldest: datetime
    newest: datetime
    address_hash: str

    @classmethod
    def at(cls, now: datetime, key: IngestKey, address_hash: str = "") -> "Stamp":
        return cls(key, iso(now), now - LATE, now + AHEAD, address_hash)


@dataclass(frozen=True, slots=True)
class Stamped:
    """The entries to keep by category, and all that was refused, by index."""

    by_category: dict[str, list[Entry]] = field(default_factory=dict)
    rejected: list[Rejection] = field(default_factory=list)


def stamp(decoded: Decoded, mark: Stamp, policies: Policies) -> Stamped:
    """Refuse or complete each entry."""
    out = Stamped(rejected=list(decoded.rejected))
    last: str = ""
    policy: Policy | None = None
    identified = _all_canonical([entry.event_id for entry in decoded.entries])
    for position, entry in enumerate(decoded.entries):
        refusal = _contradiction(entry, mark.key) or _dated(entry, mark, identified=identified)
        if not refusal and entry.service != last:
            last, policy = entry.service, policies.of(entry.service)
        if refusal or policy is None:
            out.rejected.append(Rejection(decoded.indexes[position], *(refusal or MISNAMED)))
            continue
        category = _complete(entry, mark, policy)
        if position in decoded.cut:
            entry.flags = (*entry.flags, "truncated")
        try:
            out.by_category[category].append(entry)
        except KeyError:
            out.by_category[category] = [entry]
    out.rejected.sort(key=lambda rejection: rejection.index)
    return out


def _contradiction(entry: Entry, key: IngestKey) -> tuple[str, str] | None:
    operation = entry.operation
    if key.service not in (entry.service, ANY_SERVICE):
        return "wrong_service", f"service: the key writes for {key.service}, not for {entry.service}"
    if operation.success:
        if entry.error is not None:
            return "error_unexpected", "error: is only there when operation.success is false"
    elif entry.error is None:
        return "error_required", "error: is required when operation.success is false"
    if operation.duration is None and (entry.error is None or entry.error.code != ABANDONED):
        return "missing_field", f"operation.duration: is required but for error.code {ABANDONED}"
    if entry.user_type == "service" and key.user_type != "service":
        return "reserved_user_type", "userType: service is given by the key"
    return None


def _dated(entry: Entry, mark: Stamp, *, identified: bool) -> tuple[str, str] | None:
    """Read the time and, unless `identified`, the id; write them in their one form; set the flags of time."""
    at = _time(entry)
    if at is None:
        return UNDATED
    entry.flags = ("late",) if at < mark.oldest else ("ahead",) if at > mark.newest else ()
    return None if identified else _identified(entry, at)


def _time(entry: Entry) -> datetime | None:
    text = entry.timestamp
    try:
        at = datetime.fromisoformat(text)
        # Anything but 2025-09-09T12:00:00.000Z is written again in that form (week dates differ at 7).
        if len(text) != 24 or text[23] != "Z" or text[19] != "." or text[10] != "T" or text[7] != "-":  # noqa: PLR2004 - places in that form
            if at.tzinfo is None:
                return None
            at = at.astimezone(UTC)
            entry.timestamp = iso(at)
    except (ValueError, OverflowError):
        return None
    return at


def _all_canonical(ids: list[str]) -> bool:
    """Whether every id is a UUID in lower case with its hyphens: one look at all of them instead of one at each."""
    joined, count = "".join(ids), len(ids)
    # No id is longer than 36 (wire.py), so this length means that each has 36.
    if len(joined) != UUID_LENGTH * count or not joined.islower():
        return False
    if any(joined[at::UUID_LENGTH] != "-" * count for at in UUID_HYPHENS):
        return False
    try:
        return len(bytes.fromhex(joined.replace("-", ""))) == count * 16
    except ValueError:
        return False


def _identified(entry: Entry, at: datetime) -> tuple[str, str] | None:
    if not entry.event_id:
        entry.event_id = derived_id(entry, at)
        return None
    try:
        value = uuid.UUID(entry.event_id)
    except ValueError:
        return "invalid_field", "eventId: expected a UUID"
    entry.event_id = str(value)
    return None


def derived_id(entry: Entry, at: datetime) -> str:
    """The id of an entry that came without: the same entry sent again gets the same, so a retry is not a second event.

    A UUID of version 8 (RFC 9562, 5.8): the time in ms as in version 7, then a hash of the entry's content.
    """
    content = msgspec.structs.replace(entry, received_at="", address_hash="", flags=())
    digest = int.from_bytes(blake2b(_encoder.encode(content), digest_size=10).digest(), "big")
    milliseconds = max(0, int(at.timestamp() * 1000)) & (1 << 48) - 1
    bits = milliseconds << 80 | digest
    bits = bits & ~(0xF << 76) | 8 << 76
    return str(uuid.UUID(int=bits & ~(3 << 62) | 2 << 62))


def _complete(entry: Entry, mark: Stamp, policy: Policy) -> Category:
    """Everything that the entry is stored with but could not say itself; returns its category."""
    entry.received_at = mark.received
    entry.address_hash = mark.address_hash
    if mark.key.user_type:
        entry.user_type = mark.key.user_type  # type: ignore[assignment] # keys.mint checks it
    elif entry.user_type is UNSET:
        entry.user_type = "human"
    category = "application" if isinstance(entry.category, UnsetType) else entry.category
    if category == "application" and entry.user_type == "service":
        category = "performance"
    entry.category = category
    failure = entry.error
    if failure is not None:
        said = failure.category if failure.category in policy.categories else UNPLACED
        failure.category = policy.codes.get(failure.code, said)
    for part, attribute, empty in policy.removed:
        holder = getattr(entry, part) if part else entry
        if holder is not None and getattr(holder, attribute) != empty:
            setattr(holder, attribute, empty)
    if failure is not None:
        failure.fingerprint = _cause(failure)
    return category


def _cause(failure: Failure) -> str:
    message, stack = failure.message, failure.stack
    short = len(message) + len(stack) <= SHORT
    return _remembered(message, stack) if short else fingerprint(message, stack)
