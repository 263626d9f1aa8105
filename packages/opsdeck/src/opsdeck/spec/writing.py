"""The spec as text to edit: what `init` writes, its JSON Schema, and one more service in an existing file.

In: names and paths. Out: YAML text with its comments kept. It must not know the model.
"""

import json
import os
import re
from pathlib import Path
from typing import Any

from opsdeck.errors import OpsdeckError, UsageError
from opsdeck.spec.source import files, parse, read
from opsdeck.spec.tree import OFF, Node
from opsdeck.spec.wire import Document
from opsdeck.spec.wire.base import NAME

SCHEMA_FILE = "operations.schema.json"
"""Name of the schema that the first line of `text()` points at, in the same folder."""
STEP = "  "


def text() -> str:
    """A short spec for editing: everything inherited, examples as comments."""
    return Path(__file__).with_name("starter.yaml").read_text(encoding="utf-8")


def schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of what a user may write: nothing is required, all of it is inherited."""
    whole = Document.model_json_schema(by_alias=True)
    _loosen(whole)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **whole,
        "title": "opsdeck operations spec",
    }


def _loosen(node: Any) -> None:
    """Drop what only holds for a whole spec, and allow `off` and nothing in place of an entry."""
    if isinstance(node, list):
        for child in node:
            _loosen(child)
    if not isinstance(node, dict):
        return
    node.pop("required", None)
    node.pop("default", None)
    if isinstance(node.get("title"), str):
        del node["title"]
    for child in node.values():
        _loosen(child)
    for pattern, child in node.get("patternProperties", {}).items():
        node["additionalProperties"] = False
        node["patternProperties"][pattern] = _or(child, [OFF, False, None])
    for name, child in node.get("properties", {}).items():
        node["properties"][name] = _or(child, [None])


def _or(child: Any, others: list[object]) -> Any:
    """The schema, or one of the other values; only maps and lists can be left empty or switched off."""
    if "$ref" in child or child.get("type") in ("object", "array"):
        return {"anyOf": [child, {"enum": others}]}
    return child


def add_service(path: Path, name: str, title: str = "") -> None:
    """Append a service to the spec at the path, a file or a folder; comments and order stay.

    Raises UsageError for a name that cannot be one or is taken, OpsdeckError for a file that cannot be extended.
    """
    if not re.match(NAME, name):
        raise UsageError(f"{name!r} is not a name: expected letters, digits, dots, dashes and underscores")
    target, node = _holder(path)
    if name in node.child("services").children:
        raise UsageError(
            f"{target} already has a service {name!r}", hint=f"opsdeck spec show services.{name}"
        )
    before = target.read_bytes().decode("utf-8") if target.exists() else ""
    after = _with_service(before, node, name, title or name)
    again, problems = parse(after, str(target))
    if problems or name not in again.child("services").children:
        raise OpsdeckError(
            f"{target}: `services` is not written as a block of lines, so nothing can be appended",
            hint=f"add {name!r} there by hand, then: opsdeck spec check",
        )
    _replace(target, after)


def _holder(path: Path) -> tuple[Path, Node]:
    """The file that has `services`, else the first; in an empty folder a new one."""
    parts = [(one, *read(one, str(one))) for one in files(path) if one.exists()]
    for one, _, problems in parts:
        if problems:
            raise OpsdeckError(f"{one} cannot be extended: {problems[0]}", hint="opsdeck spec check")
    for one, node, _ in parts:
        if "services" in node.children:
            return one, node
    if parts:
        return parts[0][0], parts[0][1]
    target = path / "services.yaml" if path.is_dir() else path
    return target, parse("", str(target))[0]


def _with_service(before: str, node: Node, name: str, title: str) -> str:
    newline = "\r\n" if "\r\n" in before else "\n"
    lines = before.splitlines()
    services = node.children.get("services")
    if services is None:
        lines += ["services:"]
        at, indent = len(lines), STEP
    else:
        first = next(iter(services.children.values()), None)
        indent = " " * (first.key.column - 1) if first else " " * (services.key.column - 1) + STEP
        at = _end(lines, services.key.line, services.key.column - 1)
    # JSON text is YAML text: whatever the title holds stays one scalar.
    entry = [f"{indent}{name}:", f"{indent}{STEP}title: {json.dumps(title, ensure_ascii=False)}"]
    return newline.join([*lines[:at], *entry, *lines[at:], ""])


def _end(lines: list[str], start: int, indent: int) -> int:
    """Index of the line behind the last line of the block whose key stands in line `start` (from 1)."""
    end = start
    for number in range(start, len(lines)):
        line = lines[number]
        if not line.strip():
            continue
        if len(line) - len(line.lstrip()) <= indent:
            break
        end = number + 1
    return end


def _replace(target: Path, after: str) -> None:
    """All or nothing: a reader sees the old text or the new one."""
    fresh = target.with_name(f".{target.name}.new")
    fresh.write_bytes(after.encode("utf-8"))
    if target.exists():
        fresh.chmod(target.stat().st_mode & 0o777)
    os.replace(fresh, target)  # noqa: PTH105  atomic by name, with the folder's own rules
