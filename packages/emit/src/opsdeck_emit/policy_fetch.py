"""The deck's policy from the deck into the cache; run by the shipper, or in a process of its own (`launch.fetch`).

In: a service that asked for its policy once. Out: the cached document replaced by a newer one, or left as it is with
the trouble counted beside it. It must not know what a policy forbids.
The deck is not trusted with more than a document that it signed for this user: redirects are not followed, the answer
is capped in size and time, and what cannot be verified never replaces what was.
"""

import os
import urllib.error
import urllib.request
from dataclasses import dataclass
from http.client import HTTPException
from urllib.parse import quote, unquote

from opsdeck_emit import consent, drain, home, policy, wire
from opsdeck_emit.post import addressable, deadline, opener, said_in

POLL_SECONDS = 1.0
REQUEST_SECONDS = 2.0
BACKOFF_LIMIT = 15.0
ETAG_LIMIT = 256
GIVEN, NOT_MODIFIED = 200, 304


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status of HTTP with tag and body, or 0 and the trouble on the way."""

    status: int
    etag: str = ""
    body: bytes = b""
    trouble: str = ""


class Watch:
    """When the policies of one deck's folder are asked for next: soon after an answer, ever later after trouble."""

    def __init__(self) -> None:
        """The first look asks at once."""
        self._due = 0.0
        self._failures = 0

    def look(self, folder: str, now: float, at: float) -> None:
        """Refresh what is due; `now` is the time of day, `at` a clock that nobody sets."""
        if at < self._due:
            return
        troubles = [refresh(service, now, REQUEST_SECONDS) for service in wanted(folder)]
        self._failures = self._failures + 1 if any(troubles) else 0
        self._due = at + min(POLL_SECONDS * 2.0**self._failures, BACKOFF_LIMIT)


def wanted(folder: str) -> list[str]:
    """The services of one deck's folder in the spool that asked for a policy."""
    services = [unquote(os.path.basename(place)) for place in drain.services(folder)]
    return [service for service in services if os.path.lexists(policy.path(service))]


def refresh(service: str, now: float, seconds: float) -> str:
    """Ask the deck once and keep what it says; returns the trouble, "" if there is none."""
    url, key = home.deck()
    subject, place = consent.pseudonym(), policy.path(service)
    if not (url and key and subject):
        return ""
    etag = _held(place, policy.read(service, subject, now).reason)
    answer = get(url, key, service, subject, etag, seconds)
    trouble = judge(answer, etag, policy.verify(answer.body, key, service, subject, now).reason)
    if not os.path.lexists(place):
        return trouble  # purged meanwhile
    try:
        if not trouble and answer.status == GIVEN:
            home.write(place, answer.body.decode())
            home.write(place + "~etag", f"{_mac(answer.body)} {answer.etag}")
        _note(place, trouble)
    except OSError as error:  # a full disk: what the cache holds is not the deck's last word
        return f"the deck's policy cannot be kept: {error.strerror}"
    return trouble


def judge(answer: Answer, asked_with: str, worth: str) -> str:
    """Why the answer is of no use, "" if it is: a policy that stands, or word that the one we hold is the newest."""
    if answer.status == GIVEN:
        return "" if worth == policy.STANDING else f"the deck's policy is {worth}"
    if answer.status == NOT_MODIFIED and asked_with:
        return ""
    said = ": ".join(filter(None, (f"HTTP {answer.status}", said_in(answer.body))))
    return answer.trouble or said


def get(url: str, key: str, service: str, subject: str, etag: str, seconds: float) -> Answer:
    """One request; whatever happens on the way is its trouble."""
    if not addressable(url):
        return Answer(0, trouble=f"not an address of a deck: {url}")
    address = (
        f"{url.rstrip('/')}/v1/policy?service={quote(service, safe='')}&subject={quote(subject, safe='')}"
    )
    headers = {"Authorization": f"Bearer {key}", **({"If-None-Match": etag} if etag else {})}
    try:
        request = urllib.request.Request(address, headers=headers)  # noqa: S310 - see the scheme above
        with deadline(seconds):
            try:
                answer = opener(url).open(request, timeout=seconds)
            except urllib.error.HTTPError as refused:
                answer = refused
            with answer:
                body = answer.read(policy.SIZE_LIMIT + 1)
            return Answer(answer.status or 0, answer.headers.get("ETag", "")[:ETAG_LIMIT], body)
    except (OSError, HTTPException, ValueError) as trouble:
        cause = getattr(trouble, "reason", trouble)
        return Answer(
            0, trouble=f"no answer: {getattr(cause, 'strerror', '') or cause or type(cause).__name__}"
        )


def trouble(service: str) -> tuple[int, str]:
    """How many times in a row the deck's answer was of no use, and why the last was; (0, "") after a good one."""
    count, _, text = home.read(policy.path(service) + "~trouble").partition(" ")
    return (int(count), text) if count.isdecimal() else (0, "")


def _held(place: str, reason: str) -> str:
    """The tag of the document in the cache, if that is worth keeping and the tag is its own."""
    mac, _, etag = home.read(place + "~etag").partition(" ")
    return etag if reason == policy.STANDING and mac == _mac(home.read(place).encode() + b"\n") else ""


def _mac(document: bytes) -> str:
    return document[-policy.MAC_LINE :].decode("utf-8", "replace").strip()[-2 * policy.MAC_BYTES :]


def _note(place: str, trouble: str) -> None:
    if trouble:
        count = home.read(place + "~trouble").partition(" ")[0]
        number = int(count) + 1 if count.isdecimal() else 1
        home.write(place + "~trouble", f"{number} {wire.clean(trouble)}")
    elif os.path.lexists(place + "~trouble"):
        drain.remove(place + "~trouble")
