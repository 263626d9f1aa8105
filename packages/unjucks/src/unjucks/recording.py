"""A command's name in, a recorder of its run out: opsdeck_emit's, or one that does nothing if that is missing.

unjucks works the same without emit or with a broken one.
"""

import os
import time

from unjucks import __version__
from unjucks.errors import UnjucksError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Self, TypeVar

    from opsdeck_emit import Run

    T = TypeVar("T")

SERVICE = "unjucks-cli"
WAITS = (0.05, 0.1)  # seconds at most before the second and third attempt, where emit does not say better
UNUSABLE = (ImportError, SyntaxError, AttributeError)  # emit is missing, damaged or of another version


def start(command: str) -> "Run | Unrecorded":
    """Give the context manager around one operation."""
    try:
        from opsdeck_emit import retry, run  # noqa: F401  # one without the other is of another version
    except UNUSABLE:
        return Unrecorded()
    return run(SERVICE, __version__, command)


def retry(act: "Callable[[], T]", event: "Run | Unrecorded", what: str) -> "T":
    """Do it, and again where what went wrong may pass; `what` is the code of trouble with files that has none."""
    if isinstance(event, Unrecorded):
        return event.retry(act)
    from opsdeck_emit import retry as again

    return again(act, event, what=what)


class Unrecorded:
    """Has the methods of a Run that unjucks uses, and forgets everything."""

    exit_code = 0
    subject = (SERVICE, "")  # whom a policy of the deck would be about: nobody

    def operation(self, type: str, template: str | None = None, generator: str | None = None) -> None:  # noqa: A002  # the name that Run gives it
        """Forget what is done."""

    def metadata(self, **values: object) -> None:
        """Forget facts."""

    def phase(self, _name: str) -> "Self":
        """Time nothing."""
        return self

    def fail(
        self, code: str, message: str, category: str = "user_errors", context: str | None = None
    ) -> None:
        """Forget a failure."""

    def retry(self, act: "Callable[[], T]") -> "T":
        """Do it three times at most: what emit does without a policy."""
        for longest in WAITS:
            try:
                return act()
            except (UnjucksError, OSError, ImportError) as failed:
                if not getattr(failed, "transient", not isinstance(failed, BrokenPipeError)):
                    raise
            time.sleep(int.from_bytes(os.urandom(4), "big") / 2**32 * longest)
        return act()

    def __enter__(self) -> "Self":
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
