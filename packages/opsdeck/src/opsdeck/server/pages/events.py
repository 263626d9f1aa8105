"""The event explorer: filters in the address, entries newest first, one entry in full."""

import json
import re
from collections.abc import Iterator
from typing import Annotated, Any

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import HTMLResponse

from opsdeck import faults
from opsdeck.errors import NotFoundError, UsageError
from opsdeck.model import Match, Window
from opsdeck.reports import fields, logs
from opsdeck.reports import where as language
from opsdeck.reports.spans import parse
from opsdeck.server.pages.frame import chosen_range, render
from opsdeck.server.served import TheDeck

router = APIRouter(include_in_schema=False)

PER_PAGE = 50
CHOICES = ("level", "outcome", "user_type", "category", "operation")
_JSON = re.compile(
    r'(?P<k>"(?:[^"\\]|\\.)*"(?=:))|(?P<s>"(?:[^"\\]|\\.)*")|(?P<n>-?\d[\d.eE+-]*)|(?P<w>true|false|null)'
)

Text = Annotated[str, Query(max_length=2_000)]


@router.get("/events")
def explorer(
    request: Request,
    deck: TheDeck,
    service: Text = "",
    where: Text = "",
    window: str = "24h",
    before: Text = "",
) -> HTMLResponse:
    chosen = {name: request.query_params.get(name, "") for name in CHOICES}
    now, span = deck.clock.now(), parse(window)
    match, mistake = _match(service, where, chosen)
    period = logs.since(now - span, now)
    found = logs.logs(deck.events, match, period, PER_PAGE, before) if match else None
    return render(
        request,
        deck,
        title="Events",
        part="events",
        template="events",
        service=service,
        range=chosen_range(window),
        live=not before,
        charts=True,
        where=where,
        names=language.fields(),
        mistake=mistake,
        chosen=chosen,
        choices=_choices(deck, period),
        found=found,
        lines=[logs.line(entry) for entry in found.entries] if found else (),
        before=before,
        chart=logs.over_time(deck.events, match, span, now) if match else None,
    )


@router.get("/events/{event_id:path}")
def one(request: Request, deck: TheDeck, event_id: str) -> HTMLResponse:
    found = logs.entry(deck.events, event_id, deck.clock.now())
    if found is None:
        raise NotFoundError(
            f"there is no event {event_id!r}", hint="it may be past its retention; look at /events"
        )
    cause = faults.cause(found.body)
    with deck.state.begin(write=False) as tx:
        fault = faults.fault_of(tx, cause) if cause else None
    return render(
        request,
        deck,
        title="Event",
        part="events",
        template="event",
        service=str(found.body.get("service", "")),
        live=False,
        entry=found,
        line=logs.line(found),
        facts=fields.explain(found.body),
        tokens=list(coloured(found.body)),
        filterable=frozenset(language.NAMES),
        fault=fault,
    )


def coloured(body: Any) -> Iterator[tuple[str, str]]:
    """The value as indented JSON in pieces: k a name, s a string, n a number, w a word, "" anything else."""
    text, at = json.dumps(body, indent=2, ensure_ascii=False), 0
    for token in _JSON.finditer(text):
        if token.start() > at:
            yield "", text[at : token.start()]
        yield str(token.lastgroup), token[0]
        at = token.end()
    yield "", text[at:]


def _match(service: str, text: str, chosen: dict[str, str]) -> tuple[Match | None, UsageError | None]:
    equals = {name: value for name, value in {"service": service, **chosen}.items() if value}
    try:
        return language.parse(text).also(**equals), None
    except UsageError as error:
        return None, error


def _choices(deck: TheDeck, period: Window) -> dict[str, tuple[str, ...]]:
    operations = {row.group[0] for row in deck.events.tally(Match(), period, by=("operation",))}
    return {name: language.WORDS.get(name) or tuple(sorted(operations)) for name in CHOICES}
