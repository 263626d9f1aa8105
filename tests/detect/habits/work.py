"""A service's event store that is filled by days: `given(user, days, {template: count})`, then `look` or `profile`."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from opsdeck import spec
from opsdeck.detect import habits
from opsdeck.detect.hits import Hit
from opsdeck.model import Batch, Detection, Position
from opsdeck.stores.events import open_events

NOW = datetime(2026, 3, 2, 15, tzinfo=UTC)
DAY = timedelta(days=1)
BASELINE = spec.load(None).framework.baseline


class Work:
    """A DuckDB event store and the questions about it."""

    def __init__(self, folder: Path) -> None:
        self.events = open_events(f"duckdb:///{folder}/events.duckdb")
        self.loaded = 0
        self.baseline = BASELINE

    def given(
        self,
        user: str,
        days: Iterable[int],
        templates: Mapping[str, int],
        received: datetime | None = None,
        **more: Any,
    ) -> "Work":
        """So many runs of each template, some days ago (0 is today), within the last hour of that day."""
        for day in days:
            lines = [
                self._entry(user, NOW - day * DAY - timedelta(seconds=10 + n), template, received, more)
                for n, template in enumerate(name for name, count in templates.items() for _ in range(count))
            ]
            self._load(lines)
        return self

    def crowd(self, users: Iterable[str], days: Iterable[int], templates: Iterable[str]) -> "Work":
        """One run of each template by each user, whose name stands for `{user}`, on each day; all in one load."""
        asked = [(user, day, name.format(user=user)) for name in templates for user in users for day in days]
        self._load(
            self._entry(user, NOW - day * DAY - timedelta(milliseconds=n), template, None, {})
            for n, (user, day, template) in enumerate(asked)
        )
        return self

    def _load(self, lines: Iterable[str]) -> None:
        self.loaded += 1
        self.events.load(Batch("\n".join(lines).encode(), (Position("work", self.loaded),)))

    def _entry(
        self, user: str, at: datetime, template: str, received: datetime | None, more: Mapping[str, Any]
    ) -> str:
        entry: dict[str, Any] = {
            "eventId": f"{self.loaded}-{user}-{at.timestamp()}",
            "timestamp": at.isoformat(),
            "receivedAt": (received or at).isoformat(),
            "service": "cli",
            "userId": user,
            "userType": "human",
            "operation": {
                "type": "template_generation",
                "template": template,
                "duration": 1,
                "success": True,
            },
        }
        return json.dumps(entry | more)

    def look(
        self, *verdicts: Detection, lately: timedelta = timedelta(hours=1), at: datetime = NOW
    ) -> list[Hit]:
        return habits.look(self.events, verdicts, "cli", self.baseline, at, lately=lately)

    def rules(self, *verdicts: Detection) -> set[str]:
        return {hit.rule for hit in self.look(*verdicts)}

    def profile(self, user: str, *verdicts: Detection) -> habits.Profile:
        return habits.profile(self.events, verdicts, "cli", user, self.baseline, NOW)
