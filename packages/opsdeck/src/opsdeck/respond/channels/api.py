"""What every channel is: something that a delivery can be handed to, and that says whether it got out."""

import hashlib
from datetime import datetime
from typing import Protocol

from opsdeck import timing
from opsdeck.model import Delivery


class Channel(Protocol):
    """A way out. One instance may be used by several threads at once."""

    def deliver(self, delivery: Delivery, now: datetime) -> None:
        """Hand over the delivery, or raise DeliveryError; `permanent` where trying again cannot help."""


def identity(delivery: Delivery) -> str:
    """The idempotency key as receivers see it: the same for every attempt, different on every deck.

    Sequence numbers begin again in a new home, so the delivery's own key alone is not enough for a receiver
    that remembers; and a digest is safe in a header whatever the target is called.
    """
    return hashlib.sha256(f"{timing.iso(delivery.created_at)} {delivery.key}".encode()).hexdigest()[:32]
