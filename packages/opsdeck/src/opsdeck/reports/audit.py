"""The audit log as people read it. In: a transaction and filters. Out: rows newest first, and how far they are signed."""

from dataclasses import dataclass

from opsdeck.govern import audit
from opsdeck.model import Transition
from opsdeck.reports import log
from opsdeck.stores.api import Transaction


@dataclass(frozen=True, slots=True)
class Audit:
    """Rows of the log, and where the tree over it stands."""

    audit: audit.Standing
    rows: tuple[Transition, ...]


def rows(tx: Transaction, limit: int, **equals: str) -> Audit:
    """The newest rows; `equals` filters on kind, subject or actor, "" for any."""
    return Audit(audit.standing(tx), log.changes(tx, limit, **equals))
