"""Whom a notification goes to and when: pure, from the spec, the rule, a silence and now.

Tier 1 goes out at once, tier 2 waits for business hours; a silence holds both back until it ends. The person is the
first role of the rule's chain. The further steps of the chain belong to escalation, not here.
"""

from dataclasses import dataclass
from datetime import datetime

from opsdeck import timing
from opsdeck.alerts.people import said
from opsdeck.model import Silence
from opsdeck.spec.model import Channel, Rule, Spec


@dataclass(frozen=True, slots=True)
class Person:
    """A role of the chain and the address that stands for it; without a contact the role is all there is."""

    role: str
    address: str


@dataclass(frozen=True, slots=True)
class When:
    """When a notification may go out, with the named reason: `at_once`, `held` or `muted`."""

    due: datetime
    verdict: str
    why: str


def person(spec: Spec, rule: Rule) -> Person:
    """The first step of the rule's chain."""
    role = rule.escalation[0]
    return Person(role, next(iter(spec.addresses(role)), role))


def channels(spec: Spec, service: str) -> list[Channel]:
    """The channels that the service's notifications go to: those it names, else all."""
    named = spec.service(service).channels
    return [channel for channel in spec.channels if not named or channel.name in named]


def when(spec: Spec, tier: int, silence: Silence | None, now: datetime) -> When:
    """Now for tier 1, the next business hour for tier 2, in either case not before a silence is over."""
    at = silence.until if silence else now
    due = timing.next_open(spec.calendar, at) if tier > 1 else at
    if silence:
        return When(due, "muted", f"silenced {said(silence)}")
    if due > now:
        return When(due, "held", f"tier {tier} goes out in business hours, they open at {timing.iso(due)}")
    return When(due, "at_once", f"tier {tier}" if tier == 1 else f"tier {tier}, in business hours")
