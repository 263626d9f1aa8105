"""The grammar's own way to say each value, word by word."""

from datetime import timedelta
from typing import Any

import pytest

from opsdeck.spec import grammar
from opsdeck.spec.phrases import Box, Cadence, Condition, Deadline, Growth, Notice, Quantity, Threshold

MIN = timedelta(minutes=1)
SAID: dict[str, Any] = {
    "5 minutes": 5 * MIN,
    "error_rate > 5% for 5 minutes": Condition("", "error_rate", ">", 0.05, "ratio", 5 * MIN, 5 * MIN),
    "error_rate > 5% over 5 minutes": Condition("", "error_rate", ">", 0.05, "ratio", 5 * MIN, 0 * MIN),
    "p95_latency > 5 seconds over 10 minutes for 1 minute": Condition(
        "", "p95_latency", ">", 5000, "ms", 10 * MIN, MIN
    ),
    "P95 < 2 seconds": Threshold("<", 2000, "ms", rank=0.95),
    "< 1% of all operations": Threshold("<", 0.01, "ratio", subject="of all operations"),
    "> 10 errors in 1 hour": Threshold(">", 10, "count", 60 * MIN, subject="errors"),
    "< 50MB": Threshold("<", 50_000_000, "bytes"),
    "20% increase over 30 days": Growth(0.2, timedelta(days=30)),
    "2 hours": Deadline(120 * MIN),
    "next business day": Deadline(business_days=1),
    "within 5 business days": Deadline(business_days=5),
    "5 minutes - 30 minutes": Box(5 * MIN, Deadline(30 * MIN)),
    "varies by severity": Box(),
    "every 30 minutes": Cadence(30 * MIN),
    "every 30 days SLA reports": Cadence(timedelta(days=30), "SLA reports"),
    "every 30 days or after major incidents": Cadence(timedelta(days=30), after="major incidents"),
    "director after 4 hours": Notice("director", 240 * MIN),
    "team lead notification": Notice("team lead"),
    "unknown": Quantity(None),
    "unknown (needs instrumentation)": Quantity(None, "needs instrumentation"),
    "< 1GB (templates)": Quantity(Threshold("<", 1e9, "bytes"), "templates"),
}


@pytest.mark.parametrize("text", SAID)
def test_a_value_is_said(text: str) -> None:
    assert grammar.say(SAID[text]) == text


def test_what_is_no_phrase_cannot_be_said() -> None:
    with pytest.raises(TypeError, match="no phrase says int"):
        grammar.say(5)
