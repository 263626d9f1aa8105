"""One structured event per run of a command-line tool, spooled and shipped; standard library only.

    with opsdeck_emit.run("my-tool", "1.4.0", "build") as run:
        run.operation("build", template="debian")
        run.exit_code = build()

Nothing here raises into the tool, prints, or records before consent (`opsdeck_emit.consent`).
What can leave the machine is listed in docs/telemetry.md.
"""

from opsdeck_emit.run import Run, operated, run
from opsdeck_emit.wire import EMIT_VERSION

__version__ = EMIT_VERSION
__all__ = ["Run", "__version__", "operated", "run"]
