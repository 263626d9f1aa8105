"""What every part of the wire form is made of: strict maps and phrases.

In: plain values whose scalars are texts. Out: the same, checked; a phrase stays the text that was written.
It must not know where a value stood in a file.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from opsdeck.spec.grammar import parse
from opsdeck.spec.grammar.words import PhraseError, nearest

NAME = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$"
CODE = r"^[A-Z][A-Z0-9_]{2,40}$"
LONGEST_TEXT = 2000


class Strict(BaseModel):
    """A map with a fixed set of keys."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Phrase:
    """Marks a text as a phrase of the grammar; with `units` the parser is also given the known indicators."""

    def __init__(self, parse: Callable[..., object], says: str, *examples: str, units: bool = False) -> None:
        self._parse = parse
        self._says = says
        self._examples = examples
        self._units = units

    def __get_pydantic_core_schema__(self, source: object, handler: GetCoreSchemaHandler) -> CoreSchema:
        return core_schema.with_info_after_validator_function(self._check, handler(source))

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        return {**handler(schema), "description": self._says, "examples": list(self._examples)}

    def _check(self, value: str, info: core_schema.ValidationInfo) -> str:
        known: Mapping[str, object] = (info.context or {}) if self._units else {}
        try:
            self._parse(value, known) if self._units else self._parse(value)
        except PhraseError as error:
            raise refusal(error.message, error.column) from None
        return value


def refusal(message: str, column: int = 0) -> PydanticCustomError:
    """A mistake in our own words; `column` counts characters of the text from 1, 0 means the whole."""
    return PydanticCustomError("opsdeck", "{message}", {"message": message, "column": column})


def _condition(text: str, units: Mapping[str, Any]) -> object:
    return parse.condition(text, units, parse.SAMPLE_WINDOW)


def _bytes(text: str) -> object:
    return parse.threshold(text, "bytes")


def _milliseconds(text: str) -> object:
    return parse.threshold(text, "ms")


def _count(text: str) -> object:
    return parse.quantity(text, "count")


def _storage(text: str) -> object:
    return parse.quantity(text, "bytes")


def _users(text: str) -> object:
    return parse.threshold(text, "ratio")


def _failures(text: str) -> object:
    return parse.threshold(text, "count")


def _day(text: str) -> str:
    try:
        date.fromisoformat(text)
    except ValueError:
        raise refusal(f"expected a date such as 2026-12-25, found {text!r}") from None
    return text


def _zone(text: str) -> str:
    try:
        ZoneInfo(text)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        near = nearest(text, available_timezones()) or ": expected a name such as Europe/Berlin"
        raise refusal(f"unknown time zone {text!r}{near}") from None
    return text


Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
Name = Annotated[str, Field(pattern=NAME)]
Code = Annotated[str, Field(pattern=CODE)]
Day = Annotated[str, AfterValidator(_day), Field(json_schema_extra={"format": "date"})]
Zone = Annotated[Text, AfterValidator(_zone), Field(examples=["UTC", "Europe/Berlin"])]
Weekdays = Annotated[Text, Phrase(parse.weekdays, "Business days.", "Monday to Friday", "Sunday to Thursday")]
Hours = Annotated[Text, Phrase(parse.hours, "Business hours.", "09:00-17:00")]
Duration = Annotated[Text, Phrase(parse.span, "A duration.", "5 minutes", "200ms", "7 years")]
Condition = Annotated[
    Text,
    Phrase(
        _condition,
        "A condition: indicator, comparison, threshold, and optionally `over` a window and `for` a hold.",
        "error_rate > 5% for 5 minutes",
        "error_rate > 5% over 10 seconds for 3 seconds",
        units=True,
    ),
]
Chain = Annotated[
    Text,
    Phrase(parse.chain, "Roles in the order of escalation.", "on-call engineer -> team lead -> manager"),
]
Role = Annotated[Text, Phrase(parse.role, "A role.", *parse.ROLES)]
Latency = Annotated[Text, Phrase(_milliseconds, "A limit on a time.", "< 200ms", "< 2 seconds")]
Size = Annotated[Text, Phrase(_bytes, "A limit on a size.", "< 50MB")]
Count = Annotated[Text, Phrase(_count, "An amount, or unknown.", "unknown (needs instrumentation)", "5000")]
Storage = Annotated[Text, Phrase(_storage, "A size, or unknown.", "< 1GB (templates)", "unknown")]
Growth = Annotated[Text, Phrase(parse.growth, "A growth rate.", "20% monthly", "10% increase over 24 hours")]
Deadline = Annotated[Text, Phrase(parse.deadline, "A time to finish in.", "2 hours", "next business day")]
Box = Annotated[Text, Phrase(parse.box, "The time box of a phase.", "5-30 minutes", "within 5 business days")]
Cadence = Annotated[Text, Phrase(parse.cadence, "How often.", "every 30 minutes", "weekly updates")]
Notice = Annotated[Text, Phrase(parse.notice, "Who is told when.", "director level after 4 hours")]
Users = Annotated[Text, Phrase(_users, "A share of users.", "> 50% users")]
Failures = Annotated[
    Text, Phrase(_failures, "A limit on a count.", "> 10 failures from same user/IP", "> 500 in 1 hour")
]
