"""The exception tree: every error that a person or a client can meet.

    OpsdeckError              exit 1
    ├── SpecError             exit 1: every problem of a spec at once, each with its place
    ├── UsageError            exit 2: the command line or a request asked for something that is not there
    │   └── NotFoundError     a service, rule, objective or entry that does not exist (HTTP 404)
    ├── UnreachableError      exit 3: the deck does not answer
    ├── RejectedError         a body or a batch that collection refuses (HTTP status, code)
    ├── DamagedError          stored bytes that do not check out (place, what to do)
    ├── ConflictError         somebody else changed the same thing first
    └── DeliveryError         a notification that did not get out; says whether it is permanent

Each carries the sentence for the person and the next command to type; none shows a traceback.
"""

from dataclasses import dataclass


class OpsdeckError(Exception):
    """A failure with a sentence for the person and, where there is one, the next command to type."""

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint


@dataclass(frozen=True, slots=True)
class Problem:
    """One mistake in a spec: where it is (1-based line and column) and what is wrong."""

    file: str
    line: int
    column: int
    path: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: {self.path}: {self.message}"


class SpecError(OpsdeckError):
    """A spec that cannot be used; `problems` holds all of them in file order."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        count = f"{len(problems)} problem{'s' if len(problems) != 1 else ''}"
        super().__init__(
            "\n".join([*map(str, problems), count]), hint="correct the lines above, then: opsdeck spec check"
        )
        self.problems = problems


class UsageError(OpsdeckError):
    """A request for something that does not exist or is not spelled that way."""

    exit_code = 2


class NotFoundError(UsageError):
    """A request for a service, rule, objective or entry that does not exist."""


class UnreachableError(OpsdeckError):
    """No deck answers at the address in use."""

    exit_code = 3


class RejectedError(OpsdeckError):
    """A request that collection refuses whole. `status` is the HTTP status, `code` stable and documented."""

    def __init__(
        self, status: int, code: str, message: str, *, hint: str = "", retry_after: int | None = None
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.code = code
        self.retry_after = retry_after


class DamagedError(OpsdeckError):
    """Stored bytes that do not check out; the message names file and offset."""


class ConflictError(OpsdeckError):
    """The row was changed by somebody else between read and write; read again and retry."""


class DeliveryError(OpsdeckError):
    """A notification that did not get out. `permanent` means that trying again cannot help."""

    def __init__(self, message: str, *, permanent: bool, hint: str = "") -> None:
        super().__init__(message, hint=hint)
        self.permanent = permanent
