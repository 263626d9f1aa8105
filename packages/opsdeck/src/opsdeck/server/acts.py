"""What people do through the deck: acknowledge and silence. In: names, a person, their words. Out: the record written."""

from opsdeck import timing
from opsdeck.alerts import acknowledge, silence
from opsdeck.deck import Deck
from opsdeck.errors import UsageError
from opsdeck.model import AlertState, Silence


def take(deck: Deck, service: str, rule: str, actor: str, note: str) -> AlertState:
    """Acknowledge a firing alert. Raises UsageError where it does not fire, ConflictError where somebody else did."""
    with deck.state.begin() as tx:
        return acknowledge(tx, service, rule, actor, note, deck.clock.now())


def mute(deck: Deck, service: str, rule: str, actor: str, *, span: str, reason: str) -> Silence:
    """Silence an alert for `span` (`2 hours`). Raises UsageError for a span that is none and for an empty reason."""
    now = deck.clock.now()
    try:
        until = now + timing.duration(span)
    except ValueError as error:
        raise UsageError(f"for: {error}", hint="for example: 2 hours") from None
    with deck.state.begin() as tx:
        return silence(tx, service, rule, until=until, reason=reason, actor=actor, now=now)
