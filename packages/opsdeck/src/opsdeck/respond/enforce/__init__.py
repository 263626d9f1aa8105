"""Enforcement: what detections lead to, what people add or take back, and the signed policy that tells the tools.

In: the log's security rows, people's acts. Out: restrictions, entitlements, verdicts, each with its row in the log.
"""

from opsdeck.respond.enforce.people import block, grant, lift, review, revoke
from opsdeck.respond.enforce.standing import Standing
from opsdeck.respond.enforce.tick import tick

__all__ = ["Standing", "block", "grant", "lift", "review", "revoke", "tick"]
