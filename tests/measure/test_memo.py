"""The memo asks the store once for what several rules want to know."""

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from opsdeck import spec
from opsdeck.measure.indicators import read
from opsdeck.measure.query import Memo
from opsdeck.model import Match, Window
from opsdeck.testing import START, failing, given, runs

SPEC = spec.load(None)
WINDOW = Window.last(timedelta(minutes=5), START)


@dataclass
class Counting:
    """Passes questions on and counts them."""

    inner: Any
    asked: list[str] = field(default_factory=list)

    def __getattr__(self, name: str) -> Any:
        self.asked.append(name)
        return getattr(self.inner, name)


def test_three_indicators_over_one_window_are_one_question() -> None:
    story = given(SPEC, runs(7), runs(3, failing)).jump("12:00")
    counting = Counting(story.events)
    once = Memo(counting)
    values = [
        read(once, story.service, name, WINDOW).value
        for name in ("error_rate", "critical_errors", "p95_latency")
    ]
    assert values[:2] == [0.3, 0.0]
    assert counting.asked == ["tally"]


def test_another_window_is_another_question() -> None:
    counting = Counting(given(SPEC).events)
    once = Memo(counting)
    for span in (5, 10, 5):
        once.tally(Match(), Window.last(timedelta(minutes=span), START))
    assert counting.asked == ["tally", "tally"]


def test_every_kind_of_question_is_remembered() -> None:
    counting = Counting(given(SPEC).events)
    once = Memo(counting)
    for _ in range(2):
        once.distinct("user_id", Match(), WINDOW)
        once.find(Match(), WINDOW, 10)
        once.samples("cpu_usage", "", WINDOW)
    assert counting.asked == ["distinct", "find", "samples"]
