"""Take out of a text what must not leave the machine; imported only on failure, or where a name looks like a secret.

In: any text. Out: the same without terminal escapes, control characters, the home folder's name and secrets (forms.py),
within a size. Linear time: the input is cut first, and no pattern can be tried over the same run twice.
"""

import os
import re

from opsdeck_emit.forms import take_out

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

MESSAGE_LIMIT = 1024
STACK_LIMIT = 8192
CONTEXT_LIMIT = 1024
CUT = "…"
READ_AHEAD = 4

ESCAPES = re.compile(r"\x1b(?:\[[0-?]{0,32}[ -/]{0,8}[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
CONTROLS = re.compile(
    r"[^\S\n\t ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)


def redact(value: object, limit: int, *, lines: bool = False) -> str:
    """The text fit to leave, at most `limit` bytes of UTF-8; `lines` keeps line breaks."""
    return redacted(value, limit, lines=lines)[0]


def redacted(value: object, limit: int, *, lines: bool = False) -> tuple[str, int]:
    """The same, and how many secrets were taken out."""
    text = str(value)[: limit * READ_AHEAD]
    text = ESCAPES.sub("", text)
    text = CONTROLS.sub(" ", text)
    for home in _homes():
        text = re.sub(re.escape(home) + r"(?![\w.-])", "~", text)
    text, taken = take_out(text)
    return _cut(text if lines else " ".join(text.split()), limit), taken


def scrubbed(value: "Any") -> "tuple[Any, int]":
    """An event, or a part of one, without secrets in any text or name; and how many there were."""
    if isinstance(value, str):
        return take_out(value)
    if isinstance(value, dict):
        pairs = [(take_out(name), scrubbed(inner)) for name, inner in value.items()]
        return {name: inner for (name, _), (inner, _) in pairs}, sum(a + b for (_, a), (_, b) in pairs)
    if isinstance(value, list):
        found = [scrubbed(inner) for inner in value]
        return [inner for inner, _ in found], sum(taken for _, taken in found)
    return value, 0


def _homes() -> list[str]:
    home = os.path.expanduser("~").rstrip("/")
    return sorted({path for path in (home, os.path.realpath(home)) if len(path) > 1}, key=len, reverse=True)


def _cut(text: str, limit: int) -> str:
    whole = text.encode("utf-8", "replace")
    if len(whole) <= limit:
        return whole.decode()
    return whole[: limit - len(CUT.encode())].decode("utf-8", "ignore") + CUT
