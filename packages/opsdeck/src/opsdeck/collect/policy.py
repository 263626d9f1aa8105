"""What the spec says about the entries of one service, worked out once per spec: fields to take out, codes' categories.

In: a Spec. Out: a Policy by service name. It must not know entries' values.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from opsdeck.collect.scrub import redact
from opsdeck.collect.wire import FIELDS, NEEDED, PARTS, SHAPE, Entry
from opsdeck.identity.keys import SERVICE_NAME
from opsdeck.spec.model import Service, Spec

KNOWN_SERVICES = 1_000


@dataclass(frozen=True, slots=True)
class Policy:
    """What the spec says about one service's entries: which fields go, which category a code has."""

    removed: tuple[tuple[str, str, Any], ...]
    codes: Mapping[str, str]
    categories: frozenset[str]

    @classmethod
    def of(cls, service: Service, spec: Spec) -> "Policy":
        gone = FIELDS - NEEDED - service.fields
        return cls(
            tuple(_removal(name) for name in sorted(gone)),
            service.error_codes,
            frozenset(spec.error_categories),
        )


def _removal(dotted: str) -> tuple[str, str, Any]:
    """Part, attribute and empty value of a field."""
    part, _, name = dotted.rpartition(".")
    attribute = SHAPE[part][name]
    kind = PARTS.get(part, Entry)
    empty = {f.name: f.default for f in msgspec.structs.fields(kind)}[attribute]
    return part, attribute, "" if empty is msgspec.NODEFAULT else empty


class Policies:
    """The policy of each service of one spec, worked out when it is first asked for."""

    def __init__(self, spec: Spec) -> None:
        self._spec = spec
        self._by_service: dict[str, Policy] = {}

    def of(self, service: str) -> Policy | None:
        """None for a text that is no name of a service, or a secret that looks like one."""
        found = self._by_service.get(service)
        if found is None and SERVICE_NAME.fullmatch(service) and redact(service) == service:
            if len(self._by_service) >= KNOWN_SERVICES:
                self._by_service.clear()
            found = self._by_service[service] = Policy.of(self._spec.service(service), self._spec)
        return found
