"""How many findings of each status and severity a service has, kept beside them: a page need not count 100,000 rows.

In: findings. Out: a Setting, and back. It is written in the transaction that changes the findings.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from opsdeck.model import Finding, Setting
from opsdeck.stores.api import Transaction

PREFIX = "scans/"


@dataclass(frozen=True, slots=True)
class Summary:
    """Counts by status, then severity; when somebody last looked (None: never)."""

    service: str
    counts: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    looked_at: datetime | None = None

    def count(self, status: str, severity: str) -> int:
        return self.counts.get(status, {}).get(severity, 0)

    @property
    def findings_open(self) -> int:
        return sum(self.counts.get("open", {}).values())

    @property
    def open_critical(self) -> int:
        return self.count("open", "critical")


def counted(service: str, findings: Iterable[Finding], looked_at: datetime | None) -> Summary:
    """The summary of these findings."""
    counts: dict[str, Counter[str]] = {}
    for one in findings:
        counts.setdefault(one.status, Counter())[one.severity] += 1
    return Summary(service, counts, looked_at)


def put(tx: Transaction, summary: Summary) -> None:
    """Keep it."""
    at = summary.looked_at.isoformat() if summary.looked_at else ""
    tx.put(Setting(PREFIX + summary.service, json.dumps({"counts": summary.counts, "looked_at": at})))


def get(tx: Transaction, service: str) -> Summary:
    """That of a service; an empty one where nothing was ever imported."""
    found = tx.get(Setting, PREFIX + service)
    return _read(found) if found else Summary(service)


def every(tx: Transaction) -> list[Summary]:
    """Those of all services that a scan was imported for."""
    return [_read(one) for one in tx.find(Setting) if one.key.startswith(PREFIX)]


def _read(kept: Setting) -> Summary:
    said = json.loads(kept.value)
    looked = datetime.fromisoformat(said["looked_at"]) if said["looked_at"] else None
    return Summary(kept.key.removeprefix(PREFIX), said["counts"], looked)
