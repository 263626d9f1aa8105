"""OSV records: one, a list, or what the query of osv.dev answers. In: bytes. Out: a Report.

A record names affected packages, not what is installed: its findings have no version, and join those of a scan that
names one. A withdrawn record is a statement, and no finding.
"""

from collections.abc import Iterable, Iterator

from msgspec import Raw, field

from opsdeck.collect.scans import purl, text
from opsdeck.collect.scans.severity import Rated, rated
from opsdeck.collect.scans.shape import Found, Report, Statement
from opsdeck.collect.scans.tree import Part, Raws, Texts, decode, each, texts

TOOL = "osv"


class Score(Part):
    type: str | None = None
    score: str | None = None


class Package(Part):
    name: str
    ecosystem: str = ""
    purl: str | None = None
    version: str | None = None


class Event(Part):
    fixed: str | None = None


class Range(Part):
    type: str | None = None
    events: list[Event] | None = None


class Affected(Part):
    package: Package | None = None
    ranges: list[Range] | None = None
    severity: list[Score] | None = None


class Specific(Part):
    severity: str | float | None = None


class Record(Part):
    id: str
    summary: str | None = None
    details: str | None = None
    aliases: Texts = None
    withdrawn: str | None = None
    severity: list[Score] | None = None
    affected: list[Affected] | None = None
    specific: Specific | None = field(name="database_specific", default=None)


class Answer(Part):
    vulns: Raws = None


def read(body: bytes | bytearray) -> Report:
    records = list(_records(body))
    found = [one for here, record in records if not record.withdrawn for one in _found(record, here)]
    said = [one for here, record in records if record.withdrawn for one in withdrawn(record, here)]
    alone = body.lstrip()[:1] == b"{" and len(records) == 1 and records[0][0] == "$"
    source = text.names([records[0][1].id], "$.id")[0] if alone else ""
    return Report(
        TOOL, TOOL, source, found=tuple(found), statements=tuple(said), looked=not said or bool(found)
    )


def _records(body: bytes | bytearray) -> Iterator[tuple[str, Record]]:
    if body.lstrip()[:1] == b"[":
        yield from each(decode(body, list[Raw]), Record, "$")
        return
    answer = decode(body, Answer)
    if answer.vulns is None:
        yield "$", decode(body, Record)
    else:
        yield from each(answer.vulns, Record, "$.vulns")


def names(record: Record, place: str) -> tuple[str, ...]:
    """All names of the vulnerability: the record's own and its aliases (not `related`, which are other ones)."""
    return text.names((record.id, *texts(record.aliases)), f"{place}.id")


def title(record: Record) -> str:
    """What it is, in one line."""
    return text.plain(record.summary or (record.details or "").partition("\n")[0])


def rating(record: Record, scores: Iterable[str] = ()) -> Rated:
    """The level of the record's database, else its CVSS vectors, else `scores`."""
    given = [*(record.severity or ()), *(s for one in record.affected or () for s in one.severity or ())]
    word = record.specific.severity if record.specific else None
    vectors = [one.score or "" for one in given if (one.type or "").startswith("CVSS")]
    return rated(word if isinstance(word, str) else "", vectors, scores)


def fixed(record: Record, package: str, place: str) -> str:
    """The versions in which the package is repaired."""
    return text.fixes(
        (
            event.fixed or ""
            for one in record.affected or ()
            if one.package and _purl(one.package, place) == package
            for span in one.ranges or ()
            if span.type != "GIT"
            for event in span.events or ()
        ),
        f"{place}.affected",
    )


def withdrawn(record: Record, place: str) -> Iterator[Statement]:
    """A withdrawn record takes back what it said about each of its names."""
    at = text.moment(record.withdrawn, f"{place}.withdrawn")
    for name in names(record, place):
        yield Statement(name, "", "withdrawn", f"{record.id} was withdrawn by its source", at)


def _found(record: Record, place: str) -> Iterator[Found]:
    level, score = rating(record)
    packages = {_purl(one.package, place): None for one in record.affected or () if one.package}
    if not packages:
        raise text.wrong(f"{place}.affected", f"{text.plain(record.id, 60)} names no package")
    for package in packages:
        repaired = fixed(record, package, place)
        yield Found(package, "", names(record, place), level, score, title(record), repaired)


def _purl(package: Package, place: str) -> str:
    at = f"{place}.affected"
    if package.purl:
        return purl.parsed(package.purl, at)[0]
    return purl.named(package.ecosystem, package.name, "", at)[0]
