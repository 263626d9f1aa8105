"""An exported log that somebody changed: every change is noticed, and its place is said."""

import base64
import json
import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest

from opsdeck.merkle.notes import Signer
from opsdeck.merkle.verifier import TILE, Broken, Checkpoint, Frontier, Key, leaf_hash, row

Lines = list[bytes]


@dataclass(frozen=True)
class Mutation:
    """A changed export, and the first line that is not as it was."""

    lines: Lines
    first: int


def flip(draw: random.Random, lines: Lines) -> Mutation:
    """One bit of one byte."""
    at = draw.randrange(len(lines))
    line = bytearray(lines[at])
    line[draw.randrange(len(line))] ^= 1 << draw.randrange(8)
    return Mutation([*lines[:at], bytes(line), *lines[at + 1 :]], at)


def letter(draw: random.Random, lines: Lines) -> Mutation:
    """One letter or digit becomes another: the line still has its form."""
    at = draw.randrange(len(lines))
    line = bytearray(lines[at])
    place = draw.choice([number for number, byte in enumerate(line) if chr(byte).isalnum()])
    line[place] = draw.choice([byte for byte in b"0123456789abcdefABCDEFxyz" if byte != line[place]])
    return Mutation([*lines[:at], bytes(line), *lines[at + 1 :]], at)


def delete(draw: random.Random, lines: Lines) -> Mutation:
    at = draw.randrange(len(lines))
    return Mutation(lines[:at] + lines[at + draw.choice([1, 1, 2, 40]) :], at)


def reorder(draw: random.Random, lines: Lines) -> Mutation:
    first, second = sorted(draw.sample(range(len(lines)), 2))
    changed = list(lines)
    changed[first], changed[second] = changed[second], changed[first]
    return Mutation(changed, first)


def insert(draw: random.Random, lines: Lines) -> Mutation:
    at = draw.randrange(len(lines) + 1)
    line = draw.choice([draw.choice(lines), b"\n", b"{}\n", draw.choice(lines)[:40] + b"\n"])
    while at < len(lines) and lines[at] == line:
        at += 1
    return Mutation([*lines[:at], line, *lines[at:]], at)


def truncate(draw: random.Random, lines: Lines) -> Mutation:
    data = b"".join(lines)
    kept = data[: draw.randrange(len(data))].splitlines(keepends=True)
    return Mutation(kept, len(kept) - (bool(kept) and kept[-1][-1:] != b"\n"))


def rewrite(draw: random.Random, lines: Lines) -> Mutation:
    """A row becomes another one, with a salt and recorded hash that go with it: the forger cannot sign."""
    at = draw.choice([number for number, line in enumerate(lines) if line.startswith(b'{"v"')])
    changed = list(lines)
    changed[at] = lines[at].replace(b"because", b"for no reason").replace(b"signs the", b"writes the")
    recorded(changed, at)
    return Mutation(changed, next(n for n, line in enumerate(changed) if line != lines[n]))


def resign(draw: random.Random, lines: Lines) -> Mutation:
    """The whole history anew from some row on, signed with a key of the forger's under the log's name."""
    changed = rewrite(draw, lines).lines
    forger = Signer.make(json.loads(lines[0])["origin"])
    tree = Frontier()
    for at, line in enumerate(changed):
        said = json.loads(line)
        if "seq" in said:
            tree.append(leaf_hash(row(line)[1]))
        elif "note" in said:
            note = forger.sign(str(Checkpoint(forger.key.name, tree.size, tree.root())))
            changed[at] = dumps(said | {"note": note})
    if draw.random() < 0.5:
        changed[0] = dumps(json.loads(lines[0]) | {"keys": [str(forger.key)]})
    return Mutation(changed, next(n for n, line in enumerate(changed) if line != lines[n]))


def dumps(value: Any) -> bytes:
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def recorded(lines: Lines, at: int) -> None:
    """Write the hash of the row at a line where the export records it."""
    seq, leaf = row(lines[at])
    tile = max(number for number in range(at) if lines[number].startswith(b'{"tile"'))
    said = json.loads(lines[tile])
    hashes = bytearray(base64.b64decode(said["hashes"]))
    place = (seq - 1) % TILE * 32
    hashes[place : place + 32] = leaf_hash(leaf)
    lines[tile] = dumps(said | {"hashes": base64.b64encode(hashes).decode()})


KINDS = (flip, letter, delete, reorder, insert, truncate, rewrite, resign)


def noticed(lines: Lines, key: Key, mutation: Mutation, verify: Callable[..., Any]) -> None:
    """It is broken, not before the first changed line, and not after what that line's rows are signed with."""
    with pytest.raises(Broken) as broken:
        verify(b"".join(mutation.lines), key)
    found = broken.value
    assert mutation.first < found.line <= until(lines, mutation.first) + 1, (found, mutation.first)
    assert 1 <= found.row <= 702


def until(lines: Lines, first: int) -> int:
    """The line, from 1, at which a change at `first` must show: the row itself, or the checkpoint after the rows that a
    changed tile, or a tile that agrees with its changed rows, speaks of."""
    if lines[first:] and lines[first].startswith(b'{"v"'):
        return next((n for n in range(first, len(lines)) if lines[n].startswith(b'{"ch')), len(lines)) + 1
    rows = [n for n in range(first, len(lines)) if lines[n].startswith(b'{"v"')][:TILE]
    end = rows[-1] if rows else first
    return next((n for n in range(end, len(lines)) if lines[n].startswith(b'{"ch')), len(lines)) + 1


def mutate(signed: Any, verify: Callable[..., Any], count: int, seed: int) -> None:
    lines = signed.export().splitlines(keepends=True)
    assert verify(b"".join(lines), signed.key).rows == 701
    draw = random.Random(seed)
    for number in range(count):
        mutation = KINDS[number % len(KINDS)](draw, lines)
        assert mutation.lines != lines
        noticed(lines, signed.key, mutation, verify)


def test_two_hundred_mutations(signed: Any, verify: Callable[..., Any]) -> None:
    mutate(signed, verify, 200, seed=1)


@pytest.mark.soak
def test_two_thousand_mutations(signed: Any, verify: Callable[..., Any]) -> None:
    mutate(signed, verify, 2_000, seed=2)


# ---- what is said -------------------------------------------------------------------------------------------------


def at_row(lines: Lines, seq: int) -> int:
    return next(number for number, line in enumerate(lines) if line.startswith(b'{"v":1,"seq":%d,' % seq))


def edit(what: str, lines: Lines) -> Lines:
    """One named change to row 300 or around it."""
    at = at_row(lines, 300)
    changed = list(lines)
    match what:
        case "another reason":
            changed[at] = lines[at].replace(b"because", b"beCause")
        case "another time":
            changed[at] = lines[at].replace(b"T12:00:00", b"T12:00:01")
        case "another kind":
            changed[at] = lines[at].replace(b'"alert"', b'"Alert"')
        case "taken out":
            del changed[at]
        case "there twice":
            changed.insert(at, lines[at])
        case "changed over with the next":
            changed[at : at + 2] = lines[at + 1], lines[at]
        case "agrees with its hash":
            changed[at] = lines[at].replace(b"because", b"beCause")
            recorded(changed, at)
        case "ends there":
            del changed[at + 1 :]
    return changed


@pytest.mark.parametrize(
    ("what", "said", "place"),
    [
        ("another reason", "row 300 is not the row whose hash was recorded", 300),
        ("another time", "row 300 is not the row whose hash was recorded", 300),
        ("another kind", "row 300 is not the row whose hash was recorded", 300),
        ("taken out", "row 301 follows row 299; row 300 is due", 300),
        ("there twice", "row 300 is there again; row 301 is due", 301),
        ("changed over with the next", "row 301 follows row 299; row 300 is due", 300),
        ("agrees with its hash", "rows 258 to 357 hold one that is not what was signed", 258),
        ("ends there", "ends after row 300 and a checkpoint of 257; 701 are said", 301),
    ],
)
def test_the_place_is_said(signed: Any, verify: Callable[..., Any], what: str, said: str, place: int) -> None:
    lines = edit(what, signed.export().splitlines(keepends=True))
    with pytest.raises(Broken) as broken:
        verify(b"".join(lines), signed.key)
    assert (broken.value.message, broken.value.row) == (said, place)


def test_an_older_export_is_noticed_by_who_knows_a_newer_checkpoint(
    signed: Any, verify: Callable[..., Any]
) -> None:
    lines = signed.export().splitlines(keepends=True)
    notes = [json.loads(line)["note"] for line in lines if line.startswith(b'{"checkpoint"')]
    end = at_row(lines, 514) + 2
    tile = max(number for number in range(end) if lines[number].startswith(b'{"tile"'))
    hashes = base64.b64decode(json.loads(lines[tile])["hashes"])[:64]
    lines[tile] = dumps({"tile": "tile/0/002.p/2", "hashes": base64.b64encode(hashes).decode()})
    older = dumps(json.loads(lines[0]) | {"size": 514}) + b"".join(lines[1:end])
    assert verify(older, signed.key, known=(notes[3],)).known == 1
    with pytest.raises(Broken, match="ends after row 514, but a checkpoint of 701 rows is known"):
        verify(older, signed.key, known=(notes[-1],))


def test_a_checkpoint_of_another_history_is_noticed(signed: Any, verify: Callable[..., Any]) -> None:
    secret = Signer.read((signed.home / "audit.key").read_text())
    other = secret.sign(str(Checkpoint(secret.key.name, 300, bytes(32))))
    with pytest.raises(Broken, match="the first 300 rows are not those of the known checkpoint"):
        verify(signed.export(), signed.key, known=(other,))


def test_a_row_may_be_closed_and_says_nothing_then(signed: Any, verify: Callable[..., Any]) -> None:
    lines = signed.export().splitlines(keepends=True)
    at = at_row(lines, 300)
    lines[at] = row(lines[at])[1] + b"\n"
    assert verify(b"".join(lines), signed.key).rows == 701
    assert b"because" not in lines[at]


def test_no_key_no_trust(signed: Any, verify: Callable[..., Any]) -> None:
    with pytest.raises(Broken, match=r"names the key .* which is not one of those given"):
        verify(signed.export())
