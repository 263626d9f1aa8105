"""Notifications: the log in, messages at people's channels out. `plan` decides and writes, `send` delivers."""

from opsdeck.respond.notify.planning import plan
from opsdeck.respond.notify.sending import send

__all__ = ["plan", "send"]
