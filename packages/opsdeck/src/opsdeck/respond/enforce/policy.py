"""The policy document of one user of one service: lines of text with a MAC at the end. Pure.

In: what stands for the user, what the spec lets tools retry, the key that asks, now. Out: the text and its tag.
docs/policy.md is the format. A document is the same for a third of its validity, so that most answers are 304; within
that time its tag changes only with what it says.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import blake2b

from opsdeck.model import Entitlement, Restriction
from opsdeck.spec.framework import Retrying

FIRST = "opsdeck-policy 1"
MAC_BYTES = 32
TAG_BYTES = 16
KINDS = ("block", "rate_limit")
PERIODS = 3
"""How many times within its validity a document is issued anew."""


@dataclass(frozen=True, slots=True)
class Rights:
    """What stands for a user: restrictions of the user and of the address, and entitlements."""

    restrictions: tuple[Restriction, ...] = ()
    entitlements: tuple[Entitlement, ...] = ()


def text(
    service: str,
    subject: str,
    rights: Rights,
    retry: Retrying,
    *,
    validity: timedelta,
    key: str,
    now: datetime,
) -> str:
    """The whole document. `key` is the SHA-256 of the ingest key in hexadecimal, the MAC's key as it stands."""
    start, length = _issued(now, validity)
    lines = [
        FIRST,
        f"service {service}",
        f"subject {subject}",
        f"issued {start}",
        f"expires {start + length}",
    ]
    signed = "\n".join([*lines, *_content(rights, retry, now)]) + "\n"
    mac = blake2b(signed.encode(), key=key.encode("ascii"), digest_size=MAC_BYTES).hexdigest()
    return f"{signed}mac {mac}\n"


def tag(document: str) -> str:
    """The ETag: as the document is equal within a period, it is a digest of content and period."""
    return f'"{blake2b(document.encode(), digest_size=TAG_BYTES).hexdigest()}"'


def _issued(now: datetime, validity: timedelta) -> tuple[int, int]:
    """When the running period began, in seconds since 1970, and for how long what it says may be relied on."""
    length = max(int(validity.total_seconds()), PERIODS)
    period = length // PERIODS
    return int(now.timestamp()) // period * period, length


def _content(rights: Rights, retry: Retrying, now: datetime) -> list[str]:
    milliseconds = timedelta(milliseconds=1)
    waits = (retry.first_wait, retry.longest_wait, retry.budget)
    return [
        *(_restrict(one) for one in strongest(rights.restrictions, now)),
        *sorted({f"entitled {one.feature}" for one in rights.entitlements if holds(one, now)}),
        *(f"retry {code}" for code in sorted(retry.codes)),
        f"retry-limits {retry.attempts} {' '.join(str(wait // milliseconds) for wait in waits)}",
    ]


def strongest(restrictions: Iterable[Restriction], now: datetime) -> list[Restriction]:
    """Of each kind the one that ends last: a tool needs no more, and the document stays small."""
    longest: dict[str, Restriction] = {}
    for one in sorted(restrictions, key=lambda one: (one.until, one.key)):
        if now < one.until:
            longest[one.kind] = one
    return [longest[kind] for kind in KINDS if kind in longest]


def holds(one: Entitlement, now: datetime) -> bool:
    """Whether the entitlement has not run out."""
    return one.until is None or now < one.until


def _restrict(one: Restriction) -> str:
    return f"restrict {one.kind} {-int(-one.until.timestamp() // 1)} {one.key} {one.reason}"
