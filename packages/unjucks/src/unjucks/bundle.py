"""A root whose MANIFEST.sha256 vouches for its files: a file that is not what it says is refused, or shown.

In: a root's folder. Out: what the manifest lists; what is wrong. The manifest is sha256sum's output with paths relative
to the root, and untrusted text: bounded, and no path of it leads out. It must not know what templates say.
"""

import os
import stat

from unjucks.cache import MANIFEST
from unjucks.errors import BundleTampered, TemplateUnreadable

MANIFEST_LIMIT = 4 * 1024 * 1024  # bytes
MOST_FILES = 20_000
FILE_LIMIT = 16 * 1024 * 1024  # bytes of one file of a bundle
HEX = "0123456789abcdef"
DIGEST = 64
OK, CHANGED, MISSING, UNLISTED = "ok", "changed", "missing", "unlisted"


def vouch(root: str, title: str, files: list[str]) -> None:
    """Hold the files of a template (`generator/name`) against the manifest; raises BundleTampered for the first that differs."""
    known = listed(root)
    inside = f"{title}/"
    wanted = {path for path in known if path.startswith(inside) and "/." not in path}
    for path in sorted(wanted | {inside + file for file in files}):
        state = _state(root, path, known)
        if state != OK:
            raise BundleTampered(
                f"{state}, says {MANIFEST}: do not use it",
                place=f"{root}/{path}",
                hint="unjucks templates verify",
            )


def verify(root: str) -> list[tuple[str, str]]:
    """Give every file of the bundle, listed or not, with ok, changed, missing or unlisted."""
    known = listed(root)
    return [(path, _state(root, path, known)) for path in sorted(known.keys() | _present(root))]


def listed(root: str) -> dict[str, str]:
    """Give path → digest; raises BundleTampered for a manifest that is none, with the line."""
    place = f"{root}/{MANIFEST}"
    known: dict[str, str] = {}
    lines = _text(place).split("\n")
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        digest, path = line[:DIGEST].lower(), line[DIGEST + 2 :].rstrip("\r").removeprefix("./")
        if len(digest) < DIGEST or digest.strip(HEX) or line[DIGEST : DIGEST + 2] not in ("  ", " *"):
            raise BundleTampered("not a line of sha256sum", place=f"{place}:{number}")
        if not _inside(path):
            raise BundleTampered("the path leads out of the bundle", place=f"{place}:{number}")
        if known.setdefault(path, digest) != digest or len(known) > MOST_FILES:
            raise BundleTampered(f"listed twice, or over {MOST_FILES} files", place=f"{place}:{number}")
    return known


def _inside(path: str) -> bool:
    return path.isprintable() and "\\" not in path and not {"", ".", ".."} & set(path.split("/"))


def _text(place: str) -> str:
    try:
        file = os.open(place, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise TemplateUnreadable(f"no {MANIFEST}", place=place) from None
    except OSError as error:
        if os.path.islink(place):
            raise BundleTampered("a symlink, not a manifest", place=place) from None
        raise TemplateUnreadable(str(error.strerror), place=place) from None
    raw = _read(file, MANIFEST_LIMIT)
    if raw is None:
        raise BundleTampered(f"not a file of at most {MANIFEST_LIMIT >> 20} MiB", place=place)
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise BundleTampered("not UTF-8 text", place=place) from None


def _state(root: str, path: str, known: dict[str, str]) -> str:
    if path not in known:
        return UNLISTED
    digest = _digest(f"{root}/{path}")
    return MISSING if digest is None else OK if digest == known[path] else CHANGED


def _digest(path: str) -> str | None:
    """Give a regular file's SHA-256; "" for what is too large or no file, None where nothing is."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise TemplateUnreadable(str(error.strerror), place=path) from None
    raw = _read(file, FILE_LIMIT)
    if raw is None:
        return ""
    from hashlib import sha256

    return sha256(raw).hexdigest()


def _read(file: int, limit: int) -> bytes | None:
    """Give what an open regular file holds, None for anything else or more; closes it."""
    try:
        if not stat.S_ISREG(os.fstat(file).st_mode):
            return None
        with open(file, "rb", closefd=False) as stream:
            raw = stream.read(limit + 1)
        return raw if len(raw) <= limit else None
    finally:
        os.close(file)


def _present(root: str) -> set[str]:
    """Give the files below the root but for hidden ones and the manifest; links to folders are not followed."""
    found: set[str] = set()
    for folder, folders, names in os.walk(root):
        folders[:] = [name for name in folders if not name.startswith(".")]
        paths = [os.path.relpath(f"{folder}/{name}", root) for name in names if not name.startswith(".")]
        found.update(path for path in paths if path != MANIFEST)
        if len(found) > MOST_FILES:
            raise TemplateUnreadable(f"over {MOST_FILES} files", place=root)
    return found
