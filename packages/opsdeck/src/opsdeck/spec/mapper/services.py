"""One service: wire form → model. Every phrase is parsed here, every default filled in.

In: the wire form of a service with everything it inherits. Out: the model's Service and its parts.
Raises PhraseError for a phrase that does not fit its indicator; check/ has looked for those before.
"""

import shlex
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from types import MappingProxyType
from typing import get_args

from opsdeck.spec.framework import Aggregation, Capacity, Performance, Retrying, Target, Trigger
from opsdeck.spec.grammar import parse
from opsdeck.spec.grammar.say import say
from opsdeck.spec.model import Objective, Probe, Rule, Service
from opsdeck.spec.phrases import Condition, Growth, Quantity, Unit
from opsdeck.spec.wire import service as wire

Units = Mapping[str, Unit]
FOLLOWED: tuple[str, ...] = get_args(wire.Followed)
"""Paths of the thresholds that rules may follow."""


def service(name: str, one: wire.Service, units: Units) -> Service:
    return Service(
        name=name,
        title=one.title or name,
        description=one.description,
        objectives=tuple(objective(key, value, units) for key, value in one.objectives.items()),
        rules=tuple(rule(key, value, one, units) for key, value in one.alerts.items()),
        probes=_probes(one.probes),
        probe_every=parse.duration(one.probes.every) if one.probes else timedelta(),
        operations=frozenset(one.operations),
        success_exit_codes=frozenset(one.success_exit_codes),
        fields=frozenset(key for key, value in one.fields.items() if value == "keep"),
        error_codes=MappingProxyType(dict(one.errors.codes)),
        retry=_retry(one.errors.retry),
        channels=one.routing.channels,
        performance=_performance(one.performance),
        capacity=_capacity(one.capacity, one.evaluation, units),
        aggregation=Aggregation(
            one.errors.aggregation.group_by, parse.duration(one.errors.aggregation.time_window)
        ),
    )


def objective(name: str, one: wire.Objective, units: Units) -> Objective:
    unit = units[one.indicator]
    target = parse.threshold(one.target, unit, ">=" if one.kind == "budget" else "<=")
    return Objective(
        name=name,
        title=one.title,
        kind=one.kind,
        indicator=one.indicator,
        comparison=target.comparison,
        target=target.value,
        unit=unit,
        window=parse.duration(one.window),
        rank=target.rank,
        text=one.target,
    )


def rule(name: str, one: wire.Alert, of: wire.Inherited, units: Units) -> Rule:
    window = parse.duration(one.window or of.evaluation.window)
    return Rule(
        name=name,
        tier=1 if one.tier == 1 else 2,
        condition=condition(one, of, units),
        severity=one.severity,
        response_time=parse.duration(one.response_time),
        escalation=parse.chain(one.escalation or of.routing.without_chain),
        inhibits=one.inhibits,
        incident=one.incident or "",
        incident_when=MappingProxyType(
            {level: parse.condition(text, units, window) for level, text in one.incident_when.items()}
        ),
        summary=one.summary,
        source=one.follows or f"alerts.{name}.condition",
    )


def condition(one: wire.Alert, of: wire.Inherited, units: Units) -> Condition:
    """What the rule watches: its own condition, or the threshold that it follows. Raises PhraseError."""
    if one.condition is None:
        found = followed(one.follows or "", of, units)
    else:
        window = parse.duration(one.window or of.evaluation.window)
        found = parse.condition(one.condition, units, window)
    return replace(found, minimum=one.minimum)


def followed(path: str, of: wire.Inherited, units: Units) -> Condition:
    """The condition of a rule that follows a threshold of error tracking: `> 10/hour` of `unique_errors`."""
    text = threshold_at(path, of)
    indicator = path.split(".")[-2] if path.endswith(".alert_threshold") else path.rpartition(".")[2]
    limit = parse.threshold(text, units[indicator])
    window = limit.per or parse.duration(of.errors.aggregation.time_window)
    found = Condition("", indicator, limit.comparison, limit.value, limit.unit, window, timedelta())
    return replace(found, text=say(found))


def threshold_at(path: str, of: wire.Inherited) -> str:
    """The text of the threshold there; empty where the spec has none."""
    if path.endswith(".alert_threshold"):
        category = of.errors.categories.get(path.split(".")[-2])
        return (category and category.alert_threshold) or ""
    return str(getattr(of.errors.aggregation.alert_thresholds, path.rpartition(".")[2]))


def _retry(one: wire.Retry) -> Retrying:
    return Retrying(
        frozenset(one.codes),
        one.attempts,
        parse.duration(one.first_wait),
        parse.duration(one.longest_wait),
        parse.duration(one.budget),
    )


def _probes(probes: wire.Probes | None) -> tuple[Probe, ...]:
    if probes is None:
        return ()
    return tuple(
        Probe(
            name,
            tuple(shlex.split(run.command)),
            run.operation,
            parse.duration(run.timeout or probes.timeout),
            run.kind or "",
        )
        for name, run in probes.runs.items()
    )


def _performance(one: wire.Performance) -> Performance:
    kinds = one.template_generation
    targets = (
        *_targets("cli_startup", "", one.cli_startup),
        *_targets("template_discovery", "", one.template_discovery),
        *_targets("template_generation", "single_file", kinds.single_file),
        *_targets("template_generation", "multiple_files", kinds.multiple_files),
    )
    return Performance(
        parse.duration(one.window),
        targets,
        parse.threshold(one.memory_usage.baseline, "bytes"),
        parse.threshold(one.memory_usage.peak, "bytes"),
        parse.growth(one.memory_usage.leak_threshold),
    )


def _targets(operation: str, kind: str, limits: wire.Percentiles) -> list[Target]:
    found = []
    for rank in ("p50", "p95", "p99"):
        text = getattr(limits, rank)
        if text is not None:
            name = ".".join(part for part in (operation, kind, rank) if part)
            found.append(Target(name, operation, kind, int(rank[1:]) / 100, parse.threshold(text, "ms")))
    return found


def _capacity(one: wire.Capacity, evaluation: wire.Evaluation, units: Units) -> Capacity:
    window = parse.duration(evaluation.window)
    now, ahead = one.current_usage, one.projected_growth
    usage: dict[str, Quantity] = {
        "daily_operations": parse.quantity(now.daily_operations, "count"),
        "peak_concurrent_users": parse.quantity(now.peak_concurrent_users, "count"),
        "storage_requirements": parse.quantity(now.storage_requirements, "bytes"),
    }
    growth: dict[str, Growth] = {
        "user_growth": parse.growth(ahead.user_growth),
        "operations_growth": parse.growth(ahead.operations_growth),
        "storage_growth": parse.growth(ahead.storage_growth),
    }
    triggers = (
        Trigger(name, parse.condition(trigger.metric, units, window), trigger.action)
        for name, trigger in one.scaling_triggers.items()
    )
    return Capacity(MappingProxyType(usage), MappingProxyType(growth), tuple(triggers))
