"""`osv-scanner --format json`. In: bytes. Out: a Report. Records that its groups put together are one vulnerability."""

from collections.abc import Iterator

from msgspec import field

from opsdeck.collect.scans import osv, purl, text
from opsdeck.collect.scans.shape import Found, Report
from opsdeck.collect.scans.tree import Part, Raws, Texts, decode, each, texts

TOOL = "osv-scanner"


class Group(Part):
    ids: Texts = None
    aliases: Texts = None
    score: str | None = field(name="max_severity", default=None)


class Listed(Part):
    package: osv.Package
    vulnerabilities: Raws = None
    groups: list[Group] | None = None


class Result(Part):
    packages: Raws = None


class Document(Part):
    results: Raws


def read(body: bytes | bytearray) -> Report:
    results = decode(body, Document).results
    found = (
        one
        for here, result in each(results, Result, "$.results")
        for at, listed in each(result.packages, Listed, f"{here}.packages")
        for one in _found(listed, at)
    )
    return Report(TOOL, TOOL, found=tuple(found))


def _found(listed: Listed, place: str) -> Iterator[Found]:
    given = listed.package
    version = text.version(given.version or "", f"{place}.package.version")
    package, version = purl.named(given.ecosystem, given.name, version, f"{place}.package.name")
    groups = {id_: group for group in listed.groups or () for id_ in texts(group.ids)}
    for here, record in each(listed.vulnerabilities, osv.Record, f"{place}.vulnerabilities"):
        if record.withdrawn:
            continue
        group = groups.get(record.id, Group())
        ids = (*osv.names(record, here), *texts(group.ids), *texts(group.aliases))
        level, score = osv.rating(record, [group.score] if group.score else ())
        yield Found(
            package,
            version,
            text.names(ids, f"{here}.id"),
            level,
            score,
            osv.title(record),
            osv.fixed(record, package, here),
        )
