"""Verifies an exported audit log offline. One file: the standard library and `cryptography`, no opsdeck needed.

    python verifier.py FILE --key VKEY [--key VKEY …] [--checkpoint FILE]

In: what `opsdeck audit export` or `opsdeck audit proof` wrote, the keys to trust, perhaps a checkpoint known from
elsewhere (a witness, an older export). Out: what was verified (exit 0) or where the first difference is (exit 1). It
trusts nothing in the file: hashes follow RFC 6962, proofs RFC 9162, notes and checkpoints c2sp.org/signed-note and c2sp.org/tlog-checkpoint.
"""

import argparse
import base64
import binascii
import hashlib
import hmac
import json
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from io import BufferedReader
from pathlib import Path
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

HASH, TILE = 32, 256
LONGEST_LINE, LONGEST_NOTE, MOST_SIGNATURES = 2**24, 2**20, 100
ED25519, COSIGNATURE = 0x01, 0x04
PROOF = "c2sp.org/tlog-proof@v1"


class Broken(Exception):  # noqa: N818  it is said to people: "broken: row 7 …"
    """Something does not check out. `line` of the file and `row` of the log are where, 0 where there is none."""

    def __init__(self, message: str, *, line: int = 0, row: int = 0) -> None:
        super().__init__(message)
        self.message, self.line, self.row = message, line, row

    def __str__(self) -> str:
        return f"line {self.line}: {self.message}" if self.line else self.message


# ---- the tree (RFC 6962, section 2.1) -----------------------------------------------------------------------------


def leaf_hash(leaf: bytes) -> bytes:
    return hashlib.sha256(b"\0" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


@dataclass
class Frontier:
    """A tree that only grows: the roots of its complete subtrees, largest first, are all that appending needs."""

    size: int = 0
    peaks: list[bytes] = field(default_factory=list)

    def append(self, hashed: bytes) -> None:
        size = self.size
        while size & 1:
            hashed = node_hash(self.peaks.pop(), hashed)
            size >>= 1
        self.peaks.append(hashed)
        self.size += 1

    def root(self) -> bytes:
        root = self.peaks[-1] if self.peaks else hashlib.sha256().digest()
        for peak in reversed(self.peaks[:-1]):
            root = node_hash(peak, root)
        return root


def includes(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Whether the leaf with that hash is the one at `index` (from 0) of the tree (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size or any(len(part) != HASH for part in proof):
        return False
    at, last, found = index, size - 1, leaf
    for part in proof:
        if last == 0:
            return False
        if at & 1 or at == last:
            found = node_hash(part, found)
            while at and not at & 1:
                at, last = at >> 1, last >> 1
        else:
            found = node_hash(found, part)
        at, last = at >> 1, last >> 1
    return last == 0 and hmac.compare_digest(found, root)


# ---- signed notes and checkpoints (C2SP) --------------------------------------------------------------------------


@dataclass(frozen=True)
class Key:
    """A public key as a note names it: `name+id+base64(type, key)`."""

    name: str
    id: bytes
    type: int
    public: bytes

    @classmethod
    def read(cls, vkey: str) -> "Key":
        """Raises Broken for what is no key of a type known here, or not its own id."""
        name, _, rest = vkey.strip().partition("+")
        said, _, material = rest.partition("+")
        decoded = unbase64(material)
        if not name or len(decoded) != 1 + HASH or decoded[0] not in (ED25519, COSIGNATURE):
            raise Broken("not an Ed25519 verifier key of the form name+id+base64")
        key = cls.of(name, decoded[0], decoded[1:])
        if said != key.id.hex():
            raise Broken(f"a verifier key whose id is {key.id.hex()}, not {said!r}")
        return key

    @classmethod
    def of(cls, name: str, type_: int, public: bytes) -> "Key":
        named = hashlib.sha256(utf8(name) + b"\n" + bytes([type_]) + public)
        return cls(name, named.digest()[:4], type_, public)

    def __str__(self) -> str:
        material = base64.b64encode(bytes([self.type]) + self.public).decode()
        return f"{self.name}+{self.id.hex()}+{material}"

    def signed(self, text: str, signature: bytes) -> bool:
        """Whether it made this signature of the text; a cosignature holds its time first."""
        message = utf8(text)
        if self.type == COSIGNATURE:
            message = cosigned(text, int.from_bytes(signature[:8], "big"))
            signature = signature[8:]
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, message)
        except InvalidSignature:
            return False
        return True


def cosigned(text: str, time: int) -> bytes:
    """What a witness signs (c2sp.org/tlog-cosignature)."""
    return utf8(f"cosignature/v1\ntime {time}\n{text}")


def utf8(text: str) -> bytes:
    """Raises Broken for half a surrogate pair."""
    try:
        return text.encode()
    except UnicodeEncodeError:
        raise Broken("text that cannot be written") from None


@dataclass(frozen=True)
class Note:
    """A text and its signatures: key name, key id, the rest."""

    text: str
    signatures: tuple[tuple[str, bytes, bytes], ...]

    @classmethod
    def read(cls, note: str) -> "Note":
        text, gap, tail = note.rpartition("\n\n")
        controls = any(ord(c) < ord(" ") and c != "\n" for c in note)
        if not gap or not text or not tail.endswith("\n") or controls or len(note) > LONGEST_NOTE:
            raise Broken("not a signed note")
        lines = tail[:-1].split("\n")
        if len(lines) > MOST_SIGNATURES:
            raise Broken(f"a note with {len(lines)} signatures; {MOST_SIGNATURES} are the most")
        return cls(text + "\n", tuple(map(_signature, lines)))

    def signers(self, keys: Iterable[Key]) -> list[Key]:
        """Which of these keys signed it. Raises Broken where one of them did not sign what it is said to have."""
        known = {(key.name, key.id): key for key in keys}
        found = []
        for name, id_, signature in self.signatures:
            if key := known.get((name, id_)):
                if not key.signed(self.text, signature):
                    raise Broken(f"the signature of {name} ({id_.hex()}) is not one of this text")
                found.append(key)
        return found


def _signature(line: str) -> tuple[str, bytes, bytes]:
    dash, _, rest = line.partition(" ")
    name, _, encoded = rest.partition(" ")
    decoded = unbase64(encoded)
    if dash != "\u2014" or not name or "+" in name or len(decoded) <= 4:  # noqa: PLR2004  the length of a key id
        raise Broken("a signature line that is none")
    return name, decoded[:4], decoded[4:]


def unbase64(text: str) -> bytes:
    """Decoded, in its only spelling: one value, one text. Raises Broken."""
    try:
        decoded = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise Broken(f"not base64: {text[:40]!r}") from error
    if base64.b64encode(decoded).decode() != text:
        raise Broken(f"base64 with bits to spare: {text[:40]!r}")
    return decoded


@dataclass(frozen=True)
class Checkpoint:
    """What a log says of itself: its origin, how many leaves it has, their root."""

    origin: str
    size: int
    root: bytes

    @classmethod
    def read(cls, text: str) -> "Checkpoint":
        """Raises Broken. Extension lines are allowed and mean nothing."""
        lines = text.split("\n")
        if len(lines) < 4 or lines.pop() or not all(lines):  # noqa: PLR2004  three lines and the end of the last
            raise Broken("not a checkpoint")
        origin, size, root = lines[0], lines[1], unbase64(lines[2])
        if not re.fullmatch(r"0|[1-9][0-9]{0,18}", size) or len(root) != HASH:
            raise Broken("a checkpoint without a size or a root")
        return cls(origin, int(size), root)

    def __str__(self) -> str:
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def trusted(note: str, keys: Iterable[Key]) -> Checkpoint:
    """The checkpoint of a note that one of the keys signed. Raises Broken."""
    read = Note.read(note)
    checkpoint = Checkpoint.read(read.text)
    if not any(key.name == checkpoint.origin or key.type == COSIGNATURE for key in read.signers(keys)):
        named = ", ".join(f"{name} ({id_.hex()})" for name, id_, _ in read.signatures)
        size = checkpoint.size
        raise Broken(f"the checkpoint of {size} rows is signed by none of the given keys, but by {named}")
    return checkpoint


# ---- a row and its leaf -------------------------------------------------------------------------------------------

_HEAD = re.compile(
    rb'\{"v":1,"seq":([1-9][0-9]{0,18}),"at":"([0-9]{4}-[0-9T:.-]{21}Z)","kind":"(?:[ !#-\[\]-~]|\\["\\/bfnrtu])*","'
)
_SALT = re.compile(rb'salt":"([0-9a-f]{32})","change":\{')
_BARE = re.compile(rb'commitment":"([0-9a-f]{64})"\}\n')


def commitment(salt: bytes, change: bytes) -> bytes:
    """What a leaf holds of a change: nothing without the salt can tell, nobody can open it to another change."""
    return hmac.digest(salt, change, "sha256")


def row(line: bytes) -> tuple[int, bytes]:
    """The number of a row and its leaf, from its line: open (salt and change) or closed (the commitment alone)."""
    head = _HEAD.match(line)
    if not head:
        raise Broken("not a row")
    start = head.end()
    if opened := _SALT.match(line, start):
        if line[-3:] != b"}}\n":
            raise Broken("a row without its end")
        said = commitment(bytes.fromhex(opened[1].decode()), line[opened.end() - 1 : -2])
        return int(head[1]), line[:start] + b'commitment":"' + said.hex().encode() + b'"}'
    if _BARE.fullmatch(line, start):
        return int(head[1]), line[:-1]
    raise Broken("a row without its change or commitment")


# ---- the proof of one row ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Proof:
    """That a leaf is in a log, in one text (c2sp.org/tlog-proof): its index, the path, the checkpoint as signed.

    `extra` is whatever goes with it, here the line of the row; nothing vouches for it but its hash.
    """

    index: int
    path: tuple[bytes, ...]
    note: str
    extra: bytes = b""

    def __str__(self) -> str:
        extra = f"extra {base64.b64encode(self.extra).decode()}\n" if self.extra else ""
        path = "".join(base64.b64encode(part).decode() + "\n" for part in self.path)
        return f"{PROOF}\n{extra}index {self.index}\n{path}\n{self.note}"

    @classmethod
    def read(cls, text: str) -> "Proof":
        """Raises Broken."""
        head, gap, note = text.partition("\n\n")
        first, *lines = head.split("\n")
        if first != PROOF or not gap or not lines:
            raise Broken("not a proof")
        extra = unbase64(lines.pop(0)[6:]) if lines[0].startswith("extra ") else b""
        index = re.fullmatch(r"index (0|[1-9][0-9]{0,18})", lines.pop(0) if lines else "")
        path = tuple(map(unbase64, lines))
        if not index or any(len(part) != HASH for part in path):
            raise Broken("a proof without an index, or with a hash that is none")
        return cls(int(index[1]), path, note, extra)


@dataclass(frozen=True)
class Verified:
    """What was verified: a log, or that one `row` is in it; `known` of the checkpoints known from elsewhere were met."""

    origin: str
    rows: int
    root: bytes
    checkpoints: int = 1
    known: int = 0
    row: int = 0

    def __str__(self) -> str:
        if self.row:
            return f"row {self.row} is in the {self.rows} rows of {self.origin}"
        return f"{self.rows} rows of {self.origin}, {self.checkpoints} checkpoints, root {self.root.hex()}"


def prove(text: str, keys: Sequence[Key]) -> Verified:
    """Check a proof that carries its row. Raises Broken."""
    proof = Proof.read(text)
    head = trusted(proof.note, keys)
    seq, leaf = row(proof.extra)
    if seq != proof.index + 1 or not includes(leaf_hash(leaf), proof.index, head.size, proof.path, head.root):
        raise Broken(f"row {seq} is not shown to be in the {head.size} rows of {head.origin}", row=seq)
    return Verified(head.origin, head.size, head.root, row=seq)


# ---- an export ----------------------------------------------------------------------------------------------------


def examine(file: BufferedReader, keys: Sequence[Key], known: Sequence[str] = ()) -> Verified:
    """Verify what a file turns out to be: an export, or the proof of one row. Raises Broken."""
    if not file.peek(len(PROOF)).startswith(PROOF.encode()):
        return verify(file, keys, known)
    if known:
        raise Broken("the proof of one row cannot be compared with a checkpoint; an export can")
    return prove(file.read(LONGEST_LINE).decode(errors="replace"), keys)


def verify(file: BinaryIO, keys: Sequence[Key], known: Sequence[str] = ()) -> Verified:
    """Read an export line by line. Raises Broken at the first thing that does not check out, with its place."""
    reading = _Reading(keys, [trusted(note, keys) for note in known])
    try:
        for line in iter(lambda: file.readline(LONGEST_LINE + 1), b""):
            reading.take(line)
        reading.line += 1  # where the next one would be
        return reading.end()
    except Broken as broken:
        broken.line, broken.row = reading.line, broken.row or reading.tree.size + 1
        raise


class _Reading:
    """How far an export has been read."""

    def __init__(self, keys: Sequence[Key], known: Sequence[Checkpoint]) -> None:
        self.keys, self.known = keys, sorted(known, key=lambda checkpoint: checkpoint.size)
        self.origin, self.size, self.found, self.line = "", -1, 0, 0
        self.tree = Frontier()
        self.recorded: Sequence[bytes] = ()
        self.checkpoints, self.signed = 0, -1

    def take(self, line: bytes) -> None:
        self.line += 1
        if not line.endswith(b"\n"):
            raise Broken(f"cut off after row {self.tree.size}")
        if line.startswith(b'{"v":1,'):
            self._row(line)
            return
        said = _object(line)
        if self.size < 0:
            self._header(said)
        elif said.keys() == {"tile", "hashes"}:
            self._tile(said)
        elif said.keys() == {"checkpoint", "note"}:
            self._checkpoint(said)
        else:
            raise Broken("neither a row nor a tile nor a checkpoint")

    def _header(self, said: Mapping[str, Any]) -> None:
        if said.keys() != {"opsdeck-audit", "origin", "size", "keys"} or repr(said["opsdeck-audit"]) != "1":
            raise Broken("not an export of an audit log (version 1)")
        size, origin, named = said["size"], said["origin"], said["keys"]
        if type(size) is not int or size < 0 or type(origin) is not str or type(named) is not list:
            raise Broken("a header that is none")
        given = {str(key) for key in self.keys}
        for key in named:
            if key not in given:
                raise Broken(f"the export names the key {str(key)[:200]!r}, which is not one of those given")
        self.size, self.origin = size, origin

    def _row(self, line: bytes) -> None:
        seq, leaf = row(line)
        at = self.tree.size
        if seq != at + 1:
            known = "is there again" if seq <= at else f"follows row {at}"
            raise Broken(f"row {seq} {known}; row {at + 1} is due")
        hashed = leaf_hash(leaf)
        if at % TILE >= len(self.recorded):
            raise Broken(f"row {seq} without the hash that was recorded for it")
        if hashed != self.recorded[at % TILE]:
            raise Broken(f"row {seq} is not the row whose hash was recorded")
        self.tree.append(hashed)
        if self.tree.size % TILE == 0:
            self.recorded = ()
        self._known()

    def _tile(self, said: Mapping[str, Any]) -> None:
        index, rest = divmod(self.tree.size, TILE)
        width = min(TILE, self.size - self.tree.size)
        if rest or width <= 0 or said["tile"] != tile_path(0, index, width):
            raise Broken(f"not the hashes of the rows from {self.tree.size + 1} on: {str(said['tile'])[:60]}")
        hashes = unbase64(str(said["hashes"]))
        if len(hashes) != width * HASH:
            raise Broken(f"{len(hashes)} bytes of hashes for {width} rows")
        self.recorded = [hashes[at : at + HASH] for at in range(0, len(hashes), HASH)]

    def _checkpoint(self, said: Mapping[str, Any]) -> None:
        number = said["checkpoint"]
        if type(number) is not int or number != self.checkpoints + 1:
            raise Broken(f"checkpoint {str(number)[:20]} where {self.checkpoints + 1} is due")
        found = trusted(str(said["note"]), self.keys)
        if found.origin != self.origin:
            raise Broken(f"a checkpoint of {found.origin}, not of {self.origin}")
        if found.size != self.tree.size or found.size <= self.signed:
            raise Broken(f"a checkpoint of {found.size} rows after row {self.tree.size}")
        if found.root != self.tree.root():
            first = max(self.signed, 0) + 1
            raise Broken(f"rows {first} to {found.size} hold one that is not what was signed", row=first)
        self.checkpoints, self.signed = self.checkpoints + 1, found.size

    def _known(self) -> None:
        while self.known and self.known[0].size <= self.tree.size:
            known = self.known.pop(0)
            if known.origin != self.origin or known.root != self.tree.root():
                raise Broken(f"the first {known.size} rows are not those of the known checkpoint", row=1)
            self.found += 1

    def end(self) -> Verified:
        size, signed = self.tree.size, max(self.signed, 0)
        if self.size < 0:
            raise Broken("an empty file")
        if (size, signed) != (self.size, self.size):
            raise Broken(f"ends after row {size} and a checkpoint of {signed}; {self.size} are said")
        if self.known:
            raise Broken(f"ends after row {size}, but a checkpoint of {self.known[0].size} rows is known")
        return Verified(self.origin, size, self.tree.root(), self.checkpoints, self.found)


def _object(line: bytes) -> Mapping[str, Any]:
    """A line that is no row: a JSON object, in the only spelling that counts. Raises Broken."""
    try:
        said = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Broken("not a line of an export") from error
    if type(said) is not dict or compact(said) + b"\n" != line:
        raise Broken("not a line as an export writes it")
    return said


def compact(value: object) -> bytes:
    """JSON in ASCII without spaces, keys as they come."""
    return json.dumps(value, separators=(",", ":")).encode()


def tile_path(level: int, index: int, width: int = TILE) -> str:
    """Where a tile lies (c2sp.org/tlog-tiles): `tile/0/x001/234/067`, and its width if it is not full."""
    groups = [f"{index % 1000:03}"]
    while index := index // 1000:
        groups.insert(0, f"x{index % 1000:03}")
    return f"tile/{level}/{'/'.join(groups)}" + (f".p/{width}" if width < TILE else "")


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description="Verify an audit log. Exit code 0: verified, 1: broken.")
    add = parser.add_argument
    add("file", help="the export, or the proof of a row; - for standard input")
    add("--key", action="append", required=True, help="a key to trust, as name+id+base64")
    add("--checkpoint", action="append", default=[], type=Path, help="a checkpoint known from elsewhere")
    asked = parser.parse_args(words)
    try:
        keys = [Key.read(key) for key in asked.key]
        known = [path.read_text(encoding="utf-8") for path in asked.checkpoint]
        with open(0 if asked.file == "-" else asked.file, "rb") as file:  # noqa: PTH123  0 is standard input
            found = examine(file, keys, known)
    except (Broken, OSError, UnicodeDecodeError) as error:
        print(f"broken: {error}", file=sys.stderr)  # noqa: T201  this is a program
        return 1
    print(f"verified: {found}")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
