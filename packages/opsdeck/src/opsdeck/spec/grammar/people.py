"""Who: roles, escalation chains, notices to leadership.

In: one phrase. Out: roles in order, or a Notice. Raises PhraseError with column and the nearest role.
"""

from datetime import timedelta
from functools import lru_cache

from opsdeck.spec.grammar.amounts import REMEMBERED, take_span
from opsdeck.spec.grammar.words import PhraseError, Reader, nearest
from opsdeck.spec.phrases import Notice

ROLES = ("on-call engineer", "team lead", "manager", "director", "C-level")


@lru_cache(maxsize=REMEMBERED)
def chain(text: str, roles: tuple[str, ...] = ROLES) -> tuple[str, ...]:
    """`on-call engineer -> team lead -> manager`: the roles in order, each once."""
    reader, steps = Reader(text), []
    while True:
        column = reader.next.column
        role = _read(reader, roles)
        if role in steps:
            raise PhraseError(column, f"{role!r} stands in the chain twice")
        steps.append(role)
        if not reader.maybe("->"):
            reader.close("-> or the end")
            return tuple(steps)


def _read(reader: Reader, roles: tuple[str, ...]) -> str:
    for role in roles:
        if reader.follows(*role.lower().split()):
            return role
    column, words = reader.next.column, []
    while reader.next.kind == "word":
        words.append(reader.take().text)
    if not words:
        reader.fail(f"a role ({', '.join(roles)})")
    said, expected = " ".join(words), ", ".join(roles)
    raise PhraseError(column, f"unknown role {said!r}{nearest(said, roles) or f': expected {expected}'}")


def role(text: str, roles: tuple[str, ...] = ROLES) -> str:
    """`team lead`."""
    reader = Reader(text)
    name = _read(reader, roles)
    reader.close()
    return name


def notice(text: str, roles: tuple[str, ...] = ROLES) -> Notice:
    """`immediate C-level notification`, `director level after 4 hours`, `team lead notification`."""
    reader = Reader(text)
    immediate = reader.maybe("immediate")
    role = _read(reader, roles)
    reader.maybe("level")
    after = timedelta()
    if not reader.maybe("notification"):
        if immediate or not reader.maybe("after"):
            reader.fail("notification" if immediate else "notification, or `after` and a duration")
        after = take_span(reader)
    reader.close()
    return Notice(role, after, text=text.strip())
