"""The names that other values may refer to, and the sentence for one that is not among them."""

from collections.abc import Iterable
from typing import Any

from opsdeck.spec.grammar import parse
from opsdeck.spec.grammar.words import PhraseError, nearest
from opsdeck.spec.mistakes import Mistake, Path
from opsdeck.spec.tree import Node
from opsdeck.spec.wire import Document

MOST_LISTED = 30
MOST_COMPARED = 100


class Names:
    """Known names by kind; what was refused as a value still counts as a name.

    `measured` are the indicators that the deck can measure, with their units; `optional` the contacts that may be
    left out.
    """

    def __init__(self, document: Document, whole: Node, shipped: Document) -> None:
        self._whole = whole
        self._plain = document.model_dump(by_alias=True)
        self._contacts = document.contacts
        self._roles = document.roles
        self.measured = {name: one.unit for name, one in shipped.indicators.items()}
        self.units = {name: self.measured.get(name, one.unit) for name, one in document.indicators.items()}
        self.shipped_rules = set(shipped.alerts)
        """A rule may name one of these although it is switched off."""
        self.optional = {key for keys in shipped.roles.values() for key in keys}
        self.kept = parse.duration(document.logging.categories["application_logs"].retention)
        """How long the entries are kept that conditions read."""

    def under(self, *path: str) -> set[str]:
        """The keys of the map there, those of refused values included."""
        node = self._whole.exact(path)
        plain: Any = self._plain
        for step in path:
            plain = plain.get(step, {}) if isinstance(plain, dict) else {}
        return {*(node.children if node else ()), *plain}

    def is_contact(self, key: str) -> bool:
        """Whether such a contact is set or may be."""
        return key in self._contacts or key in self.optional

    def reaches(self, role: str) -> bool:
        """Whether a contact stands for the role, as far as its keys can be told."""
        keys = self._roles.get(role, ())
        return any(key in self._contacts or not self.is_contact(key) for key in keys)


def unknown(kind: str, name: str, known: Iterable[str], path: Path, blame: tuple[Path, ...] = ()) -> Mistake:
    """`unknown rule 'x'`, with the nearest name or all of them."""
    listed = sorted(known)
    more = [f"{len(listed) - MOST_LISTED} more"] if len(listed) > MOST_LISTED else []
    near = (
        nearest(name, listed[:MOST_COMPARED])
        or f": expected {', '.join([*listed[:MOST_LISTED], *more]) or 'none'}"
    )
    return Mistake(path, f"unknown {kind} {name!r}{near}", blame=blame)


def wrong(error: PhraseError, path: Path) -> Mistake:
    """A phrase that does not parse once its neighbours are known."""
    return Mistake(path, error.message, error.column)
