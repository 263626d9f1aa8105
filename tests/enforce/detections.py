"""Detections as a detector writes them."""

from typing import Any

from opsdeck.model import Detection
from opsdeck.testing import START

SERVICE, USER = "unjucks-cli", "user_1"


def detection(**changes: Any) -> Detection:
    """Eleven failures of a user, unless told otherwise."""
    values: dict[str, Any] = {
        "key": "D-1", "service": SERVICE, "event": "multiple_failed_operations", "rule": "failures_by_user",
        "subject_kind": "user", "subject": USER, "action": "rate limit and alert", "at": START, "first_at": START,
        "last_at": START, "count": 11, "detail": "11 failures in 5 minutes by this user", "data": {},
    }  # fmt: skip
    return Detection(**values | changes)
