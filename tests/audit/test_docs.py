"""docs/audit.md names every command, and what it says of the bytes is enough to verify an export with it."""

import base64
import hashlib
import hmac
import json
import re
from pathlib import Path
from typing import Any

from opsdeck.cli.audit import app

TEXT = (Path(__file__).parents[2] / "docs/audit.md").read_text()


def test_every_command_is_in_the_table() -> None:
    commands = {
        str(command.name or command.callback.__name__)
        for command in app.registered_commands
        if command.callback
    }
    assert set(re.findall(r"^\| `opsdeck audit (\w+)", TEXT, re.MULTILINE)) == commands


def mth(hashes: list[bytes]) -> bytes:
    if len(hashes) == 1:
        return hashes[0]
    half = 1 << (len(hashes) - 1).bit_length() - 1
    return hashlib.sha256(b"\x01" + mth(hashes[:half]) + mth(hashes[half:])).digest()


def test_the_description_is_enough_to_compute_the_root(signed: Any) -> None:
    hashes = []
    lines = signed.export().splitlines()
    for line in (line for line in lines if line.startswith(b'{"v"')):
        said = json.loads(line)
        change = line[line.index(b'"change":') + 9 : -1]
        commitment = hmac.new(bytes.fromhex(said["salt"]), change, hashlib.sha256).hexdigest()
        kept = {name: said[name] for name in ("v", "seq", "at", "kind")} | {"commitment": commitment}
        leaf = json.dumps(kept, separators=(",", ":")).encode()
        hashes.append(hashlib.sha256(b"\x00" + leaf).digest())
    root = json.loads(lines[-1])["note"].split("\n")[2]
    assert base64.b64encode(mth(hashes)).decode() == root


def test_an_export_holds_the_documented_lines_and_no_other(signed: Any) -> None:
    forms = re.findall(r'^\| `\{"([\w-]+)":', TEXT, re.MULTILINE)
    found = {next(iter(json.loads(line))) for line in signed.export().splitlines()}
    assert found == {*forms, "v"}
