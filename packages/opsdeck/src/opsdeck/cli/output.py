"""How commands speak: tables and sentences for people, JSON for programs, colour only on a terminal."""

import json
import sys
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

AsJson = Annotated[bool, typer.Option("--json", help="Machine-readable output.")]

UNBOUNDED = 10_000  # columns: what is not a terminal has no width to keep to
PROSE_WIDTH = 16

console = Console(highlight=False, width=None if sys.stdout.isatty() else UNBOUNDED)
errors = Console(stderr=True, highlight=False, soft_wrap=True)

STYLES = {
    "ok": "green", "up": "green", "sent": "green", "resolved": "green", "inactive": "green", "INFO": "dim",
    "breach": "red", "firing": "red", "down": "red", "failed": "red", "ERROR": "red", "FATAL": "bold red",
    "pending": "yellow", "unknown": "yellow", "held": "yellow", "WARN": "yellow", "critical": "red", "high": "red",
}  # fmt: skip


def emit_json(value: object) -> None:
    """The answer as the API gave it, one document, keys in its order."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def word(value: object) -> Text:
    """A word in the colour of its meaning; the word itself always says it too."""
    return Text(clean(str(value)), style=STYLES.get(str(value), ""))


def clean(text: str) -> str:
    """Without control characters: what came from an event must not steer a terminal."""
    return "".join(c if c.isprintable() else "\ufffd" for c in text)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], empty: str, *, prose: int = 1) -> None:
    """Rows under headings, or the sentence that says what to do when there are none.

    The last `prose` columns are text and may break; names and figures stay in one piece. A terminal too narrow for
    that gets a block of lines for each row; nothing is ever cut.
    """
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for place, column in enumerate(columns):
        text = place >= len(columns) - prose
        grid.add_column(column, overflow="fold", no_wrap=not text, min_width=PROSE_WIDTH if text else None)
    cells = [[cell if isinstance(cell, Text) else word(cell) for cell in row] for row in rows]
    for row in cells:
        grid.add_row(*row)
    if not cells:
        console.print(empty, markup=False)
    elif Measurement.get(console, console.options.update(max_width=UNBOUNDED), grid).minimum <= console.width:
        console.print(grid)
    else:
        for row in cells:
            block(columns, row)
            console.print()


def block(names: Sequence[str], values: Sequence[Text]) -> None:
    """Names and values under each other, aligned."""
    width = max(map(len, names), default=0)
    for name, value in zip(names, values, strict=True):
        console.print(Text(f"{name:<{width}}  ", style="bold") + value, soft_wrap=True)


def local(stamp: str | None) -> str:
    """An ISO time in the reader's zone, to the second; a dash for none."""
    if not stamp:
        return "-"
    at = datetime.fromisoformat(stamp)
    return at.astimezone().strftime("%Y-%m-%d %H:%M:%S")


def ago(stamp: str | None) -> str:
    """How long ago, in the largest unit that says enough."""
    if not stamp:
        return "never"
    seconds = (datetime.now(UTC) - datetime.fromisoformat(stamp)).total_seconds()
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min")):
        if seconds >= size:
            return f"{seconds / size:.0f} {unit} ago"
    return f"{max(seconds, 0):.0f} s ago"
