"""The sections of the whole house: wire form → model.

In: a checked Document. Out: the Framework. Raises PhraseError where a KPI does not fit its indicator; check/ has
looked for those before.
"""

from collections.abc import Mapping
from datetime import date
from types import MappingProxyType
from typing import TypeVar

from opsdeck.spec.framework import (
    Baseline,
    Checklist,
    ComplianceFramework,
    DocumentControl,
    Enforcement,
    EntryField,
    Framework,
    Items,
    Kpi,
    LogCategory,
    Phase,
    Procedure,
    SecurityEvent,
    SeverityLevel,
)
from opsdeck.spec.grammar import parse
from opsdeck.spec.phrases import Unit
from opsdeck.spec.wire import document as wire
from opsdeck.spec.wire import framework as sections

K = TypeVar("K")
V = TypeVar("V")


def framework(document: wire.Document, units: Mapping[str, Unit]) -> Framework:
    """Every section that belongs to the house and not to one service."""
    return Framework(
        document=_control(document.document),
        tiers=frozen({1: document.tiers.tier_1.title, 2: document.tiers.tier_2.title}),
        dashboard=_groups(document.dashboard),
        entry=tuple(_field(name, one) for name, one in document.logging.entry.items()),
        log_categories=frozen(
            {name: _category(name, one) for name, one in document.logging.categories.items()}
        ),
        security_events=frozen({name: _event(name, one) for name, one in document.security.events.items()}),
        enforcement=_enforcement(document.security.enforcement),
        baseline=_baseline(document.security.baseline),
        rule_files=document.security.rules,
        compliance=frozen({name: _compliance(name, one) for name, one in document.compliance.items()}),
        severities=frozen(
            {name: _severity(name, one) for name, one in document.incidents.severities.items()}
        ),
        playbook=tuple(
            Phase(name, one.title, parse.box(one.time), frozen(one.items))
            for name, one in document.incidents.playbook.items()
        ),
        checklists=frozen(
            {
                name: Checklist(name, one.automated, frozen(one.items))
                for name, one in (
                    ("daily", document.checklists.daily),
                    ("weekly", document.checklists.weekly),
                )
            }
        ),
        rollback=frozen(
            {
                name: Procedure(name, frozen(one.steps), parse.duration(one.estimated_time))
                for name, one in document.rollback.items()
            }
        ),
        kpis=frozen({name: _kpi(name, one, units) for name, one in document.kpis.items()}),
        business=_groups(document.business),
    )


def frozen(values: dict[K, V]) -> Mapping[K, V]:
    """A read-only view of a copy."""
    return MappingProxyType(dict(values))


def _groups(one: sections.Dashboard | sections.Business) -> Mapping[str, Items]:
    return frozen({name: frozen(items) for name, items in dict(one).items()})


def _control(one: sections.DocumentControl) -> DocumentControl:
    return DocumentControl(
        version=one.version,
        last_updated=date.fromisoformat(one.last_updated),
        owner=one.owner,
        classification=one.classification,
        approvals=frozen(one.approvals),
        next_review=parse.cadence(one.next_review),
        version_control=one.version_control,
    )


def _field(name: str, one: sections.EntryField) -> EntryField:
    values = tuple(one.values.split("|")) if one.values else ()
    return EntryField(name, values, one.example or "", one.unit)


def _category(name: str, one: sections.LogCategory) -> LogCategory:
    return LogCategory(name, one.description, parse.duration(one.retention), one.format)


def _event(name: str, one: sections.SecurityEvent) -> SecurityEvent:
    return SecurityEvent(
        name=name,
        trigger=one.trigger,
        action=one.action,
        limit=parse.threshold(one.limit, "count") if one.limit else None,
        distinct=parse.threshold(one.distinct, "count") if one.distinct else None,
        window=parse.duration(one.window) if one.window else None,
        restricted=one.restricted,
    )


def _enforcement(one: sections.Enforcement) -> Enforcement:
    return Enforcement(
        validity=parse.duration(one.validity),
        rate_limit=tuple(map(parse.duration, one.rate_limit)),
        block=tuple(map(parse.duration, one.block)),
        forget=parse.duration(one.forget),
        intake=parse.threshold(one.intake, "count"),
    )


def _baseline(one: sections.Baseline) -> Baseline:
    return Baseline(
        days=parse.duration(one.days),
        enough=parse.duration(one.enough),
        deviations=one.deviations,
        least_deviation=one.least_deviation,
        divergence=one.divergence,
        at_least=one.at_least,
        newcomers=one.newcomers,
        peers=one.peers,
    )


def _compliance(name: str, one: sections.ComplianceFramework) -> ComplianceFramework:
    return ComplianceFramework(
        name, frozen(one.requirements), one.implementation_status, one.applies_when or ""
    )


def _severity(name: str, one: sections.SeverityLevel) -> SeverityLevel:
    return SeverityLevel(
        name=name,
        description=one.description,
        affects=parse.threshold(one.affects, "ratio") if one.affects else None,
        response=parse.deadline(one.response_time),
        resolution=parse.deadline(one.resolution_target),
        communication=parse.cadence(one.communication),
        escalation=parse.notice(one.escalation),
    )


def _kpi(name: str, one: sections.Kpi, units: Mapping[str, Unit]) -> Kpi:
    unit = units[one.indicator]
    target = parse.threshold(one.target, unit, ">=" if unit == "ratio" else "<=")
    return Kpi(name, one.indicator, target, one.measurement, parse.cadence(one.reporting))
