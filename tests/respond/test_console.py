"""The console channel: what it prints, and that names from outside cannot steer a terminal."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest

from opsdeck.errors import DeliveryError
from opsdeck.model import Delivery
from opsdeck.respond.channels import build
from opsdeck.respond.channels.console import Console
from opsdeck.spec.model import Channel

NOW = datetime(2025, 9, 9, 12, 5, tzinfo=UTC)


def delivery(title: str = "FIRING critical: x of cli", text: str = "it fires\nWhy: opsdeck …") -> Delivery:
    said = {"title": title, "text": text, "fired_seq": 7}
    return Delivery("7/c/a@b", 7, "cli/x", "c", "a@b", said, "pending", NOW, 0, "", NOW)


def printed(one: Delivery) -> str:
    stream = io.StringIO()
    Console(stream).deliver(one, NOW)
    return stream.getvalue()


def test_it_prints_title_person_and_text() -> None:
    assert printed(delivery()) == "FIRING critical: x of cli (to a@b)\n  it fires\n  Why: opsdeck …\n"


def test_control_characters_do_not_reach_the_terminal() -> None:
    assert "\x1b" not in printed(delivery(title="\x1b[2Jgone", text="\x1b]0;title\x07"))


def test_without_a_stream_it_is_standard_output(capsys: pytest.CaptureFixture[str]) -> None:
    build([Channel("c", "console", {})], Path())["c"].deliver(delivery(), NOW)
    assert capsys.readouterr().out.startswith("FIRING")


def test_a_closed_stream_is_tried_again() -> None:
    stream = io.StringIO()
    stream.close()
    with pytest.raises(DeliveryError) as caught:
        Console(stream).deliver(delivery(), NOW)
    assert not caught.value.permanent
