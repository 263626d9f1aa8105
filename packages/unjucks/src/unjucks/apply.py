"""A Plan and a target folder in, the folder changed; all of it or none of it.

1. Open or make each folder, link by link, following none.
2. Stage every file: its bytes, and a copy of what it replaces, are on the disk under scratch names.
3. Rename each into place.
4. On any failure or interruption put back what was there, in reverse, and remove the folders made.
5. Run the commands. They come last: what a command did cannot be undone, so its failure leaves the files.
"""

import os

from unjucks.errors import WriteFailed
from unjucks.model import WRITES
from unjucks.ops.add import Staged

TYPE_CHECKING = False
if TYPE_CHECKING:
    from unjucks.model import Plan

FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def apply(plan: "Plan", target: str, folder: str = "") -> None:
    """Make the plan's changes in `target`, a real path, then run its commands there, or in another `folder`.

    Raises WriteFailed with nothing changed, or ShellFailed with the files in place.
    """
    folders = Folders(target)
    staged: list[Staged] = []
    path, done = target, False
    try:
        for change in plan.changes:
            if change.action in WRITES:
                path = change.path
                staged.append(Staged(change, folders.open(change.path.rpartition("/")[0])))
                staged[-1].stage()
        for one in staged:
            path = one.change.path
            one.commit()
        done = True
    except OSError as error:
        left = _undo(staged, folders)
        outcome = "NOT ALL COULD BE PUT BACK" if left else "nothing was changed"
        failure = WriteFailed(f"cannot write ({error.strerror}); {outcome}", given=", ".join([path, *left]))
        failure.transient = not left
        raise failure from None
    finally:
        if not done:
            _undo(staged, folders)
    for one in staged:
        one.forget()
    folders.close()
    if plan.commands:
        from unjucks.ops import shell

        for command in plan.commands:
            shell.run(command, folder or target)


def _undo(staged: list[Staged], folders: "Folders") -> list[str]:
    """Put everything back; give what could not be, and where its copy is. A second time there is nothing to do."""
    left: list[str] = []
    while staged:
        one = staged.pop()
        try:
            one.undo()
        except OSError:
            left.append(f"{one.change.path} (was: {one.backup} beside it)")
    folders.remove_made()
    folders.close()
    return left


class Folders:
    """Open handles on folders below a target, made where they are missing."""

    __slots__ = ("handles", "made", "target")

    def __init__(self, target: str) -> None:
        """Nothing is opened or made until it is asked for."""
        self.target = target
        self.handles: dict[str, int] = {}
        self.made: list[str] = []

    def open(self, relative: str) -> int:
        """Give a handle on a folder below the target; "" is the target itself. Raises OSError."""
        if relative in self.handles:
            return self.handles[relative]
        if not relative:
            self._make_target(self.target)
            handle = os.open(self.target, FOLDER)
        else:
            above, _, name = relative.rpartition("/")
            parent = self.open(above)
            try:
                os.mkdir(name, dir_fd=parent)
                self.made.append(f"{self.target}/{relative}")
            except FileExistsError:
                pass
            handle = os.open(name, FOLDER, dir_fd=parent)
        self.handles[relative] = handle
        return handle

    def _make_target(self, path: str) -> None:
        if not os.path.isdir(path):
            self._make_target(os.path.dirname(path))
            os.mkdir(path)
            self.made.append(path)

    def remove_made(self) -> None:
        """Remove the folders made here, innermost first, unless somebody has put something in."""
        for path in reversed(self.made):
            try:
                os.rmdir(path)
            except OSError:
                continue

    def close(self) -> None:
        """Close every handle."""
        for handle in self.handles.values():
            os.close(handle)
        self.handles.clear()
