"""docs/errors.md names every command, status, reason and limit, and its table of resolutions is true."""

import re
from pathlib import Path

import pytest
import typer

from opsdeck.cli.errors import app
from opsdeck.faults import write
from opsdeck.faults.members import MOST_CAUSES, MOST_OF_SERVICE, REFUSALS
from opsdeck.faults.resolution import after, came_back
from opsdeck.reports.errors import SORTS, STATUSES
from opsdeck.versions import Regression

TEXT = (Path(__file__).parents[2] / "docs/errors.md").read_text()
ROW = re.compile(r"^\| (in|after) `([^`]+)`[^|]*\| ([^|]+) \| (back|stays)", re.MULTILINE)


def test_commands() -> None:
    group = typer.main.get_command(app)
    assert set(re.findall(r"^\| `opsdeck errors (\w+)", TEXT, re.MULTILINE)) == set(group.commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "words",
    [
        *(f"`{word}`" for word in STATUSES if word != "all"), *(f"`{code}`" for code in REFUSALS), "\\|".join(SORTS),
        f"`{write.FIRST}`", f"`{write.OLDER} …`", f"`{write.OTHERS}`", f"most {MOST_CAUSES} f", f"{MOST_OF_SERVICE:,}",
    ],
)  # fmt: skip
def test_words_and_figures(words: str) -> None:
    assert words in TEXT


def test_resolutions() -> None:
    rows = ROW.findall(TEXT)
    assert len(rows) == 6
    for how, version, seen, said in rows:
        resolved = after(version) if how == "after" else version
        for one in re.findall(r"`([^`]+)`", seen):
            assert (came_back(resolved, one) is Regression.BACK) == (said == "back"), (version, one)
