"""Every way in which collection says no: stable codes, their HTTP statuses and what they mean. docs/ingest.md lists them.

Request codes refuse the whole request; event codes refuse one event of a batch, the rest is kept.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from opsdeck.errors import RejectedError

RETRY_SECONDS = {"busy": 1, "storage_full": 30, "closing": 5}

REQUEST_CODES: Mapping[str, tuple[int, str]] = {
    "empty": (400, "the body holds no event"),
    "unparseable": (400, "the body is neither NDJSON nor a JSON array"),
    "bad_compression": (400, "the body is not what its Content-Encoding says, or is cut off"),
    "unauthenticated": (401, "no ingest key, or one that is unknown or revoked"),
    "wrong_service": (403, "the key is bound to another service than every event names"),
    "slow_body": (408, "the body did not arrive in time"),
    "too_large": (413, "the body is larger than the limit, as sent or decompressed"),
    "too_many_events": (413, "the batch has more events than the limit"),
    "unsupported_type": (415, "the Content-Type is not JSON or NDJSON"),
    "unsupported_encoding": (415, "the Content-Encoding is not gzip, zstd or identity"),
    "none_acceptable": (422, "the body could be read, but no event in it is acceptable"),
    "busy": (429, "more is waiting for the disk than the deck will hold in memory; try again"),
    "storage_full": (503, "the journal cannot be written, for example because the disk is full; try again"),
    "closing": (503, "the deck is shutting down; try again"),
}

EVENT_CODES: Mapping[str, str] = {
    "malformed_json": "the line is not JSON, not UTF-8 or nested too deep",
    "event_too_large": "the event is larger than the limit",
    "missing_field": "a required field is missing",
    "invalid_field": "a field has a wrong type, an unknown value or is over its limit",
    "invalid_timestamp": "the timestamp is not RFC 3339 with a zone",
    "error_required": "success is false but there is no error",
    "error_unexpected": "success is true but there is an error",
    "wrong_service": "the key is bound to another service",
    "reserved_user_type": "userType service is given by the key, not by the client",
    "rate_limited": "the user or the address is restricted and has sent more than it still may",
}


@dataclass(frozen=True, slots=True)
class Limits:
    """Largest body (bytes, as sent and decompressed), batch (events) and event (bytes of JSON) that are read."""

    body: int = 4 * 1024 * 1024
    events: int = 10_000
    event: int = 128 * 1024


@dataclass(frozen=True, slots=True)
class Rejection:
    """One refused event: its index in the batch, an event code, and a message that begins with the field's path."""

    index: int
    code: str
    message: str


class NoneAcceptableError(RejectedError):
    """Every event of a batch was refused; `rejected` says why for each."""

    def __init__(self, status: int, code: str, message: str, rejected: tuple[Rejection, ...]) -> None:
        super().__init__(status, code, message)
        self.rejected = rejected


def refuse(code: str, detail: str = "", *, hint: str = "") -> RejectedError:
    """The error for a request code; `detail` is what the client can do something with."""
    status, meaning = REQUEST_CODES[code]
    return RejectedError(status, code, detail or meaning, hint=hint, retry_after=RETRY_SECONDS.get(code))
