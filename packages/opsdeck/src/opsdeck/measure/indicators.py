"""The indicators: a query, a service and a window in, a Reading out. One small function each, by name in INDICATORS.

No data is None, never zero and never NaN; counts of activity (users, operations, templates) are zero when nobody
came. It must not know thresholds: what is too much is the spec's business.
"""

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from opsdeck.errors import UsageError
from opsdeck.measure import figures
from opsdeck.measure.host import CPU_USAGE
from opsdeck.measure.outages import outages, probe_minutes
from opsdeck.measure.population import (
    CRITICAL,
    DOWNLOAD,
    ERROR_GROUP,
    GENERATION,
    SYSTEM,
    detections,
    failures,
    people,
    probes,
    runs,
    total,
)
from opsdeck.model import Clause, Match, Reading, Tally, Window
from opsdeck.spec.model import Service
from opsdeck.stores.api import Query

MINUTE = timedelta(minutes=1)
P95 = 0.95
# Enough for a mean that a person would trust; an exact sum would need the store to know the field.
NEWEST_RUNS = 1_000
# How far back a count of vulnerabilities is looked for: it is recorded when it changes and at each scan.
COUNTED = timedelta(days=366)

Measure = Callable[[Query, Service, Window], Reading]


def read(query: Query, service: Service, name: str, window: Window) -> Reading:
    """What indicator `name` of the service says about the window. Raises UsageError for a name that is none."""
    if name not in INDICATORS:
        raise UsageError(f"there is no indicator {name!r}", hint="indicators: " + ", ".join(INDICATORS))
    return INDICATORS[name](query, service, window)


def error_rate(query: Query, service: Service, window: Window) -> Reading:
    """Failed operations among all operations, user errors included (readings: Objectives)."""
    tally = total(runs(query, service, window))
    return _share("error_rate", tally.failure, tally.runs, "runs", "failed")


def system_error_rate(query: Query, service: Service, window: Window) -> Reading:
    """Operations that failed with a system error among all operations: the error rate's second line."""
    slices = runs(query, service, window)
    return _share(
        "system_error_rate", failures(slices, SYSTEM), total(slices).runs, "runs", "met a system error"
    )


def cli_command_success_rate(query: Query, service: Service, window: Window) -> Reading:
    """Operations that succeeded among all operations (framework: SLIs)."""
    tally = total(runs(query, service, window))
    return _share("cli_command_success_rate", tally.success, tally.runs, "runs", "were good")


def p50_latency(query: Query, service: Service, window: Window) -> Reading:
    """Median of the duration of people's operations, in ms."""
    return _latency("p50_latency", query, service, window, 0.5)


def p99_latency(query: Query, service: Service, window: Window) -> Reading:
    """99th percentile of the duration of people's operations, in ms."""
    return _latency("p99_latency", query, service, window, 0.99)


def p95_latency(query: Query, service: Service, window: Window) -> Reading:
    """95th percentile of the duration of people's operations, in ms."""
    return _latency("p95_latency", query, service, window)


def template_generation_latency(query: Query, service: Service, window: Window) -> Reading:
    """95th percentile of the duration of people's template generations, in ms (framework: SLIs)."""
    return _latency("template_generation_latency", query, service, window)


def binary_download_success_rate(query: Query, service: Service, window: Window) -> Reading:
    """Downloads of the tool's binary that succeeded among all downloads (framework: SLIs)."""
    tally = _tally(query, Match.of(service=service.name, operation=DOWNLOAD), window)
    return _share("binary_download_success_rate", tally.success, tally.runs, "downloads", "were good")


def health_check_success_rate(query: Query, service: Service, window: Window) -> Reading:
    """Good probes among all probes: runs of the CLI and checks of dependencies alike."""
    tally = _tally(query, probes(service), window)
    return _share("health_check_success_rate", tally.success, tally.runs, "probes", "were good")


def health_check_response_time(query: Query, service: Service, window: Window) -> Reading:
    """95th percentile of how long a probe takes, in ms: runs of the CLI and checks of dependencies (framework: SLIs)."""
    return _latency("health_check_response_time", query, service, window)


def availability(query: Query, service: Service, window: Window) -> Reading:
    """Probe minutes in which the real CLI worked among all probe minutes; the running minute counts as a whole one."""
    bad, minutes = probe_minutes(query, service, window)
    return _share("availability", minutes - bad, minutes, "probe minutes", "were good")


def recovery_time(query: Query, service: Service, window: Window) -> Reading:
    """The longest outage that began in the window, in ms; 0 without an outage, None without probes."""
    bad, minutes = probe_minutes(query, service, window)
    if not minutes:
        return Reading("recovery_time", None, "ms", note="no probes")
    found = outages(query, service, window) if bad else []
    longest = max((outage.span for outage in found), default=timedelta())
    return Reading(
        "recovery_time", _ms(longest), "ms", _ms(longest), len(found), figures.counted(len(found), "outage")
    )


def cpu_usage(query: Query, _service: Service, window: Window) -> Reading:
    """Mean processor usage of the deck's host over its samples in the window."""
    values = [sample.value for sample in query.samples(CPU_USAGE, "", window)]
    # Nine digits: the sum of many equal samples would else end up a hair above what each of them says.
    mean = round(sum(values) / len(values), 9) if values else None
    return Reading(CPU_USAGE, mean, "ratio", sum(values), len(values), _said(len(values), "sample"))


def run_cpu_usage(query: Query, service: Service, window: Window) -> Reading:
    """Processor time of the newest runs over their wall time; above 1 where a run keeps several processors busy."""
    spent = wall = 0.0
    for entry in query.find(people(service), window, NEWEST_RUNS):
        cpu = entry.body.get("cpuMs")
        duration = entry.body.get("operation", {}).get("duration")
        if isinstance(cpu, int | float) and isinstance(duration, int | float):
            spent, wall = spent + cpu, wall + duration
    value = spent / wall if wall else None
    return Reading(
        "run_cpu_usage", value, "ratio", spent, wall, f"{spent:g} of {wall:g} ms" if wall else "not told"
    )


def critical_vulnerabilities(query: Query, service: Service, window: Window) -> Reading:
    """Critical vulnerabilities as they stand; no scan in the window is unknown, however old the newest count is."""
    scans = query.samples("scan_imported", service.name, window)
    counts = query.samples("critical_vulnerabilities", service.name, Window(window.end - COUNTED, window.end))
    value = counts[-1].value if scans and counts else None
    return Reading(
        "critical_vulnerabilities", value, "count", value or 0, len(scans), _said(len(scans), "scan")
    )


def scan_age(query: Query, service: Service, window: Window) -> Reading:
    """Time since the newest import of a security scan, in ms; no scan in the window is unknown."""
    found = query.samples("scan_imported", service.name, window)
    # Whole milliseconds: the microsecond by which Window.last includes its end is no time.
    age = float(round(_ms(window.end - found[-1].at))) if found else None
    return Reading("scan_age", age, "ms", age or 0, len(found), _said(len(found), "scan"))


def unique_errors(query: Query, service: Service, window: Window) -> Reading:
    """How many different errors people met, same error = same code, template and user type."""
    whole = total(runs(query, service, window)).runs
    failing = people(service).also(Clause("outcome", "=", "failure"))
    groups = len(query.tally(failing, window, ERROR_GROUP)) if whole else 0
    return _count("unique_errors", groups, whole)


def critical_errors(query: Query, service: Service, window: Window) -> Reading:
    """Operations that failed with a critical error: security, data corruption."""
    slices = runs(query, service, window)
    return _count("critical_errors", failures(slices, CRITICAL), total(slices).runs)


def system_errors(query: Query, service: Service, window: Window) -> Reading:
    """Operations that failed with a system error: file system, module loading."""
    slices = runs(query, service, window)
    return _count("system_errors", failures(slices, SYSTEM), total(slices).runs)


def _detections(name: str) -> Measure:
    """Detections of one security event (framework: Security Monitoring); none is zero, not unknown."""

    def measure(query: Query, service: Service, window: Window) -> Reading:
        match = detections(service, name)
        count = _tally(query, match, window).runs
        newest = query.find(match, window, 1) if count else []
        note = "; ".join([figures.counted(count, "detection"), *(_detected(one.body) for one in newest)])
        return replace(_activity(name, count), note=note)

    return measure


def _detected(body: Mapping[str, Any]) -> str:
    """About whom the newest one is, and what to type to see it."""
    return f"the newest about {body.get('userId') or 'an address'}: opsdeck security show {body.get('requestId', '')}"


def operations_per_minute(query: Query, service: Service, window: Window) -> Reading:
    """People's operations per minute of the window."""
    count = total(runs(query, service, window)).runs
    # The microsecond by which Window.last includes its end is no time.
    minutes = round(window.span / MINUTE, 6)
    return Reading("operations_per_minute", count / minutes, "per_minute", count, count, _said(count, "run"))


def active_users(query: Query, service: Service, window: Window) -> Reading:
    """Different sessions seen in the window (readings: five minutes of it)."""
    return _activity("active_users", query.distinct("session_id", people(service), window))


def daily_active_users(query: Query, service: Service, window: Window) -> Reading:
    """Different users seen in the window (readings: a day of it)."""
    return _activity("daily_active_users", query.distinct("user_id", people(service), window))


def templates_generated(query: Query, service: Service, window: Window) -> Reading:
    """People's generation runs that succeeded."""
    tally = _tally(query, people(service).also(operation=GENERATION), window)
    return _activity("templates_generated", tally.success)


LATENCIES: Mapping[str, Callable[[Query, Service, Window], Tally]] = {
    **dict.fromkeys(("p50_latency", "p95_latency", "p99_latency"), lambda *asked: total(runs(*asked))),
    "template_generation_latency": lambda query, service, window: _tally(
        query, people(service).also(operation=GENERATION), window
    ),
    "health_check_response_time": lambda query, service, window: _tally(query, probes(service), window),
}
"""The runs whose durations a latency indicator is about; an objective may ask them for another rank."""

SECURITY_EVENTS = (
    "suspicious_template_access",
    "multiple_failed_operations",
    "privilege_escalation_attempt",
    "data_exfiltration_risk",
    "secret_in_event",
)

INDICATORS: Mapping[str, Measure] = {
    **{name: _detections(name) for name in SECURITY_EVENTS},
    **{
        measure.__name__: measure
        for measure in (
            cli_command_success_rate,
            template_generation_latency,
            binary_download_success_rate,
            health_check_response_time,
            health_check_success_rate,
            availability,
            recovery_time,
            error_rate,
            system_error_rate,
            p50_latency,
            p95_latency,
            p99_latency,
            unique_errors,
            critical_errors,
            system_errors,
            critical_vulnerabilities,
            scan_age,
            cpu_usage,
            run_cpu_usage,
            operations_per_minute,
            active_users,
            daily_active_users,
            templates_generated,
        )
    },
}


HOST_WIDE = frozenset({CPU_USAGE})
"""Indicators of the deck's own host: they say the same for every service."""


def _tally(query: Query, match: Match, window: Window) -> Tally:
    return total(query.tally(match, window))


def _share(name: str, part: int, whole: int, of: str, did: str) -> Reading:
    note = f"{part:,} of {whole:,} {of} {did}" if whole else f"no {of}"
    return Reading(name, part / whole if whole else None, "ratio", part, whole, note)


def _latency(name: str, query: Query, service: Service, window: Window, rank: float = P95) -> Reading:
    tally = LATENCIES[name](query, service, window)
    return Reading(name, tally.percentile(rank), "ms", 0, tally.runs, _said(tally.runs, "run"))


def _count(name: str, count: int, whole: int) -> Reading:
    value = float(count) if whole else None
    return Reading(
        name, value, "count", count, whole, f"in {figures.counted(whole, 'run')}" if whole else "no runs"
    )


def _activity(name: str, count: int) -> Reading:
    return Reading(name, float(count), "count", count, count)


def _said(count: int, of: str) -> str:
    return figures.counted(count, of) if count else f"no {of}s"


def _ms(span: timedelta) -> float:
    return span / timedelta(milliseconds=1)
