"""Package names that mean the same are spelled the same: a purl without version, qualifiers and subpath.

In: a purl, or an ecosystem and a name as a tool writes them. Out: (purl, version). PyPI names are those of PEP 503, an
epoch of a Debian or RPM package stands in its version, Go versions have no leading v. What is no name raises
UsageError with its place in the file.
"""

import re
from functools import lru_cache

from packageurl import PackageURL

from opsdeck.collect.scans.text import SHOWN, plain, wrong

LONGEST = 512
# Ecosystems of OSV and package types of Trivy and Grype, lower case, up to the first colon → purl type and namespace.
TYPES = {
    **dict.fromkeys(("pypi", "pip", "pipenv", "poetry", "uv", "python-pkg", "python", "conda-pkg"), ("pypi", "")),
    **dict.fromkeys(("npm", "yarn", "pnpm", "bun", "node-pkg", "javascript"), ("npm", "")),
    **dict.fromkeys(("go", "gomod", "gobinary", "golang", "go-module"), ("golang", "")),
    **dict.fromkeys(("crates.io", "cargo", "rustbinary", "rust", "rust-crate"), ("cargo", "")),
    **dict.fromkeys(("maven", "jar", "pom", "gradle", "sbt", "java", "java-archive"), ("maven", "")),
    **dict.fromkeys(("nuget", "dotnet-core", "dotnet", "packages-props"), ("nuget", "")),
    **dict.fromkeys(("rubygems", "bundler", "gemspec", "gem", "ruby"), ("gem", "")),
    **dict.fromkeys(("packagist", "composer", "composer-vendor", "php", "php-composer"), ("composer", "")),
    **dict.fromkeys(("hex", "mix-lock"), ("hex", "")),
    **dict.fromkeys(("pub", "dart"), ("pub", "")),
    **dict.fromkeys(("conan", "conancenter"), ("conan", "")),
    **dict.fromkeys(("swifturl", "swift"), ("swift", "")),
    "cocoapods": ("cocoapods", ""), "hackage": ("hackage", ""), "cran": ("cran", ""),
    "github actions": ("githubactions", ""), "debian": ("deb", "debian"), "ubuntu": ("deb", "ubuntu"),
    "alpine": ("apk", "alpine"), "wolfi": ("apk", "wolfi"), "chainguard": ("apk", "chainguard"),
    "redhat": ("rpm", "redhat"), "red hat": ("rpm", "redhat"), "centos": ("rpm", "centos"),
    "rocky": ("rpm", "rocky"), "rocky linux": ("rpm", "rocky"), "alma": ("rpm", "alma"), "almalinux": ("rpm", "alma"),
    "amazon": ("rpm", "amazon"), "oracle": ("rpm", "oracle"), "fedora": ("rpm", "fedora"),
    "suse": ("rpm", "suse"), "opensuse": ("rpm", "opensuse"), "bitnami": ("bitnami", ""), "conda": ("conda", ""),
}  # fmt: skip

# Types whose names begin with a namespace and a slash.
SPACED = frozenset({"npm", "golang", "composer", "swift", "githubactions"})

_RUNS = re.compile(r"[-_.]+")
# PEP 440: 3.2 and 3.2.0 are one release; pip says the first where a requirements file says the second.
_RELEASE = re.compile(r"[vV]?(\d+(?:\.\d+)*?)(?:\.0)*")


def named(ecosystem: str, name: str, version: str, place: str) -> tuple[str, str]:
    """`PyPI`, `Jinja2`, `2.10` → `pkg:pypi/jinja2`, `2.10`. An ecosystem that nobody knows becomes `generic`."""
    kind, space = TYPES.get(ecosystem.partition(":")[0].strip().lower(), ("generic", ""))
    if kind == "maven" and ":" in name:
        space, _, name = name.partition(":")
    elif kind in SPACED and "/" in name:
        space, _, name = name.rpartition("/")
    try:
        return _spelled(kind, space, name), _plain_version(kind, version)
    except ValueError as error:
        raise wrong(place, f"no name of a package: {plain(str(error), SHOWN)}") from None


def parsed(purl: str, place: str) -> tuple[str, str]:
    """`pkg:pypi/Jinja2@2.10?x=y` → `pkg:pypi/jinja2`, `2.10`."""
    try:
        return _parsed(purl)
    except ValueError as error:
        raise wrong(place, f"no package URL: {plain(str(error), SHOWN)}") from None


@lru_cache(maxsize=65_536)
def _parsed(purl: str) -> tuple[str, str]:
    if len(purl) > LONGEST:
        raise ValueError(f"{len(purl):,} characters; {LONGEST} are the most")
    given = PackageURL.from_string(purl)
    version = given.version or ""
    epoch = given.qualifiers.get("epoch", "") if isinstance(given.qualifiers, dict) else ""
    if epoch not in ("", "0") and ":" not in version:
        version = f"{epoch}:{version}"
    return _spelled(given.type, given.namespace or "", given.name), _plain_version(given.type, version)


@lru_cache(maxsize=65_536)
def _spelled(kind: str, space: str, name: str) -> str:
    if kind == "pypi":
        name = _RUNS.sub("-", name).lower()
    if len(name) > LONGEST:
        raise ValueError(f"{len(name):,} characters; {LONGEST} are the most")
    spelled = PackageURL(kind, space or None, name).to_string()
    if len(spelled) > LONGEST:
        raise ValueError(f"{len(spelled):,} characters; {LONGEST} are the most")
    return spelled


def _plain_version(kind: str, version: str) -> str:
    if kind == "pypi" and (release := _RELEASE.fullmatch(version)):
        return release[1]
    return version.removeprefix("v") if kind == "golang" else version
