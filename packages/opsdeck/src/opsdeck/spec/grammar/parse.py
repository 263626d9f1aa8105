"""Every parser of the grammar under one name, for the rest of the spec: `parse.condition(text, …)`."""

from opsdeck.spec.grammar.limits import SAMPLE_WINDOW, condition, growth, quantity, threshold
from opsdeck.spec.grammar.people import ROLES, chain, notice, role
from opsdeck.spec.grammar.times import box, cadence, deadline, duration, hours, span, weekdays

__all__ = [
    "ROLES",
    "SAMPLE_WINDOW",
    "box",
    "cadence",
    "chain",
    "condition",
    "deadline",
    "duration",
    "growth",
    "hours",
    "notice",
    "quantity",
    "role",
    "span",
    "threshold",
    "weekdays",
]
