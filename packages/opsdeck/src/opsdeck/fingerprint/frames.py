"""The text of a stack → its exceptions, each with its type and frames.

In: what a tool sent: frames as opsdeck-emit and Python print them, as Node, Java and .NET do (`at …`), as Go does, or any
text. Out: Raised, the exception that left the run first, what caused it after it; frames outermost first. Lines that
are no frame, cut lines and counts of left-out frames are passed over. Pure, and bounded: HALF characters are read from
either end. It must not know which frames matter.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from opsdeck.fingerprint.message import CUT, plain

HALF = 8_192
CHAIN = 8

_LINKS = re.compile(r"\n(?:caused by\n|Caused by: |Suppressed: |\s{0,16}\[cause\]: )")
# Python prints the cause first and ends with what left the run.
_NATIVE = "Traceback (most recent call last):\n"
_TYPE = re.compile(
    r'\n(?:Uncaught |Unhandled exception\. |Exception in thread "[^"\n]{0,128}" )?([A-Za-z_][\w.$]{0,127})(?=:|[ \t]*(?:\n|\Z)| \[)'
)
_PYTHON = re.compile(
    rf'\n[ \t|]{{0,64}}File "([^"\n]{{1,1024}})", line \d{{1,9}}(?:, in ([^{CUT}\n]{{1,256}}))?$',
    re.MULTILINE,
)
_PLACED = re.compile(r"at (?:(.{1,256}?) ?\()?([^()\s][^()]{0,1023}?):\d{1,9}(?::\d{1,9})?\)?$")
_DOTNET = re.compile(r"at ([\w.`<>+\[\]]{1,256})\([^()]{0,512}\)(?: in (.{1,1024}):line \d{1,9})?$")
_UNPLACED = re.compile(r"at (?:(.{1,256}?) ?\()?(?:<anonymous>|native|Native Method|Unknown Source)\)?$")
_GO = re.compile(r"\t(\S{1,1024}\.go):\d{1,9}(?: \+0x[0-9a-f]{1,16})?$")
_POSITION = re.compile(r"[A-Z][\w$]{0,127}\.(?:java|kt|scala|groovy|clj)")


Frame = tuple[str, str]
"""A call: the file as it was written (with `/`), and the function ("" where the stack names none)."""


@dataclass(frozen=True, slots=True)
class Raised:
    """One exception of a chain; `type` is "" where the stack names none."""

    type: str
    frames: tuple[Frame, ...]


def read(stack: str) -> list[Raised]:
    """The chain of a stack; one Raised without type and frames for a text that is no stack."""
    text = _cut(stack)
    native = _NATIVE in text
    links = text.split(_NATIVE)[:0:-1] if native else _LINKS.split(text)
    return [_raised(link) for link in links[:CHAIN]]


def _cut(stack: str) -> str:
    if len(stack) > 2 * HALF:
        stack = f"{stack[:HALF]}{CUT}\n{CUT}{stack[-HALF:]}"
    return plain(stack.replace("\r\n", "\n")) if "\x1b" in stack or "\r" in stack else stack


def _raised(link: str) -> Raised:
    link = f"\n{link}"
    found = _TYPE.search(link)
    if 'File "' in link:
        frames = tuple(_PYTHON.findall(link.replace("\\", "/")))
    else:
        frames = tuple(_innermost_first(link))[::-1]
    return Raised(found[1].rpartition(".")[2] if found else "", frames)


def _innermost_first(link: str) -> Iterator[Frame]:
    before = ""
    for line in link.split("\n"):
        text = line.lstrip(" \t")
        if text.startswith("at ") and not text.endswith(CUT):
            if (frame := _at(text.rstrip())) is not None:
                yield frame
        elif found := _GO.match(line):
            yield found[1], _go(before)
        before = line


def _at(text: str) -> Frame | None:
    if found := _PLACED.match(text):
        function, file = found[1] or "", found[2]
        return _class(function, file) if _POSITION.fullmatch(file) else (_slashes(file), _last(function))
    if found := _DOTNET.match(text):
        owner, _, function = found[1].rpartition(".")
        return _slashes(found[2] or owner.replace(".", "/")), function
    if found := _UNPLACED.match(text):
        function = found[1] or ""
        return _class(function, "") if "." in function else ("", _last(function))
    return None


def _class(function: str, file: str) -> Frame:
    """A frame of a virtual machine names the class and a bare file; the class's package is the folder."""
    owner, _, method = function.rpartition("/")[2].rpartition(".")
    package, _, name = owner.rpartition(".")
    return f"{package.replace('.', '/')}/{file or name}".lstrip("/"), method


def _go(line: str) -> str:
    return (
        line.removeprefix("created by ")
        .partition("(0x")[0]
        .partition(" in goroutine")[0]
        .removesuffix("()")
        .removesuffix("(...)")
    )


def _last(function: str) -> str:
    return function.removeprefix("async ").removeprefix("new ").partition(" [as ")[0].rpartition(".")[2]


def _slashes(file: str) -> str:
    return file.removeprefix("file://").replace("\\", "/")
