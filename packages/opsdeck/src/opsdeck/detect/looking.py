"""Rules over the event store: what holds now, of subjects that are not known for it already.

In: the reading half of an event store, rules, the services that are watched, when each subject was last found, since
when something new may have come, now.
Out: hits by service. It must not know state, the log or people.

A window is anchored at the newest matching event of each subject (`within`) among the events **received** lately: a
client's clock that is wrong by a constant moves its burst as a whole, so it neither hides nor makes one, and failures
of days that a laptop kept while it was offline arrive together without becoming a burst. What was received before the
last detection of the same rule and subject is spent: only what came after it counts again.

1. Recent: subjects of whom something came since the last look; all of them where none is given.
2. Coarse: those of them who are over the line anywhere in what was received; the store does it in one pass.
3. Exact, for those few: without what is spent, within the window. Where the store cannot test the whole condition,
   the newest entries of the subject are read and tested one by one.

Probes and the deck itself (user type `service`) never count.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from opsdeck import timing
from opsdeck.detect.expression import holds, value_of
from opsdeck.detect.fields import FIELDS
from opsdeck.detect.hits import Hit
from opsdeck.detect.pushing import Pushed, push
from opsdeck.detect.rule import Rule
from opsdeck.model import Clause, Entry, Group, Match, Window
from opsdeck.stores.api import Query

# How much later than the first event of a burst its last one may arrive.
MARGIN = timedelta(minutes=15)
# An entry counts at its own time up to so long before it came, and so long after (collection stamps what is beyond).
OLDEST, AHEAD = timedelta(days=31), timedelta(minutes=6)
EVIDENCE, MOST_PROVEN = 20, 5
MOST_READ = 5_000
MOST_SUBJECTS = 100
# Beyond so many names the store is asked about everybody: a list that long costs more than it saves.
MOST_NAMED = 500
OTHERS = 2

Spent = Callable[[str, str, str], datetime | None]
"""When the last detection of (service, rule, subject) was made, if there is one."""
_WIRE: Mapping[str, str] = {field.stored: name for name, field in FIELDS.items() if field.stored}


@dataclass(frozen=True, slots=True)
class Found:
    """A hit of one service; `spent` is what the look was told about its subject."""

    service: str
    hit: Hit
    spent: datetime | None


def look(
    query: Query,
    rules: Iterable[Rule],
    services: Iterable[str],
    spent: Spent,
    now: datetime,
    *,
    fresh: datetime | None = None,
) -> list[Found]:
    """Every rule once over all services; with `fresh` about those only of whom something was received since."""
    watched = frozenset(services)
    return [found for rule in rules for found in _Look(query, rule, watched, spent, now).found(fresh)]


class _Look:
    """One rule, one moment."""

    def __init__(
        self, query: Query, rule: Rule, services: frozenset[str], spent: Spent, now: datetime
    ) -> None:
        self.query, self.rule, self.services, self.spent, self.now = query, rule, services, spent, now
        self.pushed: Pushed = push(rule.asked)
        self.by = ("service", *(name for name in rule.by if name != "service"))
        self.window = Window(now - OLDEST, now + AHEAD)
        self.oldest = now - (rule.span or timedelta(0)) - MARGIN
        self.proven = 0

    def found(self, fresh: datetime | None) -> Iterator[Found]:
        for last, groups in self._suspects(fresh).items():
            if self.rule.beyond or not self.pushed.exact:
                alone = (self._alone(self._keys(one), last) for one in groups)
                yield from (found for found in alone if found)
            else:
                yield from self._together(groups, last)

    def _suspects(self, fresh: datetime | None) -> dict[datetime | None, list[Group]]:
        """Who is over the line without a look at the window, by when they were found last."""
        match = self._received(self.oldest)
        if fresh and fresh > self.oldest:
            recent = self.query.groups(self._received(fresh), self.window, self.by)
            if not recent:
                return {}
            match = self._named(match, recent)
        rule = self.rule
        distinct, above = (rule.beyond, OTHERS - 1) if rule.beyond else (rule.distinct, rule.above)
        coarse = self.query.groups(match, self.window, self.by, distinct=distinct, above=above)
        meant = [one for one in coarse if one.key[0] in self.services and all(one.key)]
        if rule.beyond:
            meant = [one for one in meant if one.count > rule.above]
        if not self.pushed.exact:
            meant = sorted(meant, key=lambda one: -one.count)[:MOST_SUBJECTS]
        suspects: dict[datetime | None, list[Group]] = {}
        for one in meant:
            last = self.spent(one.key[0], rule.name, self._keys(one)[rule.subject])
            if last is None or last + rule.again < self.now:
                suspects.setdefault(last, []).append(one)
        return suspects

    def _named(self, match: Match, groups: list[Group]) -> Match:
        names = tuple(dict.fromkeys(self._keys(one)[self.rule.subject] for one in groups))
        return match if len(names) > MOST_NAMED else match.also(Clause(self.rule.subject, "in", names))

    def _together(self, groups: list[Group], last: datetime | None) -> Iterator[Found]:
        """Everybody whose entries count since the same moment, in one question."""
        rule, asked = self.rule, {one.key for one in groups}
        match = self._named(self._since(last), groups)
        exact = self.query.groups(
            match, self.window, self.by, distinct=rule.distinct, within=rule.span, above=rule.above
        )
        for one in exact:
            if one.key in asked:
                keys = self._keys(one)
                yield Found(one.key[0], self._hit(one, self._evidence(match.also(**keys), one), keys), last)

    def _since(self, last: datetime | None) -> Match:
        if last is None or last + self.rule.again < self.oldest:
            return self._received(self.oldest)
        return self._received(last + self.rule.again, after=True)

    def _keys(self, group: Group) -> dict[str, str]:
        return dict(zip(self.by, group.key, strict=True))

    def _received(self, since: datetime, *, after: bool = False) -> Match:
        return Match(
            (
                Clause("received", ">" if after else ">=", since.timestamp() * 1000),
                Clause("received", "<=", self.now.timestamp() * 1000),
                Clause("user_type", "!=", "service"),
                *self.pushed.clauses,
            )
        )

    def _alone(self, keys: Mapping[str, str], last: datetime | None) -> Found | None:
        """One subject that takes questions of its own."""
        match = self._since(last).also(**keys)
        hit = self._others(match, keys) if self.rule.beyond else self._read(match, keys)
        return Found(keys["service"], hit, last) if hit else None

    def _others(self, match: Match, keys: Mapping[str, str]) -> Hit | None:
        rule = self.rule
        quiet = self._beyond(match.also(Clause(rule.beyond, "!=", "")))
        groups = self.query.groups(
            quiet, self.window, self.by, distinct=rule.beyond, within=rule.span, above=OTHERS - 1
        )
        if not groups or groups[0].count <= rule.above:
            return None
        return self._hit(groups[0], self._evidence(quiet, groups[0]), keys)

    def _beyond(self, match: Match) -> Match:
        """Without those who are over the line by themselves, wherever they are; nobody without a name counts."""
        rule = self.rule
        present = self.query.groups(match, self.window, ("service", rule.beyond))
        if not present:
            return match
        everywhere = self._received(self.oldest).also(service=present[0].key[0])
        users = tuple(one.key[1] for one in present)[:MOST_READ]
        loud = self.query.groups(
            everywhere.also(Clause(rule.beyond, "in", users)),
            self.window,
            (rule.beyond,),
            within=rule.span,
            above=rule.above,
        )
        if not loud:
            return match
        return match.also(Clause(rule.beyond, "not in", tuple(one.key[0] for one in loud)))

    def _read(self, match: Match, keys: Mapping[str, str]) -> Hit | None:
        """The newest entries of the subject, tested here."""
        rule = self.rule
        entries = self.query.find(match, self.window, MOST_READ)
        meant = [entry for entry in entries if holds(rule.asked, entry.body)]
        if not meant:
            return None
        newest = max(entry.at for entry in meant)
        near = [entry for entry in meant if rule.span is None or entry.at > newest - rule.span]
        distinct = (
            {str(value_of(entry.body, _WIRE[rule.distinct])) for entry in near} if rule.distinct else set()
        )
        if (len(distinct - {"", "None"}) if rule.distinct else len(near)) <= rule.above:
            return None
        first = min(entry.at for entry in near)
        group = Group(first, (), len(near), len(distinct), first, newest, near[0].event_id)
        return self._hit(group, near[:EVIDENCE], keys)

    def _evidence(self, match: Match, group: Group) -> list[Entry]:
        """Entries that show it, of the first few hits; the others have the id of their newest."""
        self.proven += 1
        if self.proven > MOST_PROVEN:
            return []
        near = (group.last - group.first) * min(1.0, 2 * EVIDENCE / group.count)
        return self.query.find(
            match, Window(group.last - near, group.last + timedelta(microseconds=1)), EVIDENCE
        )

    def _hit(self, group: Group, entries: list[Entry], keys: Mapping[str, str]) -> Hit:
        rule = self.rule
        data: dict[str, object] = {
            "events": [entry.event_id for entry in entries] or [group.newest],
            "count": group.count,
        }
        if rule.distinct or rule.beyond:
            data["distinct"] = group.distinct
        templates = {str(value_of(entry.body, "operation.template") or "") for entry in entries} - {""}
        if len(templates) == 1:
            data["template"] = templates.pop()
        return Hit(
            rule.event,
            rule.name,
            rule.subject_kind,
            keys[rule.subject],
            group.count,
            group.first,
            group.last,
            sentence(rule, group),
            data,
        )


def sentence(rule: Rule, group: Group) -> str:
    """What a person is told: the rule's own words with its figures, else its title."""
    words = {
        "%count%": str(group.count),
        "%distinct%": str(group.distinct),
        "%window%": timing.say(rule.span) if rule.span else "all",
        "%title%": rule.title,
    }
    said = rule.detail or "%title%: %count% events"
    for name, value in words.items():
        said = said.replace(name, value)
    return said
