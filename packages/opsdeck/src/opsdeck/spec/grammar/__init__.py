"""The one grammar: every condition, threshold, duration, size, percentage, rate, growth rate, chain, cadence and
deadline as the operational framework writes them.

In: one phrase. Out: a value of phrases.py, or a PhraseError with column and expectation; `say` turns a value back into
a phrase. It must not know YAML, services or where a phrase stands. docs/spec.md shows the grammar with examples.
"""

from opsdeck.spec.grammar.limits import SAMPLE_WINDOW, condition, growth, quantity, threshold
from opsdeck.spec.grammar.people import ROLES, chain, notice, role
from opsdeck.spec.grammar.say import amount, say
from opsdeck.spec.grammar.times import box, cadence, deadline, duration, hours, span, weekdays
from opsdeck.spec.grammar.words import PhraseError, nearest

__all__ = [
    "ROLES",
    "SAMPLE_WINDOW",
    "PhraseError",
    "amount",
    "box",
    "cadence",
    "chain",
    "condition",
    "deadline",
    "duration",
    "growth",
    "hours",
    "nearest",
    "notice",
    "quantity",
    "role",
    "say",
    "span",
    "threshold",
    "weekdays",
]
