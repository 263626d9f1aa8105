"""Packages, levels and sources as tools write them → as findings have them; and what each sample file holds."""

from typing import Any

import pytest

from opsdeck.collect.scans import purl
from opsdeck.collect.scans.read import read, recognised
from opsdeck.collect.scans.severity import highest, of_score, of_vector, rated
from opsdeck.collect.scans.target import image, place_of

NAMED = {
    ("PyPI", "Zope.Interface__x", "1"): ("pkg:pypi/zope-interface-x", "1"),
    ("Go", "github.com/gogo/protobuf", "v1.3.1"): ("pkg:golang/github.com/gogo/protobuf", "1.3.1"),
    ("PyPI", "django", "3.2.0"): ("pkg:pypi/django", "3.2"),
    ("PyPI", "django", "v10.0.0"): ("pkg:pypi/django", "10"),
    ("PyPI", "django", "3.2.0rc1"): ("pkg:pypi/django", "3.2.0rc1"),
    ("npm", "@angular/core", "1"): ("pkg:npm/%40angular/core", "1"),
    ("Maven", "org.apache:log4j", "2"): ("pkg:maven/org.apache/log4j", "2"),
    ("crates.io", "regex", "1"): ("pkg:cargo/regex", "1"),
    ("Debian:12", "openssl", "3.0-1"): ("pkg:deb/debian/openssl", "3.0-1"),
    ("Alpine:v3.18", "zlib", "1-r0"): ("pkg:apk/alpine/zlib", "1-r0"),
    ("python-pkg", "Django", "3"): ("pkg:pypi/django", "3"),
    ("Nobody's", "x y", "1"): ("pkg:generic/x%20y", "1"),
}
PURLS = {
    "pkg:pypi/Jinja2@2.10?x=y#z": ("pkg:pypi/jinja2", "2.10"),
    "pkg:deb/debian/openssl@1.1?arch=amd64&distro=debian-12&epoch=2": ("pkg:deb/debian/openssl", "2:1.1"),
    "pkg:rpm/redhat/bash@1:4.2": ("pkg:rpm/redhat/bash", "1:4.2"),
    "pkg:golang/stdlib@v1.20": ("pkg:golang/stdlib", "1.20"),
    "pkg:npm/%40angular/core": ("pkg:npm/%40angular/core", ""),
}
SCORED = {
    "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H": ("critical", 9.8),
    "CVSS:3.0/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:N/A:N": ("high", 7.5),
    "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N": ("critical", 9.3),
    "AV:N/AC:L/Au:N/C:C/I:C/A:C": ("high", 10.0),
    "(AV:N/AC:L/Au:N/C:P/I:P/A:P)": ("high", 7.5),
    "CVSS:3.1/AV:N": ("unknown", None),
    "CVSS:9/AV:N": ("unknown", None),
    "": ("unknown", None),
}
# sample → format, tool, source, findings, statements
HELD = {
    "pip-audit.json": ("pip-audit", "pip-audit", "", 12, 0),
    "pip-audit.cdx.json": ("cyclonedx", "cyclonedx", "", 6, 0),
    "osv-scanner.json": ("osv-scanner", "osv-scanner", "", 12, 0),
    "trivy.json": ("trivy", "trivy", "project", 6, 0),
    "grype.json": ("grype", "grype", "project", 6, 0),
    "trivy.sarif": ("sarif", "trivy", "", 6, 0),
    "grype.sarif": ("sarif", "grype", "", 6, 0),
    "osv-scanner.sarif": ("sarif", "osv-scanner", "", 6, 0),
    "sbom-with-vulnerabilities.cdx.json": ("cyclonedx", "grype", "project", 6, 0),
    "vex.cdx.json": ("cyclonedx", "cyclonedx", "project", 0, 1),
    "vex.openvex.json": ("openvex", "openvex", "Example Author", 0, 2),
    "lib4vex.cdx.json": ("cyclonedx", "lib4vex", "unjucks", 0, 1),
    "lib4vex.openvex.json": ("openvex", "openvex", "Example Author", 0, 1),
    "osv-record.json": ("osv", "osv", "GHSA-xpfp-f569-q3p2", 1, 0),
    "osv-list.json": ("osv", "osv", "", 6, 0),
    "osv-query.json": ("osv", "osv", "", 2, 0),
    "osv-withdrawn.json": ("osv", "osv", "GHSA-q2q7-5pp4-w6pg", 0, 3),
}
PACKAGES = {"django", "jinja2", "pyyaml", "requests", "urllib3"}


@pytest.mark.parametrize("given", NAMED)
def test_an_ecosystem_and_a_name(given: tuple[str, str, str]) -> None:
    assert purl.named(*given, "$") == NAMED[given]


@pytest.mark.parametrize("given", PURLS)
def test_a_package_url(given: str) -> None:
    assert purl.parsed(given, "$") == PURLS[given]


@pytest.mark.parametrize("vector", SCORED)
def test_a_vector(vector: str) -> None:
    assert of_vector(vector) == SCORED[vector]


@pytest.mark.parametrize(("score", "level"), [
    (10, "critical"), (9, "critical"), (8.9, "high"), ("7.0", "high"), (4, "medium"), (0.1, "low"), (0, "none"),
    (10.1, "unknown"), (-0.1, "unknown"), ("nan", "unknown"), ("inf", "unknown"), ("", "unknown"),
])  # fmt: skip
def test_a_score(score: float | str, level: str) -> None:
    assert of_score(score)[0] == level


def test_the_tools_own_level_counts_within_its_report() -> None:
    assert rated("Moderate", ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"], [5]) == ("medium", 5)
    assert rated("UNKNOWN", ["CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"], [5]) == ("critical", 9.8)
    assert rated("grave") == ("unknown", None)


def test_across_tools_the_gravest_counts() -> None:
    assert highest([("unknown", None), ("high", 7.5), ("medium", 9.9)]) == ("high", 7.5)
    assert highest([]) == ("unknown", None)


@pytest.mark.parametrize(("given", "name"), [
    ("registry:5000/team/app:1.2@sha256:ab", "registry:5000/team/app"), ("alpine:3.18", "alpine"), ("alpine", "alpine"),
])  # fmt: skip
def test_an_image_keeps_its_name_from_build_to_build(given: str, name: str) -> None:
    assert image(given) == name


@pytest.mark.parametrize(
    ("given", "name"), [("/ci/7f3a/app/", "app"), (".", ""), ("C:\\ci\\app", "app"), ("", "")]
)
def test_a_path_keeps_its_last_part(given: str, name: str) -> None:
    assert place_of(given) == name


@pytest.mark.parametrize("name", HELD)
def test_what_a_sample_holds(name: str, sample: Any) -> None:
    report = read(sample(name))
    assert (
        recognised(sample(name)),
        report.tool,
        report.source,
        len(report.found),
        len(report.statements),
    ) == HELD[name]
    assert {one.package.removeprefix("pkg:pypi/") for one in report.found} <= PACKAGES
    assert report.looked == bool(report.found)


def test_a_clean_scan_is_a_look() -> None:
    for body in (
        b'{"dependencies": []}',
        b'{"results": []}',
        b'{"matches": []}',
        b'{"bomFormat": "CycloneDX", "components": [], "vulnerabilities": []}',
    ):
        assert (read(body).looked, read(body).found) == (True, ())


def test_an_advisory_about_several_cves_unites_none_of_them() -> None:
    body = b'{"matches": [{"vulnerability": {"id": "ELSA-1"}, "artifact": {"name": "a"}, "relatedVulnerabilities": [{"id": "CVE-1"}, {"id": "CVE-2"}]}]}'
    assert read(body).found[0].ids == ("ELSA-1",)


def test_a_times_without_a_zone_is_utc() -> None:
    made = read(
        b'{"SchemaVersion": 2, "ArtifactName": "a", "CreatedAt": "2026-01-02T03:04:05.123456789"}'
    ).made_at
    assert made is not None
    assert made.isoformat() == "2026-01-02T03:04:05.123456+00:00"
