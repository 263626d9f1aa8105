"""What the machine says about this process: when it started, where it belongs, what it used.

In: /proc and a few system calls. Out: plain values, None where the machine does not say (macOS has no /proc).
It must not know what an event looks like.
"""

import os
import sys
import time

CI_JOBS = (
    "GITHUB_RUN_ID",
    "CI_JOB_ID",
    "BUILD_TAG",
    "BUILDKITE_JOB_ID",
    "CIRCLE_WORKFLOW_JOB_ID",
    "BUILD_BUILDID",
)
CHECKOUT_DEPTH = 8
# Places in `stat_of`: proc(5) counts from 1 and the first two fields are cut off there.
STATE, SESSION, TTY, START = 0, 3, 4, 19


def raw(path: str) -> str:
    """A file of /proc in one read, "" where there is none."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return ""
    try:
        return os.read(fd, 8192).decode("utf-8", "replace")
    except OSError:
        return ""
    finally:
        os.close(fd)


def stat_of(pid: int | str) -> list[str]:
    """Fields 3 and following of /proc/PID/stat (proc(5)); empty where the process is gone."""
    return raw(f"/proc/{pid}/stat").rpartition(")")[2].split()


def start_of(fields: list[str]) -> str:
    """The process's start in clock ticks since boot: with the pid it names one process for good."""
    return fields[START] if len(fields) > START and fields[STATE] not in "ZX" else ""


def startup_ms(fields: list[str]) -> int | None:
    """From the process's start to now. The kernel keeps starts in ticks: the resolution is 10 ms on Linux."""
    start = start_of(fields)
    if not start:
        return None
    ticks = os.sysconf("SC_CLK_TCK")
    return max(0, round((time.clock_gettime(time.CLOCK_BOOTTIME) - int(start) / ticks) * 1000))


def scope() -> str:
    """The machine and pid namespace: only a process of the same scope can tell whether a pid is alive."""
    try:
        return os.uname().nodename.replace(" ", "") + "/" + os.readlink("/proc/self/ns/pid")
    except OSError:
        return os.uname().nodename.replace(" ", "") + "/"


def session(fields: list[str], salt: str, otherwise: str) -> str:
    """The terminal and its leader's start, else the CI job, else this run; only a salted hash of it leaves."""
    tty = fields[TTY] if len(fields) > TTY else "0"
    if tty != "0":
        place = f"{tty} {fields[SESSION]} {start_of(stat_of(fields[SESSION]))}"
    else:
        jobs = [name + os.environ[name] for name in CI_JOBS if name in os.environ]
        place = jobs[0] if jobs else otherwise
    return "sess_" + digest(place, salt)


def digest(text: str, salt: str) -> str:
    try:
        from _blake2 import blake2b
    except ImportError:
        from hashlib import blake2b  # the same function, 2 ms slower to import
    return str(blake2b(text.encode("utf-8", "replace"), key=salt.encode()[:64], digest_size=8).hexdigest())


def peak_memory(pid: int | str = "self") -> int | None:
    """The most memory the process held, in bytes: VmHWM, because rusage of a child counts its parent's image."""
    _, found, rest = raw(f"/proc/{pid}/status").partition("VmHWM:")
    return int(rest.split(maxsplit=1)[0]) * 1024 if found else None


def environment_of(version: str, source: str) -> str:
    """`production` for a released version (digits and dots), `development` otherwise or in a git checkout."""
    if not all(part.isdecimal() for part in version.split(".")):
        return "development"
    if "site-packages" in source or "dist-packages" in source:
        return "production"
    folder = os.path.dirname(os.path.abspath(source))
    for _ in range(CHECKOUT_DEPTH):
        if os.path.exists(folder + "/.git"):
            return "development"
        folder = os.path.dirname(folder)
    return "production"


def platform(*, wrapped: bool) -> dict[str, str]:
    """Where the run happens; the Python is the tool's own unless another program is wrapped."""
    version = {} if wrapped else {"pythonVersion": ".".join(str(part) for part in sys.version_info[:3])}
    return {"os": sys.platform, "arch": os.uname().machine, **version}
