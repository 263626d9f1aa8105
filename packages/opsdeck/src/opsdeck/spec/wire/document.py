"""A whole spec as YAML may say it.

In: plain values. Out: a Document, or every mistake with its path. It must not know files, places or the model.
"""

from typing import Annotated, Literal

from pydantic import Field

from opsdeck.spec.phrases import Unit
from opsdeck.spec.wire.base import Day, Duration, Hours, Name, Strict, Text, Weekdays, Zone
from opsdeck.spec.wire.framework import (
    Business,
    Checklists,
    ComplianceFramework,
    Dashboard,
    DocumentControl,
    Incidents,
    Kpi,
    Logging,
    Procedure,
    Security,
    Tiers,
)
from opsdeck.spec.wire.service import Inherited, Service


class Indicator(Strict):
    """What is measured, and in what."""

    title: Text
    unit: Unit
    definition: Text
    sli: bool = False
    target: Text | None = None
    shown_over: Duration | None = None


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
    document: DocumentControl
    indicators: dict[Name, Indicator]
    tiers: Tiers
    dashboard: Dashboard
    logging: Logging
    security: Security
    compliance: dict[Name, ComplianceFramework]
    incidents: Incidents
    checklists: Checklists
    contacts: dict[Name, Text]
    roles: dict[Text, tuple[Name, ...]]
    rollback: dict[Name, Procedure]
    kpis: dict[Name, Kpi]
    business: Business
    calendar: Calendar
    channels: dict[Name, Channel]
    services: dict[Name, Service]


INHERITED = tuple(Inherited.model_fields)
"""Names of the sections that services inherit."""
