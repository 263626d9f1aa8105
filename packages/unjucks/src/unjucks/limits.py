"""A function of untrusted templates in, its plain result out, with hard bounds on what it can cost.

The engine's fuel bounds steps, not memory; its parser's stack and a regular expression have no bound at all. So what
a template that nobody vouched for computes, its parsing included, is computed in a forked child: 512 MiB, 2 s of
processor, no file written.
"""

import marshal
import os
import resource
from signal import SIGBUS, SIGSEGV

from unjucks import errors
from unjucks.errors import RenderFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, NoReturn

MEMORY = 512 * 1024 * 1024  # bytes of address space, the interpreter's own 30 MiB included
SECONDS = 2
CRASHES = (SIGBUS, SIGSEGV)
ANSWER = 64 * 1024 * 1024  # bytes that the child may send back


def in_child(compute: "Callable[[], Any]", place: str) -> "Any":
    """Give what `compute` returns: tuples, lists, dicts and scalars.

    Raises what it raises of unjucks' own errors, and RenderFailed at `place` if a limit or a crash stopped it.
    """
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        _answer(compute, writing)
    os.close(writing)
    with open(reading, "rb") as stream:
        answer = stream.read(ANSWER + 1)
    _, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status) and os.WTERMSIG(status) in CRASHES:
        raise RenderFailed("stopped: it crashes the template engine (nested too deeply?)", place=place)
    if not answer or len(answer) > ANSWER:
        raise RenderFailed(f"stopped: needs over {SECONDS} s or {MEMORY >> 20} MiB", place=place)
    failure, result = marshal.loads(answer)  # noqa: S302  # written by our own fork, a line above
    if failure:
        kind, message, given, where, hint = failure
        raise getattr(errors, kind)(message, given=given, place=where, hint=hint)
    return result


def _answer(compute: "Callable[[], Any]", writing: int) -> "NoReturn":
    """Compute under limits, send the outcome and end; never returns into the parent's code."""
    try:
        _limit()
        outcome: tuple[tuple[str, ...] | None, Any]
        try:
            outcome = (None, compute())
        except errors.UnjucksError as error:
            outcome = ((type(error).__name__, error.message, error.given, error.place, error.hint), None)
        with open(writing, "wb") as stream:
            stream.write(marshal.dumps(outcome))
    finally:
        os._exit(0)


def _limit() -> None:
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # an engine out of memory says so at length
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
