"""The `unjucks` command: words in, exit code out. Owns the outermost decisions and no work.

The hot path is short on purpose: `--version` imports nothing, a command imports only itself.
"""

import os
import sys

from unjucks import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from opsdeck_emit import Run
    from unjucks.console import Console
    from unjucks.recording import Unrecorded

INTERRUPTED = 130  # 128 + SIGINT, as shells report it
READER_GONE = 141  # 128 + SIGPIPE: what a shell reports of tools that die of it
OPERATIONS = ("generate", "list")
COMMANDS = (*OPERATIONS, "new", "init", "help", "telemetry", "doctor", "templates")


def main() -> int:
    """Run the command of `sys.argv`; expected failures are printed, never raised."""
    argv = sys.argv[1:]
    _open_closed_streams()
    if argv in (["--version"], ["-V"]):
        sys.stdout.write(f"unjucks {__version__}\n")
        return 0
    from unjucks.console import Console

    console = Console(json="--json" in argv)
    try:
        code = _run(argv, console)
        sys.stdout.flush()
    except KeyboardInterrupt:
        console.warn("interrupted")
        return INTERRUPTED
    except BrokenPipeError:
        console.abandon_output()
        return READER_GONE
    except OSError as error:
        console.warn(f"unjucks: {error}")
        console.abandon_output()
        return 1
    return code


def _open_closed_streams() -> None:
    """Python leaves a standard stream that was closed (`>&-`) as None."""
    for name in ("stdin", "stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, "r+"))  # noqa: SIM115  # lives as long as the process


def _run(argv: list[str], console: "Console") -> int:
    command = argv[0] if argv else "--help"
    if command in OPERATIONS and "--help" not in argv and "-h" not in argv:
        return _operate(command, argv[1:], console)
    if command in ("--help", "-h") or "--help" in argv or "-h" in argv:
        command, argv = "help", ["help", *[word for word in argv[:1] if word in COMMANDS]]
    return console.guard(lambda: _plain(command, argv[1:], console))


def _operate(command: str, argv: list[str], console: "Console") -> int:
    """Run a command that operations counts; recorded with consent, and asked about once after a success."""
    from unjucks import recording, standing

    with recording.start(command) as event:
        standing.expect(event)
        try:
            code = console.guard(lambda: _act(command, argv, console, event), event)
            sys.stdout.flush()
        except BrokenPipeError:
            event.fail("CANCELLED", "the reader of the output went away")
            console.abandon_output()
            code = READER_GONE
        event.exit_code = code
    if code == 0 and console.interactive:
        from unjucks.commands import telemetry

        telemetry.offer(console)
    return code


def _act(command: str, argv: list[str], console: "Console", event: "Run | Unrecorded") -> int:
    if command == "generate":
        from unjucks.commands import generate

        return generate.run(argv, console, event)
    from unjucks.commands import listing

    return listing.run(argv, console, event)


def _plain(command: str, argv: list[str], console: "Console") -> int:
    """Run a command that leaves no record."""
    from unjucks import commands
    from unjucks.errors import UsageError, did_you_mean

    if command not in COMMANDS:
        raise UsageError(
            f"unknown command {command!r}{did_you_mean(command, list(COMMANDS))}", hint="unjucks --help"
        )
    return commands.plain(command, argv, console)
