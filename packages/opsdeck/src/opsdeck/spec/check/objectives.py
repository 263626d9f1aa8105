"""Objectives, performance targets and capacity of one service: targets that fit their indicator and their kind."""

from collections.abc import Iterator

from opsdeck.spec.check.names import Names, unknown, wrong
from opsdeck.spec.grammar import parse
from opsdeck.spec.grammar.words import PhraseError
from opsdeck.spec.mistakes import Mistake, Path
from opsdeck.spec.phrases import Threshold
from opsdeck.spec.wire.service import Inherited, Objective, Percentiles


def check(of: Inherited, names: Names, base: Path) -> Iterator[Mistake]:
    for name, one in of.objectives.items():
        yield from _objective(one, names, (*base, "objectives", name))
    path = (*base, "performance")
    targets = of.performance
    yield from _rising(targets.cli_startup, (*path, "cli_startup"))
    yield from _rising(targets.template_discovery, (*path, "template_discovery"))
    for kind in ("single_file", "multiple_files"):
        found: Percentiles = getattr(targets.template_generation, kind)
        yield from _rising(found, (*path, "template_generation", kind))
    memory = (*path, "memory_usage")
    least, most = (
        parse.threshold(text, "bytes").value
        for text in (targets.memory_usage.baseline, targets.memory_usage.peak)
    )
    if least > most:
        yield Mistake((*memory, "baseline"), "is above the peak", blame=((*memory, "peak"),))


def _objective(one: Objective, names: Names, path: Path) -> Iterator[Mistake]:
    unit = names.units.get(one.indicator)
    if unit is None:
        yield unknown("indicator", one.indicator, names.units, (*path, "indicator"))
        return
    try:
        target = parse.threshold(one.target, unit, ">=" if one.kind == "budget" else "<=")
    except PhraseError as error:
        yield wrong(error, (*path, "target"))
        return
    blame = ((*path, "kind"), (*path, "indicator"))
    said = _unfit(one, target)
    if said:
        yield Mistake((*path, "target"), said, blame=blame)


def _unfit(one: Objective, target: Threshold) -> str:
    """Why the target does not fit the kind of objective; empty if it does."""
    if one.kind == "budget" and target.unit != "ratio":
        return f"a budget needs a share, {one.indicator} is not one"
    if one.kind == "percentile" and (target.unit != "ms" or target.rank is None):
        return "a percentile needs a time and its rank, such as P95 < 2 seconds"
    if one.kind != "percentile" and target.rank is not None:
        return f"a {one.kind} has no percentile"
    if target.unit == "ratio" and target.value > 1:
        return "a share lies between 0% and 100%"
    if one.kind == "budget" and target.value == (1 if target.comparison in (">", ">=") else 0):
        return "leaves no error budget at all: nothing could ever fail"
    return ""


def _rising(limits: Percentiles, path: Path) -> Iterator[Mistake]:
    """A higher percentile is never faster than a lower one."""
    last, below = 0.0, ""
    for rank in ("p50", "p95", "p99"):
        text = getattr(limits, rank)
        if text is None:
            continue
        value = parse.threshold(text, "ms").value
        if value < last:
            yield Mistake(
                (*path, rank),
                f"is below {below}: a higher percentile is never faster",
                blame=((*path, below),),
            )
        last, below = value, rank
