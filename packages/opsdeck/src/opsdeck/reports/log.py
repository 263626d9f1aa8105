"""The log of changes, newest first. In: a transaction, how many, what about. Out: transitions."""

from opsdeck.errors import UsageError
from opsdeck.model import Transition
from opsdeck.stores.api import Transaction

MOST = 1_000


def changes(tx: Transaction, limit: int, **equals: str) -> tuple[Transition, ...]:
    """The newest `limit` (1 to 1,000) changes; `equals` filters on kind, subject or actor, "" for any."""
    if not 1 <= limit <= MOST:
        raise UsageError(f"limit: {limit} is not between 1 and {MOST:,}", hint="for example: limit=50")
    return tuple(tx.recent(limit, **{name: value for name, value in equals.items() if value}))
