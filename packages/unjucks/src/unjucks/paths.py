"""A wanted path in, a contained one out, or PathEscape. Reads the target folder, writes nothing.

Two steps: the text is checked by itself, then symlinks are resolved and the outcome must still lie inside. What
is opened afterwards (here and in apply.py) is opened without following links, so a link slipped in between the
check and the use is refused, not followed.
"""

import os
import stat

from unjucks.errors import PathEscape, TargetUnreadable

DIGITS = "0123456789"


def clean(wanted: str, place: str) -> str:
    """Give `wanted` as a plain relative path; pure.

    Raises PathEscape for what is absolute, climbs (`..`), names a drive or git's own folder, or holds
    backslashes or control characters.
    """
    parts = [part for part in wanted.split("/") if part not in ("", ".")]
    _refuse_oddities(wanted, place)
    if wanted.startswith("/") or (wanted[1:2] == ":" and wanted[0].isalpha()):
        raise PathEscape(
            "the path is not relative to the target folder",
            given=repr(wanted),
            place=place,
            hint="use --to DIR",
        )
    if ".." in parts:
        raise PathEscape(
            "the path leads out of the target folder", given=repr(wanted), place=place, hint="use --to DIR"
        )
    if not parts or wanted.endswith("/"):
        raise PathEscape("the path names a folder, not a file", given=repr(wanted), place=place)
    _refuse_git(parts, wanted, place)
    return "/".join(parts)


def _refuse_oddities(wanted: str, place: str) -> None:
    if not wanted.isprintable() or "\\" in wanted:
        raise PathEscape("the path holds characters that no path should", given=repr(wanted), place=place)


def _refuse_git(parts: list[str], wanted: str, place: str) -> None:
    """A hook written there runs at the next commit, agreed to or not."""
    if any(part.lower() == ".git" for part in parts):
        raise PathEscape("the path lies in git's own folder", given=repr(wanted), place=place)


def resolve(target: str, wanted: str, place: str) -> str:
    """Give `wanted` relative to `target` with symlinks resolved; `target` is a real path.

    Raises PathEscape also for a symlink that leads outside.
    """
    relative = clean(wanted, place)
    real = os.path.realpath(f"{target}/{relative}")
    inside = target.rstrip("/") + "/"
    if not real.startswith(inside):
        raise PathEscape(
            "the path leads out of the target folder through a symlink", given=repr(wanted), place=place
        )
    _refuse_git(real.removeprefix(inside).split("/"), wanted, place)
    return real.removeprefix(inside)


def anywhere(target: str, wanted: str, place: str) -> str:
    """Give `wanted` as a real absolute path, wherever a person's own values lead.

    Raises PathEscape for odd characters, a folder, and git's own folder.
    """
    _refuse_oddities(wanted, place)
    real = os.path.realpath(os.path.join(target, wanted))
    if wanted.endswith("/") or os.path.isdir(real):
        raise PathEscape("the path names a folder, not a file", given=repr(wanted), place=place)
    _refuse_git(real.split("/"), wanted, place)
    return real


def next_number(target: str, folder: str) -> int:
    """Give one more than the highest number that a name in a folder of the target begins with; 1 without any.

    A folder that is not there, or not in the target, has none.
    """
    try:
        names = os.listdir(f"{target}/{resolve(target, f'{folder}/x', '')}".rpartition("/")[0])
    except (PathEscape, OSError):
        return 1
    numbers = [name[: len(name) - len(name.lstrip(DIGITS))] for name in names]
    return 1 + max((int(number) for number in numbers if number), default=0)


def read(target: str, relative: str) -> tuple[bytes | None, int]:
    """Give a file's bytes and permission bits; (None, 0) if there is none.

    Raises TargetUnreadable for what is there and is no readable file.
    """
    path = f"{target}/{relative}"
    try:
        file = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None, 0
    except OSError as error:
        raise TargetUnreadable(f"cannot be read ({error.strerror})", given=relative) from None
    try:
        mode = os.fstat(file).st_mode
        if not stat.S_ISREG(mode):
            raise TargetUnreadable("a folder or device, not a file", given=relative)
        with open(file, "rb", closefd=False) as stream:
            return stream.read(), stat.S_IMODE(mode)
    except OSError as error:
        raise TargetUnreadable(f"cannot be read ({error.strerror})", given=relative) from None
    finally:
        os.close(file)
