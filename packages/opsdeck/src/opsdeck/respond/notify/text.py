"""What a notification says: who, what, since when, threshold and value, and the next command to type.

In: a log row, the rule, the person. Out: a payload of plain JSON, the same for every channel. Pure.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from opsdeck import timing
from opsdeck.measure import figures
from opsdeck.model import Transition
from opsdeck.respond.notify.route import Person
from opsdeck.spec.model import Rule


def payload(fire: Transition, row: Transition, rule: Rule, person: Person) -> dict[str, Any]:
    """The message about `row`, a fire (then both rows are the same) or the end of `fire`."""
    service, _, name = row.change.subject.rpartition("/")
    status = "firing" if row.seq == fire.seq else "resolved"
    said: dict[str, Any] = {
        "status": status,
        "service": service,
        "rule": name,
        "severity": rule.severity,
        "tier": rule.tier,
        "condition": rule.condition.text,
        "value": row.change.data.get("value"),
        "threshold": rule.condition.threshold,
        "unit": rule.condition.unit,
        "since": timing.iso(fire.at),
        "at": timing.iso(row.at),
        "fired_seq": fire.seq,
        "to": person.address,
        "role": person.role,
        "next": f"opsdeck alerts explain {row.change.subject}",
    }
    return said | {"title": _title(said), "text": _text(said, rule, fire, row)}


def _title(said: Mapping[str, Any]) -> str:
    return f"{said['status'].upper()} {said['severity']}: {said['rule']} of {said['service']}"


def _text(said: Mapping[str, Any], rule: Rule, fire: Transition, row: Transition) -> str:
    note = row.change.data.get("note")
    value = figures.say(row.change.data.get("value"), rule.condition.unit)
    measured = f"Now {value}{f' ({note})' if note else ''}; the rule is {rule.condition.text}."
    if said["status"] == "firing":
        lines = [
            f"{said['service']}: {rule.summary or rule.name}.",
            measured,
            f"Firing since {_minute(fire.at)}. {said['role']}: please answer within {timing.say(rule.response_time)}.",
        ]
    else:
        lines = [
            f"{said['service']}: {rule.name} is over.",
            measured,
            f"It fired at {_minute(fire.at)} and resolved at {_minute(row.at)}, after {timing.say(row.at - fire.at)}.",
        ]
    return "\n".join([*lines, f"Why: {said['next']}"])


def _minute(at: datetime) -> str:
    return at.strftime("%Y-%m-%d %H:%M UTC")
