"""Values as JSON. In: frozen values of the reports. Out: a response; times are RFC 3339, spans ISO 8601 durations."""

from typing import Any

import msgspec
from starlette.responses import Response

_encoder = msgspec.json.Encoder(enc_hook=str)


def answer(code: int = 200, /, **values: Any) -> Response:
    """An object with these members; `code` is the HTTP status."""
    return Response(_encoder.encode(values), code, media_type="application/json")


def plain(value: Any) -> Response:
    """The value itself."""
    return Response(_encoder.encode(value), media_type="application/json")
