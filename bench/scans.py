"""Import of scans: `python bench/scans.py [COUNT] [--json]`, 100,000 findings by default, on SQLite.

The first file is Trivy's, with every finding new; the second is Grype's about the same packages, so that every line joins
a finding; the third is Trivy's again with every tenth finding repaired. Each is timed whole: read, unite, keep, log.
"""

import hashlib
import json
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import psutil

from opsdeck.collect.scans import gauge, keep
from opsdeck.collect.scans.keep import Sender
from opsdeck.collect.scans.read import read
from opsdeck.reports import scans
from opsdeck.stores.events import open_events
from opsdeck.stores.state import open_state

NOW = datetime(2025, 9, 9, 12, tzinfo=UTC)
LEVELS = ("CRITICAL", "HIGH", "MEDIUM", "LOW")
VECTOR = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:{}"
PER_PACKAGE = 5


def main(count: int = 100_000) -> dict[str, float]:
    """Figures by name."""
    figures: dict[str, float] = {}
    with tempfile.TemporaryDirectory() as folder:
        state, events = open_state(f"sqlite:///{folder}/state.db"), open_events("memory://", ())
        files = {"first": trivy(count, 0), "second tool": grype(count), "again": trivy(count, 10)}
        figures["file, MiB"] = len(files["first"]) / 2**20
        figures["RSS before, MiB"] = _rss()
        for turn, (name, body) in enumerate(files.items()):
            now, spent = NOW + timedelta(hours=turn), time.process_time()
            figures[f"{name}, s"] = _timed(lambda b=body, n=now: _take(state, events, b, n))
            figures[f"{name}, processor s"] = time.process_time() - spent
            figures[f"RSS after {name}, MiB"] = _rss()
        with state.begin(write=False) as tx:
            figures["page of open findings, ms"] = 1_000 * statistics.median(
                _timed(lambda: scans.listing(tx, "demo", scans.Filter(), 50)) for _ in range(5)
            )
        figures["tick, ms"] = 1_000 * _timed(lambda: gauge.publish(state, events, now))
        state.close()
        events.close()
    return figures


def _take(state: object, events: object, body: bytes, now: datetime) -> None:
    report = read(body)
    with state.begin() as tx:  # type: ignore[attr-defined]
        keep.take(tx, report, Sender("demo", "bench", hashlib.sha256(body).hexdigest()), now)
    gauge.publish(state, events, now)  # type: ignore[arg-type]


def trivy(count: int, repaired: int) -> bytes:
    """Trivy's report on `count` vulnerabilities, every `repaired`-th left out."""
    found = [
        {
            "VulnerabilityID": f"CVE-2024-{n}",
            "VendorIDs": [f"GHSA-{n:04x}"],
            "PkgName": f"package-{n // PER_PACKAGE}",
            "PkgIdentifier": {"PURL": f"pkg:pypi/package-{n // PER_PACKAGE}@1.0.{n % 7}"},
            "InstalledVersion": f"1.0.{n % 7}",
            "FixedVersion": "2.0.0",
            "Severity": LEVELS[n % 4],
            "Title": f"something is wrong with package {n // PER_PACKAGE}",
            "CVSS": {"nvd": {"V3Vector": VECTOR.format("HLN"[n % 3])}},
            "References": [f"https://example.org/advisories/{n}/{place}" for place in range(3)],
        }
        for n in range(count)
        if not repaired or n % repaired
    ]
    made = "2025-09-09T13:00:00Z" if repaired else "2025-09-09T11:00:00Z"
    results = [{"Target": "requirements.txt", "Type": "pip", "Vulnerabilities": found}]
    report = {"SchemaVersion": 2, "CreatedAt": made, "ArtifactName": "app", "ArtifactType": "filesystem"}
    return json.dumps(report | {"Results": results}, separators=(",", ":")).encode()


def grype(count: int) -> bytes:
    """Grype's report on the same, by the other names."""
    matches = [
        {
            "vulnerability": {
                "id": f"GHSA-{n:04x}",
                "severity": LEVELS[n % 4].capitalize(),
                "fix": {"versions": ["2.0.0"]},
            },
            "relatedVulnerabilities": [{"id": f"CVE-2024-{n}"}],
            "artifact": {"name": f"package-{n // PER_PACKAGE}", "version": f"1.0.{n % 7}", "type": "python"},
        }
        for n in range(count)
    ]
    return json.dumps({"matches": matches, "descriptor": {"name": "grype"}}, separators=(",", ":")).encode()


def _timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _rss() -> float:
    return psutil.Process().memory_info().rss / 2**20


if __name__ == "__main__":
    asked = [int(word) for word in sys.argv[1:] if word.isdecimal()]
    measured = main(*asked)
    for name, value in measured.items():
        print(f"{name:32} {value:10.1f}", flush=True)
    if "--json" in sys.argv:
        print(json.dumps(measured))
