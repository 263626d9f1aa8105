"""The names that other values may refer to, and the sentence for one that is not among them."""

from collections.abc import Iterable

from opsdeck.spec import grammar
from opsdeck.spec.grammar.words import PhraseError, nearest
from opsdeck.spec.mistakes import Mistake, Path
from opsdeck.spec.source import Node
from opsdeck.spec.wire import Document


class Names:
    """Known names by kind; what was refused as a value still counts as a name.

    `measured` are the indicators that the deck can measure, with their units; `optional` the contacts that may be
    left out.
    """

    def __init__(self, document: Document, whole: Node, shipped: Document) -> None:
        self._whole = whole
        self._contacts = document.contacts
        self._roles = document.roles
        self.units = {name: one.unit for name, one in document.indicators.items()}
        self.measured = {name: one.unit for name, one in shipped.indicators.items()}
        self.optional = {key for keys in shipped.roles.values() for key in keys}
        self.kept = grammar.duration(document.logging.categories["application_logs"].retention)
        """How long the entries are kept that conditions read."""

    def under(self, *path: str) -> set[str]:
        """The keys of the map there."""
        node = self._whole.exact(path)
        return set(node.children) if node else set()

    def reaches(self, role: str) -> bool:
        """Whether a contact stands for the role."""
        return any(key in self._contacts for key in self._roles.get(role, ()))


def unknown(kind: str, name: str, known: Iterable[str], path: Path) -> Mistake:
    """`unknown rule 'x'`, with the nearest name or all of them."""
    listed = sorted(known)
    near = nearest(name, listed) or f": expected {', '.join(listed) or 'one that is declared'}"
    return Mistake(path, f"unknown {kind} {name!r}{near}")


def wrong(error: PhraseError, path: Path) -> Mistake:
    """A phrase that does not parse once its neighbours are known."""
    return Mistake(path, error.message, error.column)
