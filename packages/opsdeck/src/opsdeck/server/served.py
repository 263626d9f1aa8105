"""The deck that an app serves, as a parameter of its routes. In: a request. Out: its deck."""

from typing import Annotated

from fastapi import Depends
from starlette.requests import Request

from opsdeck.deck import Deck


def _deck(request: Request) -> Deck:
    deck: Deck = request.app.state.deck
    return deck


TheDeck = Annotated[Deck, Depends(_deck)]
