"""The bytes of a scan file → a Report. In: bytes, a format or "". Out: a Report, or UsageError that names the place.

1. The size, and how many values it can hold, are looked at before anything is built from them.
2. The members at the top tell the format; what is not read is refused by its name, with what to do instead.
3. The format's own file reads it, typed: fields that nobody asked for are skipped.
"""

from collections.abc import Callable, Iterable, Mapping

import msgspec

from opsdeck.collect.scans import cyclonedx, grype, openvex, osv, osv_scanner, pip_audit, sarif, text, trivy
from opsdeck.collect.scans.shape import Report
from opsdeck.collect.scans.tree import decode
from opsdeck.errors import UsageError

Reader = Callable[[bytes | bytearray], Report]

LARGEST = 64 * 1024 * 1024
# More would cost a hostile file gigabytes; 100,000 findings of the wordiest tool have a third of it.
MOST_VALUES = 4_000_000
FORMATS: Mapping[str, Reader] = {
    "osv": osv.read,
    "osv-scanner": osv_scanner.read,
    "pip-audit": pip_audit.read,
    "trivy": trivy.read,
    "grype": grype.read,
    "cyclonedx": cyclonedx.read,
    "sarif": sarif.read,
    "openvex": openvex.read,
}
READ = f"these are read: {', '.join(FORMATS)}; --format says which it is"
# Members at the top that give away a format that is not read: its name, and what to do.
OTHERS: Mapping[str, tuple[str, str]] = {
    "spdxVersion": ("SPDX", "an SBOM says what is there, not what is wrong: grype sbom:FILE -o json, then import that"),
    "csaf_version": ("CSAF", "convert it to OpenVEX: vexctl merge, or ask its author for OpenVEX or CycloneDX VEX"),
    "auditReportVersion": ("npm audit", "osv-scanner --format json package-lock.json, then import that"),
    "report_meta": ("Safety", "pip-audit --format json, then import that"),
    "packageManager": ("Snyk", "snyk test --json-file-output has no open schema; osv-scanner --format json, then import that"),
    "reportSchema": ("Dependency-Check", "osv-scanner --format json, then import that"),
    "ClusterName": ("Trivy's Kubernetes report", "trivy image --format json IMAGE for each image, then import those"),
    "artifacts": ("Syft", "an SBOM says what is there, not what is wrong: grype sbom:FILE -o json, then import that"),
}  # fmt: skip
_STARTS: tuple[tuple[bytes, str, str], ...] = (
    (b"\xff\xfe", "UTF-16", "write it as UTF-8: … | Out-File -Encoding utf8 FILE"),
    (b"\xfe\xff", "UTF-16", "write it as UTF-8"),
    (b"\x1f\x8b", "gzip", "gunzip it first"),
    (b"PK\x03\x04", "a zip archive", "unpack it first"),
    (b"SPDXVersion:", "SPDX tag-value", OTHERS["spdxVersion"][1]),
)
BOM = b"\xef\xbb\xbf"
HEAD = 4_096


def read(body: bytes | bytearray, format_: str = "") -> Report:
    """The report that the file holds. Raises UsageError for a format that is not read and for every mistake in it."""
    if format_ and format_ not in FORMATS:
        raise UsageError(f"there is no format {text.plain(format_, text.SHOWN)!r}", hint=READ)
    body = body.removeprefix(BOM)
    _bounded(body)
    _is_json(body)
    return FORMATS[format_ or recognised(body)](body)


def _bounded(body: bytes | bytearray) -> None:
    if len(body) > LARGEST:
        raise UsageError(
            f"the file is larger than {LARGEST:,} bytes",
            hint="scan in parts, and import each with its own --source",
        )
    if body.count(b",") + body.count(b"[") + body.count(b"{") > MOST_VALUES:
        raise UsageError(
            f"the file holds more than {MOST_VALUES:,} values",
            hint="scan in parts, and import each with its own --source",
        )


def _is_json(body: bytes | bytearray) -> None:
    for start, name, what in _STARTS:
        if body.startswith(start):
            raise _refused(name, what)
    begin = bytes(body[:HEAD]).lstrip()
    if begin[:1] == b"<":
        if b"cyclonedx" in begin.lower():
            raise _refused(
                "CycloneDX XML", "cyclonedx convert --input-file FILE --output-format json, then import that"
            )
        raise _refused("XML", "let the tool write JSON: --format json")
    if not begin:
        raise UsageError("the file is empty", hint="did the scanner fail? look at what it printed")
    if begin[:1] not in (b"{", b"["):
        raise UsageError("the file is not JSON", hint="let the tool write JSON: --format json, or -o json")


def recognised(body: bytes | bytearray) -> str:
    """The format that the members at the top tell. Raises UsageError where they tell none, or one that is not read."""
    if body.lstrip()[:1] == b"[":
        return _of_list(decode(body, list[msgspec.Raw]))
    head = decode(body, dict[str, msgspec.Raw])
    name = next((name for name, tells in TELLS if tells(head)), "")
    if name:
        return name
    for member, (other, what) in OTHERS.items():
        if member in head or (
            member == "csaf_version" and b'"csaf_version"' in bytes(head.get("document", b""))
        ):
            raise _refused(other, what)
    raise _unknown(head)


def _of_list(raws: list[msgspec.Raw]) -> str:
    if raws and bytes(raws[0]).lstrip()[:1] == b"{":
        first = decode(raws[0], dict[str, msgspec.Raw], "$[0]")
        if "Target" in first:
            raise _refused("Trivy's format before 0.20", "scan with a newer Trivy")
        if "name" in first and "id" not in first:
            return "pip-audit"
        if "id" in first:
            return "osv"
        raise _unknown(first)
    raise UsageError("the file is a list that tells no format", hint=READ)


def _has(*members: str) -> Callable[[Mapping[str, msgspec.Raw]], bool]:
    return lambda head: all(member in head for member in members)


def _results_of_osv_scanner(head: Mapping[str, msgspec.Raw]) -> bool:
    if "results" not in head:
        return False
    raws = decode(head["results"], list[msgspec.Raw], "$.results")
    first = decode(raws[0], dict[str, msgspec.Raw], "$.results[0]") if raws else {}
    if "vulns" in first:
        raise _refused("the batch answer of osv.dev", "it names ids only: import the answer of each query")
    return "packages" in first or not raws


# The first that is true names the format.
TELLS: tuple[tuple[str, Callable[[Mapping[str, msgspec.Raw]], bool]], ...] = (
    ("cyclonedx", _has("bomFormat")),
    ("openvex", lambda head: b"openvex" in bytes(head.get("@context", b""))),
    ("sarif", _has("runs")),
    ("grype", _has("matches")),
    ("trivy", _has("SchemaVersion", "ArtifactName")),
    ("trivy", _has("SchemaVersion", "Results")),
    ("pip-audit", _has("dependencies")),
    ("osv", _has("vulns")),
    ("osv", _has("id", "modified")),
    ("osv", _has("id", "affected")),
    ("osv-scanner", _results_of_osv_scanner),
)


def _refused(name: str, what: str) -> UsageError:
    return UsageError(f"the file is {name}, which is not read", hint=what)


def _unknown(members: Iterable[str]) -> UsageError:
    shown = ", ".join(text.plain(member, 30) for member in list(members)[:5])
    return UsageError(f"the file tells no format (members: {shown or 'none'})", hint=READ)
