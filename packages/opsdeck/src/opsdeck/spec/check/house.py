"""What belongs to the whole house: indicators, KPIs, contacts, channels, incidents, probes of services."""

from collections.abc import Iterator
from urllib.parse import urlsplit

from opsdeck.spec.check.names import Names, unknown, wrong
from opsdeck.spec.grammar import parse
from opsdeck.spec.grammar.words import PhraseError
from opsdeck.spec.mistakes import Mistake, Path
from opsdeck.spec.wire import Channel, Document
from opsdeck.timing import say

SETTINGS = {
    "console": {"kind"},
    "webhook": {"kind", "url", "secret_file", "timeout"},
    "smtp": {"kind", "host", "port", "from", "to", "username", "password_file", "tls", "timeout"},
}
NEEDED = {"console": (), "webhook": ("url",), "smtp": ("host", "from")}


def check(document: Document, names: Names) -> Iterator[Mistake]:
    yield from _indicators(document, names)
    yield from _people(document, names)
    for name, channel in document.channels.items():
        yield from _channel(channel, names, ("channels", name))
    yield from _incidents(document)
    for key, kpi in document.kpis.items():
        if kpi.indicator not in names.units:
            yield unknown("indicator", kpi.indicator, names.units, ("kpis", key, "indicator"))
            continue
        yield from _target(kpi.target, kpi.indicator, names, ("kpis", key, "target"))


def _indicators(document: Document, names: Names) -> Iterator[Mistake]:
    for name, one in document.indicators.items():
        path = ("indicators", name)
        if name not in names.measured:
            known = names.measured
            yield Mistake(
                path,
                unknown("indicator", name, known, path).message + " (the deck measures no other)",
                at_key=True,
            )
        elif one.unit != names.measured[name]:
            yield Mistake((*path, "unit"), f"is measured in {names.measured[name]}, which no spec can change")
        elif one.target is not None:
            yield from _target(one.target, name, names, (*path, "target"))


def _target(text: str, indicator: str, names: Names, path: Path) -> Iterator[Mistake]:
    try:
        parse.threshold(text, names.units[indicator])
    except PhraseError as error:
        yield wrong(error, path)


def _people(document: Document, names: Names) -> Iterator[Mistake]:
    known = names.under("contacts") | names.optional
    for role, keys in document.roles.items():
        if role not in parse.ROLES:
            yield unknown("role", role, parse.ROLES, ("roles", role))
        for index, key in enumerate(keys):
            if not names.is_contact(key):
                yield unknown("contact", key, known, ("roles", role, index))
    without = document.routing.without_chain
    if not names.reaches(without):
        yield Mistake(
            ("routing", "without_chain"), f"no contact stands for {without!r}: see `roles` and `contacts`"
        )


def _channel(one: Channel, names: Names, path: Path) -> Iterator[Mistake]:
    written = {Channel.model_fields[name].alias or name for name in one.model_fields_set}
    for name in sorted(written - SETTINGS[one.kind]):
        expected = ", ".join(sorted(SETTINGS[one.kind] - {"kind"})) or "none"
        yield Mistake(
            (*path, name), f"a {one.kind} channel has no such setting: expected {expected}", at_key=True
        )
    for name in NEEDED[one.kind]:
        if name not in written:
            yield Mistake((*path, name), f"is missing: a {one.kind} channel needs it", at_key=True)
    if one.kind == "webhook" and one.url and not _is_address(one.url):
        yield Mistake(
            (*path, "url"), f"expected an address such as https://example.com/hook, found {one.url!r}"
        )
    if one.kind == "smtp":
        yield from _mail(one, names, path)


def _mail(one: Channel, names: Names, path: Path) -> Iterator[Mistake]:
    if one.sender and "@" not in one.sender:
        yield Mistake(
            (*path, "from"), f"expected an address such as opsdeck@example.com, found {one.sender!r}"
        )
    if one.to and "@" not in one.to:
        if one.to not in parse.ROLES:
            message = unknown("role", one.to, parse.ROLES, path).message
            yield Mistake((*path, "to"), f"{message} (or an address with @)")
        elif not names.reaches(one.to):
            yield Mistake((*path, "to"), f"no contact stands for {one.to!r}: see `roles` and `contacts`")
    if one.username and not one.password_file:
        yield Mistake((*path, "username"), "needs `password_file` beside it")


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False


def _incidents(document: Document) -> Iterator[Mistake]:
    for name, one in document.incidents.severities.items():
        first, last = parse.deadline(one.response_time), parse.deadline(one.resolution_target)
        if not first.business_days and not last.business_days and first.span > last.span:
            path = ("incidents", "severities", name)
            message = f"comes after the resolution, which is due in {say(last.span)}"
            yield Mistake((*path, "response_time"), message, blame=((*path, "resolution_target"),))


def cautions(document: Document, names: Names) -> Iterator[Mistake]:
    """Roles that leadership notices name and nobody stands for: the manager is told instead."""
    for name, one in document.incidents.severities.items():
        notice = parse.notice(one.escalation)
        if not names.reaches(notice.role):
            keys = " or ".join(f"contacts.{key}" for key in document.roles.get(notice.role, ()))
            path = ("incidents", "severities", name, "escalation")
            message = f"no contact stands for {notice.role!r}, the manager is told instead"
            message = f"{message}; set {keys}" if keys else message
            yield Mistake(path, message, blame=(("contacts",),))
