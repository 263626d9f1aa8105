"""Findings of many tools → one for each vulnerability of a package's version. Pure: values in, values out.

1. Within a package and version, lines that share a name are one vulnerability: the names are united, so a later line can
   link two earlier findings; the older one stays and the other is dropped.
2. A line without a version (an OSV record) joins every version of its package that shares a name, and stands by itself
   only where there is none.
3. What this look (tool and source) reported before and does not report now is over for it; a finding that no look
   reports any more is gone.
"""

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from opsdeck.collect.scans.severity import Rated, highest
from opsdeck.collect.scans.shape import Found
from opsdeck.model import Finding

NAMESPACES = ("CVE-", "GHSA-")

Line = Finding | Found


@dataclass(frozen=True, slots=True)
class Look:
    """Who looks at what: a tool and the source it scanned. Its next scan replaces this one."""

    service: str
    tool: str
    source: str

    @property
    def name(self) -> str:
        return f"{self.tool}:{self.source}" if self.source else self.tool


@dataclass(frozen=True, slots=True)
class United:
    """What an import makes of the findings: those that are as they are now, and the keys that went into others."""

    findings: tuple[Finding, ...]
    merged: tuple[str, ...]


@dataclass(slots=True)
class _Cluster:
    ids: set[str] = field(default_factory=set)
    known: list[Finding] = field(default_factory=list)
    found: list[Found] = field(default_factory=list)

    def add(self, line: Line) -> None:
        self.ids |= names(line)
        if isinstance(line, Finding):
            self.known.append(line)
        else:
            self.found.append(line)

    def join(self, other: "_Cluster") -> None:
        self.ids |= other.ids
        self.known += other.known
        self.found += other.found


def names(line: Line) -> set[str]:
    """All names of a vulnerability."""
    return set(line.ids["all"] if isinstance(line, Finding) else line.ids)


def shown(ids: Iterable[str]) -> str:
    """The name by which people know it: CVE before GHSA before others."""

    def rank(id_: str) -> tuple[int, str]:
        ranks = (place for place, start in enumerate(NAMESPACES) if id_.startswith(start))
        return next(ranks, len(NAMESPACES)), id_

    return min(ids, key=rank)


def reported(finding: Finding) -> bool:
    """Whether the newest scan of some look still reports it."""
    return _counting(finding.tools, finding.version)


def unite(known: Sequence[Finding], found: Iterable[Found], look: Look, now: datetime) -> United:
    """The findings of a service after this look; those that it does not touch are left out."""
    lines: dict[str, list[Line]] = defaultdict(list)
    for new in found:
        lines[new.package].append(new)
    touched = {one.package for one in known if _reports(one, look)} | lines.keys()
    for old in known:
        if old.package in touched:
            lines[old.package].append(old)
    findings: list[Finding] = []
    merged: set[str] = set()
    for package, given in lines.items():
        for version, cluster in _clusters(given):
            one = _finding(package, version, cluster, look, now)
            merged |= {old.key for old in cluster.known} - {one.key}
            findings.append(one)
    kept = {one.key for one in findings}
    return United(tuple(findings), tuple(sorted(merged - kept)))


def _clusters(lines: Iterable[Line]) -> Iterator[tuple[str, _Cluster]]:
    versions: dict[str, list[Line]] = defaultdict(list)
    for line in lines:
        versions[line.version].append(line)
    loose = _joined(versions.pop("", ()))
    by_id = {id_: place for place, cluster in enumerate(loose) for id_ in cluster.ids}
    taken: set[int] = set()
    for version, given in versions.items():
        here = {by_id[id_] for line in given for id_ in names(line) if id_ in by_id}
        taken |= here
        for cluster in _joined(given, [loose[place] for place in sorted(here)]):
            yield version, cluster
    yield from (("", cluster) for place, cluster in enumerate(loose) if place not in taken)


def _joined(lines: Iterable[Line], loose: Iterable[_Cluster] = ()) -> list[_Cluster]:
    """Clusters of lines (and of clusters without a version) that share a name, in a pass."""
    home: dict[str, _Cluster] = {}
    for start in (*map(_alone, lines), *map(_copied, loose)):
        cluster = start
        for other in {id(home[id_]): home[id_] for id_ in start.ids if id_ in home}.values():
            small, large = sorted((cluster, other), key=lambda one: len(one.ids))
            large.join(small)
            home.update(dict.fromkeys(small.ids, large))
            cluster = large
        home.update(dict.fromkeys(start.ids, cluster))
    return list({id(cluster): cluster for cluster in home.values()}.values())


def _alone(line: Line) -> _Cluster:
    cluster = _Cluster()
    cluster.add(line)
    return cluster


def _copied(cluster: _Cluster) -> _Cluster:
    return _Cluster(set(cluster.ids), list(cluster.known), list(cluster.found))


def _finding(package: str, version: str, cluster: _Cluster, look: Look, now: datetime) -> Finding:
    exact = [one for one in cluster.known if one.version == version]
    oldest = min(exact, key=lambda one: (one.first_seen, one.key), default=None)
    tools = _tools(cluster, look, now)
    fixes = (*(one.fixed_in for one in cluster.found), *(one.fixed_in for one in cluster.known))
    titles = (*(one.title for one in (*exact, *cluster.known)), *(one.title for one in cluster.found))
    ids = sorted(cluster.ids)
    level, score = highest(_ratings(tools, version))
    return Finding(
        key=oldest.key if oldest else _key(look.service, package, version, shown(ids)),
        service=look.service,
        package=package,
        version=version,
        id=shown(ids),
        ids={"all": ids},
        severity=level,
        score=score,
        title=next(filter(None, titles), ""),
        fixed_in=next(filter(None, fixes), ""),
        tools=tools,
        status=oldest.status if oldest else "open",
        first_seen=min((one.first_seen for one in cluster.known), default=now),
        last_seen=now if cluster.found else max(one.last_seen for one in cluster.known),
    )


def _tools(cluster: _Cluster, look: Look, now: datetime) -> dict[str, Any]:
    """What each look said last. What this look says now replaces what it said before."""
    tools: dict[str, Any] = {}
    for one in cluster.known:
        for name, said in one.tools.items():
            tools[name] = _both(tools[name], said) if name in tools else said
    if cluster.found:
        level, score = highest((one.severity, one.score) for one in cluster.found)
        exact = any(one.version for one in cluster.found)
        tools[look.name] = {
            "severity": level, "score": score, "exact": exact, "gone": False, "seen": now.isoformat()
        }  # fmt: skip
    elif look.name in tools:
        tools[look.name] = {**tools[look.name], "gone": True}
    return tools


def _both(one: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    """What a look said about two findings that turned out to be one: what it still says, and the graver of it."""
    if one["gone"] != other["gone"]:
        return other if one["gone"] else one
    level, score = highest([(one["severity"], one["score"]), (other["severity"], other["score"])])
    seen = max(one["seen"], other["seen"])
    exact = one["exact"] or other["exact"]
    return {"severity": level, "score": score, "exact": exact, "gone": one["gone"], "seen": seen}


def _ratings(tools: Mapping[str, Any], version: str) -> Iterator[Rated]:
    """Those of the looks that still report it; of all, once it is gone."""
    still = _counting(tools, version)
    for tool in tools.values():
        if not still or not tool["gone"]:
            yield tool["severity"], tool["score"]


def _counting(tools: Mapping[str, Any], version: str) -> bool:
    return any(not tool["gone"] and (tool["exact"] or not version) for tool in tools.values())


def _reports(finding: Finding, look: Look) -> bool:
    tool = finding.tools.get(look.name)
    return tool is not None and not tool["gone"]


def _key(*parts: str) -> str:
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:32]
