"""A rule that is ready to look: every reference resolved, every figure filled in from the spec.

In: nothing. Out: the shape that reading makes and looking uses. It must not know YAML or stores.
"""

from dataclasses import dataclass
from datetime import timedelta

from opsdeck.detect.expression import Expression
from opsdeck.model import SubjectKind


@dataclass(frozen=True, slots=True)
class Rule:
    """More than `above` entries (with `distinct`: different values of that field) of one subject within `span`.

    Without `span` each entry is enough. `by` are the store's names of the fields that are counted separately, the
    subject's first. `beyond` ("user_id") takes out those who are over the line by themselves, and asks for two
    others. After a detection the same subject is left alone for `again`.
    """

    name: str
    title: str
    level: str
    description: str
    event: str
    subject_kind: SubjectKind
    by: tuple[str, ...]
    asked: Expression
    span: timedelta | None = None
    above: int = 0
    distinct: str = ""
    beyond: str = ""
    again: timedelta = timedelta(0)
    detail: str = ""
    file: str = ""

    @property
    def subject(self) -> str:
        """The store's name of the field that names the subject."""
        return self.by[0]
