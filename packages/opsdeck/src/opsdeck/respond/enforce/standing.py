"""What stands at the moment, in memory: asked by every policy request and by the door, without a look into the store.

In: the state store. Out: rights by service, user and address hash; the restricted subjects. What changes it is in the
log, so it is read anew when the log has grown: every deck on one state store knows what another did.
"""

import threading
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from opsdeck.model import Entitlement, Restriction
from opsdeck.respond.enforce.policy import Rights
from opsdeck.stores.api import StateStore, Transaction

Subject = tuple[str, str, str]
"""Service, kind of subject (user, address), subject."""

FRESH = timedelta(seconds=1)
KINDS = ("restriction", "entitlement")
MOST_ROWS = 500
"""Of the log between two looks: beyond that it is quicker to read everything anew."""


@dataclass(frozen=True, slots=True)
class _Known:
    seq: int = -1
    restrictions: Mapping[Subject, tuple[Restriction, ...]] = field(default_factory=dict)
    entitlements: Mapping[tuple[str, str], tuple[Entitlement, ...]] = field(default_factory=dict)


class Standing:
    """See the module. Thread-safe: what is known is replaced whole."""

    def __init__(self, state: StateStore) -> None:
        self._state = state
        self._reading = threading.Lock()
        self._known = _Known()
        self._looked: datetime | None = None

    def keep(self, now: datetime) -> int:
        """As `refresh`, unless somebody looked within the last second."""
        looked = self._looked
        return 0 if looked is not None and abs(now - looked) < FRESH else self.refresh(now)

    def refresh(self, now: datetime) -> int:
        """Read what stands if anything was logged since; returns how many subjects have something of their own."""
        self._looked = now
        with self._reading, self._state.begin(write=False) as tx:
            if self._outdated(tx):
                newest = tx.recent(1)
                seq = newest[0].seq if newest else 0
                self._known = _known(seq, tx.find(Restriction, lifted_at=None), tx.find(Entitlement))
            known = self._known
        return len(known.restrictions) + len(known.entitlements)

    def _outdated(self, tx: Transaction) -> bool:
        """Whether the log has a row about it since the last look; moves on over rows about other things."""
        if self._known.seq < 0:
            return True
        rows = tx.log(after=self._known.seq, limit=MOST_ROWS)
        if len(rows) == MOST_ROWS or any(row.change.kind in KINDS for row in rows):
            return True
        if rows:
            self._known = replace(self._known, seq=rows[-1].seq)
        return False

    @property
    def restricted(self) -> Mapping[Subject, tuple[Restriction, ...]]:
        """The restrictions that were not lifted, by subject; each says until when it holds."""
        return self._known.restrictions

    def rights(self, service: str, user: str, address: str) -> Rights:
        """What stands for a user who asks from an address (its hash of today, "" for none)."""
        known = self._known
        mine = known.restrictions.get((service, "user", user), ())
        here = known.restrictions.get((service, "address", address), ()) if address else ()
        return Rights((*mine, *here), known.entitlements.get((service, user), ()))


def _known(seq: int, restrictions: Iterable[Restriction], entitlements: Iterable[Entitlement]) -> _Known:
    by_subject: dict[Subject, list[Restriction]] = defaultdict(list)
    for one in restrictions:
        by_subject[one.service, one.subject_kind, one.subject].append(one)
    by_user: dict[tuple[str, str], list[Entitlement]] = defaultdict(list)
    for right in entitlements:
        by_user[right.service, right.subject].append(right)
    return _Known(
        seq,
        {subject: tuple(found) for subject, found in by_subject.items()},
        {user: tuple(found) for user, found in by_user.items()},
    )
