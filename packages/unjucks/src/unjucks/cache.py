"""A template's folder in, its compiled Template out, if the folder has not changed since; never an error.

One file per template in the user's cache folder: a header line with format, interpreter and shapes, a CRC, then
`marshal` of (folder, signature, record). Marshal reads fast but trusts its input, so a file counts only when
nobody but the user may write it and its CRC holds; anything else is as good as absent and is written anew.
"""

import marshal
import os
import sys
from binascii import crc32
from stat import S_ISREG, S_IWGRP, S_IWOTH

from unjucks.errors import TemplateUnreadable
from unjucks.model import Root, Source, Template, Variable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    Signature = list[tuple[str, int, int, int, bool]]

SHAPES = crc32(
    repr((Variable.__slots__, Source.__slots__)).encode()
)  # records are tuples in the order of the slots
HEADER = f"unjucks-template 1 {sys.implementation.cache_tag} {SHAPES:08x}\n".encode()
CRC_BYTES = 4
MANIFEST = "MANIFEST.sha256"  # of a root: bundle.py
MOST_ENTRIES = 1000
MOST_FILES = 500
MOST_LEVELS = 16
SETTLED_NS = (
    50_000_000  # a file younger than this may change again within one tick of the file system's clock
)


def folder() -> str:
    """Give the cache folder: `$XDG_CACHE_HOME/unjucks`, else `~/.cache/unjucks`."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return os.path.join(base if os.path.isabs(base) else os.path.expanduser("~/.cache"), "unjucks")


def is_own(stat: os.stat_result) -> bool:
    """Whether nobody but this user and root may change it.

    A group whose id is the user's own counts as the user: umask 002 goes with such private groups.
    """
    user = os.geteuid()
    others = S_IWOTH if stat.st_gid == user else S_IWOTH | S_IWGRP
    return stat.st_uid in (user, 0) and not stat.st_mode & others


def signature(template_folder: str, *, follow: bool) -> "Signature":
    """List the files below a template's folder: path, mtime_ns, ctime_ns, size, is_own; hidden ones are left out.

    A file is not own in a folder that is not. `follow` allows symlinks. Raises TemplateUnreadable for what is
    neither file nor folder, or too much.
    """
    found: Signature = []
    waiting = [("", is_own(_stat(template_folder)))]
    while waiting:
        inside, own = waiting.pop()
        for entry in _scan(f"{template_folder}/{inside}"):
            place = f"{template_folder}/{inside}{entry.name}"
            if entry.is_symlink() and not follow:
                raise TemplateUnreadable(
                    "a symlink, refused in templates that nobody vouched for", place=place
                )
            if entry.is_dir():
                waiting.append((f"{inside}{entry.name}/", own and is_own(entry.stat())))
            elif entry.is_file():
                stat = entry.stat()
                times = (stat.st_mtime_ns, stat.st_ctime_ns)
                found.append((inside + entry.name, *times, stat.st_size, own and is_own(stat)))
            else:
                raise TemplateUnreadable("neither a file nor a folder", place=place)
        if len(found) > MOST_FILES or inside.count("/") > MOST_LEVELS:
            raise TemplateUnreadable(
                f"over {MOST_FILES} files or {MOST_LEVELS} levels deep", place=template_folder
            )
    return sorted(found)


def manifest(root: str) -> "Signature":
    """Give the root's manifest as an entry of a signature; a root without one has none."""
    try:
        stat = os.lstat(f"{root}/{MANIFEST}")
    except OSError:
        return []
    return [(f"/{MANIFEST}", stat.st_mtime_ns, stat.st_ctime_ns, stat.st_size, is_own(stat))]


def _stat(path: str) -> os.stat_result:
    try:
        return os.stat(path)
    except OSError as error:
        raise TemplateUnreadable(str(error.strerror), place=path) from None


def _scan(path: str) -> "list[os.DirEntry[str]]":
    try:
        with os.scandir(path) as entries:
            return [entry for entry in entries if not entry.name.startswith(".")]
    except OSError as error:
        raise TemplateUnreadable(str(error.strerror), place=path.rstrip("/")) from None


def load(root: Root, template_folder: str, current: "Signature") -> Template | None:
    """Give the compiled template if it was stored for exactly this folder and signature."""
    raw = _own_bytes(_entry(template_folder))
    start = len(HEADER) + CRC_BYTES
    if raw[: len(HEADER)] != HEADER or int.from_bytes(raw[len(HEADER) : start], "big") != crc32(raw[start:]):
        return None
    stored_folder, stored_signature, record = marshal.loads(raw[start:])  # noqa: S302  # own file, CRC checked
    if stored_folder != template_folder or stored_signature != current:
        return None
    return from_record(root, record)


def _entry(template_folder: str) -> str:
    return f"{folder()}/{crc32(os.fsencode(template_folder)):08x}"


def _own_bytes(path: str) -> bytes:
    """Read a regular file that only this user may write; b"" otherwise, and without waiting for a pipe's writer."""
    try:
        file = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return b""
    try:
        stat = os.fstat(file)
        own = stat.st_uid == os.geteuid() and not stat.st_mode & (S_IWGRP | S_IWOTH) and S_ISREG(stat.st_mode)
        return os.read(file, stat.st_size) if own else b""
    except OSError:
        return b""
    finally:
        os.close(file)


def to_record(template: Template) -> "tuple[Any, ...]":
    """Give a template without its root as tuples, dicts and scalars, for a file or a pipe."""
    variables = [variable.record() for variable in template.variables]
    sources = [source.record() for source in template.sources]
    head = (template.generator, template.name, template.description, template.restricted)
    return (*head, variables, sources, template.partials)


def from_record(root: Root, record: "tuple[Any, ...]") -> Template:
    """Read the form back."""
    generator, name, description, restricted, variables, sources, partials = record
    template = Template(root, generator, name)
    template.description, template.restricted, template.partials = description, restricted, partials
    template.variables = [Variable.of(variable) for variable in variables]
    template.sources = [Source.of(source) for source in sources]
    return template


def store(template: Template, current: "Signature", now_ns: int) -> None:
    """Keep the compiled template; a full, read-only or missing disk is no error. `now_ns` is wall-clock time."""
    if any(now_ns - max(mtime, ctime) < SETTLED_NS for _, mtime, ctime, *_ in current):
        return
    payload = marshal.dumps((template.folder, current, to_record(template)))
    path = _entry(template.folder)
    scratch = f"{path}.{os.getpid()}"
    try:
        os.makedirs(folder(), mode=0o700, exist_ok=True)
        _make_room()
        with open(
            os.open(scratch, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "wb"
        ) as file:
            file.write(HEADER + crc32(payload).to_bytes(CRC_BYTES, "big") + payload)
        os.replace(scratch, path)
    except OSError:
        return


def _make_room() -> None:
    """Empty a cache that has grown past its size; it refills by itself."""
    names = os.listdir(folder())
    if len(names) > MOST_ENTRIES:
        for name in names:
            os.unlink(f"{folder()}/{name}")
