"""What no single value shows: names that must exist, rules that overlap or can never hold, deadlines in order.

In: a valid Document, and the names that count as known.
Out: Mistakes, and cautions that stop nobody. It must not know places or the model.
"""

from collections.abc import Iterator

from opsdeck.spec.check import house, objectives, probes, rules
from opsdeck.spec.check.names import Names
from opsdeck.spec.mistakes import Mistake, Path
from opsdeck.spec.wire import Document
from opsdeck.spec.wire.service import Inherited


def check(document: Document, names: Names) -> Iterator[Mistake]:
    """Every mistake across values: of the house, of the sections, and of each service that inherits them."""
    yield from house.check(document, names)
    yield from _sections(document, names, ())
    for name, one in document.services.items():
        yield from _sections(one, names, ("services", name))


def _sections(of: Inherited, names: Names, base: Path) -> Iterator[Mistake]:
    for part in (objectives, rules, probes):
        yield from part.check(of, names, base)


def cautions(document: Document, names: Names) -> Iterator[Mistake]:
    """What a careful owner would want to know and may leave as it is."""
    yield from house.cautions(document, names)
