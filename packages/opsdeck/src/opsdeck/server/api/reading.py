"""What the API shows. Every route answers with a report of the reports layer, unchanged."""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import Response

from opsdeck import alerts as alerting
from opsdeck import spec as operations
from opsdeck.errors import UsageError
from opsdeck.identity import keys
from opsdeck.reports import alerts, log, logs, services, slo, where
from opsdeck.reports.doctor import doctor, worst
from opsdeck.reports.overview import overview
from opsdeck.reports.spans import parse
from opsdeck.reports.status import status
from opsdeck.server.api.answer import answer, plain
from opsdeck.server.served import TheDeck
from opsdeck.timing import parse_iso

router = APIRouter()

Service = Annotated[
    str, Query(description="A service's name; the first declared one without it.", max_length=64)
]
Span = Annotated[str, Query(description="How far to look back, such as 1h, 24h, 30 days.", max_length=40)]


@router.get("/status", summary="The deck on one screen")
def show_status(deck: TheDeck) -> Response:
    return plain(status(deck, deck.spec, deck.clock.now()))


@router.get("/overview", summary="Real-time metrics, charts and probes of a service")
def show_overview(deck: TheDeck, service: Service = "", window: Span = "1h") -> Response:
    now = deck.clock.now()
    asked = services.named(deck.events, deck.spec, service, now)
    with deck.state.begin(write=False) as tx:
        return plain(overview(deck.events, tx, deck.spec, asked, span=parse(window), now=now))


@router.get("/sli", summary="Indicators of a service over a window")
def show_indicators(deck: TheDeck, service: Service = "", window: Span = "24h") -> Response:
    now = deck.clock.now()
    asked = services.named(deck.events, deck.spec, service, now)
    return answer(indicators=slo.indicators(deck.events, deck.spec, asked, parse(window), now))


@router.get("/slo", summary="Objectives of a service, or of all services, with budget and burn rate")
def list_objectives(deck: TheDeck, service: Service = "") -> Response:
    now = deck.clock.now()
    asked = services.chosen(deck.events, deck.spec, service, now)
    return answer(objectives=[row for one in asked for row in slo.objectives(deck.events, one, now)])


@router.get("/slo/{service}/{name}", summary="One objective, explained")
def show_objective(deck: TheDeck, service: str, name: str) -> Response:
    now = deck.clock.now()
    asked = services.named(deck.events, deck.spec, service, now)
    return plain(slo.objective(deck.events, asked, name, now))


@router.get("/alerts", summary="Alert rules and where they stand")
def list_alerts(deck: TheDeck, service: Service = "", phase: str = "") -> Response:
    if phase and phase not in alerts.ORDER:
        raise UsageError(f"there is no phase {phase!r}", hint=f"one of: {', '.join(alerts.ORDER)}")
    now = deck.clock.now()
    asked = services.chosen(deck.events, deck.spec, service, now)
    with deck.state.begin(write=False) as tx:
        rows = alerts.board(tx, asked, now)
    return answer(alerts=[row for row in rows if phase in ("", row.standing)])


@router.get("/alerts/{service}/{rule}", summary="One alert rule with its history")
def show_alert(deck: TheDeck, service: str, rule: str) -> Response:
    now = deck.clock.now()
    asked = services.named(deck.events, deck.spec, service, now)
    with deck.state.begin(write=False) as tx:
        return plain(alerts.story(tx, asked, rule, now))


@router.get("/alerts/{service}/{rule}/explain", summary="Step by step why an alert is where it is")
def explain_alert(deck: TheDeck, service: str, rule: str) -> Response:
    with deck.state.begin(write=False) as tx:
        found = alerting.explain(tx, deck.spec.service(service), rule, deck.clock.now())
    return answer(explanation=found, lines=found.lines)


@router.get("/logs", summary="Log entries, newest first")
def list_logs(
    deck: TheDeck,
    service: Service = "",
    where_: Annotated[
        str, Query(alias="where", description="A filter, such as duration>1000.", max_length=2_000)
    ] = "",
    limit: int = 50,
    before: Annotated[
        str, Query(description="Continue after the entry with this eventId.", max_length=64)
    ] = "",
    since: Annotated[
        str, Query(description="Only entries from this time on (RFC 3339).", max_length=40)
    ] = "",
) -> Response:
    try:
        start = parse_iso(since) if since else None
    except ValueError as error:
        raise UsageError(f"since: {error}", hint="for example: 2025-09-09T12:00:00Z") from None
    match = where.parse(where_)
    match = match.also(service=service) if service else match
    found = logs.logs(deck.events, match, logs.since(start, deck.clock.now()), limit, before)
    return answer(entries=[entry.body for entry in found.entries], older=found.older)


@router.get("/log", summary="Changes of state, newest first")
def list_changes(
    deck: TheDeck, limit: int = 50, kind: str = "", subject: str = "", actor: str = ""
) -> Response:
    with deck.state.begin(write=False) as tx:
        return answer(changes=log.changes(tx, limit, kind=kind, subject=subject, actor=actor))


@router.get("/services", summary="Operated services")
def list_services(deck: TheDeck) -> Response:
    with deck.state.begin(write=False) as tx:
        return answer(services=services.services(deck.events, tx, deck.spec, deck.clock.now()))


@router.get("/spec", summary="The spec in force, fact by fact")
def show_spec(deck: TheDeck, section: str = "") -> Response:
    return answer(
        version=deck.spec.version, digest=deck.spec.digest, facts=operations.rows(deck.spec, section)
    )


@router.get("/doctor", summary="Is the deck itself well?")
def show_doctor(deck: TheDeck) -> Response:
    checks = doctor(deck, deck.clock.now())
    return answer(state=worst(checks), checks=checks)


@router.get("/keys", summary="Ingest keys, never their secrets")
def list_keys(deck: TheDeck) -> Response:
    with deck.state.begin(write=False) as tx:
        return answer(keys=keys.listed(tx))
