"""Faults: failures with one cause. Events in, faults and rows of the log out. See tick.py for how they come about,
people.py for what is done about them, explain.py for why two events are or are not together."""

from opsdeck.faults.explain import Explanation, explain
from opsdeck.faults.members import Cause, cause, fault_of, find, member_of, members_of
from opsdeck.faults.people import ignore, merge, reopen, resolve
from opsdeck.faults.split import split
from opsdeck.faults.tick import tick

__all__ = [
    "Cause",
    "Explanation",
    "cause",
    "explain",
    "fault_of",
    "find",
    "ignore",
    "member_of",
    "members_of",
    "merge",
    "reopen",
    "resolve",
    "split",
    "tick",
]
