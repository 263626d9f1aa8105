"""The commands' way to a running deck: its URL and operator token, one request, one clear error.

In: a path and parameters. Out: parsed JSON, or an OpsdeckError with the next command to type.
"""

import os
from pathlib import Path
from typing import Any

import httpx

from opsdeck.errors import OpsdeckError, UnreachableError, UsageError

TIMEOUT = 30.0  # seconds; the slowest answer is a year of objectives over ten million events


def home() -> Path:
    """OPSDECK_HOME, else the user's data folder: where `up` leaves its URL and keys."""
    if told := os.environ.get("OPSDECK_HOME"):
        return Path(told)
    data = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(data) / "opsdeck"


def _read(name: str) -> str:
    try:
        return (home() / name).read_text().strip()
    except OSError:
        return ""


def address() -> str:
    """OPSDECK_URL, else the URL that the local deck left; raises UnreachableError where there is neither."""
    if url := os.environ.get("OPSDECK_URL") or _read("url"):
        return url.rstrip("/")
    raise UnreachableError(f"no deck is known under {home()}", hint="start one: opsdeck up")


def request(method: str, path: str, *, body: object = None, **parameters: object) -> Any:
    """One call of the deck's API. Parameters that are None or empty are left out."""
    url = address()
    given = {name: str(value) for name, value in parameters.items() if value not in (None, "")}
    token = _read("operator.token")
    try:
        answer = httpx.request(
            method,
            url + path,
            params=given,
            json=body,
            headers={"Authorization": f"Bearer {token}"},
            timeout=TIMEOUT,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise UnreachableError(
            f"the deck at {url} does not answer ({type(error).__name__})", hint="start it: opsdeck up"
        ) from error
    if answer.is_success:
        return answer.json()
    raise _refusal(answer)


def get(path: str, **parameters: object) -> Any:
    """GET `path`."""
    return request("GET", path, **parameters)


def _refusal(answer: httpx.Response) -> OpsdeckError:
    try:
        said = answer.json()["error"]
    except (ValueError, KeyError, TypeError):
        said = {"message": f"HTTP {answer.status_code} from the deck", "hint": "opsdeck doctor"}
    kind = UsageError if answer.status_code in {400, 404, 422} else OpsdeckError
    return kind(said["message"], hint=said.get("hint", ""))
