"""The filter language of `logs --where` and of the event explorer: text in, Match out, or the column of the mistake.

    clause  = field op value | field ["not"] "in" "(" value {"," value} ")"
    where   = clause {"and" clause}
    op      = "=" | "!=" | "<" | "<=" | ">" | ">=" | "~" (contains)
    field   = a name of the entry as it stands in the log (`error.code`, `userId`) or of its column (`error_code`)
    value   = a bare word, a number, a duration for `duration` (2s), or a string in quotes

It knows names and types, not where entries are kept.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, cast

from opsdeck.errors import UsageError
from opsdeck.model import DETAILS, DIMENSIONS, Clause, Match
from opsdeck.stores.events.facts import NUMBERS, PATHS, TIMES
from opsdeck.timing import duration

Op = Literal["=", "!=", "<", "<=", ">", ">=", "~", "in", "not in"]

LEVELS = ("INFO", "WARN", "ERROR", "FATAL")
WORDS: Mapping[str, tuple[str, ...]] = {
    "level": LEVELS,
    "outcome": ("success", "failure", "cancelled"),
    "category": ("application", "performance", "audit", "security"),
    "user_type": ("human", "ci", "service"),
}
# The name in a log entry → the name that stores know, which may be typed as well.
NAMES: Mapping[str, str] = {
    **{".".join(path): name for name, path in PATHS.items() if name not in TIMES},
    **{name: name for name in (*DIMENSIONS, *DETAILS) if name not in TIMES},
}
SUCCESS = "operation.success"

_TOKEN = re.compile(
    r"""(?P<space>\s+) | (?P<string>"(?:\\.|[^"\\])*" | '(?:\\.|[^'\\])*')
      | (?P<op>==|!=|<=|>=|=|<|>|~) | (?P<mark>[(),]) | (?P<word>[^\s=!<>~(),"']+)""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class _Token:
    kind: str
    text: str
    at: int

    def says(self, word: str) -> bool:
        return self.kind == "word" and self.text.lower() == word


def parse(text: str) -> Match:
    """The events that `text` means; an empty text means all. Raises UsageError with the column of the first mistake."""
    return _Reader(text).match()


def fields() -> tuple[str, ...]:
    """Every name that may stand left of an operator, as an entry spells it."""
    taken = {stored for name, stored in NAMES.items() if name != stored}
    return tuple(sorted((name for name in (*NAMES, SUCCESS) if name not in taken), key=str.lower))


class _Reader:
    """One pass over the tokens of one text."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = self._split()
        self.next = 0

    def _split(self) -> list[_Token]:
        tokens, at = [], 0
        while at < len(self.text):
            found = _TOKEN.match(self.text, at)
            if not found:
                raise self._wrong(
                    at, f"cannot read {self.text[at:]!r}", "close the quotes, and write != for 'not equal'"
                )
            if found.lastgroup != "space":
                tokens.append(_Token(str(found.lastgroup), found[0], at))
            at = found.end()
        return tokens

    def match(self) -> Match:
        clauses: list[Clause] = []
        while self.next < len(self.tokens):
            if clauses:
                self._and()
            clauses.append(self._clause())
        return Match(tuple(clauses))

    def _take(self, wanted: str) -> _Token:
        if self.next == len(self.tokens):
            raise self._wrong(
                len(self.text), f"expected {wanted} at the end", "for example: error.code=TEMPLATE_NOT_FOUND"
            )
        self.next += 1
        return self.tokens[self.next - 1]

    def _and(self) -> None:
        token = self._take("'and'")
        if token.says("or") or token.text == "||":
            raise self._wrong(
                token.at,
                "'or' is not part of the language",
                "for several values of one field: error.code in (A, B)",
            )
        if not token.says("and"):
            raise self._wrong(
                token.at, f"expected 'and' before {token.text!r}", "put values with spaces or signs in quotes"
            )
        if self.next == len(self.tokens):
            raise self._wrong(token.at, "nothing after 'and'", "add a clause or leave 'and' out")

    def _clause(self) -> Clause:
        name = self._take("a field")
        if name.kind != "word":
            raise self._wrong(
                name.at, f"expected a field and not {name.text!r}", f"fields: {', '.join(fields())}"
            )
        column = self._column(name)
        op, at = self._operator(name)
        if op in ("in", "not in"):
            return self._membership(column, name, op)
        return self._test(column, op, self._value(op), at)

    def _column(self, name: _Token) -> str:
        known = {spelled.lower(): stored for spelled, stored in NAMES.items()} | {SUCCESS: SUCCESS}
        if name.text.lower() in known:
            return known[name.text.lower()]
        typed = name.text.lower()
        last = "." + typed.rpartition(".")[2]
        near = [
            field for field in fields() if field.lower().startswith(typed) or field.lower().endswith(last)
        ]
        near = near or get_close_matches(name.text, fields(), n=3, cutoff=0.5)
        hint = f"nearest: {', '.join(near)}" if near else f"fields: {', '.join(fields())}"
        raise self._wrong(name.at, f"there is no field {name.text!r}", hint)

    def _operator(self, name: _Token) -> tuple[Op, int]:
        token = self._take(f"an operator after {name.text!r}")
        if token.kind == "op":
            return cast("Op", token.text.replace("==", "=")), token.at
        if token.says("in"):
            return "in", token.at
        if token.says("not") and self._take("'in' after 'not'").says("in"):
            return "not in", token.at
        raise self._wrong(
            token.at, f"expected an operator after {name.text!r}", "operators: = != < <= > >= ~ in not in"
        )

    def _membership(self, column: str, name: _Token, op: Op) -> Clause:
        if column in NUMBERS or column == SUCCESS:
            raise self._wrong(
                name.at,
                f"{name.text} takes one value at a time",
                "for a range: duration>=100 and duration<200",
            )
        opening = self._take("'('")
        if opening.text != "(":
            raise self._wrong(
                opening.at, f"expected '(' and not {opening.text!r}", f"for example: {name.text} in (A, B)"
            )
        values = [self._value("(")]
        while (mark := self._take("')'")).text == ",":
            values.append(self._value(","))
        if mark.text != ")":
            raise self._wrong(
                mark.at, f"expected ',' or ')' and not {mark.text!r}", f"for example: {name.text} in (A, B)"
            )
        return Clause(column, op, tuple(self._text(column, value) for value in values))

    def _value(self, after: str) -> _Token:
        value = self._take("a value")
        if value.kind not in ("word", "string"):
            raise self._wrong(
                value.at,
                f"expected a value after {after!r} and not {value.text!r}",
                "put values with signs in quotes",
            )
        return value

    def _test(self, column: str, op: Op, value: _Token, at: int) -> Clause:
        if column == SUCCESS:
            return self._success(op, value)
        if column in NUMBERS:
            return Clause(column, op, self._number(column, op, value, at))
        if op in ("<", "<=", ">", ">="):
            if column == "level":
                return self._levels(op, value)
            raise self._wrong(at, f"{op} compares numbers", f"{column} is text; use = != ~ in")
        text = _plain(value) if op == "~" else self._text(column, value)
        return Clause(column, op, text)

    def _text(self, column: str, value: _Token) -> str:
        words = WORDS.get(column, ())
        near = [word for word in words if word.lower() == _plain(value).lower()]
        if words and not near:
            raise self._wrong(
                value.at, f"{column} is never {value.text!r}", f"it is one of: {', '.join(words)}"
            )
        return near[0] if near else _plain(value)

    def _success(self, op: Op, value: _Token) -> Clause:
        wanted = value.text.lower()
        if op not in ("=", "!=") or wanted not in ("true", "false"):
            raise self._wrong(value.at, f"{SUCCESS} is true or false", f"for example: {SUCCESS}=false")
        return Clause("outcome", "=", "success" if (wanted == "true") == (op == "=") else "failure")

    def _number(self, column: str, op: Op, value: _Token, at: int) -> float:
        if op == "~":
            raise self._wrong(at, f"{column} is a number", "use = != < <= > >=")
        text = _plain(value)
        try:
            return float(text) if re.fullmatch(r"-?\d+(\.\d+)?", text) else _milliseconds(column, text)
        except ValueError:
            example = "1000 (ms), 2s" if column == "duration" else "0, 1, 130"
            raise self._wrong(
                value.at, f"{value.text!r} is not a number", f"{column} takes for example {example}"
            ) from None

    def _levels(self, op: Op, value: _Token) -> Clause:
        wanted = self._text("level", value)
        rank = LEVELS.index(wanted)
        tests = {"<": range(rank), "<=": range(rank + 1), ">": range(rank + 1, 4), ">=": range(rank, 4)}
        return Clause("level", "in", tuple(LEVELS[i] for i in tests[op]))

    def _wrong(self, at: int, message: str, hint: str) -> UsageError:
        return UsageError(f"where, column {at + 1}: {message}", hint=hint)


def _plain(token: _Token) -> str:
    return re.sub(r"\\(.)", r"\1", token.text[1:-1]) if token.kind == "string" else token.text


def _milliseconds(column: str, text: str) -> float:
    if column != "duration":
        raise ValueError(text)
    return duration(text).total_seconds() * 1000
