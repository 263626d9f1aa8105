"""The condition of a rule: text and named selections in, an expression or a sentence about the first mistake out.

    condition: failed and not (1 of refused_* or probe)

`not` binds closest, then `and`, then `or`. `1 of` and `all of` take a name with `*`, or `them`: every selection whose
name does not begin with `_`. It must not know YAML or fields.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase

from opsdeck.detect.expression import All, Expression, Not, Some

MOST_TOKENS = 200
DEEPEST = 20
_TOKEN = re.compile(r"\s*([()]|[A-Za-z0-9_*.-]+|\S)")
_WORDS = ("and", "or", "not", "of", "them", "all", "any")
_ONE = ("1", "any")


class ConditionError(Exception):
    """What is wrong, and the column of the text where, from 1."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(message)
        self.column = column
        self.message = message


@dataclass(frozen=True, slots=True)
class _Token:
    text: str
    column: int

    @property
    def word(self) -> str:
        return self.text.lower()


def parse(text: str, selections: Mapping[str, Expression]) -> Expression:
    """The condition over these selections. Raises ConditionError."""
    tokens = [_Token(one[1], one.start(1) + 1) for one in _TOKEN.finditer(text)]
    if not tokens:
        raise ConditionError(1, "nothing is written here")
    if len(tokens) > MOST_TOKENS:
        raise ConditionError(tokens[MOST_TOKENS].column, f"longer than {MOST_TOKENS} words")
    reader = _Reader([*tokens, _Token("", len(text) + 1)], selections)
    whole = reader.either(0)
    if reader.next.text:
        raise ConditionError(reader.next.column, _unexpected(reader.next.text))
    return whole


def _unexpected(text: str) -> str:
    if text == "|":
        return "aggregations behind `|` are not supported: write a correlation rule"
    return f"{text!r} is not expected here" if text else "ends too early"


class _Reader:
    """Recursive descent; `next` is the token to be looked at."""

    def __init__(self, tokens: Sequence[_Token], selections: Mapping[str, Expression]) -> None:
        self._tokens = tokens
        self._place = 0
        self._selections = selections

    @property
    def next(self) -> _Token:
        return self._tokens[self._place]

    def take(self) -> _Token:
        token = self.next
        self._place = min(self._place + 1, len(self._tokens) - 1)
        return token

    def either(self, depth: int) -> Expression:
        parts = [self.both(depth)]
        while self.next.word == "or":
            self.take()
            parts.append(self.both(depth))
        return parts[0] if len(parts) == 1 else Some(tuple(parts))

    def both(self, depth: int) -> Expression:
        parts = [self.single(depth)]
        while self.next.word == "and":
            self.take()
            parts.append(self.single(depth))
        return parts[0] if len(parts) == 1 else All(tuple(parts))

    def single(self, depth: int) -> Expression:
        token = self.take()
        if depth > DEEPEST:
            raise ConditionError(token.column, f"nested deeper than {DEEPEST} levels")
        if token.word == "not":
            return Not(self.single(depth + 1))
        if token.text == "(":
            inner = self.either(depth + 1)
            closing = self.take()
            if closing.text != ")":
                raise ConditionError(closing.column, "`)` expected")
            return inner
        if self.next.word == "of":
            return self.several(token)
        if token.word in _WORDS or not token.text or token.text not in self._selections:
            raise ConditionError(token.column, self._unknown(token))
        return self._selections[token.text]

    def several(self, quantity: _Token) -> Expression:
        self.take()
        if quantity.word not in (*_ONE, "all"):
            message = f"`{quantity.text} of` is not supported: `1 of` or `all of`"
            raise ConditionError(quantity.column, message)
        which = self.take()
        pattern = "[!_]*" if which.word == "them" else which.text.replace("[", "[[]")
        parts = tuple(one for name, one in self._selections.items() if fnmatchcase(name, pattern))
        if not parts or not which.text:
            raise ConditionError(which.column, f"no selection is called {which.text!r}")
        return Some(parts) if quantity.word in _ONE else All(parts)

    def _unknown(self, token: _Token) -> str:
        if token.word in _WORDS or not token.text or not re.fullmatch(r"[\w.*-]+", token.text):
            return _unexpected(token.text)
        return f"no selection is called {token.text!r}; there are: {', '.join(self._selections)}"
