"""One run of an operated tool, from entry to exit: what the tool's author meets.

In: the tool's own words about its run. Out: one record in the spool and somebody to ship it. It must not change
the run: nothing raises into it, nothing is printed, exceptions and exit codes go on untouched. `quietly` is the
one place where an error of ours is swallowed; it is counted and shown by `telemetry status`.
"""

import _signal  # type: ignore[import-not-found] # not in the stubs; `signal` itself would import enum: 2 ms
import os
import sys
import time

from opsdeck_emit.consent import GRANTED, state
from opsdeck_emit.event import UNNAMED_OPERATION, abandoned, opening
from opsdeck_emit.facts import environment_of, peak_memory, scope, start_of, stat_of
from opsdeck_emit.home import ours, spool
from opsdeck_emit.launch import wake
from opsdeck_emit.spool import append, dropped, mark
from opsdeck_emit.wire import NAME_LIMIT, allowed, clean, dumps, level, suspect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType, TracebackType
    from typing import Any, ParamSpec, Self, TypeVar

    from opsdeck_emit.failure import Declared

    P = ParamSpec("P")
    T = TypeVar("T")

PHASES_LIMIT = 32
RETRIES_LIMIT = 32
ENVIRONMENTS = ("production", "staging", "development")
SIGNALLED = 128  # a shell's exit code for a death by signal starts here
SIGKILL = 9
GUARDED = (1, 15)  # SIGHUP and SIGTERM; SIGINT arrives as KeyboardInterrupt


def quietly(service: str, act: "Callable[..., T]", *args: "Any", **kwargs: "Any") -> "T | None":
    """Do it or do without it: the tool must not notice."""
    try:
        return act(*args, **kwargs)
    except Exception as trouble:
        _note(service, trouble)
        return None


def _note(service: str, trouble: Exception) -> None:
    """Count it where `telemetry status` finds it, if the place is there; words of the tool are not kept."""
    said = f": {trouble.strerror or trouble.args[:1]}" if isinstance(trouble, OSError) else ""
    try:
        dropped(spool(service), "error", 1, clean(type(trouble).__name__ + said))
    except (OSError, TypeError, AttributeError):
        return


class Run:
    """A context manager around one run. Without consent it does nothing at all.

    `exit_code` is set by `fail`, by an exception or SystemExit, or by the tool; a run that ends with 0 is a success.
    """

    exit_code: int

    def __init__(
        self, service: str, version: str, command: str, environment: str, *, wrapped: bool = False
    ) -> None:
        """Only remember; `wrapped` means that another program is operated (`opsdeck exec`), not this process."""
        self.exit_code = 0
        self._service, self._version = service, version
        self._command, self._environment = command, environment
        self._wrapped = wrapped
        self._event: dict[str, Any] = {}
        self._operation: dict[str, object] = {"type": UNNAMED_OPERATION}
        self._metadata: dict[str, object] = {}
        self._phases: dict[str, float] = {}
        self._measured: dict[str, object] = {"cpuMs": None, "peakMemoryBytes": None} if wrapped else {}
        self._declared: Declared | None = None
        self._retries: list[dict[str, object]] = []
        self.waited_ms = 0
        self._guarded: list[int] = []
        self._ending = False
        self._signal = 0

    def operation(self, type: str, template: str | None = None, generator: str | None = None) -> None:  # noqa: A002 - the framework's name
        """Name what is done, in the framework's words: `template_generation`, `component/react`, `Button`."""
        quietly(self._service, self._name, type, template, generator)

    def metadata(self, **values: object) -> None:
        """Add facts about the run; only the fields of `wire.METADATA` survive."""
        self._metadata.update((self._event and quietly(self._service, allowed, values)) or {})

    def phase(self, name: str) -> "Phase":
        """Time a part of the run; the same name adds up."""
        return Phase(self._phases, quietly(self._service, clean, name, NAME_LIMIT) or "unnamed")

    @property
    def subject(self) -> tuple[str, str]:
        """Whom a policy of the deck is about: the service, and the user's pseudonym ("" without consent)."""
        return self._service, str(self._event.get("userId", ""))

    def retried(self, code: str, wait_ms: int) -> None:
        """Record that an attempt failed and is made again after a wait; see `opsdeck_emit.retry`."""
        self.waited_ms += wait_ms
        if len(self._retries) < RETRIES_LIMIT:
            self._retries.append({"code": clean(code, NAME_LIMIT) or "UNNAMED_ERROR", "waitMs": wait_ms})

    def fail(
        self, code: str, message: str, category: str = "user_errors", context: str | None = None
    ) -> None:
        """Declare a failure that the tool handled itself; the exit code becomes 1 unless it is set already."""
        origin = None if self._wrapped else sys.exc_info()[1] or _caller()
        self._declared = (code, message, category, context, origin)
        self.exit_code = self.exit_code or 1

    def killed(self, number: int) -> None:
        """The operated program died of this signal: so does this process, after the event is recorded."""
        self._signal = number
        self.exit_code = SIGNALLED + number

    def measured(self, **values: object) -> None:
        """Replace what would be measured on this process (`exitCode`, `cpuMs`, `peakMemoryBytes`): for wrappers."""
        self._measured.update(values)

    def __enter__(self) -> "Self":
        """Leave a start marker, so that even a killed run is known."""
        quietly(self._service, self._begin)
        return self

    def __exit__(
        self, kind: "type[BaseException] | None", exc: BaseException | None, trace: "TracebackType | None"
    ) -> None:
        """Record the one event of this run; the exception goes on."""
        if exc is not None:
            told = quietly(self._service, exit_code_of, exc)
            self.exit_code = 1 if told is None else told
        quietly(self._service, self._end, exc)
        if self._signal:
            _die(self._signal)

    def _name(self, kind: str, template: str | None, generator: str | None) -> None:
        named = {"template": template, "generator": generator}
        self._operation = {"type": clean(kind, NAME_LIMIT) or UNNAMED_OPERATION}
        self._operation |= {name: clean(value) for name, value in named.items() if value is not None}

    def _begin(self) -> None:
        if state(self._service, typed=self._wrapped) != GRANTED or not ours():
            return
        self._pid = os.getpid()
        self._folder = spool(self._service)
        process = stat_of("self")
        who = (self._service, self._version, self._command, self._environment)
        event = _fit(opening(*who, time.time(), process, wrapped=self._wrapped))
        owner = f"{self._pid} {start_of(process)} {scope()}"
        self._marker = mark(self._folder, event["eventId"], owner, dumps(abandoned(event)).encode())
        self._event = event
        self._guard()
        self._clock, self._cpu = time.perf_counter(), time.process_time()

    def _end(self, exc: BaseException | None) -> None:
        if not self._event or self._ending or os.getpid() != self._pid:
            return
        self._ending = True
        self._unguard()
        if not os.path.exists(self._marker):
            return  # purged meanwhile: consent was taken back
        try:
            record = dumps(_fit(self._closing(exc))).encode()
            fresh = append(self._folder, record, time.time())
        finally:
            os.unlink(self._marker)
        wake(os.path.dirname(self._folder), fresh=fresh)

    def _closing(self, exc: BaseException | None) -> "dict[str, Any]":
        duration, cpu = time.perf_counter() - self._clock, time.process_time() - self._cpu
        code = int(self.exit_code or 0) & 0xFF
        signal, error = self._outcome(exc, code)
        phases = {name: round(spent, 1) for name, spent in self._phases.items()}
        taken = error.pop("redactions", None) if error else None
        told = {"phasesMs": phases or None, "retries": self._retries or None, "redactions": taken or None}
        measured = {"cpuMs": round(cpu * 1000), "peakMemoryBytes": peak_memory(), **self._measured}
        return {
            **self._event,
            "level": level(error),
            "operation": {**self._operation, "duration": round(duration * 1000), "success": error is None},
            "metadata": {**self._event["metadata"], **self._metadata, **told},
            "error": error,
            "exitCode": code,
            "signal": signal,
            **measured,
        }

    def _outcome(self, exc: BaseException | None, code: int) -> "tuple[str | None, dict[str, object] | None]":
        if not code:
            return None, None
        from opsdeck_emit import failure

        return failure.describe(exc, code, self._signal, self._declared)

    def _guard(self) -> None:
        """Stand in for the default action of a signal (and only for that), in the main thread (and only there)."""
        if self._wrapped:
            return
        for number in GUARDED:
            try:
                if _signal.getsignal(number) == _signal.SIG_DFL:
                    _signal.signal(number, self._on_signal)
                    self._guarded.append(number)
            except ValueError:
                return

    def _unguard(self) -> None:
        for number in self._guarded:
            if _signal.getsignal(number) == self._on_signal:
                _signal.signal(number, _signal.SIG_DFL)

    def _on_signal(self, number: int, _frame: "FrameType | None") -> None:
        self._signal = number
        if os.getpid() == self._pid:
            if self._ending:
                return  # __exit__ is writing the event; it dies of this signal right after
            self.exit_code = SIGNALLED + number
            quietly(self._service, self._end, None)
        _die(number)


class Phase:
    """Adds the time between entry and exit to a run's phase, in ms."""

    __slots__ = ("_began", "_name", "_totals")

    def __init__(self, totals: dict[str, float], name: str) -> None:
        """Remember where to add."""
        self._totals, self._name = totals, name
        self._began = 0.0

    def __enter__(self) -> None:
        """Start the clock."""
        self._began = time.perf_counter()

    def __exit__(self, *_: object) -> None:
        """Add what it shows."""
        if self._name in self._totals or len(self._totals) < PHASES_LIMIT:
            self._totals[self._name] = (
                self._totals.get(self._name, 0.0) + (time.perf_counter() - self._began) * 1000
            )


def run(service: str, version: str, command: str, *, environment: str | None = None) -> Run:
    """Operate what happens in the `with` block; `environment` is told from version and checkout if not given."""
    if environment is None or environment not in ENVIRONMENTS:
        environment = _environment(service, version, _caller().f_code.co_filename)
    return Run(service, version, command, environment)


def operated(
    service: str, version: str, command: str | None = None
) -> "Callable[[Callable[P, T]], Callable[P, T]]":
    """Operate a function that returns an exit code or None; `command` defaults to its name."""

    def decorate(function: "Callable[P, T]") -> "Callable[P, T]":
        source = getattr(getattr(function, "__code__", None), "co_filename", "")
        name = command or str(getattr(function, "__name__", UNNAMED_OPERATION))

        def wrapper(*args: "P.args", **kwargs: "P.kwargs") -> "T":
            with Run(service, version, name, _environment(service, version, source)) as running:
                result = function(*args, **kwargs)
                if isinstance(result, int):
                    running.exit_code = int(result)
                return result

        # What functools.wraps does, 2 ms of import cheaper.
        for attribute in ("__name__", "__qualname__", "__doc__", "__module__"):
            setattr(wrapper, attribute, getattr(function, attribute, None) or name)
        return wrapper

    return decorate


def _fit(event: "dict[str, Any]") -> "dict[str, Any]":
    """The event without secrets in what the tool named (its error has none any more), and with their number."""
    if not suspect(dumps({**event, "error": None})):
        return event
    from opsdeck_emit.redact import scrubbed

    safe: dict[str, Any]
    safe, taken = scrubbed(event)
    if taken:
        counted = int(safe["metadata"].get("redactions") or 0) + taken
        safe["metadata"] = {**safe["metadata"], "redactions": counted}
    return safe


def exit_code_of(exc: BaseException) -> int:
    """The exit code that Python, or the tool by an `exit_code` attribute, gives this exception."""
    if isinstance(exc, KeyboardInterrupt):
        return SIGNALLED + 2
    code = exc.code if isinstance(exc, SystemExit) else getattr(exc, "exit_code", 1)
    if code is None:
        return 0
    return code & 0xFF if isinstance(code, int) else 1


def _environment(service: str, version: str, source: str) -> str:
    return quietly(service, environment_of, version, source) or "production"


def _caller() -> "FrameType":
    """The frame that called the function that asks."""
    return sys._getframe(2)  # noqa: SLF001 - `inspect` costs 10 ms to import and calls the same


def _die(number: int) -> None:
    """End as the signal would have ended the tool, so that its parent sees the real status."""
    if number != SIGKILL:
        _signal.signal(number, _signal.SIG_DFL)
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, [number])
    os.kill(os.getpid(), number)
