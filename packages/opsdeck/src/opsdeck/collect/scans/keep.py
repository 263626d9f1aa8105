"""The part that writes: an import in one transaction with its rows of the log.

In: a report, who brings it, now. Out: what it changed. Reading the file is done before; nothing is kept of a file that
cannot be read. The log gets a row for the scan and one for each change of a critical finding or of a statement, up to
NAMED of them: the scan's row has the counts of all.
"""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from opsdeck.collect.scans import summary, text, waivers
from opsdeck.collect.scans.shape import Report
from opsdeck.collect.scans.unite import Look, United, unite
from opsdeck.collect.scans.waive import by_name, standing
from opsdeck.errors import ConflictError
from opsdeck.model import Change, Finding, Scan, Waiver
from opsdeck.stores.api import Transaction

NAMED = 100
SCANS_KEPT = 50
SEVERE = "critical"
STATED = "-stated"  # ends the key of an import that brought statements only: nobody looked


@dataclass(frozen=True, slots=True)
class Sender:
    """Whose file it is, for which service, and its digest. `fresh`: the same file is a new look all the same."""

    service: str
    actor: str
    digest: str
    source: str = ""
    fresh: bool = False


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import did. `unchanged`: this very file was imported before; `critical` counts the open ones.

    `stay_withdrawn` counts the statements that persons (`withdrawn_by`) withdrew after the file was made.
    """

    service: str
    tool: str
    format: str
    source: str
    made_at: datetime | None
    findings: int
    new: int
    gone: int
    merged: int
    statements: int
    applied: int
    critical: int
    unchanged: bool = False
    stay_withdrawn: int = 0
    withdrawn_by: tuple[str, ...] = ()


def take(tx: Transaction, report: Report, sender: Sender, now: datetime) -> Imported:
    """Keep what the report says. Raises ConflictError for one that is older than the newest of its tool and source."""
    look = Look(sender.service, report.tool, text.plain(sender.source) or report.source)
    scans = _imports(tx, look, looked=True)
    if (known := _known(tx, scans, report, sender, look)) is not None:
        return known
    old = {one.key: one for one in tx.find(Finding, service=look.service)}
    said = waivers.stated(tx, report, sender.service, sender.actor, now)
    united = unite(list(old.values()), report.found, look, now) if report.looked else United((), ())
    new = _settled(old, united, said.waivers, now)
    told = _tell(tx, old, new, sender.actor, now)
    counts = _write(tx, look.service, old, new, now if report.looked else None)
    result = Imported(
        look.service, look.tool, report.format, look.source, report.made_at,
        findings=sum(one.last_seen == now for one in united.findings), new=told["new"], gone=told["gone"],
        merged=len(united.merged), statements=len(report.statements), applied=told["waived"], critical=counts.open_critical,
        stay_withdrawn=len(said.stay), withdrawn_by=tuple(sorted({one.actor for one in said.stay})),
    )  # fmt: skip
    _log(
        tx,
        result,
        sender,
        scans if report.looked else _imports(tx, look, looked=False),
        now,
        looked=report.looked,
    )
    waivers.tell(tx, said.changed[:NAMED], now)
    return result


def settle(tx: Transaction, service: str, now: datetime) -> int:
    """Decide anew where the findings of a service stand, after its waivers changed; returns how many stand elsewhere."""
    old = {one.key: one for one in tx.find(Finding, service=service)}
    new = _settled(old, United((), ()), tx.find(Waiver, service=service), now)
    _write(tx, service, old, new, None)
    return sum(new[key].status != one.status for key, one in old.items())


def stated_only(scan: Scan) -> bool:
    """Whether the import brought statements and nobody's look at packages."""
    return scan.key.endswith(STATED)


def _imports(tx: Transaction, look: Look, *, looked: bool) -> list[Scan]:
    """Those of a tool and source, the newest last."""
    found = tx.find(Scan, service=look.service, tool=look.tool, source=look.source)
    return sorted(
        (one for one in found if stated_only(one) != looked), key=lambda one: (one.imported_at, one.key)
    )


def _known(
    tx: Transaction, scans: Sequence[Scan], report: Report, sender: Sender, look: Look
) -> Imported | None:
    """The answer for a file that is no news: the same one again, unless it may be a new look at the same things."""
    newest = scans[-1] if scans else None
    if newest is None:
        return None
    if report.made_at and newest.made_at and report.made_at < newest.made_at:
        raise ConflictError(
            f"this scan is older than the newest one of {look.name}: nothing was imported",
            hint="import the newer one, or name what was scanned: --source NAME",
        )
    if newest.digest != sender.digest or sender.fresh or report.made_at is None:
        return None
    return Imported(
        look.service, look.tool, report.format, look.source, report.made_at,
        findings=newest.findings, new=0, gone=0, merged=0, statements=len(report.statements), applied=0,
        critical=summary.get(tx, look.service).open_critical, unchanged=True,
    )  # fmt: skip


def _settled(
    old: Mapping[str, Finding], united: United, said: Iterable[Waiver], now: datetime
) -> dict[str, Finding]:
    """All findings of the service as they are now, each with the status that the waivers give it."""
    merged = set(united.merged)
    new = {key: one for key, one in old.items() if key not in merged}
    new |= {one.key: one for one in united.findings}
    named = by_name(said)
    for key, one in new.items():
        status = standing(one, named, now)[0]
        if status != one.status:
            new[key] = replace(one, status=status)
    return new


def _write(
    tx: Transaction,
    service: str,
    old: Mapping[str, Finding],
    new: Mapping[str, Finding],
    looked_at: datetime | None,
) -> summary.Summary:
    tx.put_all(one for key, one in new.items() if old.get(key) != one)
    for key in old.keys() - new.keys():
        tx.drop(Finding, key)
    counts = summary.counted(service, new.values(), looked_at or summary.get(tx, service).looked_at)
    summary.put(tx, counts)
    return counts


def _tell(
    tx: Transaction, old: Mapping[str, Finding], new: Mapping[str, Finding], actor: str, now: datetime
) -> Counter[str]:
    """Count what changed, and log the critical ones among it."""
    told: Counter[str] = Counter()
    for key, one in new.items():
        what, before, after = _change(old.get(key), one)
        if not what:
            continue
        told[what] += 1
        if SEVERE in (one.severity, before) and told["rows"] < NAMED:
            told["rows"] += 1
            data = {"finding": key, "package": one.package, "version": one.version, "severity": one.severity}
            tx.append(Change("finding", f"{one.service}/{one.id}", before, after, what, actor, data), now)
    return told


def _change(old: Finding | None, new: Finding) -> tuple[str, str, str]:
    """What happened to a finding, from what, to what; "" for nothing that anybody counts."""
    if old is None:
        return "new" if new.status == "open" else "waived", "", new.status
    if old.status != new.status:
        what = {"gone": "gone", "open": "back"}.get(new.status, "waived")
        return what, old.status, new.status
    if old.severity != new.severity and SEVERE in (old.severity, new.severity):
        return "rated", old.severity, new.severity
    return "", "", ""


def _log(
    tx: Transaction, done: Imported, sender: Sender, scans: Sequence[Scan], now: datetime, *, looked: bool
) -> None:
    """The row of the import and its record; of the records of a tool and source the newest SCANS_KEPT stay."""
    key = f"{now:%Y%m%dT%H%M%S%f}-{sender.digest[:16]}" + ("" if looked else STATED)
    name = Look(done.service, done.tool, done.source).name
    for old in scans[: max(0, len(scans) + 1 - SCANS_KEPT)]:
        tx.drop(Scan, old.key)
    tx.put(
        Scan(
            key, done.service, done.tool, done.format, done.source, sender.digest, done.made_at, now,
            sender.actor, done.findings, done.critical,
        )
    )  # fmt: skip
    said = f"{done.findings:,} findings, {done.new:,} new, {done.gone:,} gone, {done.statements:,} statements"
    data = {
        "scan": key, "format": done.format, "findings": done.findings, "new": done.new, "gone": done.gone,
        "merged": done.merged, "statements": done.statements, "critical": done.critical, "digest": sender.digest,
    }  # fmt: skip
    before = scans[-1].key if scans else ""
    tx.append(Change("scan", f"{done.service}/{name}", before, "imported", said, sender.actor, data), now)
