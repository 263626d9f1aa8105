"""Security over the API: detections and verdicts, restrictions, entitlements, habits, rules."""

from dataclasses import asdict
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from opsdeck.errors import UsageError
from opsdeck.reports import security, services
from opsdeck.respond.enforce.people import SUBJECT, VERDICTS
from opsdeck.server import enforcing
from opsdeck.server.api.answer import answer, plain
from opsdeck.server.served import TheDeck

router = APIRouter(prefix="/security")

MOST = 1_000
Name = Annotated[str, Query(max_length=128)]
Words = Annotated[str, Field(max_length=500)]
Short = Annotated[str, Field(max_length=128)]
Span = Annotated[str, Field(alias="for", max_length=40, examples=["2 hours"])]


class Review(BaseModel):
    """What a detection was, and whether what it led to ends."""

    model_config = ConfigDict(extra="forbid")
    verdict: Annotated[str, Field(max_length=20, examples=list(VERDICTS))]
    note: Words = ""
    lift: bool = False


class Lift(BaseModel):
    """Why a restriction ends before its time."""

    model_config = ConfigDict(extra="forbid")
    reason: Words


class Block(BaseModel):
    """Whom to block, for how long, and why; `address`: the subject is an address hash of today."""

    model_config = ConfigDict(extra="forbid")
    service: Short = ""
    subject: Short
    span: Span
    reason: Words
    address: bool = False


class Grant(BaseModel):
    """Who may use which restricted feature, for how long (empty: until it is revoked), and why."""

    model_config = ConfigDict(extra="forbid")
    service: Short = ""
    subject: Short
    feature: Annotated[str, Field(max_length=200, examples=["template:infra/*"])]
    span: Annotated[str, Field(alias="for", max_length=40)] = ""
    reason: Words


class Revocation(BaseModel):
    """Whose entitlement ends, and why."""

    model_config = ConfigDict(extra="forbid")
    service: Short = ""
    subject: Short
    feature: Annotated[str, Field(max_length=200)]
    reason: Words


@router.get("/detections", summary="Security events, newest first")
def list_detections(
    deck: TheDeck, service: Name = "", event: Name = "", subject: Name = "", limit: int = 50
) -> Response:
    if not 1 <= limit <= MOST:
        raise UsageError(f"limit: {limit} is not between 1 and {MOST:,}", hint="for example: limit=50")
    with deck.state.begin(write=False) as tx:
        found = security.detections(tx, service, event=event, subject=subject)
    known = {*deck.spec.framework.security_events, *(rule.event for rule in deck.rules)}
    if event and not found and event not in known:
        raise UsageError(f"there is no security event {event!r}", hint=f"one of: {', '.join(sorted(known))}")
    return answer(detections=found[:limit], more=len(found) > limit)


@router.get("/review", summary="Detections that wait for a verdict, the longest waiting first")
def list_review(deck: TheDeck, service: Name = "") -> Response:
    now, events = deck.clock.now(), deck.spec.framework.security_events
    asked = services.chosen(deck.events, deck.spec, service, now)
    with deck.state.begin(write=False) as tx:
        return answer(detections=[row for one in asked for row in security.queue(tx, one.name, events)])


@router.get(
    "/detections/{key}",
    summary="One detection, by its id or the id's beginning: figures, evidence, what it led to",
)
def show_detection(deck: TheDeck, key: str) -> Response:
    with deck.state.begin(write=False) as tx:
        return plain(security.story(tx, security.detection(tx, key), deck.rules))


@router.post("/detections/{key}/verdict", summary="Say what a detection was")
def give_verdict(request: Request, deck: TheDeck, key: str, given: Review) -> Response:
    actor = request.state.access.actor
    with deck.state.begin(write=False) as tx:
        key = security.detection(tx, key).key
    seen = enforcing.review(deck, key, actor, verdict=given.verdict, note=given.note, lifting=given.lift)
    return plain(seen)


@router.get("/restrictions", summary="Limits and blocks that stand; with ended=true all there were")
def list_restrictions(deck: TheDeck, service: Name = "", ended: bool = False) -> Response:
    now = deck.clock.now()
    asked = services.chosen(deck.events, deck.spec, service, now)
    with deck.state.begin(write=False) as tx:
        rows = [row for one in asked for row in security.restrictions(tx, one.name, now, ended=ended)]
    return answer(restrictions=rows)


@router.post("/restrictions", summary="Block a user or an address for a time", status_code=201)
def add_block(request: Request, deck: TheDeck, given: Block) -> Response:
    actor = request.state.access.actor
    made = enforcing.block(
        deck, given.service, given.subject, actor, span=given.span, reason=given.reason, address=given.address
    )
    return answer(201, restriction=made)


@router.post("/restrictions/{key}/lift", summary="End a restriction, named by its id or the id's beginning")
def lift(request: Request, deck: TheDeck, key: str, given: Lift) -> Response:
    with deck.state.begin(write=False) as tx:
        key = security.restriction(tx, key).key
    lifted = enforcing.lift(deck, key, request.state.access.actor, given.reason)
    with deck.state.begin(write=False) as tx:
        still = security.of_subject(tx, lifted.service, lifted.subject, deck.clock.now())
    return answer(**asdict(lifted), still=still)


@router.get("/entitlements", summary="Who may use which restricted feature")
def list_entitlements(deck: TheDeck, service: Name = "", subject: Name = "") -> Response:
    now = deck.clock.now()
    asked = services.chosen(deck.events, deck.spec, service, now)
    with deck.state.begin(write=False) as tx:
        rows = [row for one in asked for row in security.entitlements(tx, one.name, now, subject)]
    return answer(entitlements=rows)


@router.post("/entitlements", summary="Let a user use a restricted feature", status_code=201)
def entitle(request: Request, deck: TheDeck, given: Grant) -> Response:
    actor = request.state.access.actor
    made = enforcing.entitle(
        deck, given.service, given.subject, actor, feature=given.feature, span=given.span, reason=given.reason
    )
    with deck.state.begin(write=False) as tx:
        still = security.of_subject(tx, made.service, made.subject, deck.clock.now())
    return answer(201, entitlement=made, still=still)


@router.post("/entitlements/revoke", summary="Take an entitlement back")
def revoke(request: Request, deck: TheDeck, given: Revocation) -> Response:
    actor = request.state.access.actor
    return plain(
        enforcing.revoke(
            deck, given.service, given.subject, actor, feature=given.feature, reason=given.reason
        )
    )


@router.get("/users/{user}", summary="What is usual for a user, and what is known about them")
def show_user(deck: TheDeck, user: str, service: Name = "") -> Response:
    if not SUBJECT.fullmatch(user):
        raise UsageError(f"{user[:80]!r} is no userId", hint="opsdeck security events shows them")
    now = deck.clock.now()
    asked = services.named(deck.events, deck.spec, service, now)
    baseline = deck.spec.framework.baseline
    with deck.state.begin(write=False) as tx:
        return plain(security.person(tx, deck.events, asked.name, user, baseline=baseline, now=now))


@router.get("/rules", summary="Detection rules in force")
def list_rules(deck: TheDeck) -> Response:
    rules = [
        {
            "name": rule.name,
            "title": rule.title,
            "level": rule.level,
            "event": rule.event,
            "subject_kind": rule.subject_kind,
            "description": rule.description,
            "file": rule.file,
        }
        for rule in deck.rules
    ]
    return answer(rules=rules)
