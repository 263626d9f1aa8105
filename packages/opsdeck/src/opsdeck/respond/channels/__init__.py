"""Channels: one file each with its settings. `build` turns the spec's channels into ones that deliver."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from opsdeck.respond.channels import console, smtp, webhook
from opsdeck.respond.channels.api import Channel
from opsdeck.spec.model import Channel as Declared

KINDS: Mapping[str, Callable[[Mapping[str, str], Path], Channel]] = {
    "console": console.build,
    "webhook": webhook.build,
    "smtp": smtp.build,
}

__all__ = ["KINDS", "Channel", "build"]


def build(declared: Iterable[Declared], home: Path) -> Mapping[str, Channel]:
    """The channels of a spec by name. Secret files are named relative to `home`.

    Raises UsageError for a setting that is missing or a secret file that cannot be read.
    """
    return {one.name: KINDS[one.kind](one.settings, home) for one in declared}
