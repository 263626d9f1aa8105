"""What the tick knows of one cause before it writes, and how many causes there is room for. Pure."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime

from opsdeck.faults.members import ANY, MOST_CAUSES, MOST_OF_SERVICE, Cause
from opsdeck.model import Entry, FaultMember, Group


@dataclass(frozen=True, slots=True)
class Sighting:
    """Failures with one cause on one version. `new` is an unknown cause for which there is room, `entry` its newest
    event; `back` is when its fault was resolved, where they say that it is back."""

    cause: Cause
    version: str
    group: Group
    new: bool = False
    entry: Entry | None = None
    back: datetime | None = None


class Room:
    """Counts causes against the limits; one that was taken is not counted twice."""

    def __init__(self, members: Iterable[FaultMember]) -> None:
        self._taken: set[Cause] = set()
        self._combinations: Counter[Cause] = Counter()
        self._services: Counter[str] = Counter()
        for member in members:
            self._count(
                Cause(member.service, member.code, member.template, member.user_type, member.fingerprint)
            )

    def takes(self, cause: Cause) -> bool:
        """Whether the cause may be a member of its own, from now on."""
        if cause not in self._taken and self.instead(cause) is None:
            self._count(cause)
        return cause in self._taken

    def instead(self, cause: Cause) -> Cause | None:
        """What stands for a new cause that has no room; None where there is room."""
        if self._services[cause.service] >= MOST_OF_SERVICE:
            return Cause(cause.service, ANY, ANY, ANY, ANY)
        combination = replace(cause, fingerprint=ANY)
        return combination if self._combinations[combination] >= MOST_CAUSES else None

    def _count(self, cause: Cause) -> None:
        self._taken.add(cause)
        self._services[cause.service] += 1
        if cause.fingerprint != ANY:
            self._combinations[replace(cause, fingerprint=ANY)] += 1
