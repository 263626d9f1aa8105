"""The fields of a form. In: a small urlencoded body. Out: its last value by name."""

from collections.abc import Mapping
from urllib.parse import parse_qsl

from starlette.requests import Request

from opsdeck.errors import RejectedError

MOST_FIELDS = 100


async def fields(request: Request) -> Mapping[str, str]:
    """The form's fields. Raises RejectedError (415) for another kind of body."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise RejectedError(415, "unsupported_type", "a form is sent as application/x-www-form-urlencoded")
    body = await request.body()
    return dict(
        parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True, max_num_fields=MOST_FIELDS)
    )
