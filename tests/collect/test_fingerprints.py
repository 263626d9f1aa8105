"""Every failing entry is stamped with the fingerprint of what is kept of it; a client has no say in it."""

from collections.abc import Callable
from typing import Any

import pytest

from opsdeck.collect import stamp
from opsdeck.collect.door import Door
from opsdeck.collect.wire import MESSAGE_LIMIT, STACK_LIMIT
from opsdeck.fingerprint import fingerprint
from opsdeck.model import IngestKey

Make = Callable[..., dict[str, Any]]
Body = Callable[..., bytes]
Stored = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def prints(door: Door, any_key: IngestKey, body: Body, stored: Stored) -> Callable[..., list[str]]:
    """Hands entries in and gives the fingerprints that are stored, "" for an entry without."""

    def hand_in(*entries: dict[str, Any]) -> list[str]:
        door.accept(body(*entries), any_key)
        return [found.get("error", {}).get("fingerprint", "") for found in stored()]

    return hand_in


def test_a_success_has_no_fingerprint(prints: Callable[..., list[str]], entry: Make, stored: Stored) -> None:
    assert prints(entry()) == [""]
    assert "error" not in stored()[0]


def test_a_failure_has_that_of_its_message_and_stack(prints: Callable[..., list[str]], failing: Make) -> None:
    assert prints(failing()) == [
        fingerprint("Template 'component/angular' not found", "detailed stack trace")
    ]


def test_values_in_the_message_do_not_count(prints: Callable[..., list[str]], failing: Make) -> None:
    messages = ("Template 'a' not found", "Template 'b/c' not found", "Folder 'a' not found")
    first, second, third = prints(*(failing({"error.message": message}) for message in messages))
    assert first == second != third


FORGED = ("1:0000000000000000", "9:ffff", "", "x" * 64)


@pytest.mark.parametrize("sent", FORGED)
def test_what_a_client_sends_is_overwritten(
    prints: Callable[..., list[str]], failing: Make, sent: str
) -> None:
    forged, honest = prints(failing({"error.fingerprint": sent}), failing())
    assert forged == honest != sent


def test_it_is_overwritten_on_the_careful_path_too(prints: Callable[..., list[str]], failing: Make) -> None:
    strange, honest = prints(failing({"error.fingerprint": "1:0", "color": "blue"}), failing())
    assert strange == honest


def test_secrets_are_out_before_it_is_made(
    prints: Callable[..., list[str]], failing: Make, stored: Stored
) -> None:
    tokens = ("Bearer 9f86d081-884c7d659a2f", "Bearer kX2pQ8vN4mT7zR1cW5yB")
    one, other = prints(*(failing({"error.message": f"push with {token} refused"}) for token in tokens))
    assert one == other == fingerprint(stored()[0]["error"]["message"], "detailed stack trace")


def test_only_what_is_kept_counts(prints: Callable[..., list[str]], failing: Make) -> None:
    """`frugal` keeps neither message nor stack (conftest): whoever reads the entry can make the same of it."""
    changes = {"service": "frugal"}
    assert (
        prints(failing(changes), failing({**changes, "error.message": "other"})) == [fingerprint("", "")] * 2
    )


def test_an_entry_that_is_cut_has_one(prints: Callable[..., list[str]], failing: Make) -> None:
    long = failing({"error.message": "m" * (MESSAGE_LIMIT + 1), "error.stack": "s" * (STACK_LIMIT + 1)})
    assert prints(long) == [fingerprint("m" * MESSAGE_LIMIT, "s" * STACK_LIMIT)]


def test_what_is_remembered_is_bounded(prints: Callable[..., list[str]], failing: Make) -> None:
    stamp._remembered.cache_clear()
    long = {"error.stack": "s" * stamp.SHORT}
    prints(
        *(failing({"error.message": f"word{'x' * n}"}) for n in range(2 * stamp.REMEMBERED)), failing(long)
    )
    info = stamp._remembered.cache_info()
    assert (info.currsize, info.misses) == (stamp.REMEMBERED, 2 * stamp.REMEMBERED)


def test_a_remembered_failure_is_not_computed_again(prints: Callable[..., list[str]], failing: Make) -> None:
    stamp._remembered.cache_clear()
    assert len(set(prints(*[failing()] * 5))) == 1
    assert stamp._remembered.cache_info().hits == 4
