"""Phrases cut into words, each with its column; what the grammar reads from.

In: one phrase. Out: words, or a PhraseError that names the column and what was expected there.
It must not know what any word means.
"""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import islice
from typing import Literal, NoReturn

LONGEST = 500
MOST_NAMES = 600
"""Beyond so many names (the world has about 600 time zones) comparing takes too long."""
_WORD = re.compile(
    r"\s*(?:(?P<number>\d{1,15}(?:\.\d{1,15})?)|(?P<word>[A-Za-z_](?:-[A-Za-z]|[A-Za-z0-9_])*)|(?P<sign>->|→|[<>]=?|[≤≥\u2013%/(),:-]))",
    re.ASCII,
)
_SAME = {"≤": "<=", "≥": ">=", "\u2013": "-", "→": "->"}


class PhraseError(ValueError):
    """A phrase that the grammar does not know; `column` counts characters of the phrase from 1."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.message = message


@dataclass(frozen=True, slots=True)
class Word:
    """A piece of a phrase: a number, a word, a sign, or the end."""

    kind: Literal["number", "word", "sign", "end"]
    text: str
    column: int


def cut(text: str) -> list[Word]:
    """All words of the phrase and the end."""
    if len(text) > LONGEST:
        raise PhraseError(LONGEST, f"a phrase has at most {LONGEST} characters")
    words: list[Word] = []
    at, end = 0, len(text.rstrip())
    while at < end:
        match = _WORD.match(text, at)
        if match is None:
            column = at + len(text[at:]) - len(text[at:].lstrip())
            raise PhraseError(column + 1, f"unexpected {text[column]!r}")
        kind = match.lastgroup
        column = match.start(kind or 0) + 1
        if kind == "number":
            words.append(Word("number", match["number"], column))
        elif kind == "word":
            words.append(Word("word", match["word"], column))
        else:
            words.append(Word("sign", _SAME.get(match["sign"], match["sign"]), column))
        at = match.end()
    return [*words, Word("end", "", end + 1)]


class Reader:
    """Reads a phrase word by word."""

    def __init__(self, text: str) -> None:
        self.text = text.strip()
        self._words = cut(text)
        self._at = 0

    @property
    def next(self) -> Word:
        return self._words[self._at]

    def fail(self, expected: str) -> NoReturn:
        """Refuse the next word."""
        found = repr(self.next.text) if self.next.text else "the end" if self._at else "nothing"
        raise PhraseError(self.next.column, f"expected {expected}, found {found}")

    @property
    def last(self) -> Word:
        """The word taken last."""
        return self._words[max(0, self._at - 1)]

    def take(self) -> Word:
        word = self.next
        self._at += word.kind != "end"
        return word

    def maybe(self, *texts: str) -> str:
        """The next word if it is one of these, whatever its case; else the empty text."""
        found = self.next.text.lower()
        return self.take().text.lower() if found and found in texts else ""

    def follows(self, *texts: str) -> bool:
        """Whether exactly these words come next, one after the other; takes them if so."""
        upcoming = tuple(word.text.lower() for word in self._words[self._at : self._at + len(texts)])
        self._at += len(texts) if upcoming == texts else 0
        return upcoming == texts

    def number(self, expected: str) -> str:
        if self.next.kind != "number":
            self.fail(expected)
        return self.take().text

    def word(self, expected: str) -> str:
        if self.next.kind != "word":
            self.fail(expected)
        return self.take().text

    def close(self, expected: str = "the end") -> None:
        """Everything has been read."""
        if self.next.kind != "end":
            self.fail(expected)


def nearest(word: str, known: Iterable[str]) -> str:
    """`; did you mean x?`, or nothing when no name is near."""
    near = difflib.get_close_matches(word[:LONGEST], list(islice(known, MOST_NAMES)), n=2, cutoff=0.6)
    return f"; did you mean {' or '.join(near)}?" if near else ""
