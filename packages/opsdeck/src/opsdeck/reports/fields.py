"""What each field of a log entry means, in a sentence. In: an entry. Out: its fields in order, each with its meaning.

`framework` fields are the framework's log format to the letter; the others are additions beside it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

FRAMEWORK: Mapping[str, str] = {
    "timestamp": "when the run started, UTC",
    "level": "INFO, WARN, ERROR or FATAL",
    "service": "the operated tool",
    "version": "the tool's version",
    "environment": "production, staging or development",
    "requestId": "this run, as the tool named it",
    "userId": "a pseudonym of who ran it; the same person keeps it",
    "sessionId": "the terminal, CI job or run that it belongs to",
    "operation.type": "what was done",
    "operation.template": "the generator's template",
    "operation.generator": "the name asked for",
    "operation.duration": "how long it took, in milliseconds",
    "operation.success": "true when the exit code says so",
    "metadata.fileCount": "files written",
    "metadata.outputSize": "bytes written",
    "metadata.workingDirectory": "where it ran, the home folder as ~",
    "error.code": "the stable code of what went wrong",
    "error.message": "what went wrong, for a person",
    "error.stack": "where in the code, paths shortened",
    "error.context": "what else the tool knew about the error",
}
ADDED: Mapping[str, str] = {
    "eventId": "the event's own id (UUIDv7): sent twice, it is kept once",
    "category": "application, performance, audit or security: decides how long it is kept",
    "command": "the command, or the probe's name",
    "exitCode": "the process's exit code; absent when a signal ended it",
    "signal": "the signal that ended the process",
    "userType": "human, ci or service (the deck's own probes)",
    "startupMs": "from the start of the process to the first line of the command, in milliseconds",
    "cpuMs": "processor time, in milliseconds",
    "peakMemoryBytes": "the most memory it held at once, in bytes",
    "os": "operating system",
    "arch": "processor architecture",
    "pythonVersion": "the interpreter's version",
    "emitVersion": "the version of opsdeck-emit that recorded it",
    "metadata.phasesMs": "time by phase of the run, in milliseconds",
    "metadata.dryRun": "true when nothing was to be written",
    "metadata.templateRoot": "where the templates came from",
    "metadata.templateCount": "templates found",
    "metadata.cacheHit": "true when the compiled cache was used",
    "metadata.retries": "attempts that failed before the last one, each with its code and the wait after it",
    "metadata.redactions": "secrets that were taken out of the entry",
    "error.fingerprint": "equal for failures with one cause",
    "error.category": "user, system or critical error: decides severity and retry",
    "receivedAt": "when the deck accepted it, UTC",
    "addressHash": "the sender's address as a hash whose key changes daily",
    "flags": "late or ahead: its own time was not believed; truncated: a text was cut",
}


@dataclass(frozen=True, slots=True)
class FieldValue:
    """One field of an entry by its dotted name, its value, what it means, and where it is filtered by."""

    name: str
    value: Any
    meaning: str
    framework: bool


def explain(body: Mapping[str, Any]) -> tuple[FieldValue, ...]:
    """Every field of the entry, in its order, nested ones by their dotted name."""
    return tuple(
        FieldValue(name, value, FRAMEWORK.get(name) or ADDED.get(name, ""), name in FRAMEWORK)
        for name, value in _flat(body)
    )


def _flat(body: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for name, value in body.items():
        dotted = f"{prefix}{name}"
        if isinstance(value, Mapping) and dotted not in ADDED:
            yield from _flat(value, f"{dotted}.")
        else:
            yield dotted, value
