"""Pages as HTML. In: a template's name and the values it shows. Out: a whole page, or only its live part for htmx.

Templates escape everything; what is written here as filters turns values into text and must return text, not markup.
"""

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from jinja2.runtime import Context

from opsdeck import timing
from opsdeck.measure.objectives import ObjectiveStatus
from opsdeck.reports import words
from opsdeck.reports.charts import Chart
from opsdeck.reports.probes import ProbeRun
from opsdeck.stores.events.facts import outcome

LOW_BUDGET = 0.25
HERE = Path(__file__).parents[1]
STATIC = HERE / "static"

PAGES = (
    ("/", "overview", "Overview"),
    ("/slo", "slo", "SLOs"),
    ("/alerts", "alerts", "Alerts"),
    ("/errors", "errors", "Errors"),
    ("/events", "events", "Events"),
    ("/security", "security", "Security"),
    ("/scans", "scans", "Vulnerabilities"),
)
RANGES = tuple((name, timing.say(timing.duration(name))) for name in ("15m", "1h", "6h", "24h", "7d", "30d"))


@dataclass(frozen=True, slots=True)
class Page:
    """What every template knows about the page it is on: where it is, what is selected, and links that keep that."""

    title: str
    part: str
    template: str
    path: str
    query: Mapping[str, str]
    now: datetime
    fragment: bool = False
    live: bool = True
    every: str = "2s"
    charts: bool = False
    services: Sequence[str] = ()
    service: str = ""
    range: str = ""
    firing: int = 0
    pages: Sequence[tuple[str, str, str]] = PAGES
    ranges: Sequence[tuple[str, str]] = RANGES

    @property
    def url(self) -> str:
        return self.link()

    def link(self, **changes: str) -> str:
        """This page with some of its parameters changed; an empty one is left out."""
        return _link(self.path, dict(self.query) | changes)

    def elsewhere(self, path: str) -> str:
        """Another page, with the same service and time range."""
        return _link(path, {name: self.query.get(name, "") for name in ("service", "window")})

    def events(self, **filters: str) -> str:
        """The event explorer with these filters on this service and time range."""
        return _link("/events", {"service": self.service, "window": self.query.get("window", "")} | filters)


def _link(path: str, query: Mapping[str, str]) -> str:
    given = urlencode({name: value for name, value in query.items() if value})
    return f"{path}?{given}" if given else path


def environment() -> Environment:
    """Templates with the deck's filters; whatever is not there is an error, not an empty string."""
    env = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    env.filters |= FILTERS
    return env


def _static() -> Callable[[str], str]:
    """A file's address with its digest, so that browsers may keep it for ever."""
    digests = {
        path.relative_to(STATIC).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:12]
        for path in STATIC.rglob("*")
        if path.is_file()
    }
    return lambda name: f"/static/{name}?v={digests[name]}"


def _clock(moment: datetime) -> str:
    return f"{moment.astimezone(UTC):%H:%M:%S} UTC"


@pass_context
def _ago(context: Context, moment: datetime) -> str:
    passed = max(timedelta(), context["page"].now - moment)
    for unit, size in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if passed >= timedelta(seconds=2 * size):
            return f"{passed // timedelta(seconds=size)} {unit} ago"
    return f"{passed // timedelta(seconds=1)} s ago"


def _plot(chart: Chart) -> str:
    """A chart as its script reads it: times as start, step and count, values to four digits."""
    step = (chart.times[1] - chart.times[0]).total_seconds() if len(chart.times) > 1 else 60
    return json.dumps(
        {
            "kind": chart.kind,
            "unit": chart.unit,
            "limit": chart.limit,
            "start": int(chart.times[0].timestamp()),
            "step": step,
            "points": len(chart.times),
            "series": [
                {
                    "name": series.name,
                    "title": series.title,
                    "values": [None if value is None else float(f"{value:.4g}") for value in series.values],
                }
                for series in chart.series
            ],
        },
        separators=(",", ":"),
    )


def _summary(chart: Chart) -> str:
    """A chart in words, for those who do not see it: the last and the highest value of each line."""
    said = []
    for series in chart.series:
        known = [value for value in series.values if value is not None]
        if known:
            latest, highest = (words.value(value, chart.unit) for value in (known[-1], max(known)))
            said.append(f"{series.title} latest {latest}, highest {highest}")
    return f"{chart.title}: {'; '.join(said) or 'no data'}"


def _minutes(strip: Iterable[tuple[datetime, str]]) -> str:
    states = [state for _, state in strip]
    counts = ", ".join(f"{states.count(state)} {state}" for state in ("good", "bad", "unknown"))
    return f"minutes: {counts}"


def _outcomes(runs: Sequence[ProbeRun]) -> str:
    failed = sum(run.outcome == "failure" for run in runs)
    return f"{failed} of the last {len(runs)} runs failed"


def _quoted(value: object) -> str:
    """A value as the filter language reads it back."""
    text = str(value).replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text}"'


def _budget(one: ObjectiveStatus) -> str:
    if one.budget_left is None:
        return "budget unknown: no data"
    if one.budget_left < 0:
        return f"budget overspent by {words.value(-one.budget_left, 'ratio')}"
    return f"{words.value(one.budget_left, 'ratio')} of the error budget left"


def _budget_state(one: ObjectiveStatus) -> str:
    left = one.budget_left or 0
    return "breach" if left <= 0 else "warn" if left < LOW_BUDGET else "ok"


FILTERS: Mapping[str, Callable[..., Any]] = {
    "ago": _ago,
    "budget_state": _budget_state,
    "budget_text": _budget,
    "clock": _clock,
    "iso": timing.iso,
    "json": lambda value: json.dumps(value, ensure_ascii=False),
    "minutes": _minutes,
    "outcome": outcome,
    "outcomes": _outcomes,
    "path": lambda text, safe="": quote(str(text), safe=safe),
    "plot": _plot,
    "quoted": _quoted,
    "short": lambda number: words.value(number, "count"),
    "span": timing.say,
    "static": _static(),
    "summary": _summary,
    "value": words.value,
}
