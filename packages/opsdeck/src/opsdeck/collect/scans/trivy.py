"""`trivy … --format json` (schema 2, since 0.20). In: bytes. Out: a Report of its vulnerabilities; misconfigurations,
secrets and licences are not looked at."""

import re
from collections.abc import Iterator

from msgspec import field

from opsdeck.collect.scans import purl, text
from opsdeck.collect.scans.severity import rated
from opsdeck.collect.scans.shape import Found, Report
from opsdeck.collect.scans.target import image, place_of
from opsdeck.collect.scans.tree import Part, Raws, Texts, decode, each, texts

TOOL = "trivy"
# What a vendor calls the same vulnerability; other vendors' ids (DSA, RHSA) are advisories about several.
_SAME = re.compile(r"(?:GHSA|PYSEC|RUSTSEC|GO)-")


class Identifier(Part):
    purl: str | None = field(name="PURL", default=None)


class Cvss(Part):
    v2: str | None = field(name="V2Vector", default=None)
    v3: str | None = field(name="V3Vector", default=None)
    v4: str | None = field(name="V40Vector", default=None)


class Vulnerability(Part):
    id: str = field(name="VulnerabilityID")
    name: str = field(name="PkgName")
    identifier: Identifier | None = field(name="PkgIdentifier", default=None)
    installed: str | None = field(name="InstalledVersion", default=None)
    fixed: str | None = field(name="FixedVersion", default=None)
    severity: str | None = field(name="Severity", default=None)
    title: str | None = field(name="Title", default=None)
    description: str | None = field(name="Description", default=None)
    vendor_ids: Texts = field(name="VendorIDs", default=None)
    cvss: dict[str, Cvss] | None = field(name="CVSS", default=None)


class Result(Part):
    type: str | None = field(name="Type", default=None)
    vulnerabilities: Raws = field(name="Vulnerabilities", default=None)


class Document(Part):
    schema: int = field(name="SchemaVersion")
    created: str | None = field(name="CreatedAt", default=None)
    artifact: str | None = field(name="ArtifactName", default=None)
    kind: str | None = field(name="ArtifactType", default=None)
    results: Raws = field(name="Results", default=None)


def read(body: bytes | bytearray) -> Report:
    document = decode(body, Document)
    found = (
        _found(one, result.type or "", at)
        for here, result in each(document.results, Result, "$.Results")
        for at, one in each(result.vulnerabilities, Vulnerability, f"{here}.Vulnerabilities")
    )
    return Report(
        TOOL, TOOL, _source(document), text.moment(document.created, "$.CreatedAt"), found=tuple(found)
    )


def _found(one: Vulnerability, kind: str, place: str) -> Found:
    package, version = _package(one, kind, place)
    level, score = rated(one.severity or "", _vectors(one))
    return Found(
        package,
        version,
        text.names(
            (one.id, *(id_ for id_ in texts(one.vendor_ids) if _SAME.match(id_))), f"{place}.VulnerabilityID"
        ),
        level,
        score,
        text.plain(one.title or (one.description or "").partition("\n")[0]),
        text.fixes((one.fixed or "").split(", "), f"{place}.FixedVersion"),
    )


def _package(one: Vulnerability, kind: str, place: str) -> tuple[str, str]:
    installed = text.version(one.installed or "", f"{place}.InstalledVersion")
    if one.identifier and one.identifier.purl:
        package, version = purl.parsed(one.identifier.purl, f"{place}.PkgIdentifier.PURL")
        return package, text.version(version or installed, f"{place}.PkgIdentifier.PURL")
    return purl.named(kind, one.name, installed, f"{place}.PkgName")


def _vectors(one: Vulnerability) -> Iterator[str]:
    for given in (one.cvss or {}).values():
        yield from (vector for vector in (given.v2, given.v3, given.v4) if vector)


def _source(document: Document) -> str:
    name = document.artifact or ""
    return image(name) if document.kind == "container_image" else place_of(name)
