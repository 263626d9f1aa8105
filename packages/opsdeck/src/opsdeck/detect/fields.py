"""Which fields of an entry a rule may name, and what the event store calls them.

In: dotted wire names (`error.code`, `userId`). Out: a Field: its kind, and the store's name where the store can test
it. Every other field is read from the entry itself. It must not know rules.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from opsdeck.collect.wire import FIELDS as SENT
from opsdeck.model import DETAILS, DIMENSIONS, SubjectKind
from opsdeck.stores.events.facts import NUMBERS, PATHS, TIMES

Kind = Literal["text", "number", "truth"]
SUCCESS = "operation.success"
OUTCOME = "outcome"
_NUMERIC = {
    "metadata.fileCount", "metadata.outputSize", "metadata.templateCount", "startupMs", "cpuMs", "peakMemoryBytes",
}  # fmt: skip
_TRUTHS = {SUCCESS, "metadata.dryRun", "metadata.cacheHit"}
_MAPS = {"metadata.phasesMs", "metadata.retries"}


@dataclass(frozen=True, slots=True)
class Field:
    """A field by its wire name. `stored` is its name in the store, "" where only the entry has it."""

    name: str
    kind: Kind
    stored: str = ""


def _fields() -> dict[str, Field]:
    stored = {
        ".".join(PATHS[name]): name for name in (*DIMENSIONS, *DETAILS) if name in PATHS and name not in TIMES
    }
    names = sorted((SENT | stored.keys()) - _MAPS)
    return {name: Field(name, _kind(name, stored.get(name, "")), stored.get(name, "")) for name in names}


def _kind(name: str, stored: str) -> Kind:
    if name in _TRUTHS:
        return "truth"
    return "number" if stored in NUMBERS or name in _NUMERIC else "text"


FIELDS: Mapping[str, Field] = _fields()
"""By wire name. Times are not here: a rule's window is by receipt already."""

SUBJECTS: Mapping[str, SubjectKind] = {"userId": "user", "addressHash": "address", "service": "service"}
"""What a rule may be about, by the field that names it."""
