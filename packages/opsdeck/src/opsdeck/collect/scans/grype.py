"""`grype … -o json`. In: bytes. Out: a Report. Matches that the user's own rules ignore are left out, as Grype does."""

from collections.abc import Iterator
from typing import Any

from msgspec import field

from opsdeck.collect.scans import purl, text
from opsdeck.collect.scans.severity import rated
from opsdeck.collect.scans.shape import Found, Report
from opsdeck.collect.scans.target import image, place_of
from opsdeck.collect.scans.tree import Part, Raws, Texts, decode, each, texts

TOOL = "grype"


class Cvss(Part):
    vector: str | None = None


class Fix(Part):
    versions: Texts = None


class Vulnerability(Part):
    id: str
    severity: str | None = None
    description: str | None = None
    cvss: list[Cvss] | None = None
    fix: Fix | None = None


class Artifact(Part):
    name: str
    version: str | None = None
    type: str | None = None
    purl: str | None = None


class Match(Part):
    vulnerability: Vulnerability
    artifact: Artifact
    related: list[Vulnerability] | None = field(name="relatedVulnerabilities", default=None)


class Source(Part):
    type: str | None = None
    target: Any = None


class Descriptor(Part):
    timestamp: str | None = None


class Document(Part):
    matches: Raws
    source: Source | None = None
    descriptor: Descriptor | None = None


def read(body: bytes | bytearray) -> Report:
    document = decode(body, Document)
    made = text.moment(
        document.descriptor.timestamp if document.descriptor else None, "$.descriptor.timestamp"
    )
    found = tuple(_found(one, here) for here, one in each(document.matches, Match, "$.matches"))
    return Report(TOOL, TOOL, _source(document.source), made, found)


def _found(one: Match, place: str) -> Found:
    package, version = _package(one.artifact, f"{place}.artifact")
    level, score = rated(one.vulnerability.severity or "", _vectors(one))
    fix = one.vulnerability.fix
    return Found(
        package,
        version,
        text.names((one.vulnerability.id, *_aliases(one)), f"{place}.vulnerability.id"),
        level,
        score,
        text.plain((one.vulnerability.description or "").partition("\n")[0]),
        text.fixes(texts(fix.versions if fix else None), f"{place}.vulnerability.fix.versions"),
    )


def _aliases(one: Match) -> tuple[str, ...]:
    """The related ids are the same vulnerability, unless they are several CVEs: then this is an advisory about them."""
    related = dict.fromkeys(other.id for other in one.related or ())
    cves = [id_ for id_ in {one.vulnerability.id: None, **related} if id_.startswith("CVE-")]
    return tuple(related) if len(cves) <= 1 else ()


def _vectors(one: Match) -> Iterator[str]:
    related = (one.related or ()) if _aliases(one) else ()
    for given in (one.vulnerability, *related):
        yield from (score.vector for score in given.cvss or () if score.vector)


def _package(artifact: Artifact, place: str) -> tuple[str, str]:
    installed = text.version(artifact.version or "", f"{place}.version")
    if artifact.purl:
        package, version = purl.parsed(artifact.purl, f"{place}.purl")
        return package, text.version(version or installed, f"{place}.purl")
    return purl.named(artifact.type or "", artifact.name, installed, f"{place}.name")


def _source(source: Source | None) -> str:
    if source is None:
        return ""
    target = source.target.get("userInput", "") if isinstance(source.target, dict) else source.target
    name = target if isinstance(target, str) else ""
    return image(name) if source.type == "image" else place_of(name)
