"""Reading a channel's settings: text in, what the channel needs out, or a UsageError that names the setting."""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

from opsdeck import timing
from opsdeck.errors import UsageError

TIMEOUT = timedelta(seconds=10)
# Three rounds of deliveries have to end within the lease of a claim (notify/sending.py).
LONGEST = timedelta(seconds=15)


def needed(settings: Mapping[str, str], name: str) -> str:
    """A setting that the channel cannot do without."""
    if not settings.get(name):
        raise UsageError(f"a channel lacks its setting {name!r}", hint="opsdeck spec check")
    return settings[name]


def secret(settings: Mapping[str, str], name: str, home: Path) -> str:
    """The content of the file that the setting names, without its line end; empty where nothing is named."""
    if not settings.get(name):
        return ""
    path = home / settings[name]
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError as error:
        raise UsageError(
            f"{name}: cannot read {path}: {error.strerror}", hint=f"create {path}, mode 0600"
        ) from None


def seconds(settings: Mapping[str, str]) -> float:
    """The setting `timeout` in seconds, 10 if it is not set, never more than 15."""
    span = timing.duration(settings["timeout"]) if settings.get("timeout") else TIMEOUT
    return min(span, LONGEST).total_seconds()
