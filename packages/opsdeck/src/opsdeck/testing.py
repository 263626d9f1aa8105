"""Try a spec on a clock that stands still until it is told to move: what happens in, what the deck does out.

    >>> from opsdeck import spec
    >>> from opsdeck.testing import failing, firing, given, inactive, ok, pending, runs, told
    >>> story = given(
    ...     spec.load(None),
    ...     runs(7, ok, every="1 minute", until="12:30"),
    ...     runs(3, failing, code="RENDER_FAILED", every="1 minute", until="12:30"),
    ... )
    >>> story.at("12:04").expect(pending("high_error_rate"))
    <Story at 2025-09-09T12:04:00.000Z>
    >>> story.at("12:05").expect(firing("high_error_rate"), told("high_error_rate"))
    <Story at 2025-09-09T12:05:00.000Z>

A story begins on a Tuesday, 2025-09-09 at 12:00 UTC, runs on memory stores, and looks at every rule as often as the
spec says. Times are `12:05` (of that day), `12:05:30`, a timestamp, a datetime, or a timedelta since the start.
Everything here is real but the clock, the stores' medium and the last step of a delivery, which ends in an Outbox.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal

from opsdeck import alerts, timing
from opsdeck.errors import DeliveryError, UsageError
from opsdeck.measure import figures, objectives
from opsdeck.measure.indicators import read
from opsdeck.model import (
    AlertPhase,
    AlertState,
    Batch,
    Delivery,
    Outcome,
    Position,
    Sample,
    Verdict,
    Window,
)
from opsdeck.respond import notify
from opsdeck.spec.model import Service, Spec
from opsdeck.stores.api import EventStore, StateStore
from opsdeck.stores.events.memory import MemoryEvents
from opsdeck.stores.state.memory import MemoryState
from opsdeck.timing import ManualClock

__all__ = [
    "START",
    "Expectation",
    "Load",
    "ManualClock",
    "MemoryEvents",
    "MemoryState",
    "Outbox",
    "Story",
    "breach",
    "cancelled",
    "detections",
    "failing",
    "firing",
    "gauge",
    "given",
    "inactive",
    "met",
    "nobody_told",
    "ok",
    "pending",
    "probes",
    "reading",
    "runs",
    "told",
    "unknown",
]

START = timing.parse_iso("2025-09-09T12:00:00Z")

ok: Outcome = "success"
failing: Outcome = "failure"
cancelled: Outcome = "cancelled"

Moment = str | datetime | timedelta
Span = str | timedelta
_CLOCK_TIME = re.compile(r"\d{2}:\d{2}(:\d{2})?")


class Outbox:
    """A channel that keeps what it is given; `failures` are raised first, one for each attempt."""

    def __init__(self, *failures: DeliveryError) -> None:
        self.failures = list(failures)
        self.deliveries: list[Delivery] = []

    def deliver(self, delivery: Delivery, now: datetime) -> None:  # noqa: ARG002  the channels' protocol
        if self.failures:
            raise self.failures.pop(0)
        self.deliveries.append(delivery)


# ---- what happens -----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Load:
    """Something that happens `count` times at each moment: from `at`, `every` so often, until before `until`."""

    count: int
    at: Moment | None
    every: Span | None
    until: Moment | None
    make: Callable[[Service, datetime], dict[str, Any] | Sample] = field(repr=False)

    def moments(self, start: datetime) -> Iterator[datetime]:
        """When it happens."""
        moment = when(self.at, start) if self.at is not None else start
        end = when(self.until, start) if self.until is not None else moment + timedelta.resolution
        step = _span(self.every) if self.every is not None else timedelta.max
        while moment < end:
            yield from [moment] * self.count
            if step >= end - moment:
                return
            moment += step


def runs(
    count: int,
    outcome: Outcome = ok,
    *,
    at: Moment | None = None,
    every: Span | None = None,
    until: Moment | None = None,
    duration: float = 100.0,
    code: str = "RENDER_FAILED",
    category: str = "",
    operation: str = "template_generation",
    template: str = "component/react",
    user_type: str = "human",
    user: str = "user_1",
    session: str = "sess_1",
    files: int = 1,
) -> Load:
    """So many runs by people at each moment. `duration` in ms; `code` and `category` are those of a failing run,
    the category is the spec's for the code if it is not given."""

    def make(service: Service, moment: datetime) -> dict[str, Any]:
        entry = _entry(service, moment, operation, duration, outcome)
        entry |= {"userId": user, "sessionId": session, "userType": user_type, "category": "application"}
        entry["operation"] |= {"template": template, "generator": "Button"}
        entry["metadata"] = {"fileCount": files, "outputSize": 2048, "workingDirectory": "~/app"}
        return _ended(entry, service, outcome, code, category)

    return Load(count, at, every, until, make)


def probes(
    outcome: Outcome = ok,
    *,
    count: int = 1,
    at: Moment | None = None,
    every: Span | None = None,
    until: Moment | None = None,
    duration: float = 100.0,
    operation: str = "cli_startup",
) -> Load:
    """Runs of the real CLI by the deck; `operation="health_check"` is a check of its dependencies."""

    def make(service: Service, moment: datetime) -> dict[str, Any]:
        entry = _entry(service, moment, operation, duration, outcome)
        entry |= {
            "userId": "user_probe",
            "sessionId": "sess_probe",
            "userType": "service",
            "category": "performance",
        }
        return _ended(entry, service, outcome, "PROBE_FAILED", "")

    return Load(count, at, every, until, make)


def detections(
    event: str,
    *,
    count: int = 1,
    at: Moment | None = None,
    every: Span | None = None,
    until: Moment | None = None,
) -> Load:
    """Findings of a detector, as the deck itself writes them: `detections("privilege_escalation_attempt")`."""

    def make(service: Service, moment: datetime) -> dict[str, Any]:
        return {**_entry(service, moment, event, 0, ok), "userType": "service", "category": "security"}

    return Load(count, at, every, until, make)


def gauge(
    name: str,
    value: float,
    *,
    at: Moment | None = None,
    every: Span | None = None,
    until: Moment | None = None,
    host: bool = True,
) -> Load:
    """A sample at each moment, of the host or else of the service: `gauge("cpu_usage", 0.85, every="10 seconds", until="13:00")`."""
    return Load(
        1, at, every, until, lambda service, moment: Sample(name, moment, value, "" if host else service.name)
    )


def _entry(
    service: Service, moment: datetime, operation: str, duration: float, outcome: Outcome
) -> dict[str, Any]:
    return {
        "timestamp": timing.iso(moment),
        "receivedAt": timing.iso(moment),
        "level": "INFO" if outcome == ok else "ERROR",
        "service": service.name,
        "version": "1.0.0",
        "environment": "production",
        "requestId": "req_1",
        "operation": {"type": operation, "duration": duration, "success": outcome == ok},
        "metadata": {},
        "command": operation,
        "exitCode": 0 if outcome == ok else 1,
    }


def _ended(
    entry: dict[str, Any], service: Service, outcome: Outcome, code: str, category: str
) -> dict[str, Any]:
    if outcome == ok:
        return entry
    code = "CANCELLED" if outcome == cancelled else code
    category = category or service.error_codes.get(code, "system_errors")
    error = {"code": code, "category": category, "message": f"{code} of a story", "stack": "", "context": ""}
    return entry | {"error": error}


# ---- the story --------------------------------------------------------------------------------------------------


class Story:
    """A deck without processes: stores, a clock, an outbox. `at` and `jump` move it, `expect` looks at it."""

    def __init__(
        self, spec: Spec, service: Service, events: EventStore, state: StateStore, start: datetime
    ) -> None:
        self.spec = spec
        self.service = service
        self.events = events
        self.state = state
        self.start = start
        self.clock = ManualClock(start)
        self.outbox = Outbox()
        self._ahead: list[tuple[datetime, dict[str, Any] | Sample]] = []
        self._loaded = 0
        self._next_look = start

    def __repr__(self) -> str:
        return f"<Story at {timing.iso(self.clock.now())}>"

    def happens(self, *loads: Load) -> "Story":
        """Add to what will happen, or has happened."""
        for load in loads:
            made = ((moment, load.make(self.service, moment)) for moment in load.moments(self.start))
            self._ahead.extend(made)
        self._ahead.sort(key=lambda one: one[0])
        return self

    def at(self, moment: Moment) -> "Story":
        """Go on to that moment, looking at every rule as often as the spec says, and at the moment itself."""
        end = when(moment, self.start)
        while self._next_look < end:
            self._look(self._next_look)
        self._next_look = end
        self._look(end)
        return self

    def jump(self, moment: Moment) -> "Story":
        """Go to that moment without a look on the way: what happened is there, no rule has been evaluated."""
        end = when(moment, self.start)
        self._move(end)
        self._next_look = end
        return self

    def expect(self, *expectations: "Expectation") -> "Story":
        """All of them hold now; else AssertionError says which do not, and the path of the alert in question."""
        complaints = [complaint for expectation in expectations if (complaint := expectation(self))]
        if complaints:
            raise AssertionError("\n".join([f"at {timing.iso(self.clock.now())}:", *complaints]))
        return self

    def alert(self, rule: str) -> AlertState | None:
        """Where the rule stands."""
        if rule not in {one.name for one in self.service.rules}:
            raise UsageError(f"{self.service.name} has no rule {rule!r}")
        with self.state.begin(write=False) as tx:
            return tx.get(AlertState, f"{self.service.name}/{rule}")

    def path(self, rule: str) -> tuple[str, ...]:
        """What `opsdeck alerts explain` tells about the rule."""
        with self.state.begin(write=False) as tx:
            return alerts.explain(tx, self.service, rule, self.clock.now()).lines

    def sent(self, rule: str, status: str = "firing") -> list[Delivery]:
        """What got out about the rule."""
        found = [d for d in self.outbox.deliveries if d.alert == f"{self.service.name}/{rule}"]
        return [delivery for delivery in found if delivery.payload["status"] == status]

    def _look(self, moment: datetime) -> None:
        self._move(moment)
        alerts.tick(self.state, self.events, [self.service], moment)
        notify.plan(self.state, self.spec, moment)
        notify.send(
            self.state, {channel.name: self.outbox for channel in self.spec.channels}, "story", moment
        )
        self._next_look = moment + self.spec.evaluate_every

    def _move(self, moment: datetime) -> None:
        if moment < self.clock.now():
            raise UsageError(f"a story does not go back: {timing.iso(moment)} is over")
        self.clock.advance(moment - self.clock.now())
        happened = [made for at, made in self._ahead if at <= moment]
        self._ahead = self._ahead[len(happened) :]
        self.events.record([made for made in happened if isinstance(made, Sample)])
        self._load([made for made in happened if isinstance(made, dict)])

    def _load(self, entries: Sequence[dict[str, Any]]) -> None:
        if entries:
            numbered = [
                json.dumps(entry | {"eventId": f"event-{self._loaded + n:08}"})
                for n, entry in enumerate(entries)
            ]
            self._loaded += len(entries)
            self.events.load(Batch("\n".join(numbered).encode(), (Position("story", self._loaded),)))


def given(
    spec: Spec,
    *loads: Load,
    start: datetime = START,
    service: str = "",
    events: EventStore | None = None,
    state: StateStore | None = None,
) -> Story:
    """A story of one service of the spec (its first if none is named), on memory stores unless others are given."""
    of = spec.service(service or next(iter(spec.services), "story"))
    events = events or MemoryEvents(spec.edges)
    return Story(spec, of, events, state or MemoryState(), start).happens(*loads)


# ---- what is expected -------------------------------------------------------------------------------------------

Expectation = Callable[[Story], str]
"""Looks at a story and says what is wrong; the empty text if nothing is."""


def firing(*rules: str) -> Expectation:
    """The rules fire."""
    return _phase("firing", rules)


def pending(*rules: str) -> Expectation:
    """The rules' conditions are true, but not for long enough yet."""
    return _phase("pending", rules)


def inactive(*rules: str) -> Expectation:
    """The rules are quiet."""
    return _phase("inactive", rules)


def unknown(*rules: str) -> Expectation:
    """The rules have no data to go by, whatever their phase."""

    def look(story: Story) -> str:
        known = [rule for rule in rules if (state := story.alert(rule)) and state.value is not None]
        return _complaint(story, known, "has data")

    return look


def told(rule: str, status: Literal["firing", "resolved"] = "firing", times: int = 1) -> Expectation:
    """So many messages about the rule got out."""

    def look(story: Story) -> str:
        found = len(story.sent(rule, status))
        return (
            "" if found == times else _complaint(story, [rule], f"{found} messages say {status}, not {times}")
        )

    return look


def nobody_told() -> Expectation:
    """No message got out."""
    return lambda story: "".join(
        f"{d.target} was told: {d.payload['title']}" for d in story.outbox.deliveries
    )


def reading(indicator: str, value: float | None, over: Span = "5 minutes") -> Expectation:
    """The indicator over the latest such window; a latency may be off by the width of a histogram's bar, 2%."""

    def look(story: Story) -> str:
        found = read(story.events, story.service, indicator, Window.last(_span(over), story.clock.now()))
        if found.value is None or value is None:
            near = found.value is value
        else:
            near = abs(found.value - value) <= (0.02 if found.unit == "ms" else 1e-9) * abs(value)
        wanted = figures.say(value, found.unit)
        return (
            ""
            if near
            else f"{indicator} is {figures.say(found.value, found.unit)}, not {wanted} ({found.note})"
        )

    return look


def breach(*names: str) -> Expectation:
    """The objectives are missed."""
    return _verdict("breach", names)


def met(*names: str) -> Expectation:
    """The objectives are met."""
    return _verdict("ok", names)


def _phase(phase: AlertPhase, rules: Iterable[str]) -> Expectation:
    def look(story: Story) -> str:
        states = {rule: story.alert(rule) for rule in rules}
        wrong = [rule for rule, state in states.items() if (state.phase if state else "inactive") != phase]
        return _complaint(story, wrong, f"is not {phase}")

    return look


def _verdict(verdict: Verdict, names: Iterable[str]) -> Expectation:
    def look(story: Story) -> str:
        found = {one.name: one for one in objectives.status(story.events, story.service, story.clock.now())}
        for name in names:
            if name not in found:
                raise UsageError(f"{story.service.name} has no objective {name!r}")
        wrong = [found[name] for name in names if found[name].verdict != verdict]
        return "\n".join(f"{one.name} is {one.verdict}, not {verdict}: {one.note}" for one in wrong)

    return look


def _complaint(story: Story, rules: Iterable[str], what: str) -> str:
    return "\n".join("\n    ".join([f"{rule} {what}", *story.path(rule)]) for rule in rules)


def when(moment: Moment, start: datetime) -> datetime:
    """`12:05` on the start's day, a timestamp, a datetime, or a timedelta since the start."""
    if isinstance(moment, datetime):
        return moment
    if isinstance(moment, timedelta):
        return start + moment
    if _CLOCK_TIME.fullmatch(moment):
        return timing.parse_iso(f"{start.date().isoformat()}T{moment}Z")
    return timing.parse_iso(moment)


def _span(span: Span) -> timedelta:
    return timing.duration(span) if isinstance(span, str) else span
