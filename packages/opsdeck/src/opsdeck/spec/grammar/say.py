"""Values back into phrases, in the grammar's own words: `parse(say(value)) == value`.

In: a value of phrases.py. Out: one phrase.
"""

from datetime import timedelta
from functools import singledispatch

from opsdeck import timing
from opsdeck.spec.grammar.amounts import SIZES
from opsdeck.spec.phrases import Box, Cadence, Condition, Deadline, Growth, Notice, Quantity, Threshold, Unit

_SIZES = (("TB", SIZES["tb"]), ("GB", SIZES["gb"]), ("MB", SIZES["mb"]), ("kB", SIZES["kb"]))


def amount(value: float, unit: Unit) -> str:
    """`0.05` → `5%`, `5000` ms → `5 seconds`, `50000000` bytes → `50MB`."""
    if unit == "ratio":
        return f"{value * 100:.12g}%"
    if unit == "ms":
        return timing.say(timedelta(milliseconds=value))
    if unit == "bytes":
        name, size = next(((n, s) for n, s in _SIZES if value >= s), ("B", 1))
        return f"{_plain(value / size)}{name}"
    return _plain(value)


def _plain(value: float) -> str:
    """Without exponent, as short as it stays exact to 15 digits."""
    return f"{value:.12f}".rstrip("0").rstrip(".")


@singledispatch
def say(value: object) -> str:
    """The phrase that means the value."""
    raise TypeError(f"no phrase says {type(value).__name__}")


@say.register
def _(value: timedelta) -> str:
    return timing.say(value)


@say.register
def _(value: Condition) -> str:
    parts = [value.indicator, value.comparison, amount(value.threshold, value.unit)]
    if value.window != value.hold:
        parts += ["over", timing.say(value.window)]
    if value.hold:
        parts += ["for", timing.say(value.hold)]
    return " ".join(parts)


@say.register
def _(value: Threshold) -> str:
    rank = "" if value.rank is None else f"P{_plain(value.rank * 100)}"
    period = "" if value.per is None else f"in {timing.say(value.per)}"
    return " ".join(
        filter(None, (rank, value.comparison, amount(value.value, value.unit), value.subject, period))
    )


@say.register
def _(value: Growth) -> str:
    return f"{amount(value.ratio, 'ratio')} increase over {timing.say(value.over)}"


@say.register
def _(value: Deadline) -> str:
    if value.business_days == 1:
        return "next business day"
    return f"within {value.business_days} business days" if value.business_days else timing.say(value.span)


@say.register
def _(value: Box) -> str:
    if value.end is None:
        return "varies by severity"
    return say(value.end) if value.end.business_days else f"{timing.say(value.start)} - {say(value.end)}"


@say.register
def _(value: Cadence) -> str:
    after = f"or after {value.after}" if value.after else ""
    return " ".join(filter(None, ("every", timing.say(value.every), value.of, after)))


@say.register
def _(value: Notice) -> str:
    return f"{value.role} after {timing.say(value.after)}" if value.after else f"{value.role} notification"


@say.register
def _(value: Quantity) -> str:
    said = "unknown" if value.limit is None else say(value.limit)
    return f"{said} ({value.note})" if value.note else said
