"""The entry as it travels and as it is stored: the framework's format to the letter, our additions beside it.

In: nothing. Out: the msgspec structs with a limit on every string and number, and the names of their fields.
Durations are milliseconds, sizes bytes. Strings that people write (message, stack, context) are cut at their limit,
every other limit refuses. Source of the names: the framework, Structured Logging Format; readings, Words and numbers.
It must not know keys, specs, journals or stores.
"""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType
from msgspec.structs import fields

MESSAGE_LIMIT = 4_096
STACK_LIMIT = 32_768
CONTEXT_LIMIT = 16_384
LONGEST_MS = 31 * 86_400_000
LARGEST_BYTES = 2**50

Text = Annotated[str, Meta(max_length=256)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]
Word = Annotated[str, Meta(max_length=64)]
Token = Annotated[str, Meta(max_length=128)]
# Two types and not `float` alone: 1250 stays 1250 when it is written again.
Milliseconds = Annotated[int, Meta(ge=0, le=LONGEST_MS)] | Annotated[float, Meta(ge=0, le=float(LONGEST_MS))]
Count = Annotated[int, Meta(ge=0, le=1_000_000_000)]
Size = Annotated[int, Meta(ge=0, le=LARGEST_BYTES)]
# 0 to 255 on POSIX, a whole unsigned 32-bit word on Windows, negative where a language reports a signal so.
ExitCode = Annotated[int, Meta(ge=-(2**31), le=2**32 - 1)]

Level = Literal["INFO", "WARN", "ERROR", "FATAL"]
Environment = Literal["production", "staging", "development"]
Category = Literal["audit", "application", "performance", "security"]
UserType = Literal["human", "ci", "service"]
Flag = Literal["late", "ahead", "truncated"]

CATEGORIES: tuple[Category, ...] = ("audit", "application", "performance", "security")


class Strict(Struct, rename="camel", omit_defaults=True, forbid_unknown_fields=True, gc=False):
    """What all parts of an entry share; an unknown field sends the batch down the careful path (decode.py)."""


class Operation(Strict, kw_only=True):
    """What ran, for how long (ms), and whether it worked. Only an abandoned run has no duration: nobody saw its end."""

    type: Name
    template: Text = ""
    generator: Text = ""
    duration: Milliseconds | None = None
    success: bool


class Retry(Strict, kw_only=True):
    """One attempt that failed and was made again: the error's code, and how long (ms) was waited after it."""

    code: Name
    wait_ms: Milliseconds


class Metadata(Strict, kw_only=True):
    """What the run read and wrote, and where; `phasesMs` is the time by phase of the run.

    `retries` are the attempts that failed before the last one; `redactions` counts the secrets taken out of the entry,
    by the sender and at collection.
    """

    file_count: Count | None = None
    output_size: Size | None = None
    working_directory: Annotated[str, Meta(max_length=1024)] = ""
    dry_run: bool | None = None
    template_root: Text = ""
    template_count: Count | None = None
    cache_hit: bool | None = None
    phases_ms: Annotated[dict[Name, Milliseconds], Meta(max_length=32)] | None = None
    retries: Annotated[tuple[Retry, ...], Meta(max_length=32)] = ()
    redactions: Count | None = None


class Failure(Strict, kw_only=True):
    """Why it did not work. `category` is the spec's category of the code, where it knows one; `fingerprint` says which
    failures have one cause, and is stamped at collection."""

    code: Name
    message: Annotated[str, Meta(max_length=MESSAGE_LIMIT)]
    stack: Annotated[str, Meta(max_length=STACK_LIMIT)] = ""
    context: Annotated[str, Meta(max_length=CONTEXT_LIMIT)] = ""
    category: Word = ""
    fingerprint: Word = ""


class Entry(Strict, kw_only=True):
    """One structured log entry. The last three fields are stamped at collection, whatever a client wrote there.

    Category and user type have no default here but in stamp.py: a default would be left out when it is written.
    """

    timestamp: Annotated[str, Meta(max_length=40)]
    level: Level
    service: Name
    version: Name
    environment: Environment
    request_id: Token = ""
    user_id: Token = ""
    session_id: Token = ""
    operation: Operation
    metadata: Metadata | None = None
    error: Failure | None = None
    event_id: Annotated[str, Meta(max_length=36)] = ""
    category: Category | UnsetType = UNSET
    command: Text = ""
    exit_code: ExitCode | None = None
    signal: Word = ""
    user_type: UserType | UnsetType = UNSET
    startup_ms: Milliseconds | None = None
    cpu_ms: Milliseconds | None = None
    peak_memory_bytes: Size | None = None
    os: Word = ""
    arch: Word = ""
    python_version: Word = ""
    emit_version: Word = ""
    received_at: str = ""
    address_hash: str = ""
    flags: tuple[Flag, ...] = ()


STAMPED = frozenset({"receivedAt", "addressHash", "flags", "error.fingerprint"})
PARTS: dict[str, type[Strict]] = {"operation": Operation, "metadata": Metadata, "error": Failure}
SHAPE: dict[str, dict[str, str]] = {
    "": {f.encode_name: f.name for f in fields(Entry) if f.encode_name not in STAMPED},
    **{
        part: {f.encode_name: f.name for f in fields(kind) if f"{part}.{f.encode_name}" not in STAMPED}
        for part, kind in PARTS.items()
    },
}
"""Wire name → attribute of the fields that a client may send, by part ("" is the entry itself)."""

NEEDED = frozenset(
    {
        "timestamp",
        "level",
        "service",
        "version",
        "environment",
        "operation",
        "operation.type",
        "operation.duration",
        "operation.success",
        "error",
        "error.code",
        "error.category",
        "eventId",
        "category",
        "userType",
    }
)
"""What an event cannot be counted without: kept whatever a service's list of allowed fields says."""

FIELDS = frozenset(
    f"{part}.{name}" if part else name for part, names in SHAPE.items() for name in names if name not in PARTS
)
"""Dotted wire names of everything that a client may send."""
