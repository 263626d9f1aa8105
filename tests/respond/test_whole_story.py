"""Failing runs in, a signed webhook and a mail out: DuckDB, SQLite, real receivers, real durations, a manual clock."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import pytest
from receivers import Hook, Mailbox

from opsdeck import alerts, spec
from opsdeck.respond import channels, notify
from opsdeck.spec.model import Channel
from opsdeck.stores.events import open_events
from opsdeck.stores.state import open_state
from opsdeck.testing import START, Story, failing, given, ok, runs

MINUTE = timedelta(minutes=1)


@dataclass
class Deck:
    """A story with channels that really deliver."""

    story: Story
    built: dict[str, channels.Channel]

    def go(self, minutes: int) -> None:
        """Look each minute up to that one."""
        while (now := self.story.clock.now()) < START + minutes * MINUTE:
            now += MINUTE
            self.story.jump(now)
            alerts.tick(self.story.state, self.story.events, [self.story.service], now)
            notify.plan(self.story.state, self.story.spec, now)
            notify.send(self.story.state, self.built, "deck", now)


@pytest.fixture
def deck(hook: Hook, mailbox: Mailbox, tmp_path: Path) -> Iterator[Deck]:
    declared = (
        Channel("hook", "webhook", {"url": hook.url}),
        Channel(
            "mail",
            "smtp",
            {"host": "127.0.0.1", "port": str(mailbox.port), "from": "d@x.example", "tls": "none"},
        ),
    )
    defaults = spec.load(None)
    service = defaults.service("unjucks-cli")
    only = replace(service, rules=tuple(rule for rule in service.rules if rule.name == "high_error_rate"))
    loads = (
        runs(3, failing, at="12:01", every="1 minute", until="12:20"),
        runs(7, ok, at="12:01", every="1 minute", until="12:40"),
    )
    story = given(
        replace(defaults, services={service.name: only}, channels=declared),
        *loads,
        events=open_events(f"duckdb:///{tmp_path / 'events.duckdb'}", defaults.edges),
        state=open_state(f"sqlite:///{tmp_path / 'state.db'}"),
    )
    yield Deck(story, dict(channels.build(declared, tmp_path)))
    story.events.close()
    story.state.close()


def statuses(hook: Hook) -> list[str]:
    return [json.loads(body)["status"] for _, body in hook.requests]


def test_one_step_before_the_line_nobody_is_told(deck: Deck, hook: Hook, mailbox: Mailbox) -> None:
    deck.go(5)
    assert (statuses(hook), mailbox.mails) == ([], [])


def test_on_the_line_both_are_told_once(deck: Deck, hook: Hook, mailbox: Mailbox) -> None:
    deck.go(9)
    assert statuses(hook) == ["firing"]
    assert [str(mail["Subject"]) for mail in mailbox.mails] == [
        "[opsdeck] FIRING critical: high_error_rate of unjucks-cli"
    ]


def test_both_are_told_of_the_end_once(deck: Deck, hook: Hook, mailbox: Mailbox) -> None:
    deck.go(30)
    assert statuses(hook) == ["firing", "resolved"]
    assert len(mailbox.mails) == 2


def test_a_receiver_that_was_down_gets_both_in_order(deck: Deck, hook: Hook) -> None:
    hook.answers = [503] * 4
    deck.go(40)
    assert statuses(hook)[-2:] == ["firing", "resolved"]
    assert len({headers["idempotency-key"] for headers, _ in hook.requests}) == 2


def test_explain_tells_the_whole_story(deck: Deck) -> None:
    deck.go(30)
    with deck.story.state.begin(write=False) as tx:
        found = alerts.explain(tx, deck.story.service, "high_error_rate", deck.story.clock.now())
    verdicts = [step.verdict for step in found.steps if step.verdict not in ("quiet", "firing")]
    assert verdicts == [
        "holding",
        "fired",
        "at_once",
        "sent",
        "sent",
        "resolved",
        "at_once",
        "at_once",
        "sent",
        "sent",
    ]
    assert [delivery.status for delivery in found.deliveries] == ["sent"] * 4
