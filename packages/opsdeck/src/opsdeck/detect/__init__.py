"""Security events found in what was collected: rule files in, detections, rows of the log and entries out.

rules = load(framework, where)    the shipped rules and the spec's own files; SpecError with every problem
problems(framework, where)        those problems
tick(state, query, …, now)        look with all rules; detections and their log rows
learned(state, service, hits, …)  the same for what habits.look found
announce(state, accept, now)      an entry of category `security` for each detection
check(path, framework)            a rule file, and what its fixtures say about it
"""

from opsdeck.detect.announcing import announce
from opsdeck.detect.fixtures import Checked, Result, check
from opsdeck.detect.hits import Hit
from opsdeck.detect.loading import digests, load, problems
from opsdeck.detect.rule import Rule
from opsdeck.detect.ticking import learned, tick

__all__ = [
    "Checked",
    "Hit",
    "Result",
    "Rule",
    "announce",
    "check",
    "digests",
    "learned",
    "load",
    "problems",
    "tick",
]
