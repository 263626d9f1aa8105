"""The operational framework as data: YAML in, a Spec of frozen values out, or every problem with its place.

spec = load(path)           the shipped defaults with a file or folder laid over them
problems(path)              every mistake; warnings(path): what deserves a second look
text(), schema()            a spec to edit, and the JSON Schema for its editor
add_service(path, name)     one more service in an existing file
rows(spec), diff(old, new)  every leaf value, and what two specs do not share
"""

from pathlib import Path

from opsdeck.errors import Problem, SpecError
from opsdeck.spec import mapper
from opsdeck.spec.document import compose
from opsdeck.spec.facts import Difference, Fact, diff, rows
from opsdeck.spec.model import Spec
from opsdeck.spec.writing import SCHEMA_FILE, add_service, schema, text

__all__ = [
    "SCHEMA_FILE",
    "Difference",
    "Fact",
    "Spec",
    "add_service",
    "diff",
    "load",
    "problems",
    "rows",
    "schema",
    "text",
    "warnings",
]


def load(path: Path | None = None) -> Spec:
    """The shipped defaults, or a file or folder of YAML laid over them. Raises SpecError with every problem."""
    composed = compose(path)
    if composed.problems:
        raise SpecError(composed.problems)
    return mapper.spec(composed.document, composed.own)


def problems(path: Path | None) -> tuple[Problem, ...]:
    """Every mistake of a file or folder, sorted by place; none means that `load` succeeds."""
    return compose(path).problems


def warnings(path: Path | None) -> tuple[Problem, ...]:
    """What deserves a second look and stops nobody."""
    return compose(path).warnings
