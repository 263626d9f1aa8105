"""A failure's message → the same message with named placeholders for what differs from run to run.

In: any text. Out: one line of at most SHOWN characters; `Template 'a' not found in /srv/x` becomes
`Template <value> not found in <path>`. Pure. It must not know stacks, codes or who asks.

1. Cut, drop terminal escapes and control characters, keep the first LINES lines that are not blank.
2. Drop a suggestion (`did you mean …`): it depends on the value, not on the cause.
3. Replace each kind of value. One pattern reads from left to right; it starts only where no word runs on, every repeat
   is bounded, so the time grows with the text alone.
4. A list of equal placeholders is one placeholder: one missing file or three are one cause.

What stays on purpose: digits inside a word (`E404`, `x86_64`), and small numbers that name a cause (`HTTP 404`,
`exit code 137`, `ORA-00942`).
"""

import re

from opsdeck.fingerprint.patterns import FAMILIES, KEPT

READ, LINES, SHOWN = 1_024, 2, 240
CUT = "…"

ESCAPES = re.compile(r"\x1b(?:\[[0-?]{0,32}[ -/]{0,8}[@-~]|\][^\x07\x1b]{0,512}(?:\x07|\x1b\\)?|[@-Z\\^_])")
_UNPRINTABLE = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]"
)
_SUGGESTIONS = ("did you mean", "Did you mean", "aybe you meant", "erhaps you meant", "; it has ")

_VALUES = re.compile(r"(?<!\w)(?:" + "|".join(f"({pattern})" for _, pattern in FAMILIES) + ")")
# Without one of these no family can match: a fast search before the slow one.
_TELLING = re.compile(r"[\d'\"`“«\u2018/\\@.]")
_NAMES = ("", *(f"<{name}>" for name, _ in FAMILIES))
_KEPT = f"<{KEPT}>"
_LISTS = re.compile(r"(<[a-z]+>)(?:(?:,? (?:and|or) |, ?| / )\1)+")


def parameterize(text: str) -> str:
    """The message as every run of the same cause would say it."""
    read = _first_lines(text)
    for mark in _SUGGESTIONS:
        before, found, _ = read.partition(mark)
        if found and before.strip(" (M"):
            read = before.rstrip(" ;,.:?(-MmPp")
    if _TELLING.search(read):
        read = _LISTS.sub(r"\1", _VALUES.sub(_placeholder, read))
    return shortened(read)


def plain(text: str) -> str:
    """Without terminal escapes and whatever else steers a screen or cannot be encoded; tabs and line feeds stay."""
    if text.replace("\n", "").replace("\t", "").isprintable():
        return text
    return _UNPRINTABLE.sub(" ", ESCAPES.sub("", text))


def shortened(text: str) -> str:
    """At most SHOWN characters, cut between words, without the mark of an earlier cut."""
    if len(text) > SHOWN:
        text = text[:SHOWN].rpartition(" ")[0] or text[:SHOWN]
    return text.rstrip(f" {CUT}")


def _first_lines(text: str) -> str:
    read = plain(text[: 4 * READ].lstrip()[:READ])
    lines = (" ".join(line.split()) for line in read.split("\n"))
    return " ".join([line for line in lines if line][:LINES])


def _placeholder(found: "re.Match[str]") -> str:
    name = _NAMES[found.lastindex or 0]
    return found[0] if name == _KEPT else name
