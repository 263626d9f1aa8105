"""What the person sees and answers: output, errors, questions. The only module that touches the terminal."""

import io
import os
import sys

from unjucks.errors import ModuleNotLoaded, UnjucksError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from opsdeck_emit import Run
    from unjucks.model import Variable
    from unjucks.recording import Unrecorded


def printable(text: str) -> str:
    """Show control characters instead of obeying them: a template must not be able to repaint a question."""
    return text if text.isprintable() else "".join(c if c.isprintable() else repr(c)[1:-1] for c in text)


def shown(path: str) -> str:
    """Give a path as a person would say it: relative below the current folder, `~` below home."""
    try:
        bases = [(os.getcwd(), "")]
    except FileNotFoundError:
        bases = []
    for base, short in [*bases, (os.path.expanduser("~"), "~/")]:
        if path.startswith(base + "/") and base != "/":
            return short + path[len(base) + 1 :]
    return path


def _loaded(act: "Callable[[], int]") -> int:
    try:
        return act()
    except ImportError as error:
        hint = "pip install --force-reinstall unjucks"
        raise ModuleNotLoaded(f"module {error.name!r} cannot be loaded", hint=hint) from None


class Console:
    """Standard streams as one thing; with `json`, answers are JSON documents and nothing is asked."""

    def __init__(self, *, json: bool) -> None:
        """Questions need a terminal at both ends; what a stream cannot encode is escaped."""
        self.json = json
        for stream in (sys.stdout, sys.stderr):
            if isinstance(stream, io.TextIOWrapper):
                stream.reconfigure(errors="backslashreplace")
        self.interactive = not json and sys.stdin.isatty() and sys.stdout.isatty()

    def say(self, text: str) -> None:
        """Write lines to standard output, whatever they quote."""
        sys.stdout.write("\n".join(map(printable, text.split("\n"))) + "\n")

    def warn(self, text: str) -> None:
        """Write lines to standard error, whatever they quote."""
        sys.stderr.write("\n".join(map(printable, text.split("\n"))) + "\n")

    def document(self, value: "Any") -> None:
        """Write a JSON document."""
        import json

        self.say(json.dumps(value, indent=2))

    def guard(self, act: "Callable[[], int]", event: "Run | Unrecorded | None" = None) -> int:
        """Run `act`; print and record an expected failure and give its exit code."""
        try:
            return _loaded(act)
        except UnjucksError as error:
            if event is not None:
                # a hint that is no command of ours may repeat what was typed
                context = error.hint if error.hint.startswith("unjucks ") else None
                event.fail(error.code, str(error), error.category, context)
            self.report(error)
            return error.exit_code

    def report(self, error: UnjucksError) -> None:
        """Print a failure: what, where, and the next command to type."""
        if self.json:
            message = f"{error.place}: {error.told}" if error.place else error.told
            fields = {"code": error.code, "category": error.category, "message": message, "hint": error.hint}
            self.document({"error": fields})
            return
        place = f"{printable(shown(error.place))}: " if error.place else ""
        self.warn(f"unjucks: {place}{printable(error.told)} [{error.code}]")
        if error.hint:
            self.warn(f"  try: {printable(error.hint)}")

    def question(self, text: str) -> str:
        """Ask, and give the answer without surrounding blanks; the end of input counts as Ctrl-C."""
        try:
            return input(printable(text) + " ").strip()
        except EOFError:
            raise KeyboardInterrupt from None

    def agrees(self, text: str) -> bool:
        """Ask a yes-or-no question; no is the default."""
        return self.question(f"{text} [y/N]").lower() in ("y", "yes")

    def prompt(self, variable: "Variable", default: str, trouble: str) -> str:
        """Ask for a variable's value, saying first why the last answer did not fit."""
        if trouble:
            self.say(f"  {printable(trouble)}")
        label = variable.prompt or variable.name.replace("_", " ")
        choices = f" ({', '.join(variable.choices)})" if variable.choices else ""
        if variable.type == "boolean":
            choices = " (yes, no)"
        return self.question(f"{label}{choices}{f' [{default}]' if default else ''}:")

    def abandon_output(self) -> None:
        """Forget what is still to be written: its reader has gone (`unjucks list | head -1`), or it cannot be written."""
        nowhere = os.open(os.devnull, os.O_WRONLY)
        for stream in (sys.stdout, sys.stderr):
            os.dup2(nowhere, stream.fileno())
