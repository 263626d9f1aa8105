"""Who counts: the matches that every indicator builds on, and sums over what they find.

In: a service. Out: a Match or a Tally. It must not know thresholds or rules.
"""

from collections import defaultdict
from collections.abc import Iterable

from opsdeck.model import Bar, Clause, Match, Slice, Tally, Window
from opsdeck.spec.model import Service
from opsdeck.stores.api import Query

HEALTH_CHECK = "health_check"
GENERATION = "template_generation"
DOWNLOAD = "binary_download"

SYSTEM = "system_errors"
CRITICAL = "critical_errors"
# What makes two failures the same error (framework: error_aggregation.group_by).
ERROR_GROUP = ("error_code", "template", "user_type")


def people(service: Service) -> Match:
    """Operations that somebody ran: by hand or in CI, never a probe (readings: Terms)."""
    return Match.of(
        service=service.name,
        user_type=("human", "ci"),
        category="application",
        operation=tuple(sorted(service.operations)),
    )


def probes(service: Service) -> Match:
    """Every probe of the service: runs of its CLI and checks of its dependencies."""
    return Match.of(service=service.name, user_type="service", category="performance")


def cli_probes(service: Service) -> Match:
    """Probes that ran the real CLI: what availability is made of."""
    return probes(service).also(Clause("operation", "!=", HEALTH_CHECK))


def detections(service: Service, event: str) -> Match:
    """What the detectors found of one security event."""
    return Match.of(service=service.name, category="security", operation=event)


def runs(query: Query, service: Service, window: Window) -> list[Slice]:
    """People's operations by error category: one question that most rules share."""
    return query.tally(people(service), window, ("error_category",))


def failures(slices: Iterable[Slice], category: str) -> int:
    """Failed runs of one error category among `runs`."""
    return sum(s.tally.failure for s in slices if s.group == (category,))


def total(slices: Iterable[Slice]) -> Tally:
    """One tally out of many: counts and bars added up."""
    success = failure = cancelled = 0
    bars: dict[int, Bar] = defaultdict(lambda: Bar(0, 0.0))
    for tally in (s.tally for s in slices):
        success += tally.success
        failure += tally.failure
        cancelled += tally.cancelled
        for number, bar in tally.bars.items():
            bars[number] = Bar(bars[number].count + bar.count, bars[number].total + bar.total)
    return Tally(success, failure, cancelled, dict(bars))
