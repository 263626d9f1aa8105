"""A file's text and a block in, the file's new text out; pure.

Blocks go in as whole lines, with the file's own line ends. An anchor is plain text, or a regular expression
(multi-line) when written between slashes: `/^export/`; its first match counts.
"""

from unjucks.errors import FrontMatterInvalid, InjectAnchorMissing

BOM = "\ufeff"


def insert(text: str, block: str, where: str, anchor: str, place: str) -> str:
    """Give `text` with `block` put before or after the line of the anchor, at the start (prepend) or end (append).

    Raises InjectAnchorMissing, or FrontMatterInvalid for a broken expression; `place` is where it stands.
    """
    if not block:
        return text
    eol = "\r\n" if text[: text.find("\n") + 1].endswith("\r\n") else "\n"
    at = _position(text, where, anchor, place)
    lines = block.removesuffix("\n").replace("\n", eol) + eol
    gap = eol if at == len(text) and text not in ("", BOM) and not text.endswith("\n") else ""
    return text[:at] + gap + lines + text[at:]


def _position(text: str, where: str, anchor: str, place: str) -> int:
    """Give the offset of the line border at which the block goes in."""
    if where == "append":
        return len(text)
    if where == "prepend":
        return len(BOM) if text.startswith(BOM) else 0
    found = span(text, anchor, place)
    if found is None:
        message = f"the text to inject {where} is not in the file"
        raise InjectAnchorMissing(
            message, given=repr(anchor), place=place, hint="write a regular expression between slashes: /…/"
        )
    start, end = found
    if where == "before":
        line = text.rfind("\n", 0, start) + 1
        return max(line, len(BOM)) if text.startswith(BOM) else line
    if end > start and text[end - 1] == "\n":
        return end
    border = text.find("\n", end)
    return len(text) if border < 0 else border + 1


def span(text: str, anchor: str, place: str) -> tuple[int, int] | None:
    """Give where the anchor first matches, None if nowhere."""
    if len(anchor) < len("/./") or not (anchor[0] == anchor[-1] == "/"):
        at = text.find(anchor)
        return None if at < 0 else (at, at + len(anchor))
    import re

    try:
        match = re.search(anchor[1:-1], text, re.MULTILINE)
    except (re.error, OverflowError, RecursionError) as error:
        raise FrontMatterInvalid(f"no regular expression ({error})", given=anchor, place=place) from None
    return match.span() if match else None
