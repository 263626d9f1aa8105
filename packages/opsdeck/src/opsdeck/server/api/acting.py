"""What the API changes: acknowledgements, silences, keys, sign-in links, the spec. Each is one row in the log."""

from typing import Annotated

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.responses import Response

from opsdeck.identity import access, keys
from opsdeck.server import acts
from opsdeck.server.api.answer import answer, plain
from opsdeck.server.served import TheDeck

router = APIRouter()

Words = Annotated[str, Field(max_length=500)]


class Note(BaseModel):
    """What the person who takes an alert on has to say."""

    model_config = ConfigDict(extra="forbid")
    note: Words = ""


class Mute(BaseModel):
    """How long an alert is silent, and why."""

    model_config = ConfigDict(extra="forbid")
    span: Annotated[str, Field(alias="for", max_length=40, examples=["2 hours"])]
    reason: Words


class NewKey(BaseModel):
    """Whose events a key may write; `user_type` "" leaves that to the client."""

    model_config = ConfigDict(extra="forbid")
    service: Annotated[str, Field(max_length=64)]
    label: Words = ""
    user_type: Annotated[str, Field(max_length=16)] = ""


@router.post("/alerts/{service}/{rule}/ack", summary="Acknowledge a firing alert")
def take(request: Request, deck: TheDeck, service: str, rule: str, given: Note) -> Response:
    return plain(acts.take(deck, service, rule, request.state.access.actor, given.note))


@router.post("/alerts/{service}/{rule}/silence", summary="Hold an alert's notifications for a time")
def mute(request: Request, deck: TheDeck, service: str, rule: str, given: Mute) -> Response:
    actor = request.state.access.actor
    return plain(acts.mute(deck, service, rule, actor, span=given.span, reason=given.reason))


@router.post("/keys", summary="A new ingest key; its secret is shown this once", status_code=201)
def mint(request: Request, deck: TheDeck, given: NewKey) -> Response:
    now, actor = deck.clock.now(), request.state.access.actor
    with deck.state.begin() as tx:
        secret = keys.mint(tx, given.service, given.user_type, given.label or given.service, now, actor=actor)
    return answer(201, secret=secret, service=given.service)


@router.post("/keys/{key}/revoke", summary="End an ingest key, named by the first characters of its id")
def revoke(request: Request, deck: TheDeck, key: str) -> Response:
    with deck.state.begin() as tx:
        ended = keys.revoke(tx, key, deck.clock.now(), actor=request.state.access.actor)
    deck.keyring.forget()
    return plain(ended)


@router.post("/links", summary="A fresh sign-in link: it works once, for five minutes", status_code=201)
def invite(request: Request, deck: TheDeck) -> Response:
    with deck.state.begin() as tx:
        secret = access.link(tx, request.state.access.actor, deck.clock.now())
    return answer(201, link=secret, url=f"{request.url.scheme}://{request.url.netloc}/sign-in?link={secret}")


@router.post("/spec/apply", summary="Read the spec again and put it in force")
def apply(request: Request, deck: TheDeck) -> Response:
    return answer(differences=deck.apply(request.state.access.actor))
