"""Drafts → rules: references found, figures taken from the spec, correlations resolved, every problem at once.

In: the drafts of all files and the framework. Out: rules that can look. `%limit%`, `%window%`, `%distinct%` and
`%distinct_window%` stand for what the spec says about the rule's security event, so that no figure stands twice.
It must not know files or stores.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from opsdeck.detect.document import Draft, text
from opsdeck.detect.expression import Expression, Some
from opsdeck.detect.fields import FIELDS, SUBJECTS
from opsdeck.detect.pushing import push
from opsdeck.detect.rule import Rule
from opsdeck.detect.selection import Reader
from opsdeck.spec.framework import Framework, SecurityEvent
from opsdeck.spec.grammar.words import nearest
from opsdeck.spec.tree import Node

LONGEST_SPAN = timedelta(days=7)
LARGEST_COUNT = 1_000_000
MOST_KEYS = 4
_SPAN = re.compile(r"([1-9][0-9]{0,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_TYPES = ("event_count", "value_count")
_KEYS = ("type", "rules", "group-by", "timespan", "condition")
_OURS = ("event", "subject", "beyond", "again", "detail")
_FIELDS_OF: Mapping[str, str] = {kind: name for name, kind in SUBJECTS.items()}


@dataclass(slots=True)
class Binder:
    """Binds drafts; what is wrong with them goes to the reader."""

    drafts: Mapping[str, Draft]
    framework: Framework
    reader: Reader

    def rules(self, drafts: Iterable[Draft]) -> list[Rule]:
        """The rules of these drafts: all that name a security event. One that others count only needs none."""
        counted = {
            name
            for draft in self.drafts.values()
            for name in _listed(draft.node.child("correlation"), "rules")
        }
        found = []
        for draft in drafts:
            if "opsdeck" in draft.node.children or not draft.names & counted:
                rule = self._rule(draft)
                found += [rule] if rule else []
        return found

    def _rule(self, draft: Draft) -> Rule | None:
        before = len(self.reader.problems)
        ours = draft.node.child("opsdeck")
        for name, child in ours.children.items():
            if name not in _OURS:
                self.reader.refuse(
                    child, f"opsdeck.{name}", f"unknown key; expected {', '.join(_OURS)}", key=True
                )
        event = self._event(ours, draft)
        correlation = draft.node.child("correlation") if "correlation" in draft.node.children else None
        asked = self._referred(correlation) if correlation else draft.asked
        keys = self._keys(correlation, ours)
        if event is None or asked is None or not keys:
            return None
        span, above, distinct = self._figures(correlation, event) if correlation else (None, 0, "")
        rule = Rule(
            draft.name,
            draft.title,
            text(draft.node, "level", self.reader) or "medium",
            text(draft.node, "description", self.reader),
            event.name,
            SUBJECTS[keys[0]],
            tuple(FIELDS[key].stored for key in keys),
            asked,
            span,
            above,
            distinct,
            self._beyond(ours, asked, span),
            self._again(ours),
            text(ours, "detail", self.reader, "opsdeck.detail"),
            draft.node.place.file,
        )
        return rule if len(self.reader.problems) == before else None

    def _event(self, ours: Node, draft: Draft) -> SecurityEvent | None:
        name = text(ours, "event", self.reader, "opsdeck.event")
        events = self.framework.security_events
        if name in events:
            return events[name]
        at = ours if ours.children else draft.node
        said = f"the spec has no security event {name!r}{nearest(name, events)}" if name else "is missing"
        self.reader.refuse(
            ours.children.get("event", at), "opsdeck.event", f"{said}; there are: {', '.join(sorted(events))}"
        )
        return None

    def _referred(self, node: Node) -> Expression | None:
        """Any of the rules that the correlation counts."""
        for name, child in node.children.items():
            if name == "aliases":
                self.reader.refuse(
                    child,
                    "correlation.aliases",
                    "aliases are not supported: all entries have the same fields",
                    key=True,
                )
            elif name not in _KEYS:
                self.reader.refuse(
                    child, f"correlation.{name}", f"unknown key; expected {', '.join(_KEYS)}", key=True
                )
        names, parts = _listed(node, "rules"), []
        if not names:
            self.reader.refuse(
                node.child("rules"), "correlation.rules", "expected the names of the rules to count"
            )
        for name in names:
            other = next((one for one in self.drafts.values() if name in one.names), None)
            if other is None:
                self.reader.refuse(node.child("rules"), "correlation.rules", f"there is no rule {name!r}")
            elif other.asked is None and "correlation" in other.node.children:
                self.reader.refuse(
                    node.child("rules"),
                    "correlation.rules",
                    f"{name} is a correlation: chains of them are not supported",
                )
            elif other.asked is not None:
                parts.append(other.asked)
        return (
            None if len(parts) < max(1, len(names)) else parts[0] if len(parts) == 1 else Some(tuple(parts))
        )

    def _keys(self, correlation: Node | None, ours: Node) -> tuple[str, ...]:
        """Wire names of the fields that are counted separately, the subject's first."""
        said = text(ours, "subject", self.reader, "opsdeck.subject")
        if said and said not in _FIELDS_OF:
            self.reader.refuse(
                ours.child("subject"),
                "opsdeck.subject",
                f"expected {', '.join(_FIELDS_OF)}, found {said[:60]!r}",
            )
            return ()
        if correlation is None:
            if not said:
                self.reader.refuse(ours, "opsdeck.subject", f"is missing: {', '.join(_FIELDS_OF)}")
            return (_FIELDS_OF[said],) if said else ()
        names, node = _listed(correlation, "group-by"), correlation.child("group-by")
        unknown = [name for name in names if not (name in FIELDS and FIELDS[name].stored)]
        for name in unknown:
            self.reader.refuse(
                node, "correlation.group-by", f"cannot be grouped by {name!r}{nearest(name, FIELDS)}"
            )
        subjects = [name for name in names if name in SUBJECTS]
        wanted = _FIELDS_OF[said] if said else subjects[0] if subjects else ""
        if unknown or wanted not in names or len(names) > MOST_KEYS:
            what = f"expected at most {MOST_KEYS} fields, one of them {wanted or ' or '.join(SUBJECTS)}"
            self.reader.refuse(node, "correlation.group-by", what)
            return ()
        return (wanted, *(name for name in dict.fromkeys(names) if name != wanted))

    def _figures(self, node: Node, event: SecurityEvent) -> tuple[timedelta | None, int, str]:
        kind = text(node, "type", self.reader, "correlation.type")
        if kind not in _TYPES:
            self.reader.refuse(
                node.child("type"),
                "correlation.type",
                f"{kind[:60] or 'nothing'} is not supported; expected {' or '.join(_TYPES)}",
            )
        test = node.child("condition")
        field = text(test, "field", self.reader, "correlation.condition.field")
        if kind == "value_count" and not (field in FIELDS and FIELDS[field].stored):
            self.reader.refuse(
                test,
                "correlation.condition.field",
                f"cannot count the values of {field!r}{nearest(field, FIELDS)}",
            )
        elif kind == "event_count" and field:
            self.reader.refuse(test.child("field"), "correlation.condition.field", "is for value_count")
        stored = FIELDS[field].stored if kind == "value_count" and field in FIELDS else ""
        return self._span(node, event), self._above(test, event), stored

    def _span(self, node: Node, event: SecurityEvent) -> timedelta | None:
        child, said = node.child("timespan"), text(node, "timespan", self.reader, "correlation.timespan")
        found = {
            "%window%": event.window or (event.limit.per if event.limit else None),
            "%distinct_window%": (event.distinct.per if event.distinct else None) or event.window,
        }
        if said in found:
            span = found[said]
            problem = "" if span else f"security.events.{event.name} says nothing that {said} could stand for"
        else:
            parts = _SPAN.fullmatch(said)
            span = timedelta(**{_UNITS[parts[2]]: int(parts[1])}) if parts else None
            problem = "" if span else f"expected such as 30s, 5m, 1h or 1d, found {said[:60]!r}"
        if span and span > LONGEST_SPAN:
            problem = f"longer than {LONGEST_SPAN.days} days"
        if problem:
            self.reader.refuse(child, "correlation.timespan", problem)
        return span

    def _above(self, node: Node, event: SecurityEvent) -> int:
        tests = {name: child for name, child in node.children.items() if name != "field"}
        if len(tests) != 1 or not tests.keys() <= {"gt", "gte"}:
            self.reader.refuse(
                node,
                "correlation.condition",
                "expected one of gt and gte: what is rare or absent is not looked for",
            )
            return 0
        ((name, child),) = tests.items()
        path, said = f"correlation.condition.{name}", str(child.value)
        figures = {"%limit%": event.limit, "%distinct%": event.distinct}
        if said in figures:
            figure = figures[said]
            if figure is None or figure.comparison[0] != ">":
                self.reader.refuse(
                    child, path, f"security.events.{event.name} says nothing that {said} could stand for"
                )
                return 0
            return int(figure.value) - (figure.comparison == ">=")
        if not said.isascii() or not said.isdigit() or not 0 < int(said[:12]) <= LARGEST_COUNT:
            self.reader.refuse(
                child, path, f"expected a whole number from 1 to {LARGEST_COUNT:,}, found {said[:60]!r}"
            )
            return 0
        return int(said) - (name == "gte")

    def _beyond(self, ours: Node, asked: Expression, span: timedelta | None) -> str:
        said = text(ours, "beyond", self.reader, "opsdeck.beyond")
        if not said:
            return ""
        if said != "userId" or span is None:
            self.reader.refuse(ours.child("beyond"), "opsdeck.beyond", "expected userId, in a correlation")
        elif not push(asked).exact:
            message = "needs a condition that the store can test: equal values, with `cased`"
            self.reader.refuse(ours.child("beyond"), "opsdeck.beyond", message)
        return FIELDS["userId"].stored

    def _again(self, ours: Node) -> timedelta:
        said = text(ours, "again", self.reader, "opsdeck.again")
        parts = _SPAN.fullmatch(said)
        if said and not parts:
            self.reader.refuse(
                ours.child("again"),
                "opsdeck.again",
                f"expected such as 30s, 5m, 1h or 1d, found {said[:60]!r}",
            )
        return timedelta(**{_UNITS[parts[2]]: int(parts[1])}) if parts else timedelta(0)


def _listed(node: Node, name: str) -> list[str]:
    """The texts of a list, or the one text in its place."""
    value = node.child(name).value
    items = [one.value for one in value] if isinstance(value, list) else [value]
    return [one for one in items if isinstance(one, str)]
