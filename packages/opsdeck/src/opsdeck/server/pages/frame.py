"""From a request to a page: what is selected, which services there are, what fires. In: request, deck. Out: HTML.

An htmx request gets the live part alone; the rest of the page stays as it is in the browser.
"""

from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse

from opsdeck.deck import Deck
from opsdeck.reports import alerts, services
from opsdeck.server.pages.view import RANGES, Page


def render(
    request: Request, deck: Deck, *, title: str, part: str, template: str, **values: Any
) -> HTMLResponse:
    """The page around `template`; `values` are what it shows. `service`, `live` and `charts` are about the page too."""
    about = {
        name: values.pop(name) for name in ("service", "live", "every", "charts", "range") if name in values
    }
    fragment = request.headers.get("hx-request") == "true"
    now = deck.clock.now()
    with deck.state.begin(write=False) as tx:
        firing = alerts.firing(tx)
    page = Page(
        title=title,
        part=part,
        template=f"parts/{template}.html",
        path=request.url.path,
        query=dict(request.query_params),
        now=now,
        fragment=fragment,
        services=() if fragment else services.names(deck.events, deck.spec, now),
        firing=firing,
        **about,
    )
    name = page.template if fragment else f"{template}.html"
    html = request.app.state.templates.get_template(name).render(page=page, **values)
    return HTMLResponse(html)


def chosen_range(window: str) -> str:
    """The name of the range button that `window` presses, "" for a span of its own."""
    return next((name for name, _ in RANGES if name == window), "")
