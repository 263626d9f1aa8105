"""What people do about security through the deck: review, lift, block, entitle, revoke.

In: names, a person, their words. Out: the record written. What changed holds at once: what stands is read anew.
"""

from datetime import datetime

from opsdeck import timing
from opsdeck.deck import Deck
from opsdeck.errors import UsageError
from opsdeck.model import Detection, Entitlement, Restriction
from opsdeck.reports import services
from opsdeck.respond import enforce


def review(deck: Deck, key: str, actor: str, *, verdict: str, note: str, lifting: bool) -> Detection:
    """Say what a detection was; `lifting` ends what it led to."""
    now = deck.clock.now()
    with deck.state.begin() as tx:
        seen = enforce.review(tx, key, verdict, note, actor=actor, now=now, lifting=lifting)
    deck.standing.refresh(now)
    return seen


def lift(deck: Deck, key: str, actor: str, reason: str) -> Restriction:
    """End a restriction before its time."""
    now = deck.clock.now()
    with deck.state.begin() as tx:
        lifted = enforce.lift(tx, key, actor, reason, now)
    deck.standing.refresh(now)
    return lifted


def block(
    deck: Deck, service: str, subject: str, actor: str, *, span: str, reason: str, address: bool = False
) -> Restriction:
    """Block a user or an address (its hash) for `span`."""
    now = deck.clock.now()
    name = services.named(deck.events, deck.spec, service, now).name
    until = _until(span, now)
    with deck.state.begin() as tx:
        made = enforce.block(
            tx, name, subject, until=until, reason=reason, actor=actor, now=now, address=address
        )
    deck.standing.refresh(now)
    return made


def entitle(
    deck: Deck, service: str, subject: str, actor: str, *, feature: str, span: str, reason: str
) -> Entitlement:
    """Let a user use a restricted feature for `span`, "" until it is revoked."""
    now = deck.clock.now()
    name = services.named(deck.events, deck.spec, service, now).name
    until = _until(span, now) if span.strip() else None
    with deck.state.begin() as tx:
        made = enforce.grant(tx, name, subject, feature, until=until, reason=reason, actor=actor, now=now)
    deck.standing.refresh(now)
    return made


def revoke(deck: Deck, service: str, subject: str, actor: str, *, feature: str, reason: str) -> Entitlement:
    """Take an entitlement back."""
    now = deck.clock.now()
    name = services.named(deck.events, deck.spec, service, now).name
    with deck.state.begin() as tx:
        ended = enforce.revoke(tx, name, subject, feature, actor=actor, reason=reason, now=now)
    deck.standing.refresh(now)
    return ended


def _until(span: str, now: datetime) -> datetime:
    try:
        return now + timing.duration(span)
    except (ValueError, OverflowError) as error:
        raise UsageError(f"for: {error}", hint="for example: 2 hours") from None
