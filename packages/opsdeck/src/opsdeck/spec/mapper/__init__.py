"""The one mapper: wire form → model.

In: a checked Document and what each service says itself. Out: a Spec. It must not know files, places or problems:
what arrives here has passed wire/ and check/.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from opsdeck.spec.grammar import parse
from opsdeck.spec.mapper.house import framework, frozen
from opsdeck.spec.mapper.services import Units, service
from opsdeck.spec.model import Calendar, Channel, ErrorCategory, Indicator, Service, Spec
from opsdeck.spec.wire import document as wire
from opsdeck.spec.wire import service as service_wire


def spec(document: wire.Document, own: Mapping[str, Any]) -> Spec:
    """The whole spec; `own` is what each service says itself."""
    units: Units = {name: one.unit for name, one in document.indicators.items()}
    mapped = {name: service(name, one, units) for name, one in document.services.items()}
    bare = service("", _bare(document), units)
    sections = _sections(document, own)
    return Spec(
        version=str(document.spec),
        services=frozen(mapped),
        undeclared=bare,
        indicators=frozen({name: _indicator(name, one) for name, one in document.indicators.items()}),
        error_categories=frozen(
            {name: _category(name, one) for name, one in document.errors.categories.items()}
        ),
        contacts=frozen(document.contacts),
        channels=tuple(_channel(name, one, document) for name, one in document.channels.items()),
        calendar=_calendar(document.calendar),
        evaluate_every=parse.duration(document.evaluation.every),
        sections=frozen(sections),
        digest=digest(sections),
        roles=frozen(document.roles),
        edges=_edges([bare, *mapped.values()]),
        framework=framework(document, units),
    )


def _sections(document: wire.Document, own: Mapping[str, Any]) -> dict[str, Any]:
    """What the spec says, as plain data; of a service only what it says itself."""
    plain = document.model_dump(mode="json", by_alias=True, exclude_unset=True)
    services = plain.pop("services")
    return {**plain, "services": {name: _said(said, services[name]) for name, said in own.items()}}


def _said(own: Any, whole: Any) -> Any:
    if isinstance(own, dict) and isinstance(whole, dict):
        return {name: _said(child, whole.get(name)) for name, child in own.items()}
    return own if whole is None else whole


def _bare(document: wire.Document) -> service_wire.Service:
    return service_wire.Service(**{name: getattr(document, name) for name in wire.INHERITED})


def digest(sections: Mapping[str, Any]) -> str:
    """SHA-256 of the sections, whatever the order of their keys."""
    return hashlib.sha256(json.dumps(sections, sort_keys=True).encode()).hexdigest()


def _indicator(name: str, one: wire.Indicator) -> Indicator:
    target = parse.threshold(one.target, one.unit) if one.target else None
    shown_over = parse.duration(one.shown_over) if one.shown_over else None
    return Indicator(name, one.title, one.unit, one.definition, one.sli, target, shown_over)


def _category(name: str, one: service_wire.Category) -> ErrorCategory:
    return ErrorCategory(
        name,
        one.description,
        one.severity,
        one.auto_retry,
        one.user_notification,
        one.alert_threshold or "",
        one.immediate_alert,
    )


def _channel(name: str, one: wire.Channel, document: wire.Document) -> Channel:
    """A channel with its settings as texts; a role in `to` becomes its first contact."""
    settings = one.model_dump(mode="json", by_alias=True, exclude_none=True, exclude={"kind"})
    stands_for = [document.contacts.get(key) for key in document.roles.get(one.to or "", ())]
    settings["to"] = next(filter(None, stands_for), one.to or "")
    return Channel(name, one.kind, frozen({key: str(value) for key, value in settings.items() if value}))


def _calendar(one: wire.Calendar) -> Calendar:
    opens, closes = parse.hours(one.hours)
    holidays = frozenset(map(date.fromisoformat, one.holidays))
    return Calendar(ZoneInfo(one.zone), parse.weekdays(one.days), opens, closes, holidays)


def _edges(services: Iterable[Service]) -> tuple[float, ...]:
    found: set[float] = set()
    for one in services:
        found |= {rule.condition.threshold for rule in one.rules if rule.condition.unit == "ms"}
        found |= {aim.target for aim in one.objectives if aim.unit == "ms" and aim.kind == "percentile"}
        found |= {target.limit.value for target in one.performance.targets}
        found |= {
            trigger.condition.threshold for trigger in one.capacity.triggers if trigger.condition.unit == "ms"
        }
    return tuple(sorted(found))
