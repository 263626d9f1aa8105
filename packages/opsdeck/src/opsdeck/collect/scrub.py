"""Free text of an entry → the same text without secrets, and their number in the entry.

In: entries. Out: how many of them held a secret; they are changed in place. The forms of secrets are emit's
(`opsdeck_emit.forms`): it redacts first, this is the second net, for older senders and for clients of other kinds. It
must not know keys, specs or stores.
"""

from collections.abc import Iterable, Iterator, Mapping
from operator import attrgetter

from opsdeck.collect.wire import Entry, Metadata
from opsdeck_emit.forms import may_hold, take_out

MOST = 1_000_000_000  # what the count of an entry may be (wire.py)

# Not the service, which names a policy, and nothing that stamp.py holds against a list or writes anew.
ENTRY_TEXTS = [
    "version",
    "request_id",
    "user_id",
    "session_id",
    "command",
    "signal",
    "os",
    "arch",
    "python_version",
    "emit_version",
]
OPERATION_TEXTS = ("type", "template", "generator")
METADATA_TEXTS = ("working_directory", "template_root")
FAILURE_TEXTS = ("code", "message", "stack", "context")

_entry_texts = attrgetter(*ENTRY_TEXTS)
_operation_texts = attrgetter(*OPERATION_TEXTS)
_metadata_texts = attrgetter(*METADATA_TEXTS)
_failure_texts = attrgetter(*FAILURE_TEXTS)


def redact(text: str) -> str:
    """The text with a mark in each secret's place."""
    return take_out(text)[0]


class Scrubber:
    """Redacts entries: the texts of a batch are looked through once together, each only where one may hold a secret."""

    def scrub(self, entries: Iterable[Entry]) -> int:
        """Redact the free texts of the entries; returns how many entries held a secret.

        What was taken out of an entry is added to what its sender says of itself in `metadata.redactions`.
        """
        entries = list(entries)
        texts: set[str] = set()
        for entry in entries:
            texts.update(_texts(entry))
        if not may_hold("\n".join(texts)):
            return 0
        safe = {text: found for text in texts if (found := take_out(text))[1]}
        return sum(_replaced(entry, safe) for entry in entries) if safe else 0


def _texts(entry: Entry) -> Iterator[str]:
    yield from _entry_texts(entry)
    yield from _operation_texts(entry.operation)
    metadata = entry.metadata
    if metadata:
        yield from _metadata_texts(metadata)
        yield from metadata.phases_ms or ()
        yield from (retry.code for retry in metadata.retries)
    if entry.error:
        yield from _failure_texts(entry.error)


def _replaced(entry: Entry, safe: Mapping[str, tuple[str, int]]) -> bool:
    taken = 0
    for part, names in (
        (entry, ENTRY_TEXTS),
        (entry.operation, OPERATION_TEXTS),
        (entry.metadata, METADATA_TEXTS),
        (entry.error, FAILURE_TEXTS),
    ):
        for name in names if part else ():
            text = getattr(part, name)
            if text in safe:
                setattr(part, name, safe[text][0])
                taken += safe[text][1]
    if entry.metadata:
        taken += _replaced_inside(entry.metadata, safe)
    if taken:
        entry.metadata = entry.metadata or Metadata()
        entry.metadata.redactions = min((entry.metadata.redactions or 0) + taken, MOST)
    return taken > 0


def _replaced_inside(metadata: Metadata, safe: Mapping[str, tuple[str, int]]) -> int:
    """What hides in names of phases and codes of retries."""
    phases = metadata.phases_ms or {}
    names = [name for name in phases if name in safe]
    codes = [retry.code for retry in metadata.retries if retry.code in safe]
    if names:
        metadata.phases_ms = {safe.get(name, (name,))[0]: spent for name, spent in phases.items()}
    for retry in metadata.retries if codes else ():
        retry.code = safe.get(retry.code, (retry.code,))[0]
    return sum(safe[text][1] for text in [*names, *codes])
