"""Who ships: at most one process per deck, started by the run that finds none.

In: the folder of one deck in the spool. Out: at most one new process, which holds `shipper.lock` (a POSIX lock: it
goes with its process) before it imports anything heavy. It must not know how shipping works.
"""

import os
import sys
import time

from opsdeck_emit.home import deck, in_ci, root

FLUSH_SECONDS = 0.45
NAP_SECONDS = 0.005
# The shipper runs no user code: isolated, without site, the standard library first on its path.
CODE = "import sys; sys.path.append(sys.argv[1]); from opsdeck_emit.launch import main; main(*sys.argv[2:])"
OPEN_FILES = 65_536
LINGER, FLUSH, FETCH = "linger", "flush", "fetch"
KILLED, UNSEEN = -1, -2
OF_THE_TIME = 0.7  # what a fetch leaves for the start of its process


def wake(folder: str, *, fresh: bool) -> None:
    """Start a shipper unless one is alive; in CI without a terminal, ship here for at most half a second.

    `fresh`: a segment was begun. Then a shipper looks after the spool's limits even where no deck is known.
    """
    if alive(folder) or not (fresh or deck()[0]) or not _is_python(sys.executable):
        return
    if not in_ci() or os.isatty(1) or os.isatty(2):
        _spawn(folder, LINGER)
        return
    _run(FLUSH_SECONDS, folder, FLUSH)


def fetch(service: str, seconds: float) -> bool:
    """Ask the deck for its policy here and now, in a process that can be ended, whatever a name server or proxy does;
    whether it answered."""
    if not deck()[0] or not _is_python(sys.executable):
        return False
    status = _run(seconds, service, FETCH, str(seconds * OF_THE_TIME))
    if status != UNSEEN:
        return status == 0
    from opsdeck_emit.policy import path

    return not os.path.lexists(path(service) + "~trouble")


def _run(seconds: float, *words: str) -> int:
    """Wait for a process of ours and give its status; killing it is safe at any point, since what it writes is whole
    or not there."""
    until = time.monotonic() + seconds
    pid = _spawn(*words)
    while (status := _ended(pid)) is None:
        if time.monotonic() > until:
            os.kill(pid, 9)
            _ended(pid, 0)
            return KILLED
        time.sleep(NAP_SECONDS)
    return status


def _ended(pid: int, options: int = os.WNOHANG) -> int | None:
    try:
        ended, status = os.waitpid(pid, options)
    except ChildProcessError:  # where SIGCHLD is ignored nobody is left to wait for
        return UNSEEN
    return status if ended else None


def alive(folder: str) -> bool:
    """Whether a shipper holds the lock of this deck's folder; one open, no process."""
    fd = _open_lock(folder)
    try:
        os.lockf(fd, os.F_TEST, 0)
    except (BlockingIOError, PermissionError):  # POSIX allows either for a lock held by another
        return True
    else:
        return False
    finally:
        os.close(fd)


def main(folder: str, mode: str, seconds: str = "") -> None:
    """The shipper's first steps, in its own process: let go of everything, take the lock or end, then ship."""
    if mode == FETCH:
        from opsdeck_emit.policy_fetch import refresh

        sys.exit(1 if refresh(folder, time.time(), float(seconds)) else 0)
    if mode == LINGER:
        _detach()
    lock = _open_lock(folder)
    if not hold(lock):
        return
    os.ftruncate(lock, 0)
    os.pwrite(lock, f"{os.getpid()}\n".encode(), 0)  # the lock begins at the file position: leave it at 0
    from opsdeck_emit.ship import flush, linger

    if mode == FLUSH:
        flush(folder)
    else:
        linger(folder, lock)


def hold(lock: int) -> bool:
    """Take the lock if nobody has it."""
    try:
        os.lockf(lock, os.F_TLOCK, 0)
    except OSError:
        return False
    return True


def _open_lock(folder: str) -> int:
    return os.open(folder + "/shipper.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def _is_python(executable: str) -> bool:
    """A frozen tool's executable is the tool: starting that again would be a fork bomb."""
    name = os.path.basename(executable or "").lower()
    return not getattr(sys, "frozen", False) and name.startswith(("python", "pypy"))


def _spawn(*words: str) -> int:
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    command = [sys.executable, "-I", "-S", "-c", CODE, package, *words]
    null = [(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_RDWR, 0) for fd in (0, 1, 2)]
    environment = {**os.environ, "OPSDECK_HOME": root()}
    return os.posix_spawn(sys.executable, command, environment, file_actions=null, setsid=True, setsigmask=[])


def _detach() -> None:
    """Hold no folder, no pipe and no parent: nobody who waits for the tool waits for the shipper."""
    os.chdir("/")
    os.closerange(3, OPEN_FILES)
    if os.fork():
        os._exit(0)
