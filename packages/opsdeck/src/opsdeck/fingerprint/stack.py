"""A stack → the part of it that stays when versions, machines and callers change.

In: the text of a stack. Out: `types` (what was raised, and what caused it) and `places` (file and function of the
innermost frame of the tool's own, one for each link of the chain). Pure. It must not know messages or codes.

1. The tool is whose frame is outermost, launchers (`bin/…`, runpy) and frameworks that call it (click) left aside: a
   package, where the tool is installed; every file outside of library folders, where it runs from its sources.
2. The innermost frame of the tool is the place; without one, the innermost of any library, then of any frame.
3. Of the file only the name counts, and of the function the name without what is generated: no folder, no line.
4. A recursion ends at any of its frames, so all frames that repeat are the place, in alphabetical order.
"""

import re
from collections import Counter
from typing import NamedTuple

from opsdeck.fingerprint.frames import Frame, read
from opsdeck.fingerprint.message import plain

# Frames of one function from which on the stack is a recursion.
RECURSION = 8

_LIBRARIES = ("/site-packages/", "/dist-packages/", "/node_modules/", "/pkg/mod/", "/gems/", "/vendor/")
_RUNTIME = (
    "/lib/python2", "/lib/python3", "/lib64/python3", "/Lib/", "/usr/local/go/src/", "/usr/lib/go", "/go/src/runtime/",
    "/libexec/src/", "/rustc/",
)  # fmt: skip
_RUNTIME_ROOTS = (
    "<frozen ", "node:", "internal/", "java/", "javax/", "jdk/", "sun/", "kotlin/", "kotlinx/", "scala/", "groovy/",
    "clojure/", "System/", "Microsoft/",
)  # fmt: skip
_LAUNCHER = re.compile(r".*/(?:bin|Scripts)/(?:[^/.]{1,64}|[^/]{1,64}\.exe/__main__\.py)|<string>|<stdin>|")
_RUNNERS = {
    "runpy", "click", "typer", "fire", "cliff", "docopt", "invoke", "cyclopts", "opsdeck_emit", "commander", "yargs",
    "@oclif/core",
}  # fmt: skip
# `host.example/owner/name` (Go): the package is three folders deep.
_HOSTED = 2
_SOURCES = ("/src/", "/lib/", "/dist/")
_NAMELESS = ("__init__", "__main__")
_GENERATED = re.compile(
    r"0x[0-9a-f]{1,16}|\$\$\w{1,64}|(?<=[$_.])\d{1,9}|(?<=func)\d{1,4}|(?<=Accessor)\d{1,9}|\d{4,32}"
    r"|(?<=-)(?=[A-Za-z]{0,16}\d)\w{6,16}$|(?<![A-Za-z0-9])(?=[a-z]{0,16}\d)[0-9a-f]{7,64}(?![A-Za-z0-9])"
)
_JVM = re.compile(r"[\w$]{1,64}(?:/[\w$]{1,64}){1,32}(?:\.(?:java|kt|scala|groovy|clj))?")


class Trace(NamedTuple):
    """What counts of a stack, outermost exception first."""

    types: tuple[str, ...]
    places: tuple[str, ...]


def trace(stack: str) -> Trace:
    """Types and places of the whole chain; both empty for a text that is no stack."""
    chain = read(stack)
    types = tuple([name(raised.type) for raised in chain if raised.type])
    at = next((at for at, raised in enumerate(chain) if raised.frames), None)
    if at is None:
        return Trace(types, ())
    tool = _tool(chain[at].frames)
    causes = [
        raised.frames for raised in chain[at + 1 :] if tool is not None and _innermost(raised.frames, tool)
    ]
    return Trace(types, tuple([_place(frames, tool) for frames in (chain[at].frames, *causes)]))


def place(stack: str) -> str:
    """Where it was raised, for people: `unjucks/parse.py in template`; "" for a text that is no stack."""
    frames = next((raised.frames for raised in read(stack) if raised.frames), ())
    if not frames:
        return ""
    file, function = _innermost(frames, _tool(frames)) or frames[-1]
    return plain(" in ".join(part for part in (_shown(file), function) if part))


def name(text: str) -> str:
    """A name without what is generated anew by each build or run."""
    return text if text.replace("_", "").isalpha() else _GENERATED.sub("#", plain(text))


def _place(frames: tuple[Frame, ...], tool: str | None) -> str:
    counts = Counter(frames) if len(frames) > RECURSION else {}
    most = max(counts.values(), default=0)
    if most >= RECURSION:
        repeating = [frame for frame, count in counts.items() if 2 * count >= most]
        if own := {_counted(frame) for frame in repeating if tool is None or _owner(frame) == tool}:
            return "recursion of " + ", ".join(sorted(own))
    return _counted(_innermost(frames, tool) or frames[-1])


def _counted(frame: Frame) -> str:
    file, function = frame
    folder, _, base = file.rpartition("/")
    stem = base.partition(".")[0] or base
    if stem in _NAMELESS:
        stem = folder.rpartition("/")[2] or stem
    function = function.rpartition("/")[2].replace("(*", "").replace(")", "")
    return f"{name(stem)}:{name(function)}"


def _innermost(frames: tuple[Frame, ...], tool: str | None) -> Frame | None:
    """The last frame of the tool; of any library, where nothing says whose the tool is."""
    for frame in reversed(frames):
        owner = _owner(frame)
        if owner is not None if tool is None else owner == tool:
            return frame
    return None


def _tool(frames: tuple[Frame, ...]) -> str | None:
    for frame in frames:
        owner = _owner(frame)
        if owner is not None and owner not in _RUNNERS:
            return owner
    return None


def _owner(frame: Frame) -> str | None:
    """The package of a frame, "" outside of libraries; None for a language's own files and for launchers."""
    file, function = frame
    if inside := _in_library(file):
        parts = inside.split("/")
        depth = 3 if "." in parts[0] and len(parts) > _HOSTED else 2 if parts[0].startswith("@") else 1
        return "/".join(parts[:depth]).partition("@v")[0].removesuffix(".py")
    if file.startswith(_RUNTIME_ROOTS) or any([mark in file for mark in _RUNTIME]):  # noqa: C419 - a list is faster
        return None
    if function in ("<module>", "") and _LAUNCHER.fullmatch(file):
        return None
    return "/".join(file.split("/")[:2]) if file[:1] not in "/~.<" and _JVM.fullmatch(file) else ""


def _in_library(file: str) -> str:
    """The file from the library's package on; "" outside of libraries."""
    for mark in _LIBRARIES:
        _, found, inside = file.rpartition(mark)
        if found:
            return inside
    return ""


def _shown(file: str) -> str:
    """The file from its package on; where no package can be seen, with one folder."""
    if inside := _in_library(file):
        return inside
    for mark in _SOURCES:
        before, found_mark, after = file.rpartition(mark)
        if found_mark and before and "/" in after:
            return after
    return "/".join(file.split("/")[-2:])
