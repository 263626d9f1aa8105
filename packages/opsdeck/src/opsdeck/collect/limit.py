"""What a restricted subject may still hand in: so much that the evidence is kept, and no flood.

In: decoded entries, the key, the address hash, the moment, and which subjects are restricted. Out: the entries without
those beyond the limit, each refused by name. Nothing restricted: nothing is looked at. It must not know why a subject
is restricted nor who decides it.
"""

import threading
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta

from opsdeck.collect.codes import Rejection
from opsdeck.collect.decode import Decoded
from opsdeck.collect.wire import Entry
from opsdeck.identity.keys import ANY_SERVICE
from opsdeck.model import IngestKey, Restriction
from opsdeck.spec.phrases import Threshold

Restricted = Mapping[tuple[str, str, str], tuple[Restriction, ...]]
"""By service, kind of subject and subject."""

PERIOD = timedelta(minutes=1)  # of a limit that names none
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Intake:
    """Counts what restricted subjects hand in, by period; what a period allows is new in the next. Thread-safe."""

    def __init__(self, restricted: Callable[[], Restricted] = dict) -> None:
        self._restricted = restricted
        self._lock = threading.Lock()
        self._period = -1
        self._counts: Counter[tuple[str, str, str]] = Counter()

    def limit(
        self, decoded: Decoded, key: IngestKey, address: str, threshold: Threshold, now: datetime
    ) -> Decoded:
        """The batch without what is beyond the limit. What the deck itself hands in is not limited."""
        restricted = self._restricted()
        if not restricted or key.user_type == "service":
            return decoded
        with self._lock:
            self._begin((now - EPOCH) // (threshold.per or PERIOD))
            over = {
                position: who
                for position, entry in enumerate(decoded.entries)
                if key.service in (entry.service, ANY_SERVICE)
                and (who := self._over(entry, address, restricted, threshold, now))
            }
        return _without(decoded, over, threshold) if over else decoded

    def _begin(self, period: int) -> None:
        if period != self._period:
            self._period = period
            self._counts.clear()

    def _over(
        self, entry: Entry, address: str, restricted: Restricted, threshold: Threshold, now: datetime
    ) -> str:
        """Which kind of subject is over its limit with this entry, "" for none; only what is taken counts."""
        asked = ((entry.service, "user", entry.user_id), (entry.service, "address", address))
        found = [one for one in asked if any(now < holds.until for holds in restricted.get(one, ()))]
        for one in found:
            if _exceeds(self._counts[one] + 1, threshold):
                return one[1]
        self._counts.update(found)
        return ""


def _exceeds(count: int, threshold: Threshold) -> bool:
    return count >= threshold.value if threshold.comparison == ">=" else count > threshold.value


def _without(decoded: Decoded, over: Mapping[int, str], threshold: Threshold) -> Decoded:
    kept = [position for position in range(len(decoded.entries)) if position not in over]
    refused = [
        Rejection(
            decoded.indexes[position],
            "rate_limited",
            f"{'userId' if who == 'user' else 'address'}: restricted, and more than it may still send"
            f" ({threshold.text or threshold.value})",
        )
        for position, who in over.items()
    ]
    return Decoded(
        entries=[decoded.entries[position] for position in kept],
        indexes=[decoded.indexes[position] for position in kept],
        rejected=[*decoded.rejected, *refused],
        cut={number for number, position in enumerate(kept) if position in decoded.cut},
        dropped=decoded.dropped,
    )
