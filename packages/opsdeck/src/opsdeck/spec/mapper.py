"""The one mapper: wire form → model. Every phrase is parsed here, every default filled in.

In: a checked Document and each service's own wire form. Out: a Spec. It must not know files, places or problems:
what arrives here has passed wire/ and check.py.
"""

import hashlib
import json
import shlex
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType
from typing import Any, get_args
from zoneinfo import ZoneInfo

from opsdeck.spec import grammar, wire
from opsdeck.spec.model import (
    Calendar,
    Channel,
    ErrorCategory,
    Indicator,
    Objective,
    Probe,
    Rule,
    Service,
    Spec,
)
from opsdeck.spec.phrases import Comparison, Condition, Threshold, Unit
from opsdeck.spec.wire import service as inherited

Units = Mapping[str, Unit]
FOLLOWED: tuple[str, ...] = get_args(inherited.Followed)
"""Paths of the thresholds that rules may follow."""


def spec(document: wire.Document, own: Mapping[str, Any]) -> Spec:
    """The whole spec; `own` is what each service says itself."""
    units: Units = {name: one.unit for name, one in document.indicators.items()}
    mapped = {name: service(name, one, units) for name, one in document.services.items()}
    bare = service("", _bare(document), units)
    indicators = {name: _indicator(name, one) for name, one in document.indicators.items()}
    sections = document.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"services"})
    sections["services"] = dict(own)
    return Spec(
        version=str(document.spec),
        services=MappingProxyType(mapped),
        undeclared=bare,
        indicators=MappingProxyType(indicators),
        error_categories=MappingProxyType(
            {name: _category(name, one) for name, one in document.errors.categories.items()}
        ),
        contacts=MappingProxyType(dict(document.contacts)),
        channels=tuple(_channel(name, one) for name, one in document.channels.items()),
        calendar=_calendar(document.calendar),
        evaluate_every=grammar.duration(document.evaluation.every),
        sections=MappingProxyType(sections),
        digest=digest(sections),
        roles=MappingProxyType(dict(document.roles)),
        edges=_edges([bare, *mapped.values()]),
    )


def _bare(document: wire.Document) -> inherited.Service:
    return inherited.Service(**{name: getattr(document, name) for name in wire.INHERITED})


def digest(sections: Mapping[str, Any]) -> str:
    """SHA-256 of the sections, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(sections, sort_keys=True).encode()).hexdigest()


def service(name: str, one: inherited.Service, units: Units) -> Service:
    return Service(
        name=name,
        title=one.title or name,
        description=one.description,
        objectives=tuple(objective(key, value, units) for key, value in one.objectives.items()),
        rules=tuple(rule(key, value, one, units) for key, value in one.alerts.items()),
        probes=_probes(one.probes),
        probe_every=grammar.duration(one.probes.every) if one.probes else timedelta(),
        operations=frozenset(one.operations),
        success_exit_codes=frozenset(one.success_exit_codes),
        fields=frozenset(key for key, value in one.fields.items() if value == "keep"),
        error_codes=MappingProxyType(dict(one.errors.codes)),
        channels=one.routing.channels,
    )


def objective(name: str, one: inherited.Objective, units: Units) -> Objective:
    unit = units[one.indicator]
    target = grammar.threshold(one.target, unit, ">=" if one.kind == "budget" else "<=")
    return Objective(
        name=name,
        title=one.title,
        kind=one.kind,
        indicator=one.indicator,
        comparison=target.comparison,
        target=target.value,
        unit=unit,
        window=grammar.duration(one.window),
        rank=target.rank,
        text=one.target,
    )


def rule(name: str, one: inherited.Alert, of: inherited.Inherited, units: Units) -> Rule:
    window = grammar.duration(one.window or of.evaluation.window)
    return Rule(
        name=name,
        tier=1 if one.tier == 1 else 2,
        condition=condition(one, of, units),
        severity=one.severity,
        response_time=grammar.duration(one.response_time),
        escalation=grammar.chain(one.escalation or of.routing.without_chain),
        inhibits=one.inhibits,
        incident=one.incident or "",
        incident_when=MappingProxyType(
            {level: grammar.condition(text, units, window) for level, text in one.incident_when.items()}
        ),
        summary=one.summary,
        source=one.follows or f"alerts.{name}.condition",
    )


def condition(one: inherited.Alert, of: inherited.Inherited, units: Units) -> Condition:
    """What the rule watches: its own condition, or the threshold that it follows. Raises PhraseError."""
    if one.condition is None:
        found = followed(one.follows or "", of, units)
    else:
        window = grammar.duration(one.window or of.evaluation.window)
        found = grammar.condition(one.condition, units, window)
    return replace(found, minimum=one.minimum)


def followed(path: str, of: inherited.Inherited, units: Units) -> Condition:
    """The condition of a rule that follows a threshold of error tracking: `> 10/hour` of `unique_errors`."""
    text = threshold_at(path, of)
    indicator = path.split(".")[-2] if path.endswith(".alert_threshold") else path.rpartition(".")[2]
    limit = grammar.threshold(text, units[indicator])
    window = limit.per or grammar.duration(of.errors.aggregation.time_window)
    return Condition(
        f"{indicator} {text}", indicator, limit.comparison, limit.value, limit.unit, window, timedelta()
    )


def threshold_at(path: str, of: inherited.Inherited) -> str:
    """The text of the threshold there; empty where the spec has none."""
    if path.endswith(".alert_threshold"):
        category = of.errors.categories.get(path.split(".")[-2])
        return (category and category.alert_threshold) or ""
    return str(getattr(of.errors.aggregation.alert_thresholds, path.rpartition(".")[2]))


def _probes(probes: inherited.Probes | None) -> tuple[Probe, ...]:
    if probes is None:
        return ()
    return tuple(
        Probe(
            name,
            tuple(shlex.split(run.command)),
            run.operation,
            grammar.duration(run.timeout or probes.timeout),
            run.kind or "",
        )
        for name, run in probes.runs.items()
    )


def _indicator(name: str, one: wire.Indicator) -> Indicator:
    bare: Comparison = ">=" if one.unit == "ratio" else "<="
    target: Threshold | None = grammar.threshold(one.target, one.unit, bare) if one.target else None
    return Indicator(name, one.title, one.unit, one.definition, one.sli, target)


def _category(name: str, one: inherited.Category) -> ErrorCategory:
    return ErrorCategory(
        name,
        one.description,
        one.severity,
        one.auto_retry,
        one.user_notification,
        one.alert_threshold or "",
        one.immediate_alert,
    )


def _channel(name: str, one: wire.Channel) -> Channel:
    settings = one.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"kind"})
    return Channel(name, one.kind, MappingProxyType({key: str(value) for key, value in settings.items()}))


def _calendar(one: wire.Calendar) -> Calendar:
    opens, closes = grammar.hours(one.hours)
    holidays = frozenset(map(date.fromisoformat, one.holidays))
    return Calendar(ZoneInfo(one.zone), grammar.weekdays(one.days), opens, closes, holidays)


def _edges(services: Iterable[Service]) -> tuple[float, ...]:
    found: set[float] = set()
    for one in services:
        found |= {rule.condition.threshold for rule in one.rules if rule.condition.unit == "ms"}
        found |= {aim.target for aim in one.objectives if aim.unit == "ms" and aim.kind == "percentile"}
    return tuple(sorted(found))
