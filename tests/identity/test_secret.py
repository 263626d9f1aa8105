"""Secrets say what they are, do not repeat, and give themselves away when they were not copied whole."""

import re

import pytest

from opsdeck.identity import secret as secrets
from opsdeck.identity.secret import Kind

KINDS: tuple[Kind, ...] = ("odk", "odl", "ods", "odt")


@pytest.mark.parametrize("kind", KINDS)
def test_a_secret_says_its_kind_and_is_well_formed(kind: Kind) -> None:
    secret = secrets.mint(kind)
    assert re.fullmatch(rf"{kind}_[A-Za-z0-9_-]{{49}}", secret)
    assert secrets.well_formed(secret, kind)
    assert not any(secrets.well_formed(secret, other) for other in KINDS if other != kind)


def test_no_two_are_the_same() -> None:
    assert len({secrets.mint("odk") for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize("at", range(53))
def test_a_mistyped_secret_is_known_without_a_look_into_the_store(at: int) -> None:
    secret = secrets.mint("odk")
    wrong = secret[:at] + ("A" if secret[at] != "A" else "B") + secret[at + 1 :]
    assert not secrets.well_formed(wrong, "odk")


@pytest.mark.parametrize("text", ["", "odk_", "x" * 53, "ü" * 53, "odk_" + "é" * 49, "odk_" + "A" * 49])
def test_other_texts_are_none(text: str) -> None:
    assert not secrets.well_formed(text, *KINDS)


def test_a_cut_or_padded_secret_is_none() -> None:
    secret = secrets.mint("odk")
    assert not any(secrets.well_formed(text, "odk") for text in (secret[:-1], secret + "A", f" {secret}"))


def test_the_digest_is_sha_256() -> None:
    assert secrets.digest("abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
