"""messages.tsv: what each message looks like once it is parameterized, row by row."""

from pathlib import Path

import pytest

from opsdeck.fingerprint import parameterize, title
from opsdeck.fingerprint.message import SHOWN
from opsdeck.fingerprint.patterns import FAMILIES, KEPT

MARKS = {r"\x1b": "\x1b", r"\x07": "\x07", r"\n": "\n", r"\t": "\t"}
LINES = (Path(__file__).parent / "messages.tsv").read_text(encoding="utf-8").splitlines()
ROWS = [tuple(line.split("\t")) for line in LINES if line and not line.startswith("#")]


def written(text: str) -> str:
    """The message that a cell stands for."""
    parts = text.split(r"\\")
    for mark, character in MARKS.items():
        parts = [part.replace(mark, character) for part in parts]
    return "\\".join(parts)


@pytest.mark.parametrize(("message", "expected"), ROWS)
def test_a_message_is_parameterized_as(message: str, expected: str) -> None:
    assert parameterize(written(message)) == expected


def test_the_table_is_long_and_names_every_placeholder() -> None:
    assert len(ROWS) == len(set(ROWS)) >= 150
    expected = " ".join(row[1] for row in ROWS)
    assert {name for name, _ in FAMILIES if f"<{name}>" not in expected} == {KEPT}


CUTS = {
    "a long message is cut between words": ("word " * 100, "word " * (SHOWN // 5 - 1) + "word"),
    "a long word is cut": ("é" * 2_000, "é" * SHOWN),
    "what follows a value too long to keep is lost": ("'" + "x" * 980 + "' is wrong " + "y" * 500, None),
    "a cut mark is no part of it": ("cannot open…", "cannot open"),
    "a value that was cut is a value": ("Template 'compone…", "Template <value>"),
    "a third line does not count": ("one\ntwo\nthree", "one two"),
    "nothing is nothing": ("", ""),
    "blanks are nothing": (" \n\t\n", ""),
}


@pytest.mark.parametrize(("message", "expected"), CUTS.values(), ids=CUTS)
def test_of_a_message(message: str, expected: str | None) -> None:
    found = parameterize(message)
    assert found == expected if expected is not None else found.startswith("<value> is wrong")


TITLES = {
    "a message": ("Template 'a' not found", "Template <value> not found"),
    "a long message": ("word " * 100, ("word " * 100)[:119] + "…"),
    "no message": ("", "(no message)"),
    "only escapes": ("\x1b[31m\x1b[0m", "(no message)"),
}


@pytest.mark.parametrize(("message", "expected"), TITLES.values(), ids=TITLES)
def test_the_title_of(message: str, expected: str) -> None:
    assert title(message) == expected
    assert len(title(message)) <= 120
