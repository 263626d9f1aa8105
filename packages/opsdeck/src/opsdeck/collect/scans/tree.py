"""Typed values out of JSON, and the place of a mistake. In: bytes, a type, a place such as `$.Results[3]`. Out: values.

Fields that a type does not name are skipped unread. Of a key that occurs twice the last one counts, as everywhere here.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, TypeVar

import msgspec

from opsdeck.collect.scans.text import wrong

T = TypeVar("T")
Raws = list[msgspec.Raw] | None
Texts = list[str | None] | None

_AT = re.compile(r"(?s)(.*?)(?: - at `(?:key in )?\$([^`]*)`)?")


class Part(msgspec.Struct, rename=None, gc=False):
    """A part of a file of which only some fields are wanted."""


def decode(raw: bytes | bytearray | msgspec.Raw, kind: type[T], place: str = "$") -> T:
    """One value. Raises UsageError: not JSON, cut off, nested too deep, a missing field, a wrong type."""
    try:
        decoder: msgspec.json.Decoder[T] = _decoder(kind)  # type: ignore[arg-type]  # every type has a hash
        value = decoder.decode(raw)
    except msgspec.ValidationError as error:
        said = _AT.fullmatch(str(error))
        what, path = (said[1], said[2] or "") if said else (str(error), "")
        raise wrong(f"{place}{path}", what[:1].lower() + what[1:]) from None
    except msgspec.DecodeError as error:
        raise wrong(place, f"not JSON: {error}") from None
    except UnicodeDecodeError as error:
        raise wrong(place, f"not UTF-8: {error.reason}") from None
    except RecursionError:
        raise wrong(place, "nested too deep") from None
    return value


def each(raws: Raws, kind: type[T], place: str) -> Iterator[tuple[str, T]]:
    """The elements of a list one by one, each with its place."""
    for index, raw in enumerate(raws or ()):
        here = f"{place}[{index}]"
        yield here, decode(raw, kind, here)


def texts(given: Texts) -> Iterable[str]:
    """The texts of a list in which some programs leave nulls."""
    return (one for one in given or () if one)


@lru_cache(maxsize=128)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)
