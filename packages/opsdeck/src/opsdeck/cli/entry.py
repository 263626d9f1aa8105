"""The `opsdeck` command starts here. `exec` is handed over before anything of the deck is imported:
it stands in front of other people's commands and must cost them nothing."""

import sys


def main() -> None:
    """Run the command line; the exit code is the process's."""
    if sys.argv[1:2] == ["exec"]:
        from opsdeck_emit.exec import main as run

        sys.exit(run(sys.argv[2:]))
    from opsdeck.cli.app import run_app

    run_app()
