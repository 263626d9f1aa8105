"""Operate any unmodified program: `opsdeck exec --service NAME [--success-exit-codes 0,1] [--tool-version V] -- CMD…`

In: a command line. Out: the program's own streams, exit code or death by signal, and one event about it. Nothing of
the program's arguments, environment or output is looked at. The program shares our process group and terminal:

- a signal of the terminal (Ctrl-C) reaches it without us; one sent to us alone is passed on
- stopped by Ctrl-Z, we stop with it; a shell's `fg` continues both
- killed by a signal, we die of the same one after the event is in the spool
"""

import errno
import os
import resource
import signal
import sys
import time
from collections.abc import Sequence

from opsdeck_emit import facts
from opsdeck_emit.run import Run
from opsdeck_emit.wire import is_service

USAGE = "usage: opsdeck exec --service NAME [--success-exit-codes 0,1] [--tool-version V] -- COMMAND [ARGUMENT ...]"
HELP = f"""{USAGE}

Run any command as it is and record the run: one event with its exit code, duration, processor time and peak memory,
never its arguments, environment or output. Streams, signals, terminal and exit code are the command's own.

  --service NAME              which service of the deck the run belongs to: a letter or digit, then up to 63 letters,
                              digits, '_', '.' or '-'
  --success-exit-codes 0,1    exit codes that count as success, separated by commas (default: 0)
  --tool-version V            the version of the command, as the event shall name it (default: 0.0.0)
  -h, --help                  show this and run nothing
  --                          what follows is the command and its arguments

Exit codes: the command's own, and death by its signal; 2 for a command line that cannot be read, 126 and 127 for a
command that cannot be run or found.

Without your consent the command runs all the same and nothing is recorded: opsdeck telemetry status|show|on|off|purge.

  opsdeck exec --service terraform --success-exit-codes 0,2 -- terraform plan -detailed-exitcode
"""
USAGE_ERROR, NOT_EXECUTABLE, NOT_FOUND, SIGNALLED = 2, 126, 127, 128
SERVICE_RULE = "a letter or digit, then up to 63 letters, digits, '_', '.' or '-'"
UNSTATED_VERSION = "0.0.0"
PASSED_ON = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT}
PASSED_ON |= {signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH, signal.SIGCONT}
FROM_A_PROCESS = 0  # si_code up to this: kill(2) and its kin; the terminal's and the kernel's are greater
PYTHON_IGNORES = (signal.SIGPIPE, signal.SIGXFSZ)
FIRST_LOOK, LOOK_GROWTH, LAST_LOOK = 0.00002, 1.2, 0.05
SETTLE_SECONDS = 0.01
FLOOR_MARGIN = 1_048_576  # the kernel counts resident pages in batches per processor
HEARS = hasattr(signal, "sigtimedwait")  # not on macOS: see _wait_blind
MAXRSS_UNIT = 1 if sys.platform == "darwin" else 1024


# Tuples, not dataclasses: `dataclasses` alone would cost a wrapped program's start 8 ms.
Order = tuple[str, tuple[str, ...], frozenset[int], str]  # service, command, success exit codes, version
Ending = tuple[
    int, int, float, int | None
]  # exit code, signal or 0, processor time in s, peak memory in bytes
Signals = frozenset[int]


def main(argv: Sequence[str]) -> int:
    """Run the command and return its exit code; does not return when it was killed by a signal.

    2: the command line cannot be read; 126 and 127: the command cannot be run or found, as in a shell.
    """
    if not {"-h", "--help"}.isdisjoint(_before_dashes(argv)):
        sys.stdout.write(HELP)
        return 0
    order = parse(argv)
    if isinstance(order, str):
        sys.stderr.write(f"opsdeck exec: {order}\n{USAGE}\n")
        return USAGE_ERROR
    watched, before = _hold_signals()
    try:
        return _run(order, watched, before)
    finally:
        while HEARS and signal.sigtimedwait(watched, 0) is not None:
            pass
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def parse(argv: Sequence[str]) -> Order | str:
    """The order, or what is wrong with it."""
    if "--" not in argv:
        return "the command goes after --"
    options = _before_dashes(argv)
    command = tuple(argv[len(options) + 1 :])
    if len(options) % 2:
        return f"{options[-1]} needs a value"
    values = dict(zip(options[::2], options[1::2], strict=True))
    codes = values.get("--success-exit-codes", "0").split(",")
    version = values.get("--tool-version", UNSTATED_VERSION)
    wrong = _wrong(values, command, codes)
    return wrong or (values["--service"], command, frozenset(map(int, codes)), version)


def _before_dashes(argv: Sequence[str]) -> list[str]:
    return list(argv)[: argv.index("--")] if "--" in argv else list(argv)


def _wrong(values: dict[str, str], command: tuple[str, ...], codes: list[str]) -> str:
    """What is wrong with the options and the command, "" if nothing is."""
    unknown = values.keys() - {"--service", "--success-exit-codes", "--tool-version"}
    if unknown:
        return f"unknown option {min(unknown)}"
    if not values.get("--service") or not command:
        return "a command is missing" if not command else "--service is missing"
    if not is_service(values["--service"]):
        return f"not a name of a service: {values['--service']!r} ({SERVICE_RULE})"
    if not all(code.strip().isdecimal() for code in codes):
        return f"not exit codes: {values['--success-exit-codes']}"
    return ""


def _hold_signals() -> tuple[Signals, Signals]:
    """Keep the program's signals from ending us before it has ended and its event is written.

    Returns the signals that are held, and the mask that the program starts with.
    """
    watched = {number for number in PASSED_ON if signal.getsignal(number) != signal.SIG_IGN} | {
        signal.SIGCHLD
    }
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    return frozenset(watched), frozenset(signal.pthread_sigmask(signal.SIG_BLOCK, watched))


def _run(order: Order, watched: Signals, before: Signals) -> int:
    service, command, success, version = order
    with Run(service, version, os.path.basename(command[0]), "production", wrapped=True) as run:
        try:
            code, killer, cpu, peak = _operate(command, watched, before)
        except OSError as trouble:
            return _refused(run, command[0], trouble)
        run.measured(exitCode=code, cpuMs=round(cpu * 1000), peakMemoryBytes=peak)
        if killer:
            # The program left the core dump, if any; ours would only bury it.
            resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
            run.killed(killer)
        elif code not in success:
            run.exit_code = code
    return code


def _operate(command: Sequence[str], watched: Signals, before: Signals) -> Ending:
    """Run the program to its end, as if it were run directly; OSError where it cannot start."""
    floor = facts.peak_memory() or 0
    pid = _spawn(command, before)
    status, usage, seen = _wait(pid, watched) if HEARS else _wait_blind(pid, before)
    # A child's rusage starts from its parent's image: believe it only above our own peak.
    resident = usage.ru_maxrss * MAXRSS_UNIT
    peak = resident if resident > max(floor, facts.peak_memory() or 0) + FLOOR_MARGIN else seen
    killer = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    code = SIGNALLED + killer if killer else os.WEXITSTATUS(status)
    return code, killer, usage.ru_utime + usage.ru_stime, peak or None


def _spawn(command: Sequence[str], mask: Signals) -> int:
    """Start the program; when this returns, it is the program (posix_spawn waits for its exec)."""
    try:
        return os.posix_spawnp(
            command[0], tuple(command), os.environ, setsigmask=mask, setsigdef=PYTHON_IGNORES
        )
    except OSError as trouble:
        if trouble.errno != errno.ENOEXEC:
            raise
    from shutil import which  # a script without an interpreter line goes to the shell, as execvp(3) has it

    script = which(command[0]) or command[0]
    shell = ["sh", script, *command[1:]]
    return os.posix_spawn("/bin/sh", shell, os.environ, setsigmask=mask, setsigdef=PYTHON_IGNORES)


def _wait(pid: int, watched: Signals) -> tuple[int, resource.struct_rusage, int]:
    """Wait for the end, passing signals on and looking at its memory: often at first, then every 50 ms."""
    seen, pause = 0, FIRST_LOOK
    while True:
        seen = max(seen, facts.peak_memory(pid) or 0)
        came = signal.sigtimedwait(watched, pause)
        pause = min(pause * LOOK_GROWTH, LAST_LOOK)
        if came is None:
            continue
        if came.si_signo != signal.SIGCHLD:
            if came.si_code <= FROM_A_PROCESS:
                os.kill(pid, came.si_signo)
            continue
        ended, status, usage = os.wait4(pid, os.WNOHANG | os.WUNTRACED)
        if ended and os.WIFSTOPPED(status):
            _stop_with(pid)
        elif ended:
            return status, usage, seen


def _stop_with(pid: int) -> None:
    """Stop as the program did, unless it has been continued meanwhile (`fg` wakes one of us first)."""
    time.sleep(SETTLE_SECONDS)
    if facts.stat_of(pid)[:1] == ["T"]:
        os.kill(os.getpid(), signal.SIGTSTP)


def _wait_blind(pid: int, mask: Signals) -> tuple[int, resource.struct_rusage, int]:
    """Where the system tells no sender of a signal (macOS): leave the terminal's to the program, pass on the rest."""
    for number in (signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, signal.SIG_IGN)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda got, _frame: os.kill(pid, got))
    signal.pthread_sigmask(signal.SIG_SETMASK, mask)
    _, status, usage = os.wait4(pid, 0)
    return status, usage, 0


def _refused(run: Run, command: str, trouble: OSError) -> int:
    """Say what a shell would say, with its exit code."""
    if isinstance(trouble, FileNotFoundError):
        sys.stderr.write(f"opsdeck exec: {command}: command not found\n")
        run.fail("COMMAND_NOT_FOUND", "command not found")
        run.exit_code = NOT_FOUND
    else:
        sys.stderr.write(f"opsdeck exec: {command}: {trouble.strerror}\n")
        run.fail("COMMAND_NOT_EXECUTABLE", str(trouble.strerror))
        run.exit_code = NOT_EXECUTABLE
    return run.exit_code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
