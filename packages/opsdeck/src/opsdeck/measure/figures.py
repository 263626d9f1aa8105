"""Figures as people read them: a value and its unit in, a short text out (`1.2%`, `2.1 s`, `4 hours 1 minute`)."""

from datetime import timedelta

from opsdeck import timing
from opsdeck.model import Comparison, Unit

SECOND = 1000.0
MINUTE = 60 * SECOND
SUFFIX = {"per_minute": " per minute", "per_hour": " per hour", "bytes": " bytes"}


def say(value: float | None, unit: Unit | str) -> str:
    """The value with its unit; ratios as percent, ms as the unit that suits; None is `unknown`."""
    if value is None:
        return "unknown"
    if unit == "ratio":
        return f"{number(value * 100)}%"
    if unit == "ms":
        return _span(value)
    return number(value) + SUFFIX.get(unit, "")


def number(value: float) -> str:
    """At most three decimals, none that are zero, thousands set apart."""
    text = f"{value:,.3f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def counted(count: int, noun: str) -> str:
    """`1 run`, `1,200 runs`: how many of something whose plural ends in s."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def limit(comparison: Comparison, value: float, unit: Unit) -> str:
    """`< 2 s`: what a target or a threshold asks."""
    return f"{comparison} {say(value, unit)}"


def _span(value: float) -> str:
    if value < SECOND:
        return f"{number(value)} ms"
    if value < MINUTE:
        return f"{number(value / SECOND)} s"
    return timing.say(timedelta(seconds=round(value / SECOND)))
