"""A run that is about to start in, nothing out, or the refusal that the deck's policy asks for.

1. A restriction of this user that still holds refuses every generation.
2. What is restricted needs an entitlement that the deck confirms now. Nobody is let in or refused on an old word, so
   without a deck it stays closed.
3. Without a policy that stands (no consent, no deck, a damaged file) ordinary templates go on, restricted ones do not.

Reads the cached policy through opsdeck_emit; asks the deck itself only where the cache cannot answer.
"""

import time

from unjucks.errors import Blocked, EntitlementUnknown, RateLimited, Restricted
from unjucks.recording import SERVICE, UNUSABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from opsdeck_emit import Run
    from opsdeck_emit.policy import Policy
    from unjucks.errors import UnjucksError
    from unjucks.model import Template
    from unjucks.recording import Unrecorded

    Event = Run | Unrecorded

ALLOW_OUTSIDE = "allow-outside"
UNTRUSTED_SHELL = "untrusted-shell"
EXPIRED_SECONDS = 0.5  # at most, for a restriction that may have been lifted since
RESTRICTED_SECONDS = 2.0  # at most, before something restricted is opened or refused
UNANSWERED = "the deck does not answer"
STANDING = "standing"  # as opsdeck_emit.policy calls it; not imported, since most runs need nothing of it
NO_EMIT = "opsdeck-emit is missing or broken"


def features(template: "Template", flags: set[str]) -> list[str]:
    """Give what a run needs an entitlement for."""
    found = [f"template:{template.title}"] if template.restricted else []
    return [*found, ALLOW_OUTSIDE] if "--allow-outside" in flags else found


def expect(event: "Event") -> None:
    """Have the deck asked about this user from the first run on, whatever becomes of that run."""
    service, subject = event.subject
    if not subject:
        return
    try:
        from opsdeck_emit import policy
    except UNUSABLE:
        return
    policy.want(service)


def admit(event: "Event", needed: "Sequence[str]", now: float) -> None:
    """Let a generation start; raises Blocked, RateLimited, Restricted or EntitlementUnknown."""
    policy, reason = _read(event, now)
    if policy and reason != STANDING and policy.restriction(now):
        policy, reason = _read(event, now, EXPIRED_SECONDS)
    _refuse_restricted(policy, reason, now)
    if needed:
        policy, reason = _read(event, now, RESTRICTED_SECONDS)
        _refuse_restricted(policy, reason, now)
    for feature in needed:
        if not _holds(policy, reason, feature):
            raise _closed(event, reason, feature)


def entitled(event: "Event", feature: str, now: float) -> bool:
    """Whether the deck says now that this user may use a restricted feature."""
    return _holds(*_read(event, now, RESTRICTED_SECONDS), feature)


def told(now: float) -> tuple[bool, str]:
    """Say for `unjucks doctor` whether the policy is as it should be, and what it says."""
    from opsdeck_emit import consent, home, policy, policy_fetch

    try:
        reading = policy.read(SERVICE, consent.pseudonym(), now)
    except OSError as error:
        return True, f"none: {error}"
    if reading.policy is None:
        trouble = policy_fetch.trouble(SERVICE)[1]
        quiet = reading.reason in (policy.ABSENT, policy.NO_SUBJECT, policy.NO_KEY) and not trouble
        return quiet or not home.deck()[0], f"none: {trouble or reading.reason}"
    holding = [one for one in reading.policy.restrictions if now < one.until]
    limits = [f"{one.kind} until {when(one.until)} ({one.id}: {one.reason})" for one in holding]
    parts = [
        f"{reading.reason} {'until' if reading.reason == STANDING else 'since'} {when(reading.policy.expires)}",
        "; ".join(limits) or "no restrictions",
        "entitled to " + (", ".join(reading.policy.entitlements) or "nothing restricted"),
    ]
    return reading.reason == policy.STANDING and not limits, "; ".join(parts)


def when(at: float) -> str:
    """Give a time on this machine's clock, with its zone, and in UTC."""
    local = time.strftime("%Y-%m-%d %H:%M:%S %Z", time.localtime(at))
    universal = time.strftime("%Y-%m-%d %H:%M:%S UTC", time.gmtime(at))
    return local if local == universal else f"{local} ({universal})"


def _read(event: "Event", now: float, seconds: float = 0.0) -> "tuple[Policy | None, str]":
    """Give the policy and its state; with `seconds`, after asking the deck for so long."""
    service, subject = event.subject
    if not subject:
        return None, ""
    try:
        from opsdeck_emit import launch, policy
        from opsdeck_emit.run import quietly
    except UNUSABLE:
        return None, NO_EMIT
    reading = policy.read(service, subject, now)
    if seconds and not quietly(service, launch.fetch, service, seconds):
        return None, UNANSWERED
    if seconds:
        reading = policy.read(service, subject, now)
    return reading.policy, reading.reason


def _holds(policy: "Policy | None", reason: str, feature: str) -> bool:
    return policy is not None and reason == STANDING and policy.entitled(feature)


def _refuse_restricted(policy: "Policy | None", reason: str, now: float) -> None:
    restriction = policy.restriction(now) if policy and reason == STANDING else None
    if restriction is None:
        return
    refusal, word = (Blocked, "blocked") if restriction.kind == "block" else (RateLimited, "limited")
    message = f"your generations are {word} until {when(restriction.until)}: {restriction.reason} ({restriction.id})"
    raise refusal(message, hint="wait, or " + _ask_for("lift", restriction.id))


def _closed(event: "Event", reason: str, feature: str) -> "UnjucksError":
    kind, _, name = feature.partition(":")
    what = f"Template {name!r}" if kind == "template" else f"--{feature}"
    if reason == STANDING:
        hint = _ask_for("entitle", event.subject[1], feature)
        return Restricted(f"{what} is restricted, and you are not entitled to it", hint=hint)
    why, given, hint = _unknown(event, reason)
    message = f"{what} is restricted, and nobody can say whether you may: {why}"
    return EntitlementUnknown(message, given=given, hint=hint)


def _unknown(event: "Event", reason: str) -> tuple[str, str, str]:
    """Say why no policy stands: the reason, what only the person sees of it, and what to type next."""
    try:
        from opsdeck_emit import consent, home, policy_fetch
    except UNUSABLE:
        return NO_EMIT, "", "unjucks doctor"
    if not event.subject[1]:
        asked = consent.state(SERVICE)
        if asked == consent.GRANTED:
            return "this run could not be recorded", "", "unjucks telemetry status"
        source = f" ({asked.source})"
        return f"telemetry is off{source}, so the deck does not know you", "", "unjucks telemetry on"
    if not home.deck()[0]:
        return "no deck is known here", "", "set OPSDECK_URL and OPSDECK_KEY, or start a deck: opsdeck up"
    trouble = policy_fetch.trouble(SERVICE)[1] or reason
    return "the deck gave no policy", trouble, "unjucks doctor; is the deck up?"


def _ask_for(*words: str) -> str:
    """Say whom to ask for what, as a command that may be pasted: a template's name is quoted."""
    from shlex import quote

    from opsdeck_emit import home

    url = home.deck()[0]
    command = " ".join(map(quote, words))
    return f"ask who runs the deck{f' ({url})' if url else ''}: opsdeck security {command} --reason …"
