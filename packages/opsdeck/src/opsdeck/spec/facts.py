"""Every leaf value of a spec as a row, and what changed between two specs.

In: Specs. Out: rows for `spec show` and differences for `spec diff`. It must not know YAML.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from opsdeck.errors import UsageError
from opsdeck.spec.grammar.words import nearest
from opsdeck.spec.model import Spec

Leaf = str | int | float | bool | None


@dataclass(frozen=True, slots=True)
class Fact:
    """One leaf value: its section, its path below the section, the value, and the value as a person reads it."""

    section: str
    id: str
    value: Leaf
    text: str

    @property
    def path(self) -> str:
        """Section and id together."""
        return f"{self.section}.{self.id}" if self.id else self.section


@dataclass(frozen=True, slots=True)
class Difference:
    """One leaf that two specs do not share; an empty text stands for absence."""

    path: str
    old: str
    new: str


def rows(spec: Spec, section: str = "") -> list[Fact]:
    """Every leaf of the spec, or of one section or of anything below it (`alerts.service_down`).

    Raises UsageError for a section that the spec does not have.
    """
    found = [
        Fact(name, path, value, _text(value))
        for name, content in spec.sections.items()
        for path, value in _leaves(content, ())
    ]
    if not section:
        return found
    chosen = [one for one in found if f"{one.path}.".startswith(f"{section}.")]
    if not chosen:
        near = nearest(section, spec.sections) or f"; expected {', '.join(spec.sections)}"
        raise UsageError(f"the spec has no section {section!r}{near}", hint="opsdeck spec show")
    return chosen


def diff(old: Spec, new: Spec) -> list[Difference]:
    """What has to change in `old` to become `new`, by path; a service that comes or goes is told by its name, too."""
    before, after = (_texts(spec) for spec in (old, new))
    paths = [*before, *(path for path in after if path not in before)]
    return [
        Difference(path, before.get(path, ""), after.get(path, ""))
        for path in paths
        if before.get(path) != after.get(path)
    ]


def _texts(spec: Spec) -> dict[str, str]:
    # A service may be declared by nothing but its name, and then it has no leaf.
    declared = {f"services.{name}": "declared" for name in spec.services}
    return declared | {fact.path: fact.text for fact in rows(spec)}


def _leaves(content: Any, path: tuple[str, ...]) -> Iterator[tuple[str, Leaf]]:
    if isinstance(content, dict):
        for name, child in content.items():
            yield from _leaves(child, (*path, str(name)))
    elif isinstance(content, list | tuple):
        for index, child in enumerate(content):
            yield from _leaves(child, (*path, str(index)))
    else:
        yield ".".join(path), content


def _text(value: Leaf) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)
