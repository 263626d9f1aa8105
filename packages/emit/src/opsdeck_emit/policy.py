"""What the deck allows this user of this service just now, as its last answer says; asked for before every operation.

In: the cached document, the user's pseudonym, the ingest key of the deck, `now`. Out: a Policy, or the named reason why
none stands. It must not know how the document comes here (policy_fetch.py) nor what a tool makes of the answer.

    from opsdeck_emit import policy
    standing = policy.standing(*run.subject, time.time())
    if standing and (refusal := standing.restriction(time.time())): …

The document is text, because `import json` would cost six times what reading it does:

    opsdeck-policy 1
    service unjucks-cli
    subject user_1fbdc7d0d9745c1f
    issued 1764012345
    expires 1764013245
    restrict rate_limit 1764012645 R-1a2b3c4d 12 failures in 5 minutes by this user
    entitled template:infra/*
    retry TEMPLATE_UNREADABLE
    retry-limits 3 50 1000 2000
    mac 64 hexadecimal digits: keyed BLAKE2b (RFC 7693) of all before this line, by the SHA-256 of the ingest key

Lines with other words are for later versions. A byte that differs makes it no policy at all.
"""

import os
import sys
from stat import S_ISREG

from opsdeck_emit import home

TYPE_CHECKING = False
if TYPE_CHECKING:
    Said = dict[str, list[str]]

FIRST = "opsdeck-policy 1"
SIZE_LIMIT = 65_536
SKEW_SECONDS = 300  # how far the deck's clock may be ahead of ours
MAC_BYTES = 32
MAC_LINE = len("mac \n") + 2 * MAC_BYTES
END_OF_TIME = 253_402_300_799  # the last second of the year 9999: what calendars can show
REASON_LIMIT = 200
STRENGTH = ("rate_limit", "block")
# A deck may ask for fewer retries than these, never for more: it must not be able to hold a tool up.
MOST_RETRIES = (10, 5_000, 5_000, 10_000)
NO_RETRIES = (1, 0, 0, 0)

STANDING = "standing"
EXPIRED = "expired"
ABSENT = "the deck has not answered yet"
NO_SUBJECT = "telemetry is off"
NO_KEY = "no key of a deck"
FOREIGN = "not a file that only this user may change"
TOO_LARGE = "too large"
NOT_AUTHENTIC = "not signed by this deck for this key"
MALFORMED = "not understood"
OTHER_SERVICE = "of another service"
OTHER_SUBJECT = "of another user"
FUTURE = "issued in the future"


class Restriction:
    """The deck refuses this user's operations: `kind` is rate_limit or block, `until` in seconds since 1970."""

    __slots__ = ("id", "kind", "reason", "until")

    def __init__(self, line: str) -> None:
        """Read `KIND UNTIL ID REASON`; raises ValueError."""
        self.kind, until, self.id, *rest = line.split(" ", 3)
        self.until = min(int(until), END_OF_TIME)
        self.reason = " ".join(rest)[:REASON_LIMIT]


class Policy:
    """What one document says."""

    __slots__ = (
        "codes",
        "entitlements",
        "expires",
        "issued",
        "restrictions",
        "retry_limits",
        "service",
        "subject",
    )

    def __init__(self, said: "Said") -> None:
        """Read the lines by their first words; raises ValueError and LookupError."""
        self.service, self.subject = said["service"][0], said["subject"][0]
        self.issued, self.expires = int(said["issued"][0]), min(int(said["expires"][0]), END_OF_TIME)
        restrictions = [Restriction(line) for line in said.get("restrict", ())]
        self.restrictions = [one for one in restrictions if one.kind in STRENGTH]
        self.entitlements = said.get("entitled", [])
        self.codes = said.get("retry", [])
        self.retry_limits = _limits(said["retry-limits"][0]) if "retry-limits" in said else NO_RETRIES

    def restriction(self, now: float) -> Restriction | None:
        """The strongest restriction that still holds: a block before a rate limit, then the one that ends last."""
        holding = [one for one in self.restrictions if now < one.until]
        return max(holding, key=lambda one: (STRENGTH.index(one.kind), one.until), default=None)

    def entitled(self, feature: str) -> bool:
        """Whether this user may use a restricted feature; an entitlement may end with `*`."""
        return any(
            feature.startswith(one[:-1]) if one.endswith("*") else feature == one for one in self.entitlements
        )

    def retryable(self, code: str) -> bool:
        """Whether a failure with this code is worth another attempt."""
        return bool(code) and code in self.codes


class Reading:
    """A policy with the reason STANDING, an authentic one with EXPIRED, or none with any other."""

    __slots__ = ("policy", "reason")

    def __init__(self, reason: str, policy: Policy | None = None) -> None:
        """Keep both."""
        self.reason = reason
        self.policy = policy


def standing(service: str, subject: str, now: float) -> Policy | None:
    """The policy that holds now, if there is one. The first to ask makes the shipper keep it fresh from then on."""
    reading = read(service, subject, now)
    if reading.reason == ABSENT:
        want(service)
    return reading.policy if reading.reason == STANDING else None


def read(service: str, subject: str, now: float) -> Reading:
    """The cached policy, or why there is none that can be relied on."""
    if not subject:
        return Reading(NO_SUBJECT)
    try:
        raw, trouble = _own_bytes(path(service))
        key = home.deck()[1]
    except OSError:
        return Reading(ABSENT)
    return Reading(trouble) if trouble else verify(raw, key, service, subject, now)


def verify(raw: bytes, key: str, service: str, subject: str, now: float) -> Reading:
    """What a document is worth to this user of this service, who holds this ingest key."""
    if not key:
        return Reading(NO_KEY)
    signed = raw[:-MAC_LINE]
    # Who could time this comparison can read the key: it lies in the same home.
    if len(raw) > SIZE_LIMIT or raw[-MAC_LINE:] != _mac_line(signed, key):
        return Reading(NOT_AUTHENTIC)
    try:
        policy = Policy(_said(signed.decode()))
    except (ValueError, LookupError):
        return Reading(MALFORMED)
    if (policy.service, policy.subject) != (service, subject):
        return Reading(OTHER_SERVICE if policy.service != service else OTHER_SUBJECT)
    if policy.issued > now + SKEW_SECONDS:
        return Reading(FUTURE)
    return Reading(STANDING if now < policy.expires else EXPIRED, policy)


def path(service: str) -> str:
    """Where the answer of the deck in use is kept; beside it `~etag` and `~trouble`, which no service is called."""
    return f"{home.emit()}/policy/{home.destination()}/{home.safe(service)}"


def want(service: str) -> None:
    """Leave an empty file, if there is none: the shipper asks for what was wanted once."""
    try:
        if home.ours():
            home.make_private(os.path.dirname(path(service)))
            os.close(os.open(path(service), os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except OSError:
        return


def _own_bytes(path: str) -> tuple[bytes, str]:
    """A file that nobody else may change, or what is wrong with it; a pipe in its place is not waited for."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return b"", ABSENT
    except OSError:
        return b"", FOREIGN
    try:
        stat = os.fstat(fd)
        if not S_ISREG(stat.st_mode) or stat.st_uid != os.geteuid() or stat.st_mode & 0o022:
            return b"", FOREIGN
        raw = os.read(fd, SIZE_LIMIT + 1)
    finally:
        os.close(fd)
    return (raw, ABSENT if not raw else TOO_LARGE if len(raw) > SIZE_LIMIT else "")


def _mac_line(signed: bytes, key: str) -> bytes:
    try:
        from _blake2 import blake2b
    except ImportError:
        from hashlib import blake2b  # the same function, 2 ms slower to import
    secret = _sha256(key.encode("utf-8", "surrogateescape")).encode()
    return f"mac {blake2b(signed, key=secret, digest_size=MAC_BYTES).hexdigest()}\n".encode()


def _sha256(secret: bytes) -> str:
    try:
        if sys.version_info >= (3, 12):
            from _sha2 import sha256
        else:
            from _sha256 import sha256  # type: ignore[import-not-found]
    except ImportError:
        from hashlib import sha256  # as above
    return str(sha256(secret).hexdigest())


def _said(text: str) -> "Said":
    first, *lines = text.split("\n")
    if first != FIRST:
        raise ValueError(first)
    said: Said = {}
    for line in lines:
        word, _, rest = line.partition(" ")
        said.setdefault(word, []).append(rest)
    return said


def _limits(line: str) -> tuple[int, int, int, int]:
    attempts, first, longest, budget = (
        min(max(int(word), 0), most) for word, most in zip(line.split(" "), MOST_RETRIES, strict=True)
    )
    return max(attempts, 1), first, longest, budget
