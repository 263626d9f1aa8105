"""The detection tick: what a look found becomes detections, each with one row of the log, each once.

In: the state store, hits by service, the framework's actions, now. Out: how many were news. Looking happens before
the transaction begins; inside it is asked again whether the subject is still unknown, so two decks that look at the
same moment take turns there and the second finds nothing left to say. It must not know rules or entries.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from hashlib import blake2b
from typing import Literal

from opsdeck.detect.hits import Hit
from opsdeck.detect.looking import Found, look
from opsdeck.detect.rule import Rule
from opsdeck.model import Change, Detection, Setting, TickRun
from opsdeck.spec.framework import Framework
from opsdeck.stores.api import Query, StateStore, Transaction

KIND = "security"
ACTOR = "detect"
NAME = "detect"
# How long after its receipt an event may be loaded and still be found by the next look.
LOADING = timedelta(minutes=1)
EVERYBODY = timedelta(minutes=5)
_LAST = "detected/"

Reason = Literal["first", "again", "known", "overtaken"]


def tick(
    state: StateStore,
    query: Query,
    services: Iterable[str],
    rules: Iterable[Rule],
    framework: Framework,
    now: datetime,
) -> int:
    """All rules over all services; returns the number of new detections. The same `now` again changes nothing."""
    with state.begin(write=False) as tx:
        fresh = since(tx.get(TickRun, NAME), now)
        found = look(query, rules, services, lambda *of: _at(latest(tx, *of)), now, fresh=fresh)
    return settle(state, found, framework, now)


def since(last: TickRun | None, now: datetime) -> datetime | None:
    """Since when something new may have come: a little before the last look, None for a look at everybody.

    That one comes first, after trouble, and with each new span of EVERYBODY, for what was loaded late.
    """
    if last is None or last.last_at is None or last.error:
        return None
    if last.last_at.timestamp() // EVERYBODY.total_seconds() != now.timestamp() // EVERYBODY.total_seconds():
        return None
    return last.last_at - LOADING


def settle(state: StateStore, found: Iterable[Found], framework: Framework, now: datetime) -> int:
    """Write what is news: detection and log row in one transaction."""
    found = list(found)
    if not found:
        return 0
    with state.begin() as tx:
        return sum(_write(tx, one, framework, now) for one in found)


def learned(state: StateStore, service: str, hits: Iterable[Hit], framework: Framework, now: datetime) -> int:
    """The same for hits that do not ask what is spent: known where a detection reaches to their first event."""
    with state.begin(write=False) as tx:
        last = [(hit, latest(tx, service, hit.rule, hit.subject)) for hit in hits]
    news = [Found(service, hit, _at(one)) for hit, one in last if not (one and one.last_at >= hit.first)]
    return settle(state, news, framework, now)


def latest(tx: Transaction, service: str, rule: str, subject: str) -> Detection | None:
    """The last detection of this rule about this subject."""
    known = tx.get(Setting, _pointer(service, rule, subject))
    return tx.get(Detection, known.value) if known else None


def _pointer(service: str, rule: str, subject: str) -> str:
    """Where the key of the last detection is kept: a search among those of two years would take too long."""
    return _LAST + blake2b(f"{service}\0{rule}\0{subject}".encode(), digest_size=16).hexdigest()


def standing(found: Found, last: Detection | None) -> Reason:
    """Whether it is news: the first of its kind, or made of nothing that was there when the last one was made."""
    if last is None:
        return "first"
    if found.spent is None:
        return "known"
    return "again" if last.at == found.spent else "overtaken"


def key_of(found: Found, last: Detection | None) -> str:
    """The same for everybody who looks at the same state: digest of the subject and the detection before."""
    parts = (found.service, found.hit.rule, found.hit.subject, last.key if last else "")
    return "D-" + blake2b("\0".join(parts).encode(), digest_size=10).hexdigest()


def _write(tx: Transaction, found: Found, framework: Framework, now: datetime) -> int:
    hit = found.hit
    last = latest(tx, found.service, hit.rule, hit.subject)
    if standing(found, last) not in ("first", "again"):
        return 0
    event = framework.security_events.get(hit.event)
    detection = Detection(
        key_of(found, last),
        found.service,
        hit.event,
        hit.rule,
        hit.subject_kind,
        hit.subject,
        event.action if event else "",
        now,
        hit.first,
        hit.last,
        hit.count,
        hit.detail,
        dict(hit.data),
    )
    tx.put(detection)
    tx.put(Setting(_pointer(found.service, hit.rule, hit.subject), detection.key))
    tx.append(_change(detection), now)
    return 1


def _change(one: Detection) -> Change:
    data = {
        "detection": one.key, "rule": one.rule, "subject_kind": one.subject_kind, "subject": one.subject,
        "count": one.count, "action": one.action,
    }  # fmt: skip
    return Change(KIND, f"{one.service}/{one.event}", "", "detected", one.detail, ACTOR, data)


def _at(detection: Detection | None) -> datetime | None:
    return detection.at if detection else None
