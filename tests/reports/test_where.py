"""The filter language: what each text means, and where each mistake is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdeck.errors import UsageError
from opsdeck.model import Clause, Match
from opsdeck.reports import where

MEANINGS = {
    "nothing typed means everything": ("", ()),
    "spaces alone mean everything": ("   ", ()),
    "a name of the entry": ("error.code=TEMPLATE_NOT_FOUND", [("error_code", "=", "TEMPLATE_NOT_FOUND")]),
    "the column's own name": ("error_code=A", [("error_code", "=", "A")]),
    "names in any case": ("USERID=u1", [("user_id", "=", "u1")]),
    "spaces around an operator": ("service  !=  x", [("service", "!=", "x")]),
    "two equals signs are one": ("service==x", [("service", "=", "x")]),
    "a number in milliseconds": ("duration>1000", [("duration", ">", 1000.0)]),
    "a fraction": ("duration<=0.5", [("duration", "<=", 0.5)]),
    "a duration with its unit": ("operation.duration >= 2s", [("duration", ">=", 2000.0)]),
    "a duration in quotes": ("duration < '1 minute'", [("duration", "<", 60_000.0)]),
    "a negative exit code": ("exitCode=-9", [("exit_code", "=", -9.0)]),
    "two clauses": ("service=x and level=WARN", [("service", "=", "x"), ("level", "=", "WARN")]),
    "AND in capitals": ("service=x AND kind=y", [("service", "=", "x"), ("kind", "=", "y")]),
    "a value with a slash": ("operation.template=component/react", [("template", "=", "component/react")]),
    "a value that looks like a word of the language": ("command='and'", [("command", "=", "and")]),
    "quotes inside quotes": (r'error.message ~ "it\"s"', [("error_message", "~", 'it"s')]),
    "single quotes hold double ones": ("error.message~'a \"b\"'", [("error_message", "~", 'a "b"')]),
    "a list": ("error.code in (A, 'B C')", [("error_code", "in", ("A", "B C"))]),
    "not in a list": ("service not in (a)", [("service", "not in", ("a",))]),
    "a level in any case": ("level=error", [("level", "=", "ERROR")]),
    "levels from a level up": ("level>=warn", [("level", "in", ("WARN", "ERROR", "FATAL"))]),
    "levels below a level": ("level<WARN", [("level", "in", ("INFO",))]),
    "success is an outcome": ("operation.success=true", [("outcome", "=", "success")]),
    "not success is an outcome": ("operation.success != true", [("outcome", "=", "failure")]),
    "part of an enumerated word": ("outcome~fail", [("outcome", "~", "fail")]),
}
MISTAKES = {
    "an unknown field names the nearest": ("eror.code=A", 1, "'eror.code'", "error.code"),
    "the last part of a name is enough to suggest it": ("code=A", 1, "'code'", "error.code"),
    "the first part too": ("env=x", 1, "'env'", "environment"),
    "nothing near lists all fields": ("zzz=1", 1, "'zzz'", "error.category"),
    "a field that is no word": ("=A", 1, "a field", "error.code"),
    "or": ("level=ERROR or service=b", 13, "'or'", "in (A, B)"),
    "a missing and": ("level=ERROR service=b", 13, "'and'", "quotes"),
    "nothing after and": ("level=ERROR and", 13, "nothing after", "leave"),
    "no operator": ("level", 6, "operator", "error.code"),
    "two words": ("level ERROR", 7, "operator", "not in"),
    "not without in": ("level not (A)", 7, "operator", "not in"),
    "no value": ("level=", 7, "a value", "for example"),
    "an operator for a value": ("service==!=", 10, "a value", "quotes"),
    "an open quote": ("error.message~'a", 15, "cannot read", "quotes"),
    "a list without brackets": ("service in a", 12, "'('", "in (A, B)"),
    "an empty list": ("service in ()", 13, "a value", "quotes"),
    "a list that does not end": ("service in (a", 14, "')'", "for example"),
    "a list without commas": ("service in (a b)", 15, "','", "in (A, B)"),
    "a list of numbers": ("duration in (1)", 1, "one value", "range"),
    "text compared by size": ("service>3", 8, "compares numbers", "text"),
    "a number compared as text": ("duration~3", 9, "is a number", "="),
    "a word for a number": ("duration=fast", 10, "not a number", "1000 (ms)"),
    "a unit for a plain number": ("exitCode=2s", 10, "not a number", "130"),
    "a level that does not exist": ("level>=LOUD", 8, "never 'LOUD'", "INFO, WARN"),
    "an outcome that does not exist": ("outcome=failed", 9, "never 'failed'", "failure"),
    "one bad word in a list": ("outcome in (success, bad)", 22, "never 'bad'", "cancelled"),
    "success is not maybe": ("operation.success=maybe", 19, "true or false", "=false"),
}


@pytest.mark.parametrize(("text", "clauses"), MEANINGS.values(), ids=MEANINGS)
def test_meaning(text: str, clauses: list[tuple[str, str, object]]) -> None:
    assert where.parse(text) == Match(tuple(Clause(*clause) for clause in clauses))


@pytest.mark.parametrize(("text", "column", "message", "hint"), MISTAKES.values(), ids=MISTAKES)
def test_mistake(text: str, column: int, message: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        where.parse(text)
    assert caught.value.message.startswith(f"where, column {column}: ")
    assert message in caught.value.message
    assert hint in caught.value.hint


def meant(text: str) -> Match | str:
    try:
        return where.parse(text)
    except UsageError as error:
        return error.hint


@given(st.text(max_size=60))
def test_any_text_is_a_match_or_a_mistake_with_a_hint(text: str) -> None:
    assert meant(text)


EXAMPLES = {
    "operation.duration": "=1",
    "exitCode": "=1",
    "metadata.redactions": ">0",
    "operation.success": "=true",
}


@pytest.mark.parametrize("field", where.fields())
def test_every_listed_field_can_be_used(field: str) -> None:
    assert len(where.parse(field + EXAMPLES.get(field, "~x")).clauses) == 1
