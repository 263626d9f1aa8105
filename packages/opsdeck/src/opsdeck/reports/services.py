"""Which services this deck operates, and how each is doing at a glance.

In: events, alert states, the spec, now. Out: a row per service that is declared or has sent an event.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from opsdeck.errors import NotFoundError
from opsdeck.measure.population import people
from opsdeck.model import AlertState, Match, Window
from opsdeck.spec.model import Service, Spec
from opsdeck.stores.api import Query, Transaction

DAY = timedelta(days=1)
SEEN = timedelta(days=30)
UNDECLARED = 20


@dataclass(frozen=True, slots=True)
class ServiceRow:
    """One service: people's runs of the last day and how many failed, its last event (None: never seen), its alerts."""

    name: str
    title: str
    declared: bool
    probes: int
    runs: int
    failures: int
    last_event: datetime | None
    firing: int
    pending: int


def names(query: Query, spec: Spec, now: datetime, over: timedelta = SEEN) -> tuple[str, ...]:
    """Declared services in the spec's order, then the busiest of those that sent events without being declared.

    Only so many of those: whoever may write for any service may invent names faster than anybody can look at them.
    """
    rows = query.tally(Match(), Window.last(over, now), by=("service",))
    others = [row for row in rows if row.group[0] not in spec.services]
    busiest = sorted(others, key=lambda row: (-row.tally.runs, row.group))[:UNDECLARED]
    return (*spec.services, *sorted(row.group[0] for row in busiest))


def watched(query: Query, spec: Spec, now: datetime) -> tuple[Service, ...]:
    """Those whose rules are looked at: all that are declared, and all others seen in the last day."""
    return tuple(spec.service(name) for name in names(query, spec, now, DAY))


def services(query: Query, tx: Transaction, spec: Spec, now: datetime) -> tuple[ServiceRow, ...]:
    """A row per service."""
    return tuple(
        _row(query, tx, spec.service(name), name in spec.services, now) for name in names(query, spec, now)
    )


def named(query: Query, spec: Spec, name: str, now: datetime) -> Service:
    """The service of that name, "" for the first one. Raises NotFoundError for one that nobody declared or used."""
    name = name or next(iter(spec.services), "")
    if name in spec.services:
        return spec.service(name)
    if not query.find(Match.of(service=name), Window.last(SEEN, now), 1):
        known = names(query, spec, now)
        raise NotFoundError(
            f"there is no service {name!r}", hint=f"services: {', '.join(known) or 'none yet'}"
        )
    return spec.service(name)


def chosen(query: Query, spec: Spec, name: str, now: datetime) -> tuple[Service, ...]:
    """The service of that name, "" for all whose rules are looked at."""
    return (named(query, spec, name, now),) if name else watched(query, spec, now)


def _row(query: Query, tx: Transaction, service: Service, declared: bool, now: datetime) -> ServiceRow:
    day = query.tally(people(service), Window.last(DAY, now))[0].tally
    last = query.find(Match.of(service=service.name), Window.last(SEEN, now), 1)
    phases = [state.phase for state in tx.find(AlertState, service=service.name)]
    return ServiceRow(
        service.name,
        service.title,
        declared,
        len(service.probes),
        day.runs,
        day.failure,
        last[0].at if last else None,
        phases.count("firing"),
        phases.count("pending"),
    )


def first_run(service: Service) -> tuple[str, ...]:
    """What to type to see a first run by a person. A tool that embeds the deck's events needs consent, any other a wrapper."""
    if service.probes and service.probes[0].command[0] == "unjucks":
        return ("unjucks telemetry on", "unjucks generate component react Button")
    return (f"opsdeck exec --service {service.name} -- COMMAND",)
