"""A shell command in, its exit code out. The only place where unjucks starts a process for a template."""

import subprocess

from unjucks.errors import ShellFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from unjucks.model import Command


def run(command: "Command", folder: str) -> None:
    """Run the command by /bin/sh in the target folder; its output goes to the terminal as it comes.

    Raises ShellFailed for any end but exit 0.
    """
    source = {"input": command.stdin.encode()} if command.stdin else {"stdin": subprocess.DEVNULL}
    done = subprocess.run(command.text, shell=True, cwd=folder, check=False, **source)  # noqa: S602  # sh: is a shell command; only trusted templates get here
    if done.returncode:
        how = f"exit {done.returncode}" if done.returncode > 0 else f"signal {-done.returncode}"
        message = f"command failed ({how}), the files it came with stay"
        hint = f"cd {folder} && {command.text}"
        raise ShellFailed(message, given=command.text, place=command.place, hint=hint)
