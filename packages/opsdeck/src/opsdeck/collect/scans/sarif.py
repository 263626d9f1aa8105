"""SARIF 2.1 of Trivy, Grype and osv-scanner. In: bytes. Out: a Report.

SARIF has no field for a package: each of these tools writes it into the message, in its own words. Results that are
about something else (a misconfiguration, a secret) or that are suppressed are passed over.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import field

from opsdeck.collect.scans import purl, text
from opsdeck.collect.scans.severity import rated
from opsdeck.collect.scans.shape import Found, Report
from opsdeck.collect.scans.target import image
from opsdeck.collect.scans.tree import Part, Raws, Texts, decode, each, texts
from opsdeck.errors import UsageError

FORMAT = "sarif"
TOOLS = {"trivy": "trivy", "grype": "grype", "osv-scanner": "osv-scanner"}
LONGEST_MESSAGE = 20_000
LOCKFILES = {
    **dict.fromkeys(("requirements.txt", "poetry.lock", "pipfile.lock", "pdm.lock", "uv.lock"), "pypi"),
    **dict.fromkeys(("package-lock.json", "yarn.lock", "pnpm-lock.yaml", "bun.lock"), "npm"),
    **dict.fromkeys(("pom.xml", "gradle.lockfile", "buildscript-gradle.lockfile"), "maven"),
    "go.mod": "golang", "cargo.lock": "cargo", "gemfile.lock": "gem", "composer.lock": "composer",
    "mix.lock": "hex", "pubspec.lock": "pub", "packages.lock.json": "nuget", "conan.lock": "conan",
}  # fmt: skip

_ID = re.compile(
    r"(?:CVE-\d{4}-\d+|GHSA(?:-[0-9a-z]{4}){3}|(?:PYSEC|OSV|GO|RUSTSEC|MAL)-\d{4}-\d+)", re.IGNORECASE
)
_WORDS = {
    "trivy": re.compile(r"Package: (?P<name>\S+)\s+Installed Version: (?P<version>\S+)"),
    "grype": re.compile(r"vulnerability in (?P<kind>[\w.-]+) package: (?P<name>\S+), version (?P<version>\S+) was found"),
    "osv-scanner": re.compile(r"Package '(?P<name>[^'@]+|@[^'@]+)@(?P<version>[^']+)' is vulnerable"),
}  # fmt: skip
_FIXED = re.compile(r"Fixed Version: (?P<fixed>[^\r\n]+)")


class Message(Part):
    text: str | None = None
    markdown: str | None = None


class Properties(Part):
    score: str | float | None = field(name="security-severity", default=None)


class Rule(Part):
    id: str
    short: Message | None = field(name="shortDescription", default=None)
    properties: Properties | None = None
    others: Texts = field(name="deprecatedIds", default=None)


class Driver(Part):
    name: str
    rules: Raws = None


class Tool(Part):
    driver: Driver


class Artifact(Part):
    uri: str | None = None


class Physical(Part):
    artifact: Artifact | None = field(name="artifactLocation", default=None)


class Location(Part):
    physical: Physical | None = field(name="physicalLocation", default=None)


class Result(Part):
    message: Message
    rule: str | None = field(name="ruleId", default=None)
    index: int | None = field(name="ruleIndex", default=None)
    locations: list[Location] | None = None
    suppressions: list[Any] | None = None


class Invocation(Part):
    ended: str | None = field(name="endTimeUtc", default=None)


class Named(Part):
    image: str | None = field(name="imageName", default=None)


class Run(Part):
    tool: Tool
    results: Raws = None
    invocations: list[Invocation] | None = None
    properties: Named | None = None


class Document(Part):
    runs: Raws


def read(body: bytes | bytearray) -> Report:
    runs = list(each(decode(body, Document).runs, Run, "$.runs"))
    tools = {_tool(run.tool.driver.name, here): None for here, run in runs}
    if len(tools) != 1:
        raise UsageError(
            f"this SARIF file holds runs of {len(tools)} tools", hint="import a file for each tool"
        )
    tool = next(iter(tools))
    found = tuple(one for here, run in runs for one in _found(run, tool, here))
    ends = (
        text.moment(one.ended, f"{here}.invocations[{index}].endTimeUtc")
        for here, run in runs
        for index, one in enumerate(run.invocations or ())
    )
    made = max((one for one in ends if one), default=None)
    named = next((run.properties.image for _, run in runs if run.properties and run.properties.image), "")
    return Report(tool, FORMAT, image(named), made, found)


def _tool(name: str, place: str) -> str:
    known = TOOLS.get(name.strip().lower())
    if known is None:
        at = f"{place}.tool.driver.name"
        raise UsageError(
            f"{at}: {text.plain(name, text.SHOWN)!r} does not write down packages in a way that is known here",
            hint="SARIF is read of Trivy, Grype and osv-scanner; of others import their own JSON or CycloneDX",
        )
    return known


def _found(run: Run, tool: str, place: str) -> Iterator[Found]:
    rules = list(each(run.tool.driver.rules, Rule, f"{place}.tool.driver.rules"))
    by_id = {rule.id: rule for _, rule in rules}
    for here, result in each(run.results, Result, f"{place}.results"):
        rule = by_id.get(result.rule or "")
        if rule is None and result.index is not None and 0 <= result.index < len(rules):
            rule = rules[result.index][1]
        rule = rule or Rule(id=result.rule or "")
        name = _ID.match(rule.id)
        if name is None or result.suppressions:
            continue
        yield _one(result, rule, name[0], tool, here)


def _one(result: Result, rule: Rule, name: str, tool: str, place: str) -> Found:
    said = (result.message.text or result.message.markdown or "")[:LONGEST_MESSAGE]
    package, version = _package(_WORDS[tool].search(said), result, place)
    score = rule.properties.score if rule.properties else None
    level, number = rated(scores=[score] if score is not None else ())
    others = (one for one in (*_ID.findall(said), *texts(rule.others)) if _ID.fullmatch(one))
    fixed = _FIXED.search(said)
    return Found(
        package,
        version,
        text.names((name, *(others if tool == "osv-scanner" else ())), f"{place}.ruleId"),
        level,
        number,
        text.plain((rule.short.text if rule.short else "") or ""),
        text.plain(fixed["fixed"]) if fixed else "",
    )


def _package(said: re.Match[str] | None, result: Result, place: str) -> tuple[str, str]:
    if said is None:
        raise text.wrong(f"{place}.message.text", "it does not name the package in the words of its tool")
    parts: Mapping[str, str] = said.groupdict()
    kind = parts.get("kind") or _by_lockfile(result)
    installed = text.version(parts["version"], f"{place}.message.text")
    return purl.named(kind, parts["name"], installed, f"{place}.message.text")


def _by_lockfile(result: Result) -> str:
    """The ecosystem, which the file's name tells where the message does not."""
    for one in result.locations or ():
        uri = one.physical.artifact.uri if one.physical and one.physical.artifact else None
        name = (uri or "").rpartition("/")[2].lower()
        if name in LOCKFILES:
            return LOCKFILES[name]
    return "generic"
