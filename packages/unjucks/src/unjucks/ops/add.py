"""One file of the target, changed in two steps: stage writes beside it, commit renames over it.

Works below open folder handles and follows no link. Until commit the old file stands; after it the new one does;
`undo` puts the old one back. A kill at any moment leaves one or the other, whole.
"""

import os

from unjucks.errors import WriteFailed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from unjucks.model import Change

NEW_FILE = 0o666  # less the umask, as an editor would


class Staged:
    """A change whose bytes are on the disk under scratch names."""

    __slots__ = ("backup", "change", "committed", "folder", "name", "scratch")

    def __init__(self, change: "Change", folder: int) -> None:
        """`folder` is an open handle. Scratch names are random: a killed run may have left some of its own."""
        key = os.urandom(6).hex()
        self.change = change
        self.folder = folder
        self.name = change.path.rpartition("/")[2]
        self.scratch = f".unjucks-{key}.new"
        self.backup = f".unjucks-{key}.old"
        self.committed = False

    def stage(self) -> None:
        """Write the new bytes, and a copy of the old file, beside it."""
        before = self.change.before
        if self._current() != before:
            raise WriteFailed("a file changed while unjucks was at work; run again", given=self.change.path)
        if before is not None:
            self._write(self.backup, before, self._old().st_mode & 0o7777)
        self._write(self.scratch, self.change.after, self.change.mode)

    def commit(self) -> None:
        """Put the new file in place."""
        os.rename(self.scratch, self.name, src_dir_fd=self.folder, dst_dir_fd=self.folder)
        self.committed = True

    def undo(self) -> None:
        """Put back what was there; does nothing where nothing was done."""
        if self.committed and self.change.before is None:
            os.unlink(self.name, dir_fd=self.folder)
        elif self.committed:
            os.rename(self.backup, self.name, src_dir_fd=self.folder, dst_dir_fd=self.folder)
        self.forget()

    def forget(self) -> None:
        """Remove the scratch files."""
        for name in (self.scratch, self.backup):
            try:
                os.unlink(name, dir_fd=self.folder)
            except FileNotFoundError:
                continue

    def _old(self) -> os.stat_result:
        return os.stat(self.name, dir_fd=self.folder, follow_symlinks=False)

    def _current(self) -> bytes | None:
        try:
            file = os.open(
                self.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=self.folder
            )
        except FileNotFoundError:
            return None
        with open(file, "rb") as stream:
            return stream.read()

    def _write(self, name: str, content: bytes, mode: int | None) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
        file = os.open(name, flags, NEW_FILE, dir_fd=self.folder)
        with open(file, "wb", buffering=0) as stream:
            left = memoryview(content)
            while left:
                left = left[stream.write(left) :]
            if self.change.before is not None:
                _keep_owner(file, self._old())
            if mode is not None:
                os.fchmod(file, mode)


def _keep_owner(file: int, old: os.stat_result) -> None:
    """A rename makes a new file: without this, root's edit would take the file from its owner."""
    new = os.fstat(file)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        try:
            os.fchown(file, old.st_uid, old.st_gid)
        except PermissionError:
            return
