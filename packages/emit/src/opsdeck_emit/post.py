"""One batch to the deck, and what its answer means.

In: an address, a key, records. Out: a Verdict with a named reason. `judge` is pure. It must not touch the spool.
The answer of a deck is not trusted: redirects are not followed, bodies are capped, a 2xx that does not account for
every record counts as no answer.
"""

import json
import signal
import urllib.error
import urllib.request
import zlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from http.client import HTTPException
from typing import Any, Literal
from urllib.parse import urlsplit

REQUEST_SECONDS = 10.0
BODY_LIMIT = 1_048_576
WAIT_LIMIT = 3_600.0
REFUSED_SECONDS = 300.0
LOOPBACK = ("127.0.0.1", "::1", "localhost")

Kind = Literal["accepted", "split", "later", "refused"]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A record that the deck will never take, and why."""

    index: int
    code: str
    message: str


@dataclass(frozen=True, slots=True)
class Verdict:
    """`accepted` (but for those rejected); `split` and try the halves; `later`, after `wait` s if the deck said so;
    `refused` (key or address are wrong)."""

    kind: Kind
    reason: str
    wait: float = 0.0
    rejected: tuple[Rejected, ...] = ()


def judge(status: int, retry_after: str, body: bytes, count: int, now: float) -> Verdict:
    """What an answer to `count` records means."""
    if status in (200, 202):
        return _accounted(body, count, status)
    if status in (400, 413, 422):
        verdict = _accounted(body, count, status)
        return verdict if verdict.kind == "accepted" else Verdict("split", f"HTTP {status}")
    wait = _seconds(retry_after, now)
    if status in (401, 403):
        said = said_in(body) or "the deck does not take this key"
        return Verdict("refused", f"HTTP {status}: {said}", max(wait, REFUSED_SECONDS))
    return Verdict("later", ": ".join(filter(None, (f"HTTP {status}", said_in(body)))), wait)


def post(url: str, key: str, records: Sequence[bytes], now: float) -> Verdict:
    """Send one batch; whatever happens on the way is `later`."""
    if not addressable(url):
        return Verdict("refused", f"not an address of a deck: {url}", REFUSED_SECONDS)
    body = zlib.compress(b"\n".join(records) + b"\n", 6, wbits=31)
    headers = {
        "Content-Type": "application/x-ndjson",
        "Content-Encoding": "gzip",
        "Authorization": f"Bearer {key}",
    }
    try:
        request = urllib.request.Request(url.rstrip("/") + "/v1/events", body, headers, method="POST")  # noqa: S310 - see the scheme above
        with deadline(REQUEST_SECONDS), opener(url).open(request, timeout=REQUEST_SECONDS) as answer:
            return judge(
                answer.status,
                answer.headers.get("Retry-After", ""),
                answer.read(BODY_LIMIT),
                len(records),
                now,
            )
    except urllib.error.HTTPError as answer:
        with answer, deadline(REQUEST_SECONDS):
            return judge(answer.code, answer.headers.get("Retry-After", ""), _body(answer), len(records), now)
    except (OSError, HTTPException, ValueError) as trouble:
        return Verdict("later", f"{type(trouble).__name__}: {trouble}")


def addressable(url: str) -> bool:
    """Whether the address can be one of a deck."""
    try:
        return urlsplit(url).scheme in ("http", "https")
    except ValueError:
        return False


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: object) -> None:
        return None


def opener(url: str) -> urllib.request.OpenerDirector:
    """HTTP and HTTPS only, no redirects, no cookies; proxies of the environment, but not to this machine."""
    proxies = urllib.request.ProxyHandler({} if urlsplit(url).hostname in LOOPBACK else None)
    return urllib.request.build_opener(proxies, _NoRedirect)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """A limit on the whole exchange: a socket's timeout starts anew with every byte that drips in."""

    def expire(*_: object) -> None:
        raise TimeoutError(f"no answer within {seconds:g} s")

    before = signal.signal(signal.SIGALRM, expire)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _body(answer: urllib.error.HTTPError) -> bytes:
    try:
        return answer.read(BODY_LIMIT)
    except (OSError, HTTPException):
        return b""


def said_in(body: bytes) -> str:
    """What the deck says about a refusal as a whole, "" if the body is not a deck's."""
    try:
        answer = json.loads(body)
        said: object = answer.get("error", answer)["message"]
    except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
        return ""
    return said if isinstance(said, str) else ""


def _accounted(body: bytes, count: int, status: int) -> Verdict:
    """The answer `{"accepted": n, "rejected": [{"index", "code", "message"}]}`, if it accounts for every record."""
    try:
        answer: Mapping[str, Any] = json.loads(body)
        rejected = tuple(
            Rejected(_index(r["index"], count), str(r["code"]), str(r["message"])) for r in answer["rejected"]
        )
        whole = (
            int(answer["accepted"]) + len(rejected)
            == count
            == count - len(rejected) + len({r.index for r in rejected})
        )
    except (ValueError, TypeError, LookupError, RecursionError, OverflowError):
        whole, rejected = False, ()
    if not whole:
        return Verdict("later", f"HTTP {status} with an answer that does not account for {count} records")
    return Verdict("accepted", f"HTTP {status}", rejected=rejected)


def _index(value: object, count: int) -> int:
    if not isinstance(value, int) or not 0 <= value < count:
        raise ValueError(value)
    return value


def _seconds(retry_after: str, now: float) -> float:
    """Retry-After (RFC 9110, section 10.2.3): seconds or a date; 0 where it says nothing."""
    text = retry_after.strip()
    try:
        if text.isdecimal():
            return min(float(text), WAIT_LIMIT)
        return min(max(parsedate_to_datetime(text).timestamp() - now, 0.0), WAIT_LIMIT)
    except (ValueError, TypeError, OverflowError):
        return 0.0
