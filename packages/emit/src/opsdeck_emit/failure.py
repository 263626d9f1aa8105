"""What went wrong with a run, in the framework's error shape; imported only when something did.

In: the exception that left the run, a declared failure, an exit code or a signal. Out: exit code, signal and
`error{code,message,stack,context,category}`, redacted. It must not touch the exception: it goes on untouched.
"""

import re
from types import FrameType, TracebackType

from opsdeck_emit.redact import CONTEXT_LIMIT, MESSAGE_LIMIT, STACK_LIMIT, redacted

CODE = re.compile("[A-Z][A-Z0-9_]{2,40}")
CATEGORIES = ("user_errors", "system_errors", "critical_errors")
SIGINT, SIGPIPE = 2, 13
FRAMES_FIRST, FRAMES_LAST = 5, 35
SIGNALS = {
    1: "SIGHUP", 2: "SIGINT", 3: "SIGQUIT", 4: "SIGILL", 6: "SIGABRT", 7: "SIGBUS", 8: "SIGFPE", 9: "SIGKILL",
    10: "SIGUSR1", 11: "SIGSEGV", 12: "SIGUSR2", 13: "SIGPIPE", 14: "SIGALRM", 15: "SIGTERM", 24: "SIGXCPU",
    25: "SIGXFSZ", 31: "SIGSYS",
}  # fmt: skip
# The person, or the reader of a pipe, ended the run: neither a success nor a failure of the tool.
CANCELLING = ("SIGHUP", "SIGINT", "SIGQUIT", "SIGPIPE", "SIGTERM")

Error = dict[str, object]
# code, message, category, context; the exception being handled, else the place that declared the failure
Declared = tuple[str, str, str, str | None, BaseException | FrameType | None]


def error(code: str, message: object, category: str, *, stack: str = "", context: object = None) -> Error:
    """An error block within its limits: message and context 1 KiB, stack 8 KiB, secrets and home folder out.

    How many secrets that were is its `redactions`, which is the event's to keep.
    """
    said, in_message = redacted(message, MESSAGE_LIMIT)
    where, in_stack = redacted(stack, STACK_LIMIT, lines=True)
    beside, in_context = redacted(context, CONTEXT_LIMIT)
    return {
        "code": code if well_formed(code) else "UNNAMED_ERROR",
        "message": said,
        "stack": where if stack else None,
        "context": None if context is None else beside,
        "category": category if category in CATEGORIES else "system_errors",
        "redactions": in_message + in_stack + in_context,
    }


def by_signal(number: int) -> tuple[str, Error]:
    """The name and error of a death by signal: CANCELLED where somebody asked for it, else SIGNALED."""
    name = SIGNALS.get(number, f"SIG{number}")
    if name in CANCELLING:
        return name, error("CANCELLED", f"ended by {name}", "user_errors")
    return name, error("SIGNALED", f"killed by {name}", "system_errors")


def describe(
    exc: BaseException | None, exit_code: int, signal: int, declared: Declared | None
) -> tuple[str | None, Error]:
    """The signal's name, if any, and the error of a run that did not end with 0."""
    if signal or isinstance(exc, KeyboardInterrupt):
        return by_signal(signal or SIGINT)
    if isinstance(exc, BrokenPipeError):
        return by_signal(SIGPIPE)  # Python turns the signal into this exception
    if exc is not None and not isinstance(exc, SystemExit):
        return None, by_exception(exc)
    if declared is not None:
        code, message, category, context, origin = declared
        return None, error(code, message, category, stack=stack_of(origin), context=context)
    # Nothing else is known: the tool decided to fail, so the failure is the user's until the tool says more.
    said = (
        exc.code
        if isinstance(exc, SystemExit) and isinstance(exc.code, str)
        else f"exited with code {exit_code}"
    )
    return None, error("EXIT_NONZERO", said, "user_errors")


def by_exception(exc: BaseException) -> Error:
    """The exception's own `code` and `category` where it has them, with the stack."""
    code, context = getattr(exc, "code", None), getattr(exc, "context", None)
    context = context if isinstance(context, str) else None
    if isinstance(code, str) and well_formed(code):
        category = str(getattr(exc, "category", "system_errors"))
        return error(code, _message(exc), category, stack=stack_of(exc), context=context)
    message = f"{type(exc).__name__}: {_message(exc)}"
    return error("UNHANDLED_EXCEPTION", message, "system_errors", stack=stack_of(exc), context=context)


def well_formed(code: str) -> bool:
    return CODE.fullmatch(code) is not None


def stack_of(origin: BaseException | FrameType | None) -> str:
    """The frames by file, line and function. Never source lines or values of locals: they may hold anything."""
    if isinstance(origin, FrameType):
        return "\n".join(_shortened(_callers(origin)))
    parts: list[str] = []
    seen: set[int] = set()
    link: BaseException | None = origin
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        frames = _shortened(_frames(link.__traceback__))
        parts.append("\n".join([*frames, f"{type(link).__name__}: {_message(link)}"]))
        link = link.__cause__ or (None if link.__suppress_context__ else link.__context__)
    return "\ncaused by\n".join(parts)


def _frames(trace: TracebackType | None) -> list[str]:
    frames = []
    while trace is not None:
        frames.append(_place(trace.tb_frame, trace.tb_lineno))
        trace = trace.tb_next
    return frames


def _callers(frame: FrameType | None) -> list[str]:
    frames: list[str] = []
    while frame is not None:
        frames.insert(0, _place(frame, frame.f_lineno))
        frame = frame.f_back
    return frames


def _place(frame: FrameType, line: int) -> str:
    return f'  File "{frame.f_code.co_filename}", line {line}, in {frame.f_code.co_name}'


def _shortened(frames: list[str]) -> list[str]:
    left_out = len(frames) - FRAMES_FIRST - FRAMES_LAST
    if left_out <= 0:
        return frames
    return [*frames[:FRAMES_FIRST], f"  … {left_out} frames", *frames[-FRAMES_LAST:]]


def _message(exc: BaseException) -> str:
    try:
        return str(exc)
    except (ArithmeticError, AttributeError, LookupError, RuntimeError, TypeError, ValueError):
        return "(its message cannot be printed)"
