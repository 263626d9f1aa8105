"""One evaluation tick of the shipped spec: `python bench/tick.py [--events N] [--hours H] [--json]`.

Loads synthetic events spread over a span into DuckDB (the default is a month; `--hours 1` puts all of them into the
longest window of the rules, the worst case), state in SQLite, and then evaluates every rule at moments a spec's
interval apart, so that no answer is left over from the tick before. Medians of 15 ticks.
"""

import argparse
import json
import statistics
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import events

from opsdeck import alerts, spec
from opsdeck.measure import objectives
from opsdeck.model import Sample
from opsdeck.stores.events import open_events
from opsdeck.stores.state import open_state

END = datetime(2025, 9, 9, 12, tzinfo=UTC)
ROUNDS = 15


def main(count: int = 1_000_000, hours: float = 30 * 24) -> dict[str, float]:
    """Figures by name, in ms: an evaluation tick and its slowest round, the status of all objectives."""
    defaults = spec.load(None)
    services = tuple(defaults.services.values())
    with tempfile.TemporaryDirectory() as folder:
        store = open_events(f"duckdb:///{folder}/events.duckdb", defaults.edges)
        state = open_state(f"sqlite:///{Path(folder) / 'state.db'}")
        events.fill(store, count, END, timedelta(hours=hours))
        store.record(Sample("cpu_usage", END - n * timedelta(seconds=10), 0.3) for n in range(1000))
        moments = [END + n * defaults.evaluate_every for n in range(ROUNDS)]
        ticks = [events.ms(lambda now=now: alerts.tick(state, store, services, now)) for now in moments]
        aims = [events.ms(lambda now=now: objectives.status(store, services[0], now)) for now in moments]
        store.close()
        state.close()
    return {
        "events": count,
        "hours": hours,
        "rules": sum(len(service.rules) for service in services),
        "tick, median": statistics.median(ticks),
        "tick, slowest": max(ticks),
        "objectives, median": statistics.median(aims),
    }


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--hours", type=float, default=30 * 24)
    parser.add_argument("--json", action="store_true")
    asked = parser.parse_args()
    figures = main(asked.events, asked.hours)
    if asked.json:
        print(json.dumps({name: round(value, 3) for name, value in figures.items()}))
    else:
        print("\n".join(f"{name:24} {value:12,.1f}" for name, value in figures.items()))
