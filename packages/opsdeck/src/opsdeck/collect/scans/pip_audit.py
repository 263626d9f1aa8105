"""`pip-audit --format json`, and the bare list of older versions. In: bytes. Out: a Report; it knows no severities."""

from collections.abc import Iterator

from msgspec import Raw

from opsdeck.collect.scans import purl, text
from opsdeck.collect.scans.shape import Found, Report
from opsdeck.collect.scans.tree import Part, Raws, Texts, decode, each, texts

TOOL = "pip-audit"


class Vulnerability(Part):
    id: str
    fix_versions: Texts = None
    aliases: Texts = None
    description: str | None = None


class Dependency(Part):
    name: str
    version: str | None = None
    vulns: Raws = None


class Document(Part):
    dependencies: Raws


def read(body: bytes | bytearray) -> Report:
    bare = body.lstrip()[:1] == b"["
    raws = decode(body, list[Raw]) if bare else decode(body, Document).dependencies
    place = "$" if bare else "$.dependencies"
    return Report(TOOL, TOOL, found=tuple(_found(raws, place)))


def _found(raws: Raws, place: str) -> Iterator[Found]:
    for here, one in each(raws, Dependency, place):
        installed = text.version(one.version or "", f"{here}.version")
        package, version = purl.named("PyPI", one.name, installed, f"{here}.name")
        for at, found in each(one.vulns, Vulnerability, f"{here}.vulns"):
            yield Found(
                package,
                version,
                text.names((found.id, *texts(found.aliases)), f"{at}.id"),
                title=text.plain((found.description or "").partition("\n")[0]),
                fixed_in=text.fixes(texts(found.fix_versions), f"{at}.fix_versions"),
            )
