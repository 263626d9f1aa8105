"""What a notification says: who, what, since when, threshold and value, and the next command to type.

In: a fire's log row with its rule and person, or a fire's payload with the row that ended it. Out: a payload of plain
JSON, the same for every channel. Pure.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from opsdeck import timing
from opsdeck.measure import figures
from opsdeck.model import Transition
from opsdeck.respond.notify.route import Person
from opsdeck.spec.model import Rule


def fired(row: Transition, rule: Rule, person: Person) -> dict[str, Any]:
    """The message that an alert fires."""
    service, _, name = row.change.subject.rpartition("/")
    said = {
        "status": "firing",
        "service": service,
        "rule": name,
        "severity": rule.severity,
        "tier": rule.tier,
        "condition": rule.condition.text,
        "value": row.change.data.get("value"),
        "threshold": rule.condition.threshold,
        "unit": rule.condition.unit,
        "since": timing.iso(row.at),
        "at": timing.iso(row.at),
        "fired_seq": row.seq,
        "to": person.address,
        "role": person.role,
        "next": f"opsdeck alerts explain {row.change.subject}",
    }
    asked = f"{person.role}: please answer within {timing.say(rule.response_time)}."
    lines = [
        f"{service}: {rule.summary or name}.",
        _measured(said, row),
        f"Firing since {_minute(row.at)}. {asked}",
    ]
    return _titled(said, lines)


def resolved(fire: Mapping[str, Any], row: Transition) -> dict[str, Any]:
    """The message that what `fire` told of is over. Needs no rule: the spec may have lost it by now."""
    since = timing.parse_iso(fire["since"])
    said = dict(fire) | {
        "status": "resolved",
        "value": row.change.data.get("value"),
        "at": timing.iso(row.at),
    }
    lasted = f"after {figures.lasted(row.at - since)}"
    lines = [
        f"{said['service']}: {said['rule']} is over.",
        _measured(said, row),
        f"It fired at {_minute(since)} and resolved at {_minute(row.at)}, {lasted}.",
    ]
    return _titled(said, lines)


def _measured(said: Mapping[str, Any], row: Transition) -> str:
    note = row.change.data.get("note")
    return f"Now {figures.say(said['value'], said['unit'])}{f' ({note})' if note else ''}; the rule is {said['condition']}."


def _titled(said: dict[str, Any], lines: list[str]) -> dict[str, Any]:
    title = f"{said['status'].upper()} {said['severity']}: {said['rule']} of {said['service']}"
    return said | {"title": title, "text": "\n".join([*lines, f"Why: {said['next']}"])}


def _minute(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")
