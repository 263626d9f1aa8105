"""Refusals and failures as answers: JSON for programs, a page for people. In: a reason. Out: a response.

Every one names what is wrong and what to type next.
"""

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, Response

from opsdeck.errors import ConflictError, NotFoundError, OpsdeckError, RejectedError, UsageError

LINK = "opsdeck link"
REFUSALS = {
    "wrong_host": (421, "This deck does not answer to that name", "open it at the address that `opsdeck up` printed"),
    "signed_out": (401, "You are signed out", f"type `{LINK}` for a fresh sign-in link (it works once, for 5 minutes)"),
    "used_link": (401, "This link does not work any more", f"a link works once, for 5 minutes; type `{LINK}` for a fresh one"),
    "cross_site": (403, "This change was asked by a page that is not the deck's own", "do it on the deck's own page"),
    "not_found": (404, "There is nothing at this address", "start from the overview: /"),
    "wrong_method": (405, "This address does not take that kind of request", "the routes are listed at /api/openapi.json"),
    "too_large": (413, "The request is too large", "what people type fits in 64 KiB; events go to /v1/events"),
    "failed": (500, "The deck failed", "the traceback is in the deck's own output; look at `opsdeck doctor`"),
}  # fmt: skip


# The first kind that an error is decides.
STATUS: tuple[tuple[type[OpsdeckError], int, str], ...] = (
    (NotFoundError, 404, "not_found"),
    (UsageError, 422, "usage"),
    (ConflictError, 409, "conflict"),
    (OpsdeckError, 500, "failed"),
)


def refuse(request: Request, reason: str) -> Response:
    """The answer for one of REFUSALS."""
    status, message, hint = REFUSALS[reason]
    return answer(request, status, reason, message, hint)


def failed(request: Request, error: OpsdeckError) -> Response:
    """The answer for an error that the deck raised on purpose."""
    if isinstance(error, RejectedError):
        return answer(request, error.status, error.code, error.message, error.hint)
    status, code = next((status, code) for kind, status, code in STATUS if isinstance(error, kind))
    return answer(request, status, code, error.message, error.hint)


def answer(request: Request, status: int, code: str, message: str, hint: str) -> Response:
    """JSON under /api and /v1 and for whoever does not ask for HTML; else a page."""
    headers = {"www-authenticate": 'Bearer realm="opsdeck"'} if status == 401 else {}  # noqa: PLR2004 - the status itself
    wants_page = "text/html" in request.headers.get("accept", "") or "hx-request" in request.headers
    if request.url.path.startswith(("/api", "/v1")) or not wants_page:
        said = {"error": {"code": code, "message": message, "hint": hint}}
        return JSONResponse(said, status, headers)
    page = request.app.state.templates.get_template("refused.html")
    return HTMLResponse(page.render(status=status, code=code, message=message, hint=hint), status)
