"""Whether a failure is tried again, and after what wait; imported only when an attempt has failed.

In: a run, the exception of an attempt, how many attempts there were. Out: True once the wait is over, False where the
exception stands. It must not know what is attempted.

1. Never: errors of users and critical ones, and what says of itself that it is not `transient`.
2. With a standing policy of the deck: the codes it lists. Without: what the file system or the loading of modules
   said, and exceptions whose own category is system_errors.
3. A few attempts, and waits within a budget that all retries of a run share.

A wait is a random part of a limit that doubles: "full jitter", so that runs that failed together do not come back
together (Marc Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015).
"""

import os
import time

from opsdeck_emit.run import quietly

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from opsdeck_emit.run import Run

    Limits = tuple[int, int, int, int]  # attempts; in ms: the first wait, the longest, all of a run together
    Reason = str  # retry, not_retryable, attempts, budget

DEFAULTS = (3, 50, 1000, 2000)  # for want of a policy: what errors.retry of the shipped spec says
STANDING_FIRM = ("user_errors", "critical_errors")
MODULE_NOT_LOADED = "MODULE_NOT_LOADED"


def again(run: "Run", failed: Exception, attempt: int, what: str) -> bool:
    """Wait and say True if there is to be another attempt; `what` is the code of an OSError that has none."""
    code = code_of(failed, what)
    service, subject = run.subject
    policy = quietly(service, _standing, service, subject)
    if policy is None:
        may, limits = _passing(failed), DEFAULTS
    else:
        may, limits = policy.retryable(code), policy.retry_limits
    reason, wait = decide(may and not _firm(failed), attempt, run.waited_ms, limits, _draw())
    if reason == "retry":
        run.retried(code, wait)
        time.sleep(wait / 1000)
        _forget_what_was_missing(failed)
    return reason == "retry"


def decide(
    retryable: bool, attempt: int, waited_ms: int, limits: "Limits", draw: float
) -> "tuple[Reason, int]":
    """Why there is another attempt or none, and the wait before it in ms; `draw` is between 0 and 1."""
    attempts, first, longest, budget = limits
    if not retryable:
        return "not_retryable", 0
    if attempt >= attempts:
        return "attempts", 0
    wait = round(min(longest, first * 2 ** (attempt - 1)) * draw)
    return ("budget", 0) if waited_ms + wait > budget else ("retry", wait)


def code_of(failed: Exception, what: str) -> str:
    """The exception's own code; MODULE_NOT_LOADED for an import; `what` for the file system; "" for anything else."""
    code = getattr(failed, "code", None)
    if isinstance(code, str):
        return code
    return MODULE_NOT_LOADED if isinstance(failed, ImportError) else what if _of_system(failed) else ""


def _passing(failed: Exception) -> bool:
    return _of_system(failed) or getattr(failed, "category", None) == "system_errors"


def _of_system(failed: Exception) -> bool:
    # A reader that went away has cancelled the run.
    return isinstance(failed, OSError | ImportError) and not isinstance(failed, BrokenPipeError)


def _firm(failed: Exception) -> bool:
    category = getattr(failed, "category", None)
    return category in STANDING_FIRM or getattr(failed, "transient", None) is False


def _standing(service: str, subject: str) -> "Any":
    if not subject:
        return None
    from opsdeck_emit import policy

    return policy.standing(service, subject, time.time())


def _draw() -> float:
    return int.from_bytes(os.urandom(4), "big") / 2**32


def _forget_what_was_missing(failed: Exception) -> None:
    """The import system remembers which files a folder had."""
    if isinstance(failed, ImportError):
        from importlib import invalidate_caches

        invalidate_caches()
