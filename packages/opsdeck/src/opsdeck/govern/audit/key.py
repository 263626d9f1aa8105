"""The deck's signing key: made at the first start, kept in the deck's home with mode 0600, its public part beside it.

In: the home and the log's origin. Out: a signer. Raises DamagedError for a file that holds no key, or another log's.
"""

import os
import tempfile
from pathlib import Path

from opsdeck.errors import DamagedError
from opsdeck.merkle.notes import Signer
from opsdeck.merkle.verifier import ED25519, Broken

NAME = "audit"


def signer(home: Path, origin: str) -> Signer:
    """The deck's key for its log."""
    found = kept(home, NAME, origin, ED25519)
    if found.key.name != origin:
        raise DamagedError(
            f"{home / NAME}.key is the key of the log {found.key.name}, this log is {origin}",
            hint="move it away; a new one is made and logged",
        )
    return found


def kept(home: Path, file: str, name: str, type_: int) -> Signer:
    """The key in a file of the home, made with that name if there is none; the public part lies beside it."""
    secret, public = home / f"{file}.key", home / f"{file}.pub"
    found = read(secret) or _make(secret, Signer.make(name, type_))
    if not public.exists() or public.read_text(encoding="utf-8").strip() != str(found.key):
        public.write_text(f"{found.key}\n", encoding="utf-8")
    return found


def read(path: Path) -> Signer | None:
    """The key in a file, None where there is no file."""
    try:
        return Signer.read(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    except (Broken, UnicodeDecodeError):
        raise DamagedError(f"{path} holds no signing key", hint="restore it, or move it away") from None


def _make(path: Path, made: Signer) -> Signer:
    """Written whole and durable before it has its name; where somebody was faster, theirs counts."""
    descriptor, fresh = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mode 0600
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(f"{made.secret()}\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(fresh, path)
        except FileExistsError:
            return read(path) or made
    finally:
        Path(fresh).unlink()
    return made
