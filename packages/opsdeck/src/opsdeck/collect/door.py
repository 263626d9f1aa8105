"""The one door: a body and a key in; an answer out, only when everything accepted is on disk.

HTTP, probes and tests come in here. The steps are files of their own: body (decompress), decode (bytes → entries),
scrub (secrets), limit (restricted subjects), stamp (refuse or complete), journal (durable). It must not know HTTP or
where keys come from.
"""

import asyncio
import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from opsdeck.collect.body import plain
from opsdeck.collect.codes import Limits, NoneAcceptableError, Rejection, refuse
from opsdeck.collect.decode import Decoded, decode
from opsdeck.collect.journal import Journal
from opsdeck.collect.limit import Intake
from opsdeck.collect.policy import Policies
from opsdeck.collect.scrub import Scrubber
from opsdeck.collect.stamp import Stamp, Stamped, stamp
from opsdeck.errors import RejectedError
from opsdeck.identity.address import Hasher
from opsdeck.model import IngestKey
from opsdeck.spec.model import Spec
from opsdeck.stores.api import StateStore
from opsdeck.timing import Clock

# Bodies beyond this are read aside, in a thread: reading one takes the event loop longer than a page may wait.
INLINE = 64 * 1024
NAMES_COUNTED = 200

_encoder = msgspec.json.Encoder()


@dataclass(frozen=True, slots=True)
class Receipt:
    """How many events are durable (known ones included) and which were refused."""

    accepted: int
    rejected: tuple[Rejection, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """Since the process started: events accepted and redacted, refusals by code, fields dropped by name."""

    accepted: int = 0
    redacted: int = 0
    refused_requests: Mapping[str, int] = field(default_factory=dict)
    refused_events: Mapping[str, int] = field(default_factory=dict)
    dropped_fields: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Prepared:
    payloads: list[tuple[str, bytes]]
    receipt: Receipt


class Door:
    """See the module. Thread-safe. `spec` may be replaced at any time and holds for what comes after."""

    def __init__(
        self,
        journal: Journal,
        spec: Spec,
        clock: Clock,
        state: StateStore | None = None,
        limits: Limits | None = None,
        intake: Intake | None = None,
    ) -> None:
        """Without a `state` to keep the daily key in, addresses are not recorded; without an `intake` nobody is limited."""
        self.limits = limits or Limits()
        self._intake = intake or Intake()
        self._journal = journal
        self._clock = clock
        self._hasher = Hasher(state) if state else None
        self._scrubber = Scrubber()
        # One thread: reading holds the interpreter's lock anyway, and each thread more would hold a batch more.
        self._aside = ThreadPoolExecutor(1, thread_name_prefix="collect")
        self._counting = threading.Lock()
        self._accepted = self._redacted = 0
        self._requests: Counter[str] = Counter()
        self._events: Counter[str] = Counter()
        self._dropped: Counter[str] = Counter()
        self.spec = spec

    @property
    def spec(self) -> Spec:
        return self._spec

    @spec.setter
    def spec(self, spec: Spec) -> None:
        self._spec = spec
        self._policies = Policies(spec)

    def accept(self, body: bytes, key: IngestKey, address: str = "", encoding: str = "") -> Receipt:
        """Take a batch; returns when what was accepted is durable.

        `encoding` is the Content-Encoding, `address` the client's. Raises RejectedError (codes.REQUEST_CODES) for the
        whole body, NoneAcceptableError with the reasons where no event is acceptable.
        """
        try:
            prepared = self._prepare(body, key, address, encoding)
            self._journal.append(prepared.payloads).result()
        except RejectedError as refusal:
            raise self._counted(refusal) from refusal.__cause__
        return self._done(prepared.receipt)

    async def take(self, body: bytes, key: IngestKey, address: str = "", encoding: str = "") -> Receipt:
        """The same from an event loop, which it does not block."""
        try:
            if encoding or len(body) > INLINE:
                loop = asyncio.get_running_loop()
                prepared = await loop.run_in_executor(
                    self._aside, self._prepare, body, key, address, encoding
                )
            else:
                prepared = self._prepare(body, key, address, encoding)
            await asyncio.wrap_future(self._journal.append(prepared.payloads))
        except RejectedError as refusal:
            raise self._counted(refusal) from refusal.__cause__
        return self._done(prepared.receipt)

    def address_hash(self, address: str, now: datetime) -> str:
        """What stands for a client's address today; "" for none."""
        return self._hasher.hash(address, now) if self._hasher and address else ""

    def counts(self) -> Counts:
        """For doctor and metrics."""
        with self._counting:
            return Counts(
                self._accepted, self._redacted, dict(self._requests), dict(self._events), dict(self._dropped)
            )

    def _prepare(self, body: bytes, key: IngestKey, address: str, encoding: str) -> _Prepared:
        now = self._clock.now()
        decoded = decode(plain(body, encoding, self.limits), self.limits)
        redacted = self._scrubber.scrub(decoded.entries)
        address_hash = self.address_hash(address, now)
        decoded = self._intake.limit(decoded, key, address_hash, self._spec.framework.enforcement.intake, now)
        stamped = stamp(decoded, Stamp.at(now, key, address_hash), self._policies)
        self._count(decoded, stamped, redacted)
        payloads = [
            (f"{category}/{now:%Y-%m-%d}", _encoder.encode_lines(entries))
            for category, entries in stamped.by_category.items()
        ]
        accepted = sum(len(entries) for entries in stamped.by_category.values())
        if not accepted:
            raise _none_acceptable(stamped.rejected, key)
        return _Prepared(payloads, Receipt(accepted, tuple(stamped.rejected)))

    def _count(self, decoded: Decoded, stamped: Stamped, redacted: int) -> None:
        if not (stamped.rejected or decoded.dropped or redacted):
            return
        with self._counting:
            self._redacted += redacted
            self._events.update(rejection.code for rejection in stamped.rejected)
            for name, count in decoded.dropped.items():
                known = name in self._dropped or len(self._dropped) < NAMES_COUNTED
                self._dropped[name if known else "(others)"] += count

    def _counted(self, refusal: RejectedError) -> RejectedError:
        with self._counting:
            self._requests[refusal.code] += 1
        return refusal

    def _done(self, receipt: Receipt) -> Receipt:
        with self._counting:
            self._accepted += receipt.accepted
        return receipt


def _none_acceptable(rejected: list[Rejection], key: IngestKey) -> NoneAcceptableError:
    if all(rejection.code == "wrong_service" for rejection in rejected):
        whole = refuse("wrong_service", f"the key writes for {key.service} only")
    else:
        whole = refuse(
            "none_acceptable", f"no event is acceptable; event {rejected[0].index}: {rejected[0].message}"
        )
    return NoneAcceptableError(whole.status, whole.code, whole.message, tuple(rejected))
