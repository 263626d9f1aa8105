"""Properties of the grammar: what is said is read back the same; whatever is typed is read or refused in place."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from opsdeck.spec import grammar
from opsdeck.spec.grammar.amounts import SUBJECTS
from opsdeck.spec.grammar.limits import SAMPLE_WINDOW
from opsdeck.spec.phrases import Box, Cadence, Condition, Deadline, Growth, Notice, Quantity, Threshold, Unit

UNITS: dict[str, Unit] = {
    "error_rate": "ratio",
    "p95_latency": "ms",
    "unique_errors": "count",
    "operations_per_minute": "per_minute",
}
PARSERS: list[Callable[[str], Any]] = [
    lambda text: grammar.condition(text, UNITS, SAMPLE_WINDOW),
    *(lambda text, unit=unit: grammar.threshold(text, unit) for unit in ("ratio", "ms", "bytes", "count")),
    lambda text: grammar.quantity(text, "bytes"),
    grammar.duration,
    grammar.growth,
    grammar.deadline,
    grammar.box,
    grammar.cadence,
    grammar.notice,
    grammar.chain,
    grammar.role,
    grammar.weekdays,
    grammar.hours,
]

spans = st.integers(1, 10**10).map(lambda ms: timedelta(milliseconds=ms))
ratios = st.integers(1, 10**6 - 1).map(lambda millionths: float(f"{millionths / 10**6:.6f}"))
comparisons = st.sampled_from(["<", "<=", ">", ">="])
values: dict[Unit, st.SearchStrategy[float]] = {
    "ratio": ratios,
    "ms": st.integers(1, 10**9).map(float),
    "bytes": st.integers(1, 10**9).map(float),
    "count": st.integers(1, 10**9).map(float),
    "per_minute": st.integers(1, 10**9).map(float),
}
deadlines = st.builds(Deadline, spans) | st.builds(Deadline, business_days=st.integers(1, 1000))
# Pieces of real phrases, so that fuzzing gets past the first word.
PIECES = """
    error_rate p95_latency unique_errors P95 > < >= 5 0 99.9 % ms seconds hours MB / hour for over in every next within
    business day days -> - , : ( ) unknown monthly team lead on-call engineer notification after to downtime year
    999999999999999 years
"""
pieces = st.sampled_from(PIECES.split())
texts = st.text(max_size=60) | st.lists(pieces, max_size=12).map(" ".join)


@st.composite
def conditions(draw: st.DrawFn) -> Condition:
    indicator = draw(st.sampled_from(list(UNITS)))
    unit = UNITS[indicator]
    window, hold = draw(spans), draw(spans | st.just(timedelta()))
    return Condition(
        "", indicator, draw(st.sampled_from([">", "<="])), draw(values[unit]), unit, window, hold
    )


@st.composite
def thresholds(draw: st.DrawFn) -> Threshold:
    unit: Unit = draw(st.sampled_from(list(values)))
    rank = draw(st.none() | st.integers(1, 99).map(lambda percent: percent / 100))
    subject = draw(st.sampled_from(["", *map(" ".join, SUBJECTS)]))
    per = draw(st.none() | spans) if unit == "count" else None
    return Threshold(draw(comparisons), draw(values[unit]), unit, per, rank, subject)


@given(conditions())
def test_a_condition_that_is_said_is_read_back(condition: Condition) -> None:
    text = grammar.say(condition)
    found = grammar.condition(text, UNITS, SAMPLE_WINDOW)
    assert (found.indicator, found.comparison, found.unit) == (
        condition.indicator,
        condition.comparison,
        condition.unit,
    )
    assert (found.threshold, found.window, found.hold) == (
        condition.threshold,
        condition.window,
        condition.hold,
    )


@given(thresholds())
def test_a_threshold_that_is_said_is_read_back(threshold: Threshold) -> None:
    assert grammar.threshold(grammar.say(threshold), threshold.unit) == threshold


@given(spans)
def test_a_duration_that_is_said_is_read_back(span: timedelta) -> None:
    assert grammar.duration(grammar.say(span)) == span


@given(st.builds(Growth, ratios, spans))
def test_a_growth_that_is_said_is_read_back(growth: Growth) -> None:
    assert grammar.growth(grammar.say(growth)) == growth


@given(deadlines)
def test_a_deadline_that_is_said_is_read_back(deadline: Deadline) -> None:
    assert grammar.deadline(grammar.say(deadline)) == deadline


@given(spans, spans)
def test_a_box_that_is_said_is_read_back(start: timedelta, longer: timedelta) -> None:
    box = Box(start, Deadline(start + longer))
    assert grammar.box(grammar.say(box)) == box


@given(st.builds(Box, end=st.builds(Deadline, business_days=st.integers(1, 1000))) | st.just(Box()))
def test_a_box_without_a_start_is_read_back(box: Box) -> None:
    assert grammar.box(grammar.say(box)) == box


@given(
    st.builds(
        Cadence,
        spans,
        st.sampled_from(["", "updates", "SLA reports"]),
        st.sampled_from(["", "major incidents"]),
    )
)
def test_a_cadence_that_is_said_is_read_back(cadence: Cadence) -> None:
    assert grammar.cadence(grammar.say(cadence)) == cadence


@given(st.builds(Notice, st.sampled_from(grammar.ROLES), spans | st.just(timedelta())))
def test_a_notice_that_is_said_is_read_back(notice: Notice) -> None:
    assert grammar.notice(grammar.say(notice)) == notice


@given(thresholds(), st.sampled_from(["", "templates", "needs instrumentation"]))
def test_a_quantity_that_is_said_is_read_back(limit: Threshold, note: str) -> None:
    for quantity in (Quantity(limit, note), Quantity(None, note)):
        assert grammar.quantity(grammar.say(quantity), limit.unit) == quantity


@given(st.permutations(grammar.ROLES), st.integers(1, len(grammar.ROLES)))
def test_a_chain_of_any_roles_in_any_order_reads(roles: list[str], length: int) -> None:
    assert grammar.chain(" -> ".join(roles[:length])) == tuple(roles[:length])


@settings(max_examples=400)
@given(texts)
@example("(")
@example("5-5-5 minutes")
@example("99.9% (9 downtime/year)")
@example("error_rate > 5% for 999999999999999 years")
def test_whatever_is_typed_is_read_or_refused_with_a_column_inside(text: str) -> None:
    for parse in PARSERS:
        error = refusal(parse, text)
        assert error is None or (1 <= error.column <= len(text) + 1 and error.message)


def refusal(parse: Callable[[str], Any], text: str) -> grammar.PhraseError | None:
    try:
        parse(text)
    except grammar.PhraseError as error:
        return error
    return None
