"""`unjucks telemetry`: what is recorded about this person's runs, and whether. Emit holds the facts."""

import os

from unjucks import arguments
from unjucks.errors import EmitMissing, WriteFailed
from unjucks.recording import SERVICE, UNUSABLE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from unjucks.console import Console

ACTIONS = ("status", "show", "on", "off", "purge")
NO = ("", "0", "false")
ABOUT = "`unjucks telemetry show` prints every byte that is recorded, `unjucks telemetry off` ends it."
QUESTION = (
    "May unjucks record how its commands fare (command, template, duration, errors; never file contents)?"
)


def run(argv: list[str], console: "Console") -> int:
    """Show or change what is recorded; raises UnjucksError."""
    options = arguments.read("telemetry", argv, ("--json",))
    action = options.words[0] if options.words else "status"
    if action not in ACTIONS or len(options.words) > 1:
        raise options.wrong(f"telemetry takes one of {', '.join(ACTIONS)}")
    try:
        from opsdeck_emit import consent, telemetry
    except UNUSABLE as error:
        raise EmitMissing(f"opsdeck-emit is missing or broken, so nothing is recorded: {error}") from None
    if action == "show":
        for record in telemetry.show(SERVICE):
            console.say(record.decode())
        return 0
    change = {"on": consent.grant, "off": consent.deny, "purge": telemetry.purge}.get(action)
    try:
        if change:
            change(SERVICE)
    except OSError as error:
        raise WriteFailed(str(error.strerror), place=str(error.filename or "")) from None
    status = telemetry.status(SERVICE)
    if console.json:
        console.document(status)
    else:
        _print(status, console)
    return 0


def _print(status: "dict[str, Any]", console: "Console") -> None:
    console.say(f"consent   {status['consent']} ({status['source']})")
    console.say(f"waiting   {status['spooled']} records, {status['spooledBytes']} bytes")
    console.say(
        f"sent      {status['sent']} records{', last ' + status['lastSent'] if status['lastSent'] else ''}"
    )
    for reason, number in status["dropped"].items():
        console.say(f"dropped   {number} ({reason})")
    if status["lastError"]:
        console.say(f"trouble   {status['lastError']}")
    if status["policy"]:
        console.say(f"policy    {status['policy']}")
    console.say(f"deck      {status['deck'] or 'none found: records wait here'}")
    console.say(f"kept in   {status['home']}")


def offer(console: "Console") -> None:
    """Ask for consent, once: only while nobody has answered, never in CI, never under DO_NOT_TRACK."""
    if os.environ.get("CI", "").lower() not in NO or os.environ.get("DO_NOT_TRACK", "") not in NO:
        return
    try:
        from opsdeck_emit import consent
    except UNUSABLE:
        return
    if consent.state(SERVICE) != "unknown":
        return
    console.say(ABOUT)
    try:
        agreed = console.agrees(QUESTION)
    except KeyboardInterrupt:
        console.say("")
        agreed = False
    answer = consent.grant if agreed else consent.deny
    try:
        answer(SERVICE)
    except OSError as error:
        console.warn(f"unjucks: your answer could not be kept: {error}")
