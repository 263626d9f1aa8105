"""Figures as people read them: a value and its unit in, a short text out (`1.2%`, `2.1 s`, `4 hours 1 minute`).

What was measured is rounded to what a person can use; what was asked for (`limit`) is said as the spec says it.
"""

from datetime import timedelta
from math import floor

from opsdeck import timing
from opsdeck.model import Comparison, Unit

SECOND = 1000.0
MINUTE = 60 * SECOND
HUNDRED = 100.0
NEARLY_ALL = 99.0
SUFFIX = {"per_minute": " per minute", "per_hour": " per hour", "bytes": " bytes"}


def say(value: float | None, unit: Unit | str) -> str:
    """The value with its unit; ratios as percent, ms as the unit that suits; None is `unknown`."""
    if value is None:
        return "unknown"
    if unit == "ratio":
        return _percent(value * HUNDRED)
    if unit == "ms":
        return _duration(value)
    return number(value) + SUFFIX.get(unit, "")


def number(value: float, decimals: int = 3) -> str:
    """At most so many decimals, none that are zero, thousands set apart."""
    whole, _, rest = f"{value:,.{decimals}f}".partition(".")
    text = f"{whole}.{rest}".rstrip("0").rstrip(".") if rest else whole
    return "0" if text == "-0" else text


def lasted(span: timedelta) -> str:
    """`1 minute 15 seconds`: how long something took, to the second."""
    return timing.say(timedelta(seconds=round(span.total_seconds())))


def counted(count: int, noun: str) -> str:
    """`1 run`, `1,200 runs`: how many of something whose plural ends in s."""
    return f"{count:,} {noun}{'' if count == 1 else 's'}"


def limit(comparison: Comparison, value: float, unit: Unit) -> str:
    """`< 2 s`: what a target or a threshold asks, to three decimals: 99.999% is not 100%."""
    return (
        f"{comparison} {number(value * HUNDRED)}%" if unit == "ratio" else f"{comparison} {say(value, unit)}"
    )


def _percent(value: float) -> str:
    """Two decimals, one beyond 100%. Nearly all is rounded down and nearly nothing is not zero: 99.898% is not 99.9%."""
    if abs(value) > HUNDRED:
        return f"{number(value, 1)}%"
    if NEARLY_ALL < value < HUNDRED:
        # Six digits first: 0.9995 * 100 must not lose its last digit to the binary fraction.
        return f"{number(min(9_999, floor(round(value * HUNDRED, 6))) / HUNDRED, 2)}%"
    text = number(value, 2)
    return "< 0.01%" if text == "0" and value > 0 else f"{text}%"


def _duration(value: float) -> str:
    if round(value) < SECOND:
        # Three digits: 207 ms, 61.5 ms, 2.05 ms.
        return f"{number(value, sum(abs(value) < edge for edge in (1, 10, HUNDRED)))} ms"
    if round(value / SECOND, 2) * SECOND < MINUTE:
        return f"{number(value / SECOND, 2)} s"
    return lasted(timedelta(milliseconds=value))
