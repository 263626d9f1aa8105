"""Decision rows: one for each step of an alert's path that somebody may ask about later.

In: what was decided. Out: a row with a key that sorts by time, then by stage. It must not know who decides.
"""

from datetime import datetime

from opsdeck import timing
from opsdeck.model import Decision
from opsdeck.stores.api import Transaction

# The path in its order; the number keeps steps of one moment in order.
STAGES = ("evaluate", "inhibit", "acknowledge", "silence", "route", "deliver")


def note(
    tx: Transaction,
    alert: str,
    at: datetime,
    stage: str,
    verdict: str,
    *,
    detail: str,
    seq: int = 0,
    part: str = "",
) -> None:
    """Write one step; `part` tells apart several steps of one stage at one moment, `seq` is the log row it is about."""
    key = f"{alert}@{timing.iso(at)}#{STAGES.index(stage)}{stage}{part}"
    tx.put(Decision(key, alert, seq, at, stage, verdict, detail))
