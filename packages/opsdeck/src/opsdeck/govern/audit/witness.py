"""A witness in a folder: it remembers the last head it saw of one log and signs a new one only if it adds to that.

In: the folder, a signed checkpoint, the proof that goes with it, the time. Out: the checkpoint with one more
signature (c2sp.org/tlog-cosignature), kept in the folder. Whoever runs a deck cannot take back rows that a witness
elsewhere has seen. It must not know how the log is kept.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from opsdeck.errors import DamagedError, UsageError
from opsdeck.govern.audit.key import kept
from opsdeck.merkle.proofs import extends
from opsdeck.merkle.verifier import COSIGNATURE, Broken, Checkpoint, Key, Note, trusted

CHECKPOINT, LOG = "checkpoint", "log.pub"


@dataclass(frozen=True, slots=True)
class Witness:
    """What a folder remembers: the key of the log, the newest checkpoint seen (none at first)."""

    folder: Path
    log: Key
    seen: Checkpoint | None

    @classmethod
    def of(cls, folder: Path, log: str = "") -> "Witness":
        """The witness of a folder; `log` is the key of the log to watch, once, at first. Raises UsageError, DamagedError."""
        named = folder / LOG
        if not named.exists() and not log:
            raise UsageError(f"{folder} watches no log yet", hint="opsdeck audit witness FOLDER --key VKEY")
        try:
            if not named.exists():
                Key.read(log)
                folder.mkdir(parents=True, exist_ok=True)
                named.write_text(f"{log.strip()}\n", encoding="utf-8")
            watched = Key.read(named.read_text(encoding="utf-8"))
            seen = folder / CHECKPOINT
            return cls(
                folder,
                watched,
                trusted(seen.read_text(encoding="utf-8"), [watched]) if seen.exists() else None,
            )
        except Broken as broken:
            raise DamagedError(f"{folder}: {broken}", hint="check the key and the folder") from None

    def cosign(self, note: str, proof: Sequence[bytes], now: datetime) -> Checkpoint:
        """Sign the checkpoint and remember it. Raises DamagedError for one that takes back what was seen."""
        try:
            fresh = trusted(note, [self.log])
        except Broken as broken:
            raise DamagedError(f"not a checkpoint of this log: {broken}") from None
        old = self.seen
        if old and (
            old.origin != fresh.origin or not extends(old.size, old.root, fresh.size, fresh.root, proof)
        ):
            raise DamagedError(
                f"the log of {fresh.size} rows does not begin with the {old.size} rows seen before",
                hint=f"rows were changed or removed; keep {self.folder / CHECKPOINT} as evidence",
            )
        name = f"witness/{os.urandom(8).hex()}"
        line = kept(self.folder, "witness", name, COSIGNATURE).cosign(
            Note.read(note).text, int(now.timestamp())
        )
        part = self.folder / f"{CHECKPOINT}.new"
        part.write_text(note + line, encoding="utf-8")
        part.replace(self.folder / CHECKPOINT)
        return fresh
