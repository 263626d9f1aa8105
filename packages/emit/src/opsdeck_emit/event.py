"""The event of one run as it begins: all that is known before the tool has done anything.

In: the run's names and what the machine says. Out: the entry in the framework's order, with places (None) for what
its end will tell. It must not know whether, where or when it is written.
"""

import os

from opsdeck_emit.consent import identity
from opsdeck_emit.facts import platform, session, startup_ms
from opsdeck_emit.home import in_ci
from opsdeck_emit.wire import EMIT_VERSION, NAME_LIMIT, clean, event_id, tilde, timestamp

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

UNNAMED_OPERATION = "command_run"


def opening(
    service: str,
    version: str,
    command: str,
    environment: str,
    now: float,
    process: list[str],
    *,
    wrapped: bool,
) -> "dict[str, Any]":
    """The event at the start of a run; `now` in epoch seconds, `process` as facts.stat_of gives it."""
    user, salt = identity()
    name = event_id(now)
    return {
        "timestamp": timestamp(now),
        "level": "INFO",
        "service": clean(service, NAME_LIMIT),
        "version": clean(version, NAME_LIMIT),
        "environment": environment,
        "requestId": "req_" + name.replace("-", "")[-16:],
        "userId": user,
        "sessionId": session(process, salt, name),
        "operation": {"type": UNNAMED_OPERATION},
        "metadata": {"workingDirectory": _working_directory()},
        "error": None,
        "eventId": name,
        "category": "application",
        "command": clean(command),
        "exitCode": None,
        "signal": None,
        "userType": "ci" if in_ci() else "human",
        "startupMs": None if wrapped else startup_ms(process),
        "cpuMs": None,
        "peakMemoryBytes": None,
        **platform(wrapped=wrapped),
        "emitVersion": EMIT_VERSION,
    }


def abandoned(event: "dict[str, Any]") -> "dict[str, Any]":
    """The event to send if nothing better comes: the start marker holds it, for when the process is gone."""
    return {
        **event,
        "level": "ERROR",
        "operation": {**event["operation"], "success": False},
        "error": {
            "code": "ABANDONED",
            "message": "the run ended without a word: killed, or the machine went down",
            "category": "system_errors",
        },
    }


def _working_directory() -> str | None:
    try:
        return clean(tilde(os.getcwd()))
    except OSError:
        return None
