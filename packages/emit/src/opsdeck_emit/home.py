"""Where emit keeps its things, and which deck they are for.

In: the environment and the home folder. Out: paths and addresses; nothing is created except by
`make_private`. It must not know what is stored there.

    OPSDECK_HOME, else $XDG_DATA_HOME/opsdeck, else ~/.local/share/opsdeck
      url  ingest.key                    left by a local deck; OPSDECK_URL and OPSDECK_KEY override them
      emit/identity                      pseudonym and salt, made when consent is given
      emit/consent/SERVICE               the person's answer
      emit/policy/DESTINATION/SERVICE    what the deck last said of this user: see policy.py
      emit/spool/DESTINATION/SERVICE/    what waits to be sent: see spool.py
"""

import os

LOCAL = "local"


def root() -> str:
    """The absolute home of opsdeck for this user; OSError where there is none."""
    chosen = os.environ.get("OPSDECK_HOME")
    if chosen:
        return os.path.abspath(chosen)
    data = os.environ.get("XDG_DATA_HOME", "")
    if not os.path.isabs(data):
        data = os.path.expanduser("~/.local/share")
    if not os.path.isabs(data):
        raise FileNotFoundError("no home folder")
    return data + "/opsdeck"


def emit() -> str:
    return root() + "/emit"


def ours() -> bool:
    """Whether the folders belong to this user or to nobody yet: a run under sudo must not leave root's files."""
    for folder in (emit(), root()):
        try:
            return os.stat(folder).st_uid == os.geteuid()
        except FileNotFoundError:
            continue
    return True


def safe(name: str) -> str:
    """A file name for any service name or address: bytes that do not belong into one are percent-encoded."""
    if name.isascii() and name.isidentifier():
        return name
    kept = (c if _plain(c) or (c == "." and i) else _escaped(c) for i, c in enumerate(name))
    return "".join(kept)[:150] or "%"


def _plain(letter: str) -> bool:
    return letter.isascii() and (letter.isalnum() or letter in "-_")


def _escaped(letter: str) -> str:
    return "".join(f"%{byte:02X}" for byte in letter.encode("utf-8", "replace"))


def destination() -> str:
    """The spool's part for one deck: what was recorded for one is never sent to another."""
    url = os.environ.get("OPSDECK_URL")
    return safe(url) if url else LOCAL


def spool(service: str) -> str:
    return f"{emit()}/spool/{destination()}/{safe(service)}"


def spools(service: str) -> list[str]:
    """The service's folders for every deck it was ever recorded for."""
    base = emit() + "/spool"
    try:
        decks = os.listdir(base)
    except OSError:
        return []
    return [path for deck in sorted(decks) if os.path.isdir(path := f"{base}/{deck}/{safe(service)}")]


def deck() -> tuple[str, str]:
    """Address and ingest key of the deck ("" where unknown); the environment beats what a local deck left.

    The local deck's key goes to the local deck alone: another address needs a key of its own.
    """
    url, key = os.environ.get("OPSDECK_URL", "").strip(), os.environ.get("OPSDECK_KEY", "").strip()
    local = read(root() + "/url")
    if url and url.rstrip("/") != local.rstrip("/"):
        return url, key
    return local, key or read(root() + "/ingest.key")


def read(path: str) -> str:
    """The stripped text of a small file, "" where there is none."""
    try:
        with open(path, encoding="utf-8", errors="replace", opener=unblocked) as file:
            return file.read(65_536).strip()
    except OSError:
        return ""


def unblocked(path: str, flags: int) -> int:
    """A pipe that somebody put in a file's place has nothing to read; it must not be waited for."""
    return os.open(path, flags | os.O_NONBLOCK | os.O_CLOEXEC)


def make_private(folder: str) -> None:
    """Create a folder and its missing parents, for this user alone."""
    try:
        os.mkdir(folder, 0o700)
    except FileExistsError:
        return
    except FileNotFoundError:
        make_private(os.path.dirname(folder))
        make_private(folder)


def write(path: str, text: str) -> None:
    """Replace a small file in one step, for this user alone."""
    make_private(os.path.dirname(path))
    fresh = f"{path}.{os.getpid()}"
    fd = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with open(fd, "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(fresh, path)


def in_ci() -> bool:
    return os.environ.get("CI", "").lower() not in ("", "0", "false")
