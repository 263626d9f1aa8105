"""OpenVEX documents. In: bytes. Out: a Report of statements only: nobody looked at packages to write it.

A statement is about its subcomponents where it names some, else about its products. A product that is no package of a
package manager (an image, the service itself) stands for every package of the service that the file is imported for.
"""

from collections.abc import Iterator
from datetime import datetime

from msgspec import field

from opsdeck.collect.scans import purl, text
from opsdeck.collect.scans.shape import Report, Statement
from opsdeck.collect.scans.tree import Part, Raws, Texts, decode, each, texts

TOOL = "openvex"
STATUSES = ("not_affected", "affected", "fixed", "under_investigation")
WHOLES = ("pkg:oci/", "pkg:docker/", "pkg:generic/", "pkg:github/")


class Vulnerability(Part):
    name: str | None = None
    id: str | None = field(name="@id", default=None)
    aliases: Texts = None


class Identifiers(Part):
    purl: str | None = None


class Component(Part):
    id: str | None = field(name="@id", default=None)
    identifiers: Identifiers | None = None


class Product(Component):
    subcomponents: list[Component | str] | None = None


class Said(Part):
    vulnerability: Vulnerability | str
    status: str
    products: list[Product | str] | None = None
    justification: str | None = None
    impact: str | None = field(name="impact_statement", default=None)
    notes: str | None = field(name="status_notes", default=None)
    timestamp: str | None = None


class Document(Part):
    statements: Raws
    author: str | None = None
    timestamp: str | None = None
    updated: str | None = field(name="last_updated", default=None)


def read(body: bytes | bytearray) -> Report:
    document = decode(body, Document)
    made = text.moment(document.updated, "$.last_updated") or text.moment(document.timestamp, "$.timestamp")
    said = (
        one
        for here, given in each(document.statements, Said, "$.statements")
        for one in _statements(given, made, here)
    )
    return Report(TOOL, TOOL, text.plain(document.author or ""), made, statements=tuple(said), looked=False)


def _statements(given: Said, made: datetime | None, place: str) -> Iterator[Statement]:
    if given.status not in STATUSES:
        status = text.plain(given.status, text.SHOWN)
        raise text.wrong(f"{place}.status", f"{status!r} is none of {', '.join(STATUSES)}")
    at = text.moment(given.timestamp, f"{place}.timestamp") or made
    reason = text.plain(given.justification or given.impact or given.notes or "")
    names = text.names(_names(given.vulnerability), f"{place}.vulnerability")
    if not names:
        raise text.wrong(f"{place}.vulnerability", "it has no name")
    for package in dict.fromkeys(_packages(given, f"{place}.products")):
        yield Statement(names[0], package, given.status, reason, at)


def _names(given: Vulnerability | str) -> Iterator[str]:
    if isinstance(given, str):
        yield given
        return
    yield from ([given.name] if given.name else [(given.id or "").rpartition("/")[2]] if given.id else [])
    yield from texts(given.aliases)


def _packages(given: Said, place: str) -> Iterator[str]:
    if not given.products:
        yield ""
    for index, product in enumerate(given.products or ()):
        inner = product.subcomponents if isinstance(product, Product) else None
        for part in inner or (product,):
            yield _package(part, f"{place}[{index}]")


def _package(part: Component | str, place: str) -> str:
    named = part if isinstance(part, str) else (part.identifiers and part.identifiers.purl) or part.id or ""
    if not named.startswith("pkg:") or named.startswith(WHOLES):
        return ""
    package, version = purl.parsed(named, place)
    return f"{package}@{text.version(version, place)}" if version else package
