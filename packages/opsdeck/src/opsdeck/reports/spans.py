"""Time ranges of charts. In: a span and now. Out: a window on whole steps, so that a chart moves by bars, not by pixels."""

from datetime import UTC, datetime, timedelta

from opsdeck.errors import UsageError
from opsdeck.model import Window
from opsdeck.timing import duration

MOST_POINTS = 96
LONGEST = timedelta(days=800)
_STEPS = tuple(
    timedelta(seconds=seconds)
    for seconds in (
        1,
        5,
        15,
        30,
        60,
        120,
        300,
        600,
        900,
        1_800,
        3_600,
        7_200,
        14_400,
        28_800,
        86_400,
        604_800,
        2_592_000,
    )
)
_EPOCH = datetime(2000, 1, 1, tzinfo=UTC)


def parse(text: str) -> timedelta:
    """`1h`, `24 hours`, `30 days`. Raises UsageError beyond 800 days or below a second."""
    try:
        span = duration(text)
    except ValueError as error:
        raise UsageError(f"window: {error}", hint="for example: 15m, 1h, 24h, 7d, 30d") from None
    if not _STEPS[0] <= span <= LONGEST:
        raise UsageError(
            f"window: {text!r} is not between 1 second and 800 days", hint="for example: 24h, 30d"
        )
    return span


def grid(span: timedelta, now: datetime) -> tuple[Window, timedelta]:
    """The window of about `span` that ends with the step `now` is in, and the step: at most 96 to a window."""
    step = next(step for step in _STEPS if span / step <= MOST_POINTS)
    end = _EPOCH + ((now - _EPOCH) // step + 1) * step
    return Window(end - max(1, round(span / step)) * step, end), step


def starts(window: Window, step: timedelta) -> tuple[datetime, ...]:
    """When each step of the window begins."""
    return tuple(window.start + i * step for i in range(-(-window.span // step)))
