"""The commands' way to a running deck: its URL and operator token, one request, one clear error.

In: a path and parameters. Out: parsed JSON, or an OpsdeckError with the next command to type.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx

from opsdeck.errors import OpsdeckError, UnreachableError, UsageError
from opsdeck_emit import home as emit_home

TIMEOUT = 30.0  # seconds; the slowest answer is a year of objectives over ten million events
FILE_TIMEOUT = 300.0  # seconds; the largest scan file over a slow line, and its import


def home() -> Path:
    """Where `up` leaves its URL and keys: the folder in which operated tools look for them."""
    return Path(emit_home.root())


def _read(name: str) -> str:
    try:
        return (home() / name).read_text().strip()
    except OSError:
        return ""


def address() -> str:
    """The URL of the deck that commands talk to; raises UnreachableError where there is none."""
    return _deck()[0]


def _deck() -> tuple[str, str]:
    """URL and operator token: OPSDECK_URL with OPSDECK_KEY, else those of the local deck.

    The local token goes to the deck that made it and nowhere else. A URL left by a deck that was killed is nobody's:
    whoever has the port now must not be handed the token.
    """
    local = _read("url")
    if (url := os.environ.get("OPSDECK_URL", "").rstrip("/")) and url != local:
        if key := os.environ.get("OPSDECK_KEY"):
            return url, key
        raise UnreachableError(
            f"OPSDECK_URL names {url}", hint="set OPSDECK_KEY to an operator token of that deck"
        )
    if local and _runs():
        return local, _read("operator.token")
    raise UnreachableError(f"no deck runs under {home()}", hint="start one: opsdeck up")


def _runs() -> bool:
    """Whether some process holds the home's lock, as a deck does for as long as it lives."""
    try:
        with (home() / "deck.lock").open() as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:
        return False
    return False


def request(method: str, path: str, *, body: object = None, **parameters: object) -> Any:
    """One call of the deck's API; bytes go as they are, else as JSON. Parameters that are None or empty are left out."""
    url, token = _deck()
    given = {name: str(value) for name, value in parameters.items() if value not in (None, "")}
    try:
        answer = httpx.request(
            method,
            url + path,
            params=given,
            json=None if isinstance(body, bytes) else body,
            content=body if isinstance(body, bytes) else None,
            headers={"Authorization": f"Bearer {token}"},
            timeout=FILE_TIMEOUT if isinstance(body, bytes) else TIMEOUT,
            trust_env=False,
        )
    except httpx.HTTPError as error:
        raise UnreachableError(
            f"the deck at {url} does not answer ({type(error).__name__})", hint="start it: opsdeck up"
        ) from error
    if answer.is_success:
        return answer.json()
    raise _refusal(answer)


@contextmanager
def stream(path: str) -> Iterator[Iterator[bytes]]:
    """GET `path` and read the answer in pieces, however long it is."""
    url, token = _deck()
    headers = {"Authorization": f"Bearer {token}"}
    try:
        with httpx.stream(
            "GET", url + path, headers=headers, timeout=FILE_TIMEOUT, trust_env=False
        ) as answer:
            if not answer.is_success:
                answer.read()
                raise _refusal(answer)
            yield answer.iter_bytes()
    except httpx.HTTPError as error:
        raise UnreachableError(
            f"the deck at {url} does not answer to the end ({type(error).__name__})", hint="opsdeck doctor"
        ) from error


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
