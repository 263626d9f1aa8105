"""Scan files in, vulnerabilities out, risks accepted and waivers withdrawn. HTTP around collect.scans.

A file is read whole within LARGEST bytes and a deadline, then parsed and kept in a worker thread: nothing of a file that
cannot be read is kept. `uploads` stands apart from `router`, whose bodies are words.
"""

import asyncio
import hashlib
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from opsdeck import timing
from opsdeck.collect.scans import gauge, keep, waivers
from opsdeck.collect.scans.keep import Imported, Sender
from opsdeck.collect.scans.read import LARGEST, read
from opsdeck.deck import Deck
from opsdeck.errors import RejectedError, UsageError
from opsdeck.model import Waiver
from opsdeck.reports import scans, services
from opsdeck.server.api.answer import answer, plain
from opsdeck.server.served import TheDeck

DEADLINE_SECONDS = 60.0  # the largest file at 9 Mbit/s

router = APIRouter()
uploads = APIRouter(prefix="/api", tags=["act"])

Name = Annotated[str, Query(max_length=128)]
Source = Annotated[str, Query(description="What was scanned, where the file does not say.", max_length=200)]
Words = Annotated[str, Field(max_length=500)]


class Acceptance(BaseModel):
    """Whose risk, until when (`30 days`, or a time), and why."""

    model_config = ConfigDict(extra="forbid")
    service: Annotated[str, Field(max_length=64)] = ""
    vulnerability: Annotated[str, Field(max_length=128)]
    package: Annotated[str, Field(max_length=600)] = ""
    until: Annotated[str, Field(max_length=40, examples=["30 days"])]
    reason: Words


class Withdrawal(BaseModel):
    """Why a waiver ends."""

    model_config = ConfigDict(extra="forbid")
    reason: Words


@uploads.post("/scans", summary="Import a scan file: the body as the scanner wrote it")
async def bring(
    request: Request,
    deck: TheDeck,
    service: Name = "",
    format_: Annotated[str, Query(alias="format", max_length=40)] = "",
    source: Source = "",
    fresh: bool = False,
) -> Response:
    body = await received(request, LARGEST, DEADLINE_SECONDS)
    actor = request.state.access.actor
    done = await run_in_threadpool(
        take, deck, body, service=service, format_=format_, source=source, fresh=fresh, actor=actor
    )
    return plain(done)


async def received(request: Request, limit: int, deadline: float) -> bytearray:
    """The body. Raises RejectedError: too_large, slow_body."""
    body = bytearray()
    too_large = RejectedError(
        413, "too_large", f"a scan file is at most {limit:,} bytes", hint="scan in parts"
    )
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > limit:
        raise too_large
    try:
        async with asyncio.timeout(deadline):
            async for part in request.stream():
                if len(body) + len(part) > limit:
                    raise too_large
                body += part
    except TimeoutError:
        raise RejectedError(408, "slow_body", f"the file did not arrive within {deadline:g} s") from None
    except ClientDisconnect:
        raise RejectedError(400, "slow_body", "the sender went away") from None
    return body


def take(
    deck: Deck, body: bytearray, *, service: str, format_: str, source: str, fresh: bool, actor: str
) -> Imported:
    """Read the file, keep what it says, and let the indicators know."""
    named = services.named(deck.events, deck.spec, service, deck.clock.now()).name
    report = read(body, format_)
    sender = Sender(named, actor, hashlib.sha256(body).hexdigest(), source, fresh)
    with deck.state.begin() as tx:
        done = keep.take(tx, report, sender, deck.clock.now())
    gauge.publish(deck.state, deck.events, deck.clock.now())
    return done


@router.get("/scans", summary="Imported scans, newest first")
def list_scans(deck: TheDeck, service: Name = "", limit: int = 50) -> Response:
    with deck.state.begin(write=False) as tx:
        return answer(scans=scans.scans(tx, service, max(1, min(limit, scans.MOST))))


@router.get("/vulnerabilities", summary="Findings of a service, worst first")
def list_findings(
    deck: TheDeck,
    service: Name = "",
    severity: str = "",
    status: str = "open",
    text: Name = "",
    limit: int = 100,
    offset: int = 0,
) -> Response:
    named = services.named(deck.events, deck.spec, service, deck.clock.now()).name
    wanted = scans.Filter(severity, status, text)
    with deck.state.begin(write=False) as tx:
        return plain(scans.listing(tx, named, wanted, limit, offset))


@router.get(
    "/vulnerabilities/{service}/{name}", summary="A vulnerability by any of its names, or by a finding's key"
)
def show_finding(deck: TheDeck, service: str, name: str, package: str = "") -> Response:
    with deck.state.begin(write=False) as tx:
        return answer(findings=scans.story(tx, service, name, deck.clock.now(), package))


@router.get("/waivers", summary="VEX statements and accepted risks in force")
def list_waivers(deck: TheDeck, service: Name = "") -> Response:
    with deck.state.begin(write=False) as tx:
        return answer(waivers=scans.waivers(tx, service))


@router.post("/waivers", summary="Accept the risk of a vulnerability until a time", status_code=201)
def accept_risk(request: Request, deck: TheDeck, given: Acceptance) -> Response:
    return answer(201, waiver=accept(deck, given, request.state.access.actor))


@router.post("/waivers/{key}/withdraw", summary="End a waiver, named by the first characters of its key")
def withdraw_waiver(request: Request, deck: TheDeck, key: str, given: Withdrawal) -> Response:
    return plain(withdraw(deck, key, request.state.access.actor, given.reason))


def accept(deck: Deck, given: Acceptance, actor: str) -> Waiver:
    """Accept a risk, decide anew where the findings stand, and let the indicators know."""
    now = deck.clock.now()
    named = services.named(deck.events, deck.spec, given.service, now).name
    with deck.state.begin() as tx:
        waiver = waivers.accept(
            tx, named, given.vulnerability.strip(), given.package.strip(),
            until=_until(given.until, now), reason=given.reason, actor=actor, now=now,
        )  # fmt: skip
        keep.settle(tx, named, now)
    gauge.publish(deck.state, deck.events, now)
    return waiver


def withdraw(deck: Deck, key: str, actor: str, reason: str) -> Waiver:
    """End a waiver, with the same consequences."""
    now = deck.clock.now()
    with deck.state.begin() as tx:
        waiver = waivers.withdraw(tx, key, actor, reason, now)
        keep.settle(tx, waiver.service, now)
    gauge.publish(deck.state, deck.events, now)
    return waiver


def _until(text: str, now: datetime) -> datetime:
    try:
        return now + timing.duration(text)
    except ValueError:
        pass
    except OverflowError:
        raise UsageError(f"until: {text!r} is after the year 9999", hint='for example: "30 days"') from None
    try:
        return timing.parse_iso(text)
    except ValueError:
        raise UsageError(
            f"until: {text!r} is neither a duration nor a time with a zone",
            hint='for example: "30 days" or 2026-12-31T00:00:00Z',
        ) from None
