"""How busy the deck's own host is: two readings of /proc/stat in, a share of processor time out.

The kernel counts ticks since boot (proc(5), line `cpu`): user nice system idle iowait irq softirq steal guest
guest_nice. Guest time is already inside user time, so only the first eight columns are added up.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from opsdeck.model import Sample
from opsdeck.stores.api import EventStore

STAT = Path("/proc/stat")
CPU_USAGE = "cpu_usage"
COUNTED = 8
IDLE, IOWAIT = 3, 4


@dataclass(frozen=True, slots=True)
class Ticks:
    """Processor time since boot, in kernel ticks: busy and altogether."""

    busy: int
    total: int


def parse(text: str) -> Ticks | None:
    """The first line of /proc/stat; None where there is none (not Linux)."""
    columns = text.partition("\n")[0].split()
    if len(columns) <= COUNTED or columns[0] != "cpu":
        return None
    ticks = [int(column) for column in columns[1 : COUNTED + 1]]
    return Ticks(sum(ticks) - ticks[IDLE] - ticks[IOWAIT], sum(ticks))


def usage(earlier: Ticks, later: Ticks) -> float | None:
    """Share of processor time (0 to 1) that was busy between two readings; None if no time passed."""
    passed = later.total - earlier.total
    if passed <= 0:
        return None
    return min(1.0, max(0.0, (later.busy - earlier.busy) / passed))


def sampler(events: EventStore, stat: Path = STAT) -> Callable[[datetime], int]:
    """A tick that records `cpu_usage` of the host since the tick before; returns how many samples it recorded."""
    earlier = _read(stat)

    def tick(now: datetime) -> int:
        nonlocal earlier
        later = _read(stat)
        share = usage(earlier, later) if earlier and later else None
        earlier = later
        if share is None:
            return 0
        events.record([Sample(CPU_USAGE, now, share)])
        return 1

    return tick


def _read(stat: Path) -> Ticks | None:
    try:
        return parse(stat.read_text(encoding="ascii"))
    except OSError:
        return None
