"""Probe every service: run its CLI, check the deck's dependencies, hand the results in at collect's door.

In: services, health checks, a door. Out: how many events were handed in. Probes are events like any other,
written with a key whose user type is `service`; the server side says so, no field of theirs does.
"""

import json
import secrets
from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from opsdeck import timing
from opsdeck.probe.command import Outcome, run
from opsdeck.probe.health import Health, examine
from opsdeck.spec.model import Probe, Service
from opsdeck_emit.wire import event_id

HEALTH_CHECK = "health_check"
VERSION_PROBE = "cli_startup"


class Accept(Protocol):
    """Collect's door with the probes' key already in hand."""

    def __call__(self, body: bytes) -> object: ...


def tick(
    services: Iterable[Service],
    checks: Mapping[str, Callable[[], None]],
    accept: Accept,
    folder: Path,
    now: datetime,
) -> int:
    """Run all probes of all services once and one health check each; returns the number of events handed in."""
    health = examine(checks)
    sent = 0
    for service in services:
        outcomes = [(probe, run(probe, folder / service.name)) for probe in service.probes]
        version = _version(outcomes)
        entries = [
            *(_probe_entry(service, version, probe, outcome, now) for probe, outcome in outcomes),
            _health_entry(service, version, health, now),
        ]
        accept(b"\n".join(json.dumps(entry).encode() for entry in entries))
        sent += len(entries)
    return sent


def _version(outcomes: Iterable[tuple[Probe, Outcome]]) -> str:
    """The last word of what the version probe printed: `unjucks 2026.11.0` and a bare `2026.11.0` alike."""
    words = [
        o.output.split() for probe, o in outcomes if probe.operation == VERSION_PROBE and not o.error_code
    ]
    return next((line[-1] for line in words if line), "unknown")


def _probe_entry(
    service: Service, version: str, probe: Probe, outcome: Outcome, now: datetime
) -> dict[str, Any]:
    entry = _entry(service, version, probe.operation, probe.name, outcome.duration, now)
    if outcome.exit_code is not None:
        entry["exitCode"] = outcome.exit_code
    if probe.kind:
        entry["metadata"] = {"fileCount": outcome.files, "outputSize": outcome.size}
    return _with_error(entry, outcome.error_code, outcome.message)


def _health_entry(service: Service, version: str, health: Iterable[Health], now: datetime) -> dict[str, Any]:
    results = list(health)
    entry = _entry(service, version, HEALTH_CHECK, "health", sum(h.duration for h in results), now)
    broken = "; ".join(h.message for h in results if not h.ok)
    return _with_error(entry, "DEPENDENCY_DOWN" if broken else "", broken)


def _entry(
    service: Service, version: str, operation: str, command: str, duration: float, now: datetime
) -> dict[str, Any]:
    return {
        "timestamp": timing.iso(now),
        "level": "INFO",
        "service": service.name,
        "version": version,
        "environment": "production",
        "requestId": f"req_{secrets.token_hex(8)}",
        "userId": "user_probe",
        "sessionId": "sess_probe",
        "operation": {"type": operation, "duration": round(duration, 3), "success": True},
        "metadata": {},
        "eventId": event_id(now.timestamp()),
        "category": "performance",
        "command": command,
    }


def _with_error(entry: dict[str, Any], code: str, message: str) -> dict[str, Any]:
    if code:
        entry["level"] = "ERROR"
        entry["operation"]["success"] = False
        entry["error"] = {
            "code": code, "category": "system_errors", "message": message, "stack": "", "context": "seen by a probe of the deck",
        }  # fmt: skip
    return entry
