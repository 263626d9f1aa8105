"""A memo that asks an event store the same question once.

In: the reading half of an event store. Out: the same. It must not know what is measured.
"""

from collections.abc import Callable
from datetime import timedelta
from typing import TypeVar

from opsdeck.model import Entry, Group, Match, Sample, Slice, Turn, Window
from opsdeck.stores.api import Query

R = TypeVar("R")


class Memo:
    """A Query that remembers its answers; lives for one tick, in which the past does not change."""

    def __init__(self, query: Query) -> None:
        self._query = query
        self._answers: dict[tuple[object, ...], object] = {}

    def tally(
        self, match: Match, window: Window, by: tuple[str, ...] = (), step: timedelta | None = None
    ) -> list[Slice]:
        return self._once(
            ("tally", match, window, by, step), lambda: self._query.tally(match, window, by, step)
        )

    def distinct(self, field: str, match: Match, window: Window) -> int:
        return self._once(
            ("distinct", field, match, window), lambda: self._query.distinct(field, match, window)
        )

    def groups(
        self,
        match: Match,
        window: Window,
        by: tuple[str, ...],
        *,
        step: timedelta | None = None,
        distinct: str = "",
        within: timedelta | None = None,
        above: int = 0,
    ) -> list[Group]:
        return self._once(
            ("groups", match, window, by, step, distinct, within, above),
            lambda: self._query.groups(
                match, window, by, step=step, distinct=distinct, within=within, above=above
            ),
        )

    def turns(self, match: Match, window: Window) -> list[Turn]:
        return self._once(("turns", match, window), lambda: self._query.turns(match, window))

    def find(self, match: Match, window: Window, limit: int, before: str = "") -> list[Entry]:
        return self._once(
            ("find", match, window, limit, before), lambda: self._query.find(match, window, limit, before)
        )

    def samples(self, name: str, service: str, window: Window) -> list[Sample]:
        return self._once(
            ("samples", name, service, window), lambda: self._query.samples(name, service, window)
        )

    def _once(self, question: tuple[object, ...], ask: Callable[[], R]) -> R:
        if question not in self._answers:
            self._answers[question] = ask()
        return self._answers[question]  # type: ignore[return-value]  # the question's first word fixes the type
