"""The published JSON Schema (2020-12) of an entry, made from the structs that validate: docs/event.schema.json.

In: wire.py. Out: a schema that holds for what a client sends and for what is stored; the latter has more of the fields
that are optional here. What depends on several fields is said in `if`/`then`. It must not know values.
"""

import json
from typing import Any

import msgspec

from opsdeck.collect.wire import PARTS, SHAPE, STAMPED, Entry, Strict
from opsdeck.model import ABANDONED

ID = "urn:opsdeck:event:1"
UUID = "^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{4}-[0-9a-fA-F]{12}$"
TIME = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"
HASH = "^[0-9a-f]{32}$"

MEANING = {
    "timestamp": "When the run began: RFC 3339 with a zone; stored in UTC with milliseconds",
    "level": "How bad it is",
    "service": "Which operated tool",
    "version": "The tool's version",
    "environment": "Where the tool runs",
    "requestId": "This run",
    "userId": "Who ran it, as a pseudonym",
    "sessionId": "The terminal, the CI job, or the run",
    "operation": "What was done",
    "operation.type": "The kind of operation",
    "operation.template": "The template used",
    "operation.generator": "The name asked for",
    "operation.duration": "How long it took, in ms; unknown only for an abandoned run",
    "operation.success": "Whether it worked",
    "metadata": "What the run read and wrote",
    "metadata.fileCount": "Files written",
    "metadata.outputSize": "Bytes written",
    "metadata.workingDirectory": "Where it ran, the home folder as ~",
    "metadata.dryRun": "Whether it only showed what it would do",
    "metadata.templateRoot": "Where the templates were found",
    "metadata.templateCount": "Templates found",
    "metadata.cacheHit": "Whether the templates' cache was used",
    "metadata.phasesMs": "Time by phase, in ms",
    "metadata.retries": "Attempts that failed before the last one: the code of each, and the wait after it in ms",
    "metadata.redactions": "Secrets taken out of the entry, by the sender and at collection",
    "error": "Why it did not work: there exactly when operation.success is false",
    "error.code": "Stable code; CANCELLED where a person ended the run",
    "error.message": "For people; cut at its limit",
    "error.stack": "Stack trace; cut at its limit",
    "error.context": "What else is known; cut at its limit",
    "error.category": "The spec's category of the code",
    "error.fingerprint": "Stamped: equal for failures with one cause; the grouping's version, then a hash",
    "eventId": "Identity: the same id is the same event. UUID, version 7 preferred; derived from the content if absent",
    "category": "Which retention applies; application if absent",
    "command": "The command, without argument values",
    "exitCode": "The tool's exit code",
    "signal": "The signal that ended it, such as SIGTERM",
    "userType": "Who ran it; human if absent; service is given by the key",
    "startupMs": "From the process's start to the operation's, in ms",
    "cpuMs": "Processor time used, in ms",
    "peakMemoryBytes": "Most memory held, in bytes",
    "os": "Operating system",
    "arch": "Processor architecture",
    "pythonVersion": "Python that the tool runs on",
    "emitVersion": "Version of opsdeck-emit",
    "receivedAt": "Stamped: when it was collected",
    "addressHash": "Stamped: keyed hash of the client's address, comparable within one day (UTC)",
    "flags": "Stamped: late or ahead (counts at receivedAt), truncated",
}
"""A sentence for each dotted name."""


def entry_schema() -> dict[str, Any]:
    """The schema as data."""
    definitions = msgspec.json.schema(Entry)["$defs"]
    kinds: dict[str, type[Strict]] = {"": Entry, **PARTS}
    for part, kind in kinds.items():
        properties = definitions[kind.__name__]["properties"]
        for name, rule in properties.items():
            properties[name] = {**_plain(rule), "description": MEANING[f"{part}.{name}" if part else name]}
    entry = definitions.pop("Entry")
    properties = entry["properties"]
    for name in ("timestamp", "receivedAt"):
        properties[name] |= {"format": "date-time", "pattern": TIME}
    properties["eventId"]["pattern"] = UUID
    properties["addressHash"]["pattern"] = HASH
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        **entry,
        "title": "A structured log entry",
        "description": "As a client sends it; stored with the fields that are described as stamped or absent.",
        "allOf": [_error_exactly_on_failure(), _duration_unless_abandoned()],
        "$defs": definitions,
    }


def text() -> str:
    """The file's content."""
    return json.dumps(entry_schema(), indent=2) + "\n"


def names() -> list[str]:
    """Every dotted name of the schema, the stamped ones last."""
    sent = [f"{part}.{name}" if part else name for part, shape in SHAPE.items() for name in shape]
    return [*sent, *sorted(STAMPED)]


def _plain(rule: dict[str, Any]) -> dict[str, Any]:
    """The rule without null, which is read as absent and never stored, and with one kind of number instead of two."""
    kinds = [kind for kind in rule.get("anyOf", [rule]) if kind != {"type": "null"}]
    found = next((kind for kind in kinds if kind.get("type") == "number"), kinds[0])
    if "additionalProperties" in found:
        found = {**found, "additionalProperties": _plain(found["additionalProperties"])}
    return {key: value for key, value in found.items() if key != "default"}


def _error_exactly_on_failure() -> dict[str, Any]:
    return {
        "if": {"properties": {"operation": {"properties": {"success": {"const": False}}}}},
        "then": {"required": ["error"]},
        "else": {"not": {"required": ["error"]}},
    }


def _duration_unless_abandoned() -> dict[str, Any]:
    return {
        "if": {
            "properties": {"error": {"properties": {"code": {"const": ABANDONED}}}},
            "required": ["error"],
        },
        "else": {"properties": {"operation": {"required": ["duration"]}}},
    }
