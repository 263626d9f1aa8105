"""docs/http.md names every route, metric, error code and field, and none that is not there."""

import re
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI

from opsdeck.deck import Deck
from opsdeck.model import Delivery, TickRun
from opsdeck.reports import metrics, where
from opsdeck.server import refuse
from opsdeck.testing import START, failing, probes, runs

TEXT = (Path(__file__).parents[2] / "docs/http.md").read_text()


def rows(pattern: str) -> set[str]:
    return set(re.findall(rf"^\| {pattern}", TEXT, re.MULTILINE))


def test_routes(app: FastAPI) -> None:
    served = {
        f"{method.upper()} {path}" for path, methods in app.openapi()["paths"].items() for method in methods
    }
    assert rows(r"`((?:GET|POST) /[^`?]*)") == served


def test_error_codes() -> None:
    codes = (
        set(refuse.REFUSALS)
        | {code for _, _, code in refuse.STATUS}
        | {"invalid", "unsupported_type", "slow_body"}
    )
    documented = set(re.findall(r"^\| `(\w+)` \| (\d{3})", TEXT, re.MULTILINE))
    assert {code for code, _ in documented} == codes
    statuses = {code: str(status) for code, (status, _, _) in refuse.REFUSALS.items()}
    assert {code: status for code, status in documented if code in statuses} == statuses


def test_metrics(deck: Deck, happened: Any) -> None:
    happened(runs(1, every="1 minute", until="12:30"), probes(failing, at="12:29"))
    with deck.state.begin() as tx:
        tx.put(TickRun("probe", START, START))
        tx.put(Delivery("1", 1, "a", "hook", "x", {}, "failed", START, 5, "no", START))
    found = {family.name for family in metrics.metrics(deck, deck.spec, START, deck.clock.now())}
    assert rows(r"`(opsdeck\w*)`") == found


@pytest.mark.parametrize("field", where.fields())
def test_fields_of_the_filter_language(field: str) -> None:
    assert f"`{field}`" in TEXT.partition("## The filter language")[2]
