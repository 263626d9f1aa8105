"""What others may ask of the deck: alive, ready, and metrics that a strict reader of OpenMetrics 1.0 accepts."""

import json
import re
import shutil
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from opsdeck.deck import Deck
from opsdeck.model import Batch
from opsdeck.testing import failing, probes, runs

NAME = r"[a-zA-Z_:][a-zA-Z0-9_:]*"
LABEL = r'[a-zA-Z_][a-zA-Z0-9_]*="(?:[^"\\\n]|\\["\\n])*"'
LINE = re.compile(rf"(?P<name>{NAME})(?:\{{(?P<labels>{LABEL}(?:,{LABEL})*)?\}})? (?P<value>\S+)")
NUMBER = re.compile(r"[+-]?(\d+(\.\d+)?(e[+-]?\d+)?|Inf)")
SUFFIXES = {
    "counter": {"_total", "_created"},
    "gauge": {""},
    "histogram": {"_bucket", "_count", "_sum", "_created"},
    "stateset": {""},
    "info": {"_info"},
}


@dataclass
class Family:
    """One family as it was read: its type, unit, help, and its samples as (suffix, labels, value)."""

    kind: str
    unit: str = ""
    help: str = ""
    samples: list[tuple[str, dict[str, str], float]] = field(default_factory=list)

    def value(self, suffix: str = "", **labels: str) -> float:
        found = [value for s, names, value in self.samples if s == suffix and labels.items() <= names.items()]
        assert len(found) == 1, found
        return found[0]


def read(text: str) -> dict[str, Family]:
    """The families of an exposition; fails where the format's rules are broken."""
    assert text.endswith("\n# EOF\n")
    families: dict[str, Family] = {}
    current = ""
    for line in text.removesuffix("# EOF\n").splitlines():
        if line.startswith("# "):
            _, keyword, name, rest = line.split(" ", 3)
            if keyword == "TYPE":
                assert name not in families, f"{name} comes twice"
                families[name] = Family(rest)
            else:
                assert name == current or keyword in {"UNIT", "HELP"}
                assert not families[name].samples, f"{keyword} after the samples of {name}"
                setattr(families[name], keyword.lower(), rest)
            current = name
        else:
            _sample(line, current, families[current])
    for name, family in families.items():
        _check(name, family)
    return families


def _sample(line: str, name: str, family: Family) -> None:
    found = LINE.fullmatch(line)
    assert found, f"not a sample: {line}"
    assert found["name"].startswith(name), f"{line} stands under {name}"
    suffix = found["name"].removeprefix(name)
    assert suffix in SUFFIXES[family.kind], f"a {family.kind} has no {found['name']}"
    assert NUMBER.fullmatch(found["value"]), line
    labels = dict(re.findall(r'([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\]|\\.)*)"', found["labels"] or ""))
    assert len(labels) == len(re.findall(LABEL, found["labels"] or "")), f"a label twice: {line}"
    family.samples.append((suffix, labels, float(found["value"].replace("Inf", "inf"))))


def _check(name: str, family: Family) -> None:
    assert family.samples, f"{name} is empty"
    assert family.help, f"{name} has no help"
    assert not family.unit or name.endswith(f"_{family.unit}")
    keys = [(suffix, tuple(sorted(labels.items()))) for suffix, labels, _ in family.samples]
    assert len(keys) == len(set(keys)), f"a sample of {name} comes twice"
    if family.kind == "counter":
        assert all(value >= 0 for _, _, value in family.samples)
    if family.kind == "stateset":
        assert all(name in labels and value in (0, 1) for _, labels, value in family.samples)
    if family.kind == "histogram":
        _check_histogram(family)


def _check_histogram(family: Family) -> None:
    buckets: dict[tuple[tuple[str, str], ...], list[tuple[float, float]]] = defaultdict(list)
    for suffix, labels, value in family.samples:
        if suffix == "_bucket":
            le = float(labels["le"].replace("Inf", "inf"))
            buckets[tuple(sorted((k, v) for k, v in labels.items() if k != "le"))].append((le, value))
    for labels, steps in buckets.items():
        assert steps == sorted(steps), "buckets are in order and cumulative"
        assert steps[-1][0] == float("inf")
        assert steps[-1][1] == family.value("_count", **dict(labels))


@pytest.fixture
def metrics(operator: Any) -> Callable[[], dict[str, Family]]:
    def scrape() -> dict[str, Family]:
        answer = operator.get("/metrics")
        assert answer.headers["content-type"] == "application/openmetrics-text; version=1.0.0; charset=utf-8"
        return read(answer.text)

    return scrape


def test_alive(stranger: Any) -> None:
    assert stranger.get("/healthz").json() == {"status": "alive"}


def test_ready(stranger: Any) -> None:
    answer = stranger.get("/readyz")
    assert (answer.status_code, answer.json()) == (200, {"status": "ready", "reasons": []})


def test_not_ready_says_why(stranger: Any, deck: Deck) -> None:
    shutil.rmtree(deck.home)
    answer = stranger.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["reasons"] == [
        "Disk: disk: [Errno 2] No such file or directory: " + repr(str(deck.home))
    ]


def test_alive_although_not_ready(stranger: Any, deck: Deck) -> None:
    shutil.rmtree(deck.home)
    assert stranger.get("/healthz").status_code == 200


def test_a_fresh_deck_leaves_out_what_it_does_not_know(metrics: Any) -> None:
    found = metrics()
    assert "opsdeck_operations" not in found
    assert "opsdeck_objective_value" not in found
    assert found["opsdeck_events_accepted"].value("_total") == 0
    assert found["opsdeck"].value("_info") == 1


def test_operations_are_counted_by_outcome(metrics: Any, happened: Any) -> None:
    happened(runs(7, at="12:10"), runs(3, failing, at="12:10"))
    operations = metrics()["opsdeck_operations"]
    labels = {"service": "unjucks-cli", "operation": "template_generation"}
    assert operations.value("_total", outcome="success", **labels) == 7
    assert operations.value("_total", outcome="failure", **labels) == 3


def test_durations_are_a_histogram_with_the_specs_thresholds(metrics: Any, happened: Any) -> None:
    happened(runs(3, at="12:10", duration=1_999), runs(1, at="12:10", duration=2_001))
    durations = metrics()["opsdeck_operation_duration_seconds"]
    assert durations.value("_bucket", le="2") == 3
    assert durations.value("_bucket", le="+Inf") == 4
    assert durations.value("_sum") == pytest.approx(7.998)


def test_probes_are_not_operations(metrics: Any, happened: Any) -> None:
    happened(probes(at="12:10"))
    assert "opsdeck_operations" not in metrics()


def test_budgets(metrics: Any, happened: Any) -> None:
    happened(runs(99, at="12:10"), runs(1, failing, at="12:10"))
    found = metrics()
    assert found["opsdeck_error_budget_left"].value(objective="error_rate") == pytest.approx(0, abs=1e-9)
    assert found["opsdeck_burn_rate"].value(objective="error_rate") == pytest.approx(1)
    assert found["opsdeck_objective_met"].value(objective="error_rate") == 0


def test_alert_phases_are_a_state_set(metrics: Any, happened: Any) -> None:
    happened(runs(3, failing, every="1 minute", until="12:30"))
    phases = metrics()["opsdeck_alert_phase"]
    assert phases.value(rule="high_error_rate", opsdeck_alert_phase="firing") == 1
    assert phases.value(rule="high_error_rate", opsdeck_alert_phase="pending") == 0


def test_what_was_refused_is_counted_by_code(metrics: Any, stranger: Any, operator: Any) -> None:
    secret = operator.post("/api/keys", json={"service": "demo"}).json()["secret"]
    headers = {"authorization": f"Bearer {secret}", "content-type": "application/x-ndjson"}
    stranger.post("/v1/events", content=b"{}", headers=headers)
    found = metrics()
    assert found["opsdeck_events_refused"].value("_total", code="missing_field") == 1
    assert found["opsdeck_requests_refused"].value("_total", code="none_acceptable") == 1


def test_the_journal_and_the_loader(metrics: Any, collected: Any) -> None:
    collected()
    found = metrics()
    assert found["opsdeck_journal_bytes"].value() > 200
    assert found["opsdeck_loader_lag_bytes"].value() == 0
    assert found["opsdeck_journal_failing"].value() == 0


def test_periodic_work(metrics: Any, deck: Deck) -> None:
    evaluate = next(tick for tick in deck.ticks if tick.name == "evaluate")
    deck.run_due(evaluate, deck.clock.now())
    found = metrics()
    assert (
        found["opsdeck_tick_last_run_timestamp_seconds"].value(tick="evaluate")
        == deck.clock.now().timestamp()
    )
    assert found["opsdeck_tick_failed"].value(tick="evaluate") == 0


def test_hostile_names_do_not_break_the_format(metrics: Any, deck: Deck) -> None:
    entry = {
        "eventId": "1", "timestamp": "2025-09-09T12:00:00Z", "service": 'a"} 1\n# EOF\\', "userType": "human",
        "category": "application", "operation": {"type": "command_run", "duration": 1, "success": True},
    }  # fmt: skip
    deck.events.load(Batch(json.dumps(entry).encode(), ()))
    deck.clock.advance(minutes=1)
    assert metrics()["opsdeck_operations"].value("_total", outcome="success") == 1
