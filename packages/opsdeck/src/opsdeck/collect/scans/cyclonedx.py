"""CycloneDX JSON 1.4 and later: an SBOM with vulnerabilities, or VEX. In: bytes. Out: a Report.

With components, a vulnerability is a finding in each component it affects, and its analysis a statement about it.
Without, the document is VEX: statements only. A bare list of components is no scan, and is refused.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from msgspec import field

from opsdeck.collect.scans import purl, text
from opsdeck.collect.scans.severity import highest, rated
from opsdeck.collect.scans.shape import Found, Report, Statement
from opsdeck.collect.scans.tree import Part, Raws, decode, each
from opsdeck.errors import UsageError

TOOL = "cyclonedx"
SCANNERS = ("pip-audit", "grype", "trivy", "osv-scanner")
# Scanners that always look: without `vulnerabilities` they have found none (Trivy writes plain SBOMs too).
ALWAYS_LOOK = frozenset({"pip-audit", "grype"})
STATES = {
    "not_affected": "not_affected",
    "false_positive": "not_affected",
    "resolved": "fixed",
    "resolved_with_pedigree": "fixed",
    "exploitable": "affected",
    "in_triage": "under_investigation",
}
DEEPEST = 32
UNTYPED = "pkg:generic/"
# Databases of one ecosystem.
SPEAKING = {"PYSEC": "pypi", "RUSTSEC": "cargo", "GO": "golang"}


class Component(Part):
    name: str = ""
    ref: str | None = field(name="bom-ref", default=None)
    group: str | None = None
    version: str | None = None
    purl: str | None = None
    components: Raws = None


class Metadata(Part):
    timestamp: str | None = None
    tools: Any = None
    component: Component | None = None


class Reference(Part):
    id: str | None = None


class Rating(Part):
    severity: str | None = None
    score: float | None = None
    method: str | None = None
    vector: str | None = None


class Affected(Part):
    ref: str


class Analysis(Part):
    state: str | None = None
    justification: str | None = None
    detail: str | None = None
    updated: str | None = field(name="lastUpdated", default=None)
    issued: str | None = field(name="firstIssued", default=None)


class Vulnerability(Part):
    id: str
    references: list[Reference] | None = None
    ratings: list[Rating] | None = None
    description: str | None = None
    recommendation: str | None = None
    affects: list[Affected] | None = None
    analysis: Analysis | None = None
    rejected: str | None = None


class Document(Part):
    metadata: Metadata | None = None
    components: Raws = None
    vulnerabilities: Raws = None


Package = tuple[str, str]


def read(body: bytes | bytearray) -> Report:
    document = decode(body, Document)
    metadata = document.metadata or Metadata()
    tool = _tool(metadata.tools)
    if document.vulnerabilities is None and tool not in ALWAYS_LOOK:
        raise UsageError(
            "this CycloneDX file lists components and no `vulnerabilities`: nobody has looked for any",
            hint="scan it: grype sbom:FILE -o json, or trivy sbom --format json FILE; then import that",
        )
    made = text.moment(metadata.timestamp, "$.metadata.timestamp")
    parts = dict(_components(document.components, "$.components", 0))
    whole = metadata.component
    given = list(each(document.vulnerabilities, Vulnerability, "$.vulnerabilities"))
    looked = document.components is not None or not any(one.analysis for _, one in given)
    found = [one for here, each_ in given if looked for one in _found(each_, parts, whole, here)]
    said = [one for here, each_ in given for one in _statements(each_, parts, whole, made, here)]
    source = text.plain(whole.name if whole else "")
    return Report(tool, TOOL, source, made, tuple(found), tuple(said), looked)


def _tool(tools: Any) -> str:
    """The scanner among the tools that made the file: a list of them, or an object that lists components."""
    listed = tools.get("components") if isinstance(tools, dict) else tools
    named = [one.get("name") for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []
    names = [text.plain(one, text.SHOWN).lower() for one in named if isinstance(one, str)]
    return next((name for name in names if name in SCANNERS), next(iter(names), TOOL))


def _components(raws: Raws, place: str, depth: int) -> Iterator[tuple[str, Package]]:
    if depth > DEEPEST:
        raise text.wrong(place, "nested too deep")
    for here, one in each(raws, Component, place):
        if one.ref:
            yield one.ref, _package(one, here)
        yield from _components(one.components, f"{here}.components", depth + 1)


def _package(one: Component, place: str) -> Package:
    version = text.version(one.version or "", f"{place}.version")
    if one.purl:
        package, inside = purl.parsed(one.purl, f"{place}.purl")
        return package, text.version(inside or version, f"{place}.purl")
    return purl.named(
        "generic", f"{one.group}/{one.name}" if one.group else one.name, version, f"{place}.name"
    )


def _affected(
    one: Vulnerability, parts: Mapping[str, Package], whole: Component | None, place: str
) -> Iterator[Package]:
    """The packages that it is in; ("", "") for the whole that the file is about."""
    for index, affected in enumerate(one.affects or ()):
        at = f"{place}.affects[{index}].ref"
        ref = affected.ref.rpartition("#")[2] if affected.ref.startswith("urn:cdx:") else affected.ref
        if found := parts.get(ref):
            yield _told(found, one.id, at)
        elif unquote(ref).startswith("pkg:"):
            package, version = purl.parsed(unquote(ref), at)
            yield package, text.version(version, at)
        elif whole and ref in (whole.ref, whole.purl):
            yield "", ""
        else:
            raise text.wrong(
                at, f"{text.plain(ref, text.SHOWN)!r} is no component of this file, nor a package URL"
            )


def _told(package: Package, id_: str, place: str) -> Package:
    """pip-audit writes names without a purl; the vulnerability's own name tells what they are names of."""
    kind = SPEAKING.get(id_.partition("-")[0], "")
    if not kind or not package[0].startswith(UNTYPED):
        return package
    return purl.named(kind, unquote(package[0].removeprefix(UNTYPED)), package[1], place)


def _found(
    one: Vulnerability, parts: Mapping[str, Package], whole: Component | None, place: str
) -> Iterator[Found]:
    if one.rejected:
        return
    others = (other.id for other in one.references or () if other.id)
    names = text.names((one.id, *others), f"{place}.id")
    level, score = highest(_rated(rating) for rating in one.ratings or ())
    title = text.plain((one.description or "").partition("\n")[0])
    for affected in dict.fromkeys(_affected(one, parts, whole, place)):
        package, version = affected if affected[0] else _package(whole or Component(), "$.metadata.component")
        yield Found(package, version, names, level, score, title, text.plain(one.recommendation or ""))


def _rated(rating: Rating) -> tuple[Any, float | None]:
    by_number = (
        (rating.score,) if rating.score is not None and (rating.method or "CVSS")[:4] == "CVSS" else ()
    )
    return rated(rating.severity or "", [rating.vector] if rating.vector else (), by_number)


def _statements(
    one: Vulnerability,
    parts: Mapping[str, Package],
    whole: Component | None,
    made: datetime | None,
    place: str,
) -> Iterator[Statement]:
    name = text.names([one.id], f"{place}.id")[0]
    if one.rejected:
        at = text.moment(one.rejected, f"{place}.rejected")
        yield Statement(name, "", "withdrawn", f"{name} was rejected", at)
    here, said = f"{place}.analysis", one.analysis
    if said is None or not said.state:
        return
    if said.state not in STATES:
        state = text.plain(said.state, text.SHOWN)
        raise text.wrong(f"{here}.state", f"{state!r} is none of {', '.join(STATES)}")
    at = text.moment(said.updated, f"{here}.lastUpdated") or text.moment(said.issued, f"{here}.firstIssued")
    reason = text.plain(said.detail or said.justification or "")
    for package, version in dict.fromkeys(_affected(one, parts, whole, place) if one.affects else [("", "")]):
        spelled = f"{package}@{version}" if version else package
        yield Statement(name, spelled, STATES[said.state], reason, at or made)
