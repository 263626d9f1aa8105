"""Whether this person lets this service record. Unknown and denied record nothing, not even a start marker.

In: the environment and the person's stored answer. Out: a State, which is its word and where it comes from.
It must not ask: how and when to ask is the tool's own business.
"""

import os

from opsdeck_emit.home import emit, in_ci, read, root, safe, spools, write

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

VERSION = "v1"
UNKNOWN, GRANTED, DENIED = "unknown", "granted", "denied"


class State(str):
    """`unknown`, `granted` or `denied`; `source` says by what: an environment variable, `answer`, `local deck`."""

    __slots__ = ("source",)
    source: str

    def __new__(cls, word: str, source: str) -> "Self":
        self = super().__new__(cls, word)
        self.source = source
        return self


def state(service: str, *, typed: bool = False) -> State:
    """The consent that holds now. `typed`: the person named the service to `opsdeck exec` (see `_own_deck`)."""
    if os.environ.get("DO_NOT_TRACK", "") not in ("", "0"):
        return State(DENIED, "DO_NOT_TRACK")
    try:
        answer = read(_path(service)).partition(" ")[0]
    except OSError:
        return State(UNKNOWN, "no home folder")
    if answer in (GRANTED, DENIED):
        return State(answer, "answer")
    if in_ci() and os.environ.get("OPSDECK_KEY"):
        return State(GRANTED, "OPSDECK_KEY")
    if typed and _own_deck():
        return State(GRANTED, "local deck")
    return State(UNKNOWN, "not asked")


def grant(service: str) -> None:
    """Record from the next run on. Makes the pseudonym if there is none; OSError if nothing can be stored."""
    _answer(service, GRANTED)
    identity()


def deny(service: str) -> None:
    """Record nothing from now on and delete what waits; OSError if the answer cannot be stored."""
    _answer(service, DENIED)
    purge(service)


def purge(service: str) -> None:
    """Delete what was recorded for the service on this machine; with no consent left, the pseudonym too."""
    for folder in spools(service):
        clear(folder)
    for path in _policies(service):
        _remove(path)
    try:
        services = os.listdir(emit() + "/consent")
    except OSError:
        services = []
    if not any(read(f"{emit()}/consent/{name}").startswith(GRANTED) for name in services):
        _remove(emit() + "/identity")


def clear(folder: str) -> None:
    """Delete every file of one service's folder in the spool."""
    for name in os.listdir(folder):
        _remove(f"{folder}/{name}")


def identity() -> tuple[str, str]:
    """The random pseudonym of this user on this machine and the salt of its hashes; made on first use."""
    path = emit() + "/identity"
    version, _, known = read(path).partition(" ")
    if version != VERSION or " " not in known:
        known = f"user_{os.urandom(8).hex()} {os.urandom(16).hex()}"
        write(path, f"{VERSION} {known}\n")
    user, _, salt = known.partition(" ")
    return user, salt


def pseudonym() -> str:
    """The pseudonym if there is one; none is made."""
    version, _, known = read(emit() + "/identity").partition(" ")
    return known.partition(" ")[0] if version == VERSION else ""


def _policies(service: str) -> list[str]:
    """What decks said about this user of the service: it goes with the consent."""
    base = emit() + "/policy"
    decks = os.listdir(base) if os.path.isdir(base) else []
    return [f"{base}/{deck}/{safe(service)}{part}" for deck in decks for part in ("", "~etag", "~trouble")]


def _path(service: str) -> str:
    return f"{emit()}/consent/{safe(service)}"


def _answer(service: str, word: str) -> None:
    import time

    write(_path(service), f"{word} {time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime())}\n")


def _own_deck() -> bool:
    """Whether this very user runs the local deck: typing `opsdeck exec` against one's own deck is consent."""
    home = root()
    try:
        return all(os.stat(f"{home}/{name}").st_uid == os.geteuid() for name in ("url", "ingest.key"))
    except OSError:
        return False


def _remove(path: str) -> None:
    try:
        os.unlink(path)
    except OSError:
        return
