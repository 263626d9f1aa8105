"""How often each fault happened in a window, to whom, on which versions, and when.

In: events, the members of faults. Out: Figures by fault. Each event counts for the fault that its cause belongs to now,
so a merge or a split shows in the past, too.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from opsdeck.faults import Cause, member_of
from opsdeck.faults.members import ANY, CAUSE, FAILURES
from opsdeck.model import Clause, FaultMember, Group, Match, Window
from opsdeck.reports.spans import starts
from opsdeck.stores.api import Query

OF_CAUSE = len(CAUSE)
NOBODY = (ANY,) * (OF_CAUSE - 1)


@dataclass(frozen=True, slots=True)
class VersionFigures:
    """How often on one version, and when."""

    version: str
    count: int
    first: datetime
    last: datetime


@dataclass(frozen=True, slots=True)
class Figures:
    """One fault in a window; `trend` is a count per step, `newest` an event's id."""

    count: int = 0
    users: int = 0
    sessions: int = 0
    category: str = ""
    newest: str = ""
    versions: tuple[VersionFigures, ...] = ()
    templates: Mapping[str, int] = field(default_factory=dict)
    user_types: Mapping[str, int] = field(default_factory=dict)
    trend: tuple[int, ...] = ()


class Sorter:
    """Tells the fault of a group of events, by the causes that have members."""

    def __init__(self, members: Iterable[FaultMember]) -> None:
        self._members = {member.key: member for member in members}
        fingerprints = {member.fingerprint for member in self._members.values()}
        known = self._members.values()
        self.others = ANY in fingerprints
        self.overflows = any(member.code == ANY for member in known)
        self.codes = tuple(sorted({member.code for member in known} - {ANY}))
        self.templates = tuple(sorted({member.template for member in known} - {ANY}))
        self.named = tuple(sorted(fingerprints - {ANY}))

    def of(self, group: Group) -> str:
        """The fault's id, "" where no tick has seen the cause yet."""
        member = member_of(Cause.of(group.key[:OF_CAUSE]), self._members.get)
        return member.fault if member else ""


def of_services(services: tuple[str, ...]) -> Match:
    """All failures of the services that faults are made of."""
    return FAILURES.also(service=services)


def of_members(members: Iterable[FaultMember]) -> Match:
    """Failures among which all of these members' are: a sorter tells them from others'."""
    match, members = FAILURES, list(members)
    for name, part in zip(CAUSE, ("service", "code", "template", "user_type", "fingerprint"), strict=True):
        values = tuple(sorted({getattr(member, part) for member in members}))
        if ANY not in values:
            match = match.also(**{name: values})
    return match


def figures(
    query: Query, match: Match, sorter: Sorter, window: Window, step: timedelta
) -> dict[str, Figures]:
    """Figures of every fault that has a matching event in the window."""
    found: dict[str, list[Group]] = defaultdict(list)
    for group in _groups(query, match, sorter, window, ("version", "error_category")):
        found[sorter.of(group)].append(group)
    users, sessions = (_different(query, match, sorter, window, name) for name in ("user_id", "session_id"))
    trends = _trends(query, match, sorter, window, step)
    return {
        fault: replace(
            _summed(groups), users=users[fault], sessions=sessions[fault], trend=tuple(trends[fault])
        )
        for fault, groups in found.items()
        if fault
    }


def _groups(
    query: Query,
    match: Match,
    sorter: Sorter,
    window: Window,
    by: tuple[str, ...],
    *,
    step: timedelta | None = None,
    distinct: str = "",
) -> list[Group]:
    """By cause, then by these fields. Causes that have no member are not told apart: there may be any number of them."""
    named = match.also(fingerprint=sorter.named)
    groups = query.groups(named, window, (*CAUSE, *by), step=step, distinct=distinct)
    rest = match.also(Clause("fingerprint", "not in", sorter.named))
    if sorter.others:
        known = rest.also(error_code=sorter.codes, template=sorter.templates)
        others = query.groups(known, window, (*CAUSE[:-1], *by), step=step, distinct=distinct)
        groups += [
            replace(one, key=(*one.key[: OF_CAUSE - 1], ANY, *one.key[OF_CAUSE - 1 :])) for one in others
        ]
    if sorter.overflows:
        unknown = rest.also(Clause("error_code", "not in", sorter.codes))
        others = query.groups(unknown, window, ("service", *by), step=step, distinct=distinct)
        groups += [replace(one, key=(one.key[0], *NOBODY, *one.key[1:])) for one in others]
    return groups


def _summed(groups: list[Group]) -> Figures:
    categories, templates, user_types = Counter[str](), Counter[str](), Counter[str]()
    versions: dict[str, VersionFigures] = {}
    for group in groups:
        _, _, template, user_type, _, version, category = group.key
        templates[template] += group.count
        user_types[user_type] += group.count
        categories[category] += group.count
        old = versions.get(version, VersionFigures(version, 0, group.first, group.last))
        versions[version] = VersionFigures(
            version, old.count + group.count, min(old.first, group.first), max(old.last, group.last)
        )
    return Figures(
        count=sum(group.count for group in groups),
        category=categories.most_common(1)[0][0],
        newest=max(groups, key=lambda group: (group.last, group.newest)).newest,
        versions=tuple(sorted(versions.values(), key=lambda one: one.last, reverse=True)),
        templates=dict(templates.most_common()),
        user_types=dict(user_types.most_common()),
    )


def _different(query: Query, match: Match, sorter: Sorter, window: Window, name: str) -> Counter[str]:
    """How many users (sessions) by fault. Those of one cause are counted by the store; who met several causes of one
    fault must not be counted twice, so there they are looked at one by one."""
    by_fault: dict[str, list[Group]] = defaultdict(list)
    for group in _groups(query, match, sorter, window, (), distinct=name):
        by_fault[sorter.of(group)].append(group)
    counts = Counter({fault: groups[0].distinct for fault, groups in by_fault.items() if len(groups) == 1})
    several = [group for groups in by_fault.values() if len(groups) > 1 for group in groups]
    if several:
        values = {part: tuple({group.key[at] for group in several}) for at, part in enumerate(CAUSE[:-1])}
        narrowed = match if ANY in values["error_code"] else match.also(**values)
        seen = {(sorter.of(row), row.key[-1]) for row in _groups(query, narrowed, sorter, window, (name,))}
        counts.update([fault for fault, value in seen if value and fault not in counts])
    return counts


def _trends(
    query: Query, match: Match, sorter: Sorter, window: Window, step: timedelta
) -> dict[str, list[int]]:
    trends: dict[str, list[int]] = defaultdict(lambda: [0] * len(starts(window, step)))
    for group in _groups(query, match, sorter, window, (), step=step):
        trends[sorter.of(group)][(group.start - window.start) // step] += group.count
    return trends
