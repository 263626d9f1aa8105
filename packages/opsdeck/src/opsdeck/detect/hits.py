"""What a look at the events found, before anybody decides whether it is news.

In: nothing. Out: one shape that rules and learned habits share. It must not know rules, stores or detections.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from opsdeck.model import SubjectKind


@dataclass(frozen=True, slots=True)
class Hit:
    """A rule holds for one subject: how many events between `first` and `last` say so.

    `event` is the framework's security event, `rule` the detector. `detail` is the sentence for people, `data` the
    evidence: event ids and figures.
    """

    event: str
    rule: str
    subject_kind: SubjectKind
    subject: str
    count: int
    first: datetime
    last: datetime
    detail: str
    data: Mapping[str, Any] = field(default_factory=dict)
