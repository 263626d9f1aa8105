"""`python -m opsdeck_emit status|show|on|off|purge [SERVICE]`, also `opsdeck telemetry …`: see, stop, delete.

In: a command line. Out: what this machine recorded of a service, as text, JSON or the exact bytes, and an exit code.
It is for programs that have no such command themselves, such as those under `opsdeck exec`.
"""

import os
import sys
from collections.abc import Sequence

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

ACTIONS = ("status", "show", "on", "off", "purge")
FAILED, USAGE_ERROR = 1, 2
USAGE = "usage: opsdeck telemetry status [SERVICE] [--json] | show SERVICE | on SERVICE | off SERVICE | purge SERVICE"
HELP = f"""{USAGE}

What this machine recorded of a service, and whether it may.

  status [SERVICE]    consent, what waits, what was sent and dropped, the last trouble; of all services if none is named
  show SERVICE        the exact bytes: the newest 50 records sent, then those that wait
  on SERVICE          agree: record from the next run on
  off SERVICE         refuse: record nothing from now on, delete what waits
  purge SERVICE       delete what is recorded on this machine
  --json              status as JSON
  -h, --help          show this

DO_NOT_TRACK=1 beats every answer. All fields of an event: docs/telemetry.md.
"""


def main(argv: Sequence[str]) -> int:
    """Do it; 1: the answer cannot be kept, 2: the command line cannot be read."""
    if not {"-h", "--help"}.isdisjoint(argv):
        sys.stdout.write(HELP)
        return 0
    action, *services = [word for word in argv if word != "--json"] or ["status"]
    wrong = _wrong(action, services, as_json="--json" in argv)
    if wrong:
        sys.stderr.write(f"opsdeck telemetry: {wrong}\n{USAGE}\n")
        return USAGE_ERROR
    try:
        _act(action, services, as_json="--json" in argv)
        sys.stdout.flush()
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # the reader has seen enough; Python flushes once more
    except OSError as trouble:
        sys.stderr.write(f"opsdeck telemetry: {trouble}\n")
        return FAILED
    return 0


def _wrong(action: str, services: list[str], *, as_json: bool) -> str:
    """What is wrong with the command line, "" if nothing is."""
    from opsdeck_emit.wire import is_service

    options = [word for word in (action, *services) if word.startswith("-")]
    if options:
        return f"unknown option {options[0]}"
    if action not in ACTIONS:
        return f"{action!r} is none of {', '.join(ACTIONS)}"
    if as_json and action != "status":
        return f"{action} takes no --json"
    if len(services) > 1 or (not services and action != "status"):
        return f"{action} takes one SERVICE"
    if action == "on" and not is_service(services[0]):
        return f"not a name of a service: {services[0]!r}"
    return ""


def _act(action: str, services: list[str], *, as_json: bool) -> None:
    from opsdeck_emit import consent, telemetry

    if action == "show":
        for record in telemetry.show(services[0]):
            sys.stdout.buffer.write(record + b"\n")
        return
    change = {"on": consent.grant, "off": consent.deny, "purge": telemetry.purge}.get(action)
    if change:
        change(services[0])
    found = [_status(service) for service in services or telemetry.services()]
    if as_json:
        import json

        sys.stdout.write(json.dumps(found[0] if services else found, indent=2) + "\n")
    else:
        sys.stdout.write("\n".join(map(_text, found)) or "nothing is recorded on this machine\n")


def _status(service: str) -> "dict[str, Any]":
    """The service's status with the consent that holds under `opsdeck exec`: a deck of one's own gives it."""
    from opsdeck_emit import consent, telemetry

    under_exec = consent.state(service, typed=True)
    return {**telemetry.status(service), "execConsent": str(under_exec), "execSource": under_exec.source}


def _text(status: "dict[str, Any]") -> str:
    lines = [
        ("service", status["service"]),
        ("consent", f"{status['consent']} ({status['source']})"),
        ("waiting", f"{status['spooled']} records, {status['spooledBytes']} bytes"),
        (
            "sent",
            f"{status['sent']} records" + (f", last {status['lastSent']}" if status["lastSent"] else ""),
        ),
        *(("dropped", f"{number} ({reason})") for reason, number in status["dropped"].items()),
        ("trouble", status["lastError"]),
        ("policy", status["policy"]),
        ("deck", status["deck"] or "none found: records wait here"),
        ("kept in", status["home"]),
    ]
    if status["execConsent"] != status["consent"]:
        lines.insert(2, ("in exec", f"{status['execConsent']} ({status['execSource']})"))
    return "".join(f"{name:<10}{text}\n" for name, text in lines if text)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
