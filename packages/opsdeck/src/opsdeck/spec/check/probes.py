"""Probes and routing of one service: commands that can be run in their time, channels that exist."""

import shlex
from collections.abc import Iterator
from datetime import timedelta

from opsdeck.spec.check.names import Names, unknown
from opsdeck.spec.grammar import parse
from opsdeck.spec.mistakes import Mistake, Path
from opsdeck.spec.wire.service import Inherited, Probes, Service
from opsdeck.timing import say

BUSIEST = timedelta(milliseconds=100)
BUSIEST_PROBE = timedelta(seconds=1)
MEASURED = ("cli_startup", "template_discovery", "template_generation", "health_check")
"""Operations that have a performance target or stand for health, whether they count for error rates or not."""


def check(of: Inherited, names: Names, base: Path) -> Iterator[Mistake]:
    if parse.duration(of.evaluation.every) < BUSIEST:
        yield Mistake((*base, "evaluation", "every"), f"expected at least {say(BUSIEST)}")
    for index, channel in enumerate(of.routing.channels):
        if channel not in names.under("channels"):
            path = (*base, "routing", "channels", index)
            yield unknown("channel", channel, names.under("channels"), path)
    if isinstance(of, Service) and of.probes is not None:
        yield from _probes(of.probes, of, (*base, "probes"))


def _probes(probes: Probes, of: Service, path: Path) -> Iterator[Mistake]:
    every = parse.duration(probes.every)
    if every < BUSIEST_PROBE:
        yield Mistake((*path, "every"), f"expected at least {say(BUSIEST_PROBE)}")
    for name, run in probes.runs.items():
        here = (*path, "runs", name)
        limit = parse.duration(run.timeout or probes.timeout)
        if limit > every:
            where = (*here, "timeout") if run.timeout else (*path, "timeout")
            said = f"expected at most {say(every)}, the time until the next run"
            yield Mistake(where, said, blame=((*path, "every"),))
        try:
            if not shlex.split(run.command):
                yield Mistake((*here, "command"), "nothing is written here")
        except ValueError as error:
            yield Mistake((*here, "command"), f"is not a command line: {str(error).lower()}")
        known = {*of.operations, *MEASURED}
        if run.operation not in known:
            yield unknown("operation", run.operation, known, (*here, "operation"))
