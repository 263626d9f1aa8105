"""Alert rules and error tracking of one service: rules that overlap, contradict each other or can never hold."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from graphlib import CycleError, TopologicalSorter

from opsdeck.spec.check.names import Names, unknown, wrong
from opsdeck.spec.grammar import parse
from opsdeck.spec.grammar.words import PhraseError
from opsdeck.spec.mapper import services as mapper
from opsdeck.spec.mistakes import Mistake, Path
from opsdeck.spec.phrases import Condition
from opsdeck.spec.wire.service import Alert, Inherited
from opsdeck.timing import say

MOST_RINGS = 10
"""Nobody unravels more at once."""


def check(of: Inherited, names: Names, base: Path) -> Iterator[Mistake]:
    yield from _thresholds(of, names, base)
    yield from _codes(of, names, base)
    conditions: dict[str, Condition] = {}
    for name, one in of.alerts.items():
        path = (*base, "alerts", name)
        condition, said = _condition(one, of, names, path)
        yield from said
        if condition is not None:
            conditions[name] = condition
            yield from _timing(condition, of, names, path, base)
        yield from _references(name, one, names, path, base)
    yield from _overlaps(conditions, base)
    yield from _order(of.alerts, conditions, base)
    yield from _cycles(of.alerts, base)


def _thresholds(of: Inherited, names: Names, base: Path) -> Iterator[Mistake]:
    """The thresholds of error tracking, each in the unit of its indicator."""
    for follows in mapper.FOLLOWED:
        text = mapper.threshold_at(follows, of)
        try:
            if text:
                mapper.followed(follows, of, names.units)
        except PhraseError as error:
            yield wrong(error, (*base, *follows.split(".")))


def _codes(of: Inherited, names: Names, base: Path) -> Iterator[Mistake]:
    known = names.under("errors", "categories") | set(of.errors.categories)
    for code, category in of.errors.codes.items():
        if category not in known:
            yield unknown("error category", category, known, (*base, "errors", "codes", code))
    for index, code in enumerate(of.errors.retry.codes):
        here = (*base, "errors", "retry", "codes", index)
        placed = of.errors.categories.get(of.errors.codes.get(code, ""))
        if code not in of.errors.codes:
            yield unknown("error code", code, of.errors.codes, here)
        elif placed and not placed.auto_retry:
            category = of.errors.codes[code]
            yield Mistake(here, f"{code} is one of {category}, whose auto_retry is false")


def _condition(one: Alert, of: Inherited, names: Names, path: Path) -> tuple[Condition | None, list[Mistake]]:
    """What the rule watches, or why that cannot be told."""
    if (one.condition is None) == (one.follows is None):
        both = "has both `condition` and `follows`: keep one" if one.follows else "needs a `condition`"
        return None, [Mistake(path, both, at_key=True)]
    if one.follows and not mapper.threshold_at(one.follows, of):
        return None, [Mistake((*path, "follows"), f"{one.follows} is not set")]
    try:
        condition = mapper.condition(one, of, names.units)
    except PhraseError:
        return None, []
    said = []
    if one.window is not None and condition.window != parse.duration(one.window):
        message = f"the condition already has a window of {say(condition.window)}: leave this out"
        said.append(Mistake((*path, "window"), message, blame=((*path, "condition"),)))
    return condition, said


def _timing(condition: Condition, of: Inherited, names: Names, path: Path, base: Path) -> Iterator[Mistake]:
    """Whether anybody could ever see the condition hold."""
    every, kept = parse.duration(of.evaluation.every), names.kept
    here = (*path, "condition")
    blame = ((*path, "follows"), (*path, "window"), (*base, "evaluation", "every"))
    if timedelta() < condition.hold < every:
        seen = f"looked at every {say(every)}"
        yield Mistake(
            here, f"a hold of {say(condition.hold)} cannot be seen: conditions are {seen}", blame=blame
        )
    elif condition.window < every:
        seen = f"looked at every {say(every)}"
        yield Mistake(
            here, f"a window of {say(condition.window)} leaves gaps: conditions are {seen}", blame=blame
        )
    longest = max(condition.window, condition.hold)
    if longest > kept:
        message = f"reaches back {say(longest)}, entries are kept for {say(kept)}"
        yield Mistake(here, message, blame=blame)


def _references(name: str, one: Alert, names: Names, path: Path, base: Path) -> Iterator[Mistake]:
    known = names.under(*map(str, base), "alerts") | names.shipped_rules
    for index, other in enumerate(one.inhibits):
        if other == name:
            yield Mistake((*path, "inhibits", index), "a rule cannot inhibit itself")
        elif other not in known:
            yield unknown("rule", other, known, (*path, "inhibits", index))
    levels = names.under("incidents", "severities")
    here = [((*path, "incident_when", level), level) for level in one.incident_when]
    for where, level in [((*path, "incident"), one.incident), *here]:
        if level is not None and level not in levels:
            yield unknown("severity level", level, levels, where, blame=(("incidents", "severities"),))
    for role in parse.chain(one.escalation) if one.escalation else ():
        if not names.reaches(role):
            yield Mistake(
                (*path, "escalation"), f"no contact stands for {role!r}: see `roles` and `contacts`"
            )


def _overlaps(conditions: Mapping[str, Condition], base: Path) -> Iterator[Mistake]:
    """Two rules that watch the same thing: one of them is a mistake."""
    first: dict[tuple[object, ...], str] = {}
    for name, one in conditions.items():
        watched = (one.indicator, one.comparison, one.threshold, one.window, one.hold)
        other = first.setdefault(watched, name)
        if other != name:
            blame = ((*base, "alerts", name, "follows"), (*base, "alerts", other, "condition"))
            yield Mistake(
                (*base, "alerts", name, "condition"), f"overlaps: {other} has the same condition", blame=blame
            )


def _order(alerts: Mapping[str, Alert], conditions: Mapping[str, Condition], base: Path) -> Iterator[Mistake]:
    """A rule that is inhibited must be able to fire while the other does not."""
    for name, one in alerts.items():
        above = conditions.get(name)
        for other in one.inhibits:
            below = conditions.get(other)
            if above is None or below is None or above.indicator != below.indicator:
                continue
            if name in alerts[other].inhibits:
                continue
            if above.comparison[0] == below.comparison[0] and not below.reached_before(above):
                path = (*base, "alerts", other, "condition")
                message = f"can only hold when {name} does, which inhibits it: {name} is `{above.text}`"
                blame = ((*base, "alerts", name, "condition"), (*base, "alerts", name, "inhibits"))
                yield Mistake(path, message, blame=blame)


def _cycles(alerts: Mapping[str, Alert], base: Path) -> Iterator[Mistake]:
    """Rules that inhibit each other in a ring silence themselves."""
    edges = {name: set(one.inhibits) - {name} for name, one in alerts.items()}
    for _ in range(MOST_RINGS):
        try:
            TopologicalSorter(edges).prepare()
        except CycleError as error:
            # graphlib names each rule behind the one that inhibits it: the ring as read is its reverse.
            ring = error.args[1][::-1]
        else:
            return
        last = max(ring[:-1], key=list(alerts).index)
        turn = ring.index(last)
        told = [*ring[turn + 1 : -1], *ring[: turn + 1]]
        edges[last].discard(told[0])
        message = f"inhibits in a ring: {' -> '.join([*told, told[0]])}"
        yield Mistake((*base, "alerts", last, "inhibits"), message)
