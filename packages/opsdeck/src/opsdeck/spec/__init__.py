"""The operational framework as data: YAML in, a Spec of frozen values out, or every problem with its place."""

from pathlib import Path

from opsdeck.errors import Problem, SpecError
from opsdeck.spec import mapper
from opsdeck.spec.document import compose
from opsdeck.spec.model import Spec


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
