"""One structured event per run of a command-line tool, spooled and shipped; standard library only.

    with opsdeck_emit.run("my-tool", "1.4.0", "build") as run:
        run.operation("build", template="debian")
        run.exit_code = build()

Nothing here raises into the tool, prints, or records before consent (`opsdeck_emit.consent`).
What can leave the machine is listed in docs/telemetry.md.
"""

from opsdeck_emit.run import Run, operated, run
from opsdeck_emit.wire import EMIT_VERSION

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import TypeVar

    T = TypeVar("T")

__version__ = EMIT_VERSION
__all__ = ["Run", "__version__", "operated", "retry", "run"]


def retry(act: "Callable[[], T]", run: Run, *, what: str) -> "T":
    """Do it, and again after a wait where what went wrong may pass (file system, loading of modules); see `retrying`.

    `what` is the code under which an OSError of `act` counts. The last attempt's exception goes on, whatever it is.
    """
    attempt = 0
    while True:
        try:
            return act()
        except Exception as failed:
            from opsdeck_emit.retrying import again

            attempt += 1
            if not again(run, failed, attempt, what):
                raise
