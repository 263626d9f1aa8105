"""The grammar on the framework's own phrases, on their neighbours, and on what it must refuse (column, expectation)."""

from collections.abc import Callable
from datetime import time, timedelta
from typing import Any

import pytest

from opsdeck.spec import grammar
from opsdeck.spec.grammar import PhraseError
from opsdeck.spec.phrases import Box, Cadence, Condition, Deadline, Growth, Notice, Quantity, Threshold, Unit

UNITS: dict[str, Unit] = {
    "error_rate": "ratio",
    "p95_latency": "ms",
    "critical_vulnerabilities": "count",
    "unique_errors": "count",
    "operations_per_minute": "per_minute",
}
MIN = timedelta(minutes=1)
HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def condition(text: str) -> tuple[Any, ...]:
    found = grammar.condition(text, UNITS, 5 * MIN)
    return found.indicator, found.comparison, found.threshold, found.window, found.hold


CONDITIONS: dict[str, tuple[Any, ...]] = {
    "error_rate > 5% for 5 minutes": ("error_rate", ">", 0.05, 5 * MIN, 5 * MIN),
    "error_rate > 5%": ("error_rate", ">", 0.05, 5 * MIN, 0 * MIN),
    "error_rate > 5% over 10 seconds for 3 seconds": (
        "error_rate",
        ">",
        0.05,
        timedelta(seconds=10),
        timedelta(seconds=3),
    ),
    "error_rate > 5% over 1 hour": ("error_rate", ">", 0.05, HOUR, 0 * MIN),
    "error_rate >= 100% over 5 minutes": ("error_rate", ">=", 1, 5 * MIN, 0 * MIN),
    "error_rate>0.5%for 1h 30m": ("error_rate", ">", 0.005, 90 * MIN, 90 * MIN),
    "p95_latency > 5 seconds for 10 minutes": ("p95_latency", ">", 5000, 10 * MIN, 10 * MIN),
    "response_time p95 > 3s": ("p95_latency", ">", 3000, 5 * MIN, 0 * MIN),
    "P95 response time > 3s": ("p95_latency", ">", 3000, 5 * MIN, 0 * MIN),
    "P95 > 200ms": ("p95_latency", ">", 200, 5 * MIN, 0 * MIN),
    "critical_vulnerabilities > 0": ("critical_vulnerabilities", ">", 0, 5 * MIN, 0 * MIN),
    "unique_errors > 10/hour": ("unique_errors", ">", 10, HOUR, 0 * MIN),
    "unique_errors > 10 per hour for 2 minutes": ("unique_errors", ">", 10, HOUR, 2 * MIN),
    "unique_errors > 500 in 2 hours": ("unique_errors", ">", 500, 2 * HOUR, 0 * MIN),
    "operations_per_minute > 1000": ("operations_per_minute", ">", 1000, 5 * MIN, 0 * MIN),
    "error_rate ≥ 5%": ("error_rate", ">=", 0.05, 5 * MIN, 0 * MIN),
}


@pytest.mark.parametrize("text", CONDITIONS)
def test_a_condition_reads(text: str) -> None:
    assert condition(text) == CONDITIONS[text]


THRESHOLDS: list[tuple[str, Unit, Threshold]] = [
    ("99.9%", "ratio", Threshold(">=", 0.999, "ratio")),
    ("99.9% uptime (8.76 hours downtime/year)", "ratio", Threshold(">=", 0.999, "ratio", subject="uptime")),
    (
        "99.9% uptime (43.2 minutes downtime/month)",
        "ratio",
        Threshold(">=", 0.999, "ratio", subject="uptime"),
    ),
    ("P95 response time < 2 seconds", "ms", Threshold("<", 2000, "ms", rank=0.95)),
    ("P95 < 2 seconds", "ms", Threshold("<", 2000, "ms", rank=0.95)),
    ("< 1% of all operations", "ratio", Threshold("<", 0.01, "ratio", subject="of all operations")),
    ("< 1% error rate", "ratio", Threshold("<", 0.01, "ratio", subject="error rate")),
    ("< 4 hours for any outage", "ms", Threshold("<", 14_400_000, "ms", subject="for any outage")),
    ("> 10/hour", "count", Threshold(">", 10, "count", HOUR)),
    ("5 errors/hour", "count", Threshold(">=", 5, "count", HOUR, subject="errors")),
    (
        "> 10 failures from same user/IP",
        "count",
        Threshold(">", 10, "count", subject="failures from same user / ip"),
    ),
    ("> 500 generations in 1 hour", "count", Threshold(">", 500, "count", HOUR, subject="generations")),
    ("0 critical vulnerabilities", "count", Threshold(">=", 0, "count", subject="critical vulnerabilities")),
    (">50% users", "ratio", Threshold(">", 0.5, "ratio", subject="users")),
    ("> 50% of users", "ratio", Threshold(">", 0.5, "ratio", subject="of users")),
    ("< 200ms", "ms", Threshold("<", 200, "ms")),
    ("< 50MB", "bytes", Threshold("<", 50_000_000, "bytes")),
    ("< 1 GiB", "bytes", Threshold("<", 2**30, "bytes")),
    ("1000", "per_minute", Threshold(">=", 1000, "per_minute")),
]


@pytest.mark.parametrize(("text", "unit", "meaning"), THRESHOLDS, ids=[text for text, _, _ in THRESHOLDS])
def test_a_threshold_reads(text: str, unit: Unit, meaning: Threshold) -> None:
    assert grammar.threshold(text, unit) == meaning


PHRASES: list[tuple[Callable[[str], Any], str, Any]] = [
    (grammar.duration, "5 minutes", 5 * MIN),
    (grammar.duration, "200ms", timedelta(milliseconds=200)),
    (grammar.duration, "7 years (compliance requirement)", 7 * 365 * DAY),
    (grammar.duration, "1 week", 7 * DAY),
    (grammar.duration, "0 seconds", 0 * MIN),
    (grammar.growth, "20% monthly", Growth(0.2, 30 * DAY)),
    (grammar.growth, "10% increase over 24 hours", Growth(0.1, DAY)),
    (grammar.deadline, "24 hours", Deadline(DAY)),
    (grammar.deadline, "next business day", Deadline(business_days=1)),
    (grammar.deadline, "Within 5 business days", Deadline(business_days=5)),
    (grammar.box, "0-5 minutes", Box(0 * MIN, Deadline(5 * MIN))),
    (grammar.box, "5-30 minutes", Box(5 * MIN, Deadline(30 * MIN))),
    (grammar.box, "30 minutes - 4 hours", Box(30 * MIN, Deadline(4 * HOUR))),
    (grammar.box, "Varies by severity", Box()),
    (grammar.box, "Within 5 business days", Box(end=Deadline(business_days=5))),
    (grammar.cadence, "every 30 minutes", Cadence(30 * MIN)),
    (grammar.cadence, "hourly updates", Cadence(HOUR, "updates")),
    (grammar.cadence, "monthly SLA reports", Cadence(30 * DAY, "SLA reports")),
    (grammar.cadence, "Monthly or after major incidents", Cadence(30 * DAY, after="major incidents")),
    (grammar.notice, "immediate C-level notification", Notice("C-level")),
    (grammar.notice, "director level after 4 hours", Notice("director", 4 * HOUR)),
    (grammar.notice, "manager level after 1 day", Notice("manager", DAY)),
    (grammar.notice, "team lead notification", Notice("team lead")),
    (grammar.chain, "on-call engineer", ("on-call engineer",)),
    (grammar.chain, "on-call engineer -> team lead -> manager", ("on-call engineer", "team lead", "manager")),
    (grammar.chain, "On-call engineer→c-level", ("on-call engineer", "C-level")),
    (grammar.role, "team lead", "team lead"),
    (grammar.weekdays, "Monday to Friday", frozenset(range(5))),
    (grammar.weekdays, "Sunday to Thursday", frozenset({6, 0, 1, 2, 3})),
    (grammar.weekdays, "mon, wed and fri", frozenset({0, 2, 4})),
    (grammar.hours, "09:00-17:00", (time(9), time(17))),
    (grammar.hours, "8:30 to 16:45", (time(8, 30), time(16, 45))),
    (lambda t: grammar.quantity(t, "count"), "unknown", Quantity(None)),
    (lambda t: grammar.quantity(t, "count"), "unknown (needs it)", Quantity(None, "needs it")),
    (
        lambda t: grammar.quantity(t, "bytes"),
        "< 1GB (templates)",
        Quantity(Threshold("<", 1e9, "bytes"), "templates"),
    ),
]


@pytest.mark.parametrize(("parse", "text", "meaning"), PHRASES, ids=[text for _, text, _ in PHRASES])
def test_a_phrase_reads(parse: Callable[[str], Any], text: str, meaning: Any) -> None:
    assert parse(text) == meaning


REFUSED_CONDITIONS: dict[str, tuple[int, str]] = {
    "": (1, "expected the name of an indicator, found nothing"),
    "error_rate": (11, "expected <, <=, > or >=, found the end"),
    "error_rat > 5%": (1, "unknown indicator 'error_rat'; did you mean error_rate?"),
    "error_rate = 5%": (12, "unexpected '='"),
    "error_rate > 5": (15, "expected % after 5: a percentage such as 5%, found the end"),
    "error_rate > 5 minutes": (16, "expected % after 5: a percentage such as 5%, found 'minutes'"),
    "p95_latency > 5%": (16, "expected a unit of time after 5: a time such as 5 seconds or 200ms, found '%'"),
    "p95_latency > 50MB": (
        17,
        "expected a unit of time after 50: a time such as 5 seconds or 200ms, found 'MB'",
    ),
    "unique_errors > 5 minutes": (
        19,
        "expected no unit after 5: a number such as 10 or 10/hour, found 'minutes'",
    ),
    "unique_errors > 1.5": (17, "expected a whole number, found '1.5'"),
    "unique_errors > 5/fortnight": (19, "expected minute, hour or day, found 'fortnight'"),
    "unique_errors > 5/hour over 2 hours": (
        17,
        "a rate already names its window: leave out either the rate or `over`",
    ),
    "error_rate > 150%": (14, "a share lies between 0% and 100%, 150% cannot be reached"),
    "error_rate > 100%": (14, "no share is above 100%: the condition can never hold"),
    "error_rate < 0%": (14, "nothing is below zero: the condition can never hold"),
    "error_rate >= 0%": (15, "everything is at least zero: the condition always holds"),
    "error_rate > 5% fr 5 minutes": (17, "expected over, for or the end, found 'fr'"),
    "error_rate > 5% for": (20, "expected a duration such as 5 minutes, found the end"),
    "error_rate > 5% for ages": (21, "expected a duration such as 5 minutes, found 'ages'"),
    "error_rate > 5% for 200 years": (25, "a duration is at most 100 years"),
    "error_rate > 5% for 60 years 60 years": (21, "a duration is at most 100 years"),
    "error_rate > 5% over 0 seconds": (14, "a window is longer than nothing"),
    "error_rate > 5%/hour": (16, "expected over, for or the end, found '/'"),
    "response_time > 3s": (15, "expected a percentile such as p95, found '>'"),
    "response_time p75 > 3s": (1, "unknown indicator 'p75'"),
    "error_rate > 5% ☃": (17, "unexpected '☃'"),
}


@pytest.mark.parametrize("text", REFUSED_CONDITIONS)
def test_a_condition_is_refused_with_column_and_expectation(text: str) -> None:
    with pytest.raises(PhraseError) as refused:
        condition(text)
    assert (refused.value.column, refused.value.message) == REFUSED_CONDITIONS[text]


REFUSED: list[tuple[Callable[[str], Any], str, int, str]] = [
    (grammar.duration, "5", 2, "expected a unit of time after 5"),
    (grammar.duration, "5 lightyears", 3, "expected a unit of time after 5"),
    (grammar.duration, "7 years (compliance", 19, "expected ) at the end"),
    (grammar.span, "0 minutes", 1, "expected a duration above zero"),
    (
        grammar.growth,
        "10%",
        4,
        "expected minutely, hourly, daily, weekly, monthly, yearly or `increase over`",
    ),
    (
        grammar.deadline,
        "within 0 business days",
        8,
        "expected a whole number of business days from 1 to 1000",
    ),
    (grammar.deadline, "within 5 days", 10, "expected business days, found 'days'"),
    (grammar.deadline, "tomorrow", 1, "expected a duration such as 5 minutes, found 'tomorrow'"),
    (grammar.box, "30-5 minutes", 1, "the span ends before it begins"),
    (grammar.box, "30 minutes", 11, "expected - and the end of the span, found the end"),
    (grammar.box, "soon", 1, "expected a span such as 5-30 minutes"),
    (grammar.box, "999999999999999-5 years", 17, "a duration is at most 100 years"),
    (grammar.cadence, "often", 1, "expected `every` and a duration"),
    (grammar.cadence, "every 0 minutes", 1, "a cadence needs a span above zero"),
    (grammar.notice, "director", 9, "expected notification, or `after` and a duration"),
    (grammar.notice, "immediate director", 19, "expected notification, found the end"),
    (grammar.notice, "president notification", 1, "unknown role 'president notification'"),
    (grammar.chain, "", 1, "expected a role (on-call engineer, team lead, manager, director, C-level)"),
    (grammar.chain, "on-call enginer", 1, "unknown role 'on-call enginer'; did you mean on-call engineer?"),
    (grammar.chain, "team lead -> team lead", 14, "'team lead' stands in the chain twice"),
    (grammar.chain, "team lead ->", 13, "expected a role"),
    (grammar.chain, "team lead manager", 11, "expected -> or the end, found 'manager'"),
    (grammar.weekdays, "Mooday", 1, "expected a weekday such as Monday, found 'Mooday'"),
    (grammar.weekdays, "", 1, "expected a weekday such as Monday, found nothing"),
    (grammar.hours, "17:00-09:00", 7, "closes before it opens"),
    (grammar.hours, "9-17", 2, "expected a time such as 09:00, found '-'"),
    (grammar.hours, "09:00-24:00", 7, "expected a time from 00:00 to 23:59"),
    (
        lambda t: grammar.threshold(t, "ratio"),
        "99.9% uptime (9.76 hours downtime/year)",
        15,
        "0.999 of a year leaves 8.76 hours of downtime, not 9.76 hours",
    ),
    (
        lambda t: grammar.threshold(t, "ratio"),
        "99.9% uptime (9 h downtime/aeon)",
        28,
        "expected year, month or week, found 'aeon'",
    ),
    (lambda t: grammar.threshold(t, "bytes"), "< 50 apples", 6, "expected a unit of size after 50"),
    (lambda t: grammar.threshold(t, "count"), "> 10 bananas", 6, "expected the end, found 'bananas'"),
    (grammar.role, "x" * 501, 500, "a phrase has at most 500 characters"),
]


@pytest.mark.parametrize(
    ("parse", "text", "column", "message"), REFUSED, ids=[text[:40] or "(empty)" for _, text, _, _ in REFUSED]
)
def test_a_phrase_is_refused_with_column_and_expectation(
    parse: Callable[[str], Any], text: str, column: int, message: str
) -> None:
    with pytest.raises(PhraseError) as refused:
        parse(text)
    assert refused.value.column == column
    assert refused.value.message.startswith(message)


AMOUNTS: list[tuple[float, Unit, str]] = [
    (0.05, "ratio", "5%"),
    (0.999, "ratio", "99.9%"),
    (5000, "ms", "5 seconds"),
    (50_000_000, "bytes", "50MB"),
    (512, "bytes", "512B"),
    (1000, "per_minute", "1000"),
    (3, "count", "3"),
]


@pytest.mark.parametrize(("value", "unit", "text"), AMOUNTS, ids=[text for _, _, text in AMOUNTS])
def test_an_amount_is_said_in_its_unit(value: float, unit: Unit, text: str) -> None:
    assert grammar.amount(value, unit) == text


def test_a_comparison_holds_on_its_side_of_the_line_only() -> None:
    above, below = condition_of("error_rate > 5%"), condition_of("error_rate < 5%")
    at_least, at_most = condition_of("error_rate >= 5%"), condition_of("error_rate <= 5%")
    on_the_line = [one.holds(0.05) for one in (above, below, at_least, at_most)]
    assert on_the_line == [False, False, True, True]
    assert [one.holds(0.06) for one in (above, below, at_least, at_most)] == [True, False, True, False]


def condition_of(text: str) -> Condition:
    return grammar.condition(text, UNITS, MIN)
