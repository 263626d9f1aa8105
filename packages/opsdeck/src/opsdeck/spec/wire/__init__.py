"""The wire form: what YAML may say, section by section. Strict, and free of meaning beyond each single value.

In: plain values. Out: a Document, or every mistake with its path. It must not know files, places or the model.
"""

from typing import Annotated, Literal

from pydantic import Field

from opsdeck.spec.wire.base import Day, Duration, Hours, Name, Strict, Text, Weekdays, Zone
from opsdeck.spec.wire.service import Inherited, Service

Unit = Literal["ratio", "ms", "bytes", "count", "per_minute", "per_hour"]


class Indicator(Strict):
    """What is measured, and in what."""

    title: Text
    unit: Unit
    definition: Text
    sli: bool = False
    target: Text | None = None


class Calendar(Strict):
    """Business time."""

    zone: Zone
    days: Weekdays
    hours: Hours
    holidays: tuple[Day, ...] = ()


class Channel(Strict):
    """Where notifications go. Which settings belong to which kind, check.py knows."""

    kind: Literal["console", "webhook", "smtp"]
    url: Text | None = None
    secret_file: Text | None = None
    host: Text | None = None
    port: Annotated[int, Field(ge=1, le=65535)] | None = None
    sender: Annotated[Text | None, Field(alias="from")] = None
    to: Text | None = None
    username: Text | None = None
    password_file: Text | None = None
    tls: Literal["none", "starttls", "tls"] | None = None
    timeout: Duration | None = None


class Document(Inherited):
    """A whole spec."""

    spec: Annotated[int, Field(ge=1, le=1)]
    indicators: dict[Name, Indicator]
    contacts: dict[Name, Text]
    roles: dict[Text, tuple[Name, ...]]
    calendar: Calendar
    channels: dict[Name, Channel]
    services: dict[Name, Service]


INHERITED = tuple(Inherited.model_fields)
"""Names of the sections that services inherit."""
