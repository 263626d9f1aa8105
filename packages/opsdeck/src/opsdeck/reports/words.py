"""Values as pages and tables show them: three significant digits, where logs and explanations give a little more.

In: a value and its unit. Out: a short text; None is "unknown", never a dash that could be a zero.
"""

from datetime import timedelta
from math import floor, log10

from opsdeck import timing
from opsdeck.measure import figures
from opsdeck.model import Window

DIGITS = 3
NEAR_ONE = 0.01


def value(number: float | None, unit: str) -> str:
    """`0.01234, "ratio"` → "1.23%"; `2104.2, "ms"` → "2.1 s"; None → "unknown". Units are those of the spec's model."""
    if number is None:
        return figures.say(None, unit)
    if unit == "ratio" and 0 < 1 - number < NEAR_ONE:
        # 99.95% must not become 100%: near one it is the distance to it that is rounded.
        return figures.say(1 - rounded(1 - number), unit)
    return figures.say(rounded(number), unit)


def rounded(number: float) -> float:
    """The number to three significant digits; whole numbers stay whole."""
    if number == 0 or number == int(number):
        return number
    return round(number, max(0, DIGITS - 1 - floor(log10(abs(number)))))


def last(window: Window) -> str:
    """`last hour`, `last 30 days`: the window's span to the second (Window.last is a tick longer than its span)."""
    span = timedelta(seconds=round(window.span.total_seconds()))
    return f"last {timing.say(span).removeprefix('1 ')}"
