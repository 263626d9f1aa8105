"""Untrusted texts of a scan file, bounded. In: a text and its place in the file. Out: the text, or UsageError that names
the place. Names must be whole (a cut name is another name); titles and reasons are cut and lose control characters.
"""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from opsdeck.errors import UsageError

LONGEST_ID = 128
LONGEST_VERSION = 200
LONGEST_TITLE = 300
MOST_NAMES = 64
ELLIPSIS = "…"

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/@+~-]*")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ufeff]+")
_FRACTION = re.compile(r"(\.\d{6})\d+")
SHOWN = 80


def wrong(place: str, what: str) -> UsageError:
    """The error for a mistake at a place of the file."""
    return UsageError(f"{place}: {what}", hint="nothing was imported; correct the file, or make it anew")


def names(ids: Iterable[str], place: str) -> tuple[str, ...]:
    """A vulnerability's names, each once, in order."""
    given = tuple(dict.fromkeys(id_.strip() for id_ in ids))
    if len(given) > MOST_NAMES:
        raise wrong(place, f"{len(given):,} names for one vulnerability; {MOST_NAMES} are the most")
    for one in given:
        if len(one) > LONGEST_ID:
            raise wrong(place, f"a name of {len(one):,} characters; {LONGEST_ID} are the most")
        if not _ID.fullmatch(one):
            raise wrong(place, f"{plain(one, SHOWN)!r} is no name of a vulnerability")
    return given


def version(text: str, place: str) -> str:
    """A package's version."""
    if len(text) > LONGEST_VERSION or _CONTROLS.search(text):
        raise wrong(place, f"{plain(text, SHOWN)!r} is no version")
    return text


def plain(text: str, longest: int = LONGEST_TITLE) -> str:
    """One line without control characters, cut at `longest`."""
    line = _CONTROLS.sub(" ", text[: 4 * longest]).strip()
    return line if len(line) <= longest else line[: longest - 1] + ELLIPSIS


def moment(text: str | None, place: str) -> datetime | None:
    """A time that the file gives; None for none and for the zero time of tools that have none.

    Without a zone it is UTC: some programs write it so.
    """
    if not text or text.startswith("0001-01-01"):
        return None
    try:
        given = datetime.fromisoformat(_FRACTION.sub(r"\1", text))
        return (given if given.tzinfo else given.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise wrong(place, f"{plain(text, SHOWN)!r} is no time of the years 1 to 9999") from None


def fixes(versions: Iterable[str], place: str) -> str:
    """The versions that repair it, as one text."""
    return plain(", ".join(dict.fromkeys(version(one, place) for one in versions if one)))
