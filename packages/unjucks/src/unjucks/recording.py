"""A command's name in, a recorder of its run out: opsdeck_emit's, or one that does nothing if that is missing.

unjucks works the same without emit or with a broken one.
"""

from unjucks import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Self

    from opsdeck_emit import Run

SERVICE = "unjucks-cli"
UNUSABLE = (ImportError, SyntaxError, AttributeError)  # emit is missing, damaged or of another version


def start(command: str) -> "Run | Unrecorded":
    """Give the context manager around one operation."""
    try:
        from opsdeck_emit import run
    except UNUSABLE:
        return Unrecorded()
    return run(SERVICE, __version__, command)


class Unrecorded:
    """Has the methods of a Run that unjucks uses, and forgets everything."""

    exit_code = 0

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

    def __enter__(self) -> "Self":
        """Begin."""
        return self

    def __exit__(self, *_: object) -> None:
        """End."""
