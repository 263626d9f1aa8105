"""Failures of one cause → one fingerprint.

In: an error's message and stack. Out: `1:<16 hex>`, whatever numbers, names, folders, machines and versions differ;
a title and a place for people; and why two failures are or are not together. Pure: no clock, no spec, no store. The
error's code, template and user type are not in it: those are fields of the event, and the caller groups by them too.

What counts, and how much (version 1):

- **types**: what was raised and what caused it, by name.
- **places**: of each link of that chain the innermost frame of the tool's own, by file name and function. One frame
  and not all, so that a cause reached by two commands is one cause; not the line, which moves with every version.
- **message**: its first two lines, parameterized. It counts beside the place too, because one function often raises
  one code for several causes (`Permission denied`, `not UTF-8 text`).
- **text**: only of a stack without frames: its first two lines, parameterized.

A change of any of this is a new version: add its function to VERSIONS and move CURRENT. The older one stays, so the
groups that carry its name can still be computed.
"""

from collections.abc import Callable
from dataclasses import dataclass
from hashlib import blake2b

from opsdeck.fingerprint import stack as stacks
from opsdeck.fingerprint.message import parameterize

__all__ = ["CURRENT", "VERSIONS", "Step", "explain", "fingerprint", "parameterize", "place", "title"]

CURRENT = "1"
DIGEST = 8
TITLE = 120

Parts = tuple[tuple[str, str], ...]
Failure = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Step:
    """One part of two failures compared; `verdict` is `identical`, `equal once parameterized` or `different`."""

    part: str
    verdict: str
    a: str
    b: str


def parts(message: str, stack: str) -> Parts:
    """What counts in version 1, by name."""
    trace = stacks.trace(stack)
    return (
        ("types", " < ".join(trace.types)),
        ("places", " < ".join(trace.places)),
        ("message", parameterize(message)),
        ("text", "" if trace.places else parameterize(stack)),
    )


VERSIONS: dict[str, Callable[[str, str], Parts]] = {"1": parts}


def fingerprint(message: str, stack: str, version: str = CURRENT) -> str:
    """`VERSION:HEX`. Raises KeyError for a version that there is not."""
    text = "\0".join(value for _, value in VERSIONS[version](message, stack))
    digest = blake2b(text.encode("utf-8", "replace"), digest_size=DIGEST, person=b"fingerprint")
    return f"{version}:{digest.hexdigest()}"


def title(message: str) -> str:
    """The message as a group's name: parameterized, on one line, at most TITLE characters."""
    text = parameterize(message) or "(no message)"
    return text if len(text) <= TITLE else text[: TITLE - 1].rstrip() + "…"


def place(stack: str) -> str:
    """Where the tool's own code failed: `unjucks/parse.py in template`; "" where the stack does not say."""
    return stacks.place(stack)


def explain(a: Failure, b: Failure, version: str = CURRENT) -> list[Step]:
    """Part by part, why two (message, stack) pairs have or have not the same fingerprint; the last step is it."""
    compared = zip(VERSIONS[version](*a), VERSIONS[version](*b), strict=True)
    steps = [
        Step(name, _verdict(name, left, right, a, b), left, right)
        for (name, left), (_, right) in compared
        if left or right
    ]
    left, right = fingerprint(*a, version), fingerprint(*b, version)
    return [*steps, Step("fingerprint", "identical" if left == right else "different", left, right)]


def _verdict(part: str, left: str, right: str, a: Failure, b: Failure) -> str:
    if left != right:
        return "different"
    written = (a[0], b[0]) if part == "message" else (a[1], b[1])
    return "identical" if written[0] == written[1] else "equal once parameterized"
