"""Errors that look real: 12 causes, each with other names, paths, hashes, dates, callers and depths every time.

In: how many, a release (which moves lines and folders), a seed. Out: the cause's number, message and stack, stacks as
opsdeck-emit writes them, as Node does, or none. bench/faults.py measures with them, tests/fingerprint counts groups.
"""

from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple


class Release(NamedTuple):
    """Where a version of the tools is installed, and by how much its lines have moved."""

    python: str
    environment: str
    moved: int


class Failed(NamedTuple):
    """One error, and which of the causes it has."""

    cause: int
    message: str
    stack: str


FIRST = Release("python3.11", ".venv", 0)
BUMPED = Release("python3.13", ".local/pipx/venvs/tool-2", 37)
HOMES = ("~", "/home/alice", "/Users/bob", "/root", "/builds/acme/shop-1842")
WORDS = ("button", "checkout", "invoice", "basket", "report", "login", "widget", "schema", "client", "worker")


class Setting:
    """The random world of one error."""

    def __init__(self, random: Random, release: Release) -> None:
        self.random, self.release = random, release
        self.home = random.choice(HOMES)

    def word(self) -> str:
        return f"{self.random.choice(WORDS)}{self.random.choice(('', '-v2', '_old', 'Page'))}"

    def number(self, most: int = 9_999) -> int:
        return self.random.randint(1, most)

    def hash(self, length: int) -> str:
        return "a1" + f"{self.random.getrandbits(256):064x}"[: length - 2]

    def path(self, ending: str) -> str:
        return "/".join((self.home, *(self.word() for _ in range(self.number(4))), f"{self.word()}.{ending}"))

    def date(self) -> str:
        day, clock = self.number(28), f"{self.number(23):02}:{self.number(59):02}:{self.number(59):02}"
        return self.random.choice(
            (f"2025-09-{day:02}T{clock}.{self.number(999):03}Z", f"2026-01-{day:02} {clock}")
        )

    def frame(self, file: str, line: int, function: str) -> str:
        """A frame of an installed package, or of the tool's sources where it runs from them."""
        folder = f"{self.home}/{self.release.environment}/lib/{self.release.python}/site-packages"
        return f'  File "{folder}/{file}", line {line + self.release.moved}, in {function}'

    def started(self) -> list[str]:
        """How the tool was called: another command each time."""
        command = self.random.choice(("generate", "listing", "describe"))
        script = [f'  File "{self.home}/{self.release.environment}/bin/unjucks", line 8, in <module>']
        return [
            *(script if self.random.random() < 0.5 else ()),
            self.frame("unjucks/cli.py", 88, "_act"),
            self.frame(
                f"unjucks/commands/{command}.py", self.number(80), self.random.choice(("run", "_all"))
            ),
        ]

    def standard(self, file: str, function: str) -> str:
        return f'  File "/usr/lib/{self.release.python}/{file}", line {self.number(900)}, in {function}'


def _not_found(at: Setting) -> tuple[str, str]:
    near = at.random.choice(("", f"; did you mean '{at.word()}'?", f"; it has {at.word()}, {at.word()}"))
    message = f"Template '{at.word()}/{at.word()}' not found{near}"
    return message, "\n".join(
        [*at.started(), at.frame("unjucks/find.py", 120, "lookup"), f"TemplateNotFound: {message}"]
    )


def _unreadable(reason: str) -> Callable[[Setting], tuple[str, str]]:
    def make(at: Setting) -> tuple[str, str]:
        message = f"{at.path('t')}{at.random.choice(('', f':{at.number(99)}'))}: {reason}"
        frames = [*at.started(), at.frame("unjucks/parse.py", at.number(60), "_text")]
        return message, "\n".join([*frames, f"TemplateUnreadable: {message}"])

    return make


def _disk_full(at: Setting) -> tuple[str, str]:
    message = f"writing failed after {at.number(40)} files ({at.number(900)} KiB); all of it was undone"
    cause = [at.frame("unjucks/ops/add.py", 51, "_write"), at.standard("pathlib.py", "write_text")]
    full = f"OSError: [Errno 28] No space left on device: '{at.path('py')}'"
    raised = [*at.started(), at.frame("unjucks/apply.py", 44, "apply"), f"WriteFailed: {message}"]
    return message, "\n".join([*raised, "caused by", *cause, full])


def _key_error(file: str, function: str, library: str) -> Callable[[Setting], tuple[str, str]]:
    def make(at: Setting) -> tuple[str, str]:
        inner = [at.frame(library, at.number(300), name) for name in ("load", "_get")][: at.number(2)]
        message = f"KeyError: '{at.word()}'"
        return message, "\n".join([*at.started(), at.frame(file, 30, function), *inner, message])

    return make


def _too_deep(at: Setting) -> tuple[str, str]:
    pair = [at.frame("unjucks/engine.py", 70, "walk"), at.frame("unjucks/engine.py", 81, "visit")]
    last = (pair * 18)[at.number(2) :][:35]
    leaf = [at.frame("unjucks/words.py", 9, "pascal")] * (at.number(3) - 1)
    message = "RecursionError: maximum recursion depth exceeded"
    return message, "\n".join([*at.started(), *pair, f"  … {at.number(900)} frames", *last, *leaf, message])


def _node_timeout(at: Setting) -> tuple[str, str]:
    address = f"10.{at.number(254)}.{at.number(254)}.{at.number(254)}:{at.random.choice((443, 8443))}"
    message = f"connect ETIMEDOUT {address} after {at.number(30)}.{at.number(9)} s"
    folder = f"{at.home}/lib/{at.release.environment}/node_modules/@acme/deploy/dist"
    moved = at.release.moved
    return message, (
        f"Error: {message}\n"
        f"    at TCPConnectWrap.afterConnect [as oncomplete] (node:net:{1500 + moved}:16)\n"
        f"    at async Client.push (file://{folder}/client.{at.hash(8)}.js:{12 + moved}:{at.number(80)})\n"
        f"    at async {at.random.choice(('main', 'retry'))} (file://{folder}/cli.js:{9 + moved}:3)"
    )


def _exit(code: int) -> Callable[[Setting], tuple[str, str]]:
    return lambda at: (f"exited with code {code} after {at.number(90)}.{at.number(99)} s", "")


def _checksum(at: Setting) -> tuple[str, str]:
    url = f"https://dl{at.number(9)}.example.com/{at.word()}/{at.word()}-{at.number(9)}.{at.number(9)}.tar.gz"
    return f"checksum mismatch for {url}: expected sha256:{at.hash(64)}, got sha256:{at.hash(64)}", ""


def _quota(at: Setting) -> tuple[str, str]:
    who = f"user_{at.hash(16)} ({at.word()}@example.org)"
    message = f"{who} refused at {at.date()}: request req_{at.hash(12)} needs {at.number(90)} GiB more"
    return message, "\n".join(
        [*at.started(), at.frame("unjucks/quota.py", 12, "check"), f"QuotaError: {message}"]
    )


CAUSES: tuple[Callable[[Setting], tuple[str, str]], ...] = (
    _not_found,
    _unreadable("Permission denied"),
    _unreadable("not UTF-8 text"),
    _disk_full,
    _key_error("unjucks/metadata.py", "_mapping", "yaml/constructor.py"),
    _key_error("unjucks/render.py", "context", "minijinja/__init__.py"),
    _too_deep,
    _node_timeout,
    _exit(2),
    _exit(137),
    _checksum,
    _quota,
)


def failures(count: int = 200, release: Release = FIRST, seed: int = 1) -> Iterator[Failed]:
    """Errors of all causes in turn."""
    random = Random(seed)
    for number in range(count):
        cause = number % len(CAUSES)
        yield Failed(cause, *CAUSES[cause](Setting(random, release)))
