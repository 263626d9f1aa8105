"""The console: notifications as text on the deck's own output. No settings.

It also shows what would have gone out while nothing is mailed.
"""

import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import TextIO

from opsdeck.errors import DeliveryError
from opsdeck.model import Delivery


class Console:
    """Writes each notification to a stream, standard output if none is given."""

    def __init__(self, stream: TextIO | None = None) -> None:
        self._stream = stream

    def deliver(self, delivery: Delivery, now: datetime) -> None:  # noqa: ARG002  the protocol's; a console has no use for it
        stream = self._stream or sys.stdout
        first, *rest = str(delivery.payload["text"]).splitlines()
        lines = [
            f"{delivery.payload['title']} (to {delivery.target})",
            f"  {first}",
            *(f"  {line}" for line in rest),
        ]
        try:
            stream.write("".join(_printable(line) + "\n" for line in lines))
            stream.flush()
        except (OSError, ValueError) as error:
            raise DeliveryError(f"console: {error}", permanent=False) from error


def _printable(line: str) -> str:
    """Without control characters: names come from events, and a terminal obeys them."""
    return "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in line)


def build(_settings: Mapping[str, str], _home: Path) -> Console:
    return Console()
