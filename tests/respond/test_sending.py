"""At least once, never lost: claims, retries, crashes, several senders, receivers of every kind."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from receivers import Hook, Mailbox, free_port

from opsdeck import alerts, spec
from opsdeck.errors import DeliveryError
from opsdeck.model import Decision, Delivery, Transition
from opsdeck.respond import channels
from opsdeck.respond.notify import plan, retry, send
from opsdeck.spec.model import Channel
from opsdeck.stores.api import StateStore, Transaction
from opsdeck.testing import START, Outbox, Story, failing, given, ok, runs

SPEC = spec.load(None)
EACH = {"every": "1 minute", "until": "12:30"}
NOW = START + timedelta(minutes=5)
SECOND = timedelta(seconds=1)


def planned(*declared: Channel) -> Story:
    """A story whose high_error_rate has fired and been planned, with nothing sent yet."""
    story = given(
        replace(SPEC, channels=declared or SPEC.channels), runs(1, failing, **EACH), runs(1, ok, **EACH)
    )
    story.outbox.failures = [DeliveryError("not yet", permanent=False)] * 1000
    story.at("12:05")
    with story.state.begin() as tx:
        for one in tx.find(Delivery):
            tx.drop(Delivery, one.key)
            if one.alert.endswith("/high_error_rate"):
                tx.put(replace(one, due_at=NOW, attempts=0, error=""))
    return story


def delivery(story: Story) -> Delivery:
    with story.state.begin(write=False) as tx:
        [found] = tx.find(Delivery, alert=f"{story.service.name}/high_error_rate")
    return found


def sent_by(story: Story, channel: channels.Channel, at: datetime = NOW, owner: str = "one") -> int:
    return send(story.state, {"console": channel}, owner, at)


def test_what_got_out_is_marked_sent() -> None:
    story, outbox = planned(), Outbox()
    assert sent_by(story, outbox) == 1
    found = delivery(story)
    assert (found.status, found.sent_at, found.attempts, found.claimed_by) == ("sent", NOW, 1, "")


def test_what_was_sent_is_not_sent_again() -> None:
    story, outbox = planned(), Outbox()
    sent_by(story, outbox)
    assert sent_by(story, outbox, NOW + timedelta(hours=1)) == 0
    assert len(outbox.deliveries) == 1


def test_what_is_not_due_waits() -> None:
    story, outbox = planned(), Outbox()
    assert sent_by(story, outbox, NOW - SECOND) == 0


def test_a_failure_is_tried_again_after_its_delay() -> None:
    story, outbox = planned(), Outbox(DeliveryError("busy", permanent=False))
    sent_by(story, outbox)
    due = delivery(story).due_at
    assert due == NOW + retry.delay(delivery(story).key, 1)
    assert sent_by(story, outbox, due - timedelta(microseconds=1)) == 0
    assert sent_by(story, outbox, due) == 1


def test_a_permanent_failure_is_not_tried_again() -> None:
    story, outbox = planned(), Outbox(DeliveryError("410 gone", permanent=True))
    sent_by(story, outbox)
    assert (delivery(story).status, delivery(story).error) == ("failed", "410 gone")
    assert sent_by(story, outbox, NOW + timedelta(days=1)) == 0


def test_a_failure_for_good_is_a_row_in_the_log() -> None:
    story = planned()
    sent_by(story, Outbox(DeliveryError("410 gone", permanent=True)))
    with story.state.begin(write=False) as tx:
        [row] = tx.log(kind="delivery")
    assert (row.change.new, row.change.reason) == ("failed", "410 gone")


def test_after_the_last_attempt_it_gives_up() -> None:
    story, at = planned(), NOW
    outbox = Outbox(*[DeliveryError("busy", permanent=False)] * retry.ATTEMPTS)
    for _ in range(retry.ATTEMPTS):
        sent_by(story, outbox, at)
        at = delivery(story).due_at
    assert (delivery(story).status, delivery(story).attempts) == ("failed", retry.ATTEMPTS)


def test_a_channel_that_breaks_in_an_unknown_way_is_tried_again() -> None:
    class Broken:
        def deliver(self, _delivery: Delivery, _now: datetime) -> None:
            raise KeyError("oops")

    story = planned()
    assert sent_by(story, Broken()) == 0
    assert (delivery(story).status, delivery(story).error) == ("pending", "KeyError: 'oops'")


def test_a_channel_that_left_the_spec_fails_for_good() -> None:
    story = planned()
    send(story.state, {}, "one", NOW)
    assert delivery(story).status == "failed"


def test_a_silence_that_began_after_the_plan_holds_it_back() -> None:
    story, outbox = planned(), Outbox()
    with story.state.begin() as tx:
        until = NOW + timedelta(hours=1)
        alerts.silence(tx, "*", "*", until=until, reason="upgrade", actor="ada", now=NOW)
    assert (sent_by(story, outbox), delivery(story).due_at) == (0, until)
    assert sent_by(story, outbox, until) == 1


def test_more_than_one_batch_goes_out_over_several_ticks() -> None:
    story, outbox = planned(), Outbox()
    one = delivery(story)
    with story.state.begin() as tx:
        for number in range(60):
            tx.put(replace(one, key=f"{one.key}{number}"))
    sent = [sent_by(story, outbox) for _ in range(4)]
    assert (sum(sent), sent[-1]) == (61, 0)


def test_a_delivery_that_vanished_while_it_was_sent_is_no_error() -> None:
    story = planned()

    class Vanishing:
        def deliver(self, gone: Delivery, _now: datetime) -> None:
            with story.state.begin() as tx:
                tx.drop(Delivery, gone.key)

    assert sent_by(story, Vanishing()) == 0


# ---- several senders ----------------------------------------------------------------------------------------------


def test_two_senders_at_once_deliver_once() -> None:
    story, outbox, together = planned(), Outbox(), threading.Barrier(4)

    def deck(owner: str) -> None:
        together.wait()
        sent_by(story, outbox, owner=owner)

    decks = [threading.Thread(target=deck, args=(f"deck {n}",)) for n in range(4)]
    for one in decks:
        one.start()
    for one in decks:
        one.join()
    assert len(outbox.deliveries) == 1


def test_a_running_lease_of_somebody_else_is_respected() -> None:
    story, outbox = planned(), Outbox()
    with story.state.begin() as tx:
        tx.claim(Delivery, delivery_key(tx), "another", NOW, timedelta(minutes=1))
    assert sent_by(story, outbox) == 0
    assert sent_by(story, outbox, NOW + timedelta(minutes=1)) == 1


def delivery_key(tx: Transaction) -> str:
    return tx.find(Delivery)[0].key


# ---- crashes ------------------------------------------------------------------------------------------------------


class PowerCutError(Exception):
    """The process is gone."""


@dataclass
class CrashingState:
    """A state store whose machine loses power in the given writing transaction (1 is the first), before it commits."""

    inner: StateStore
    crash_in: int

    @contextmanager
    def begin(self, *, write: bool = True) -> Iterator[Transaction]:
        self.crash_in -= write
        with self.inner.begin(write=write) as tx:
            yield tx
            if write and self.crash_in == 0:
                raise PowerCutError

    def close(self) -> None:
        self.inner.close()


CLAIM, MARK = 1, 2


def test_a_crash_between_send_and_mark_sends_again_under_the_same_key(hook: Hook, tmp_path: Path) -> None:
    declared = Channel("hook", "webhook", {"url": hook.url})
    story, built = planned(declared), channels.build([declared], tmp_path)
    with pytest.raises(PowerCutError):
        send(CrashingState(story.state, MARK), built, "one", NOW)
    assert send(story.state, built, "two", NOW + timedelta(minutes=1)) == 1
    keys = [headers["idempotency-key"] for headers, _ in hook.requests]
    assert len(keys) == 2
    assert keys[0] == keys[1]


def test_a_crash_while_claiming_sends_nothing_and_loses_nothing() -> None:
    story, outbox = planned(), Outbox()
    with pytest.raises(PowerCutError):
        send(CrashingState(story.state, CLAIM), {"console": outbox}, "one", NOW)
    assert outbox.deliveries == []
    assert sent_by(story, outbox) == 1


def test_a_crash_while_planning_plans_all_of_it_later() -> None:
    story = given(SPEC, runs(1, failing, **EACH)).at("12:04:45").jump("12:05")
    with story.state.begin() as tx:
        row = tx.log()[-1]
        tx.append(replace(row.change, old="pending", new="firing"), NOW)
    with pytest.raises(PowerCutError):
        plan(CrashingState(story.state, 1), SPEC, NOW)
    assert plan(story.state, SPEC, NOW) == 1


# ---- order, and what holds a delivery back ------------------------------------------------------------------------


def resolved(story: Story) -> Story:
    """The alert is over while its fire is still being tried."""
    with story.state.begin() as tx:
        fire = tx.log(kind="alert", subject=f"{story.service.name}/high_error_rate")[-1]
        tx.append(end(fire), NOW + SECOND)
    plan(story.state, story.spec, NOW + SECOND)
    return story


def end(fire: Transition) -> object:
    data = dict(fire.change.data) | {"fired_seq": fire.seq, "value": 0.0}
    return replace(fire.change, old="firing", new="resolved", reason="resolved", data=data)


def test_a_resolve_waits_for_its_fire() -> None:
    story, outbox = resolved(planned()), Outbox(DeliveryError("busy", permanent=False))
    sent_by(story, outbox, NOW + SECOND)
    assert outbox.deliveries == []
    for minutes in (1, 2):
        sent_by(story, outbox, NOW + timedelta(minutes=minutes))
    assert [d.payload["status"] for d in outbox.deliveries] == ["firing", "resolved"]


def test_a_resolve_whose_fire_never_got_out_is_withdrawn() -> None:
    story, outbox = resolved(planned()), Outbox(DeliveryError("410 gone", permanent=True))
    for minutes in (1, 2):
        sent_by(story, outbox, NOW + timedelta(minutes=minutes))
    with story.state.begin(write=False) as tx:
        assert sorted(d.status for d in tx.find(Delivery)) == ["failed", "withdrawn"]
    assert outbox.deliveries == []


def test_every_attempt_is_a_step_of_the_alert_s_path() -> None:
    story, outbox = planned(), Outbox(DeliveryError("busy", permanent=False))
    sent_by(story, outbox)
    sent_by(story, outbox, NOW + timedelta(minutes=1))
    with story.state.begin(write=False) as tx:
        found = [one.verdict for one in tx.find(Decision, stage="deliver", alert=delivery(story).alert)]
    assert found[-2:] == ["retry", "sent"]


# ---- real receivers -----------------------------------------------------------------------------------------------


def test_a_slow_receiver_holds_up_nobody_else(hook: Hook, mailbox: Mailbox, tmp_path: Path) -> None:
    hook.hold = threading.Event()
    slow = Channel("hook", "webhook", {"url": hook.url, "timeout": "300 ms"})
    mail = Channel(
        "mail", "smtp", {"host": "127.0.0.1", "port": str(mailbox.port), "from": "d@x.example", "tls": "none"}
    )
    story = planned(slow, mail)
    assert send(story.state, channels.build([slow, mail], tmp_path), "one", NOW) == 1
    assert len(mailbox.mails) == 1


@pytest.mark.parametrize(("status", "left"), [(204, "sent"), (500, "pending"), (429, "pending"), (404, "failed"), (302, "failed")])  # fmt: skip
def test_what_the_receiver_s_answer_makes_of_a_delivery(
    hook: Hook, tmp_path: Path, status: int, left: str
) -> None:
    hook.answers = [status]
    declared = Channel("hook", "webhook", {"url": hook.url})
    story = planned(declared)
    send(story.state, channels.build([declared], tmp_path), "one", NOW)
    assert delivery(story).status == left


def test_a_dead_receiver_gets_it_when_it_is_back(hook: Hook, tmp_path: Path) -> None:
    alive, dead = hook.url, f"http://127.0.0.1:{free_port()}/"
    story = planned(Channel("hook", "webhook", {"url": dead}))
    send(story.state, channels.build([Channel("hook", "webhook", {"url": dead})], tmp_path), "one", NOW)
    back = channels.build([Channel("hook", "webhook", {"url": alive})], tmp_path)
    assert send(story.state, back, "one", delivery(story).due_at) == 1
    assert len(hook.requests) == 1


# ---- retry --------------------------------------------------------------------------------------------------------


def test_delays_double_up_to_a_cap() -> None:
    seconds = [retry.delay("k", attempts).total_seconds() for attempts in (1, 2, 3, 4, 20, 99)]
    for nominal, found in zip([5, 10, 20, 40, 900, 900], seconds, strict=True):
        assert 0.8 * nominal <= found <= 1.2 * nominal


def test_a_delay_is_the_same_on_every_deck() -> None:
    assert retry.delay("7/hook/a", 3) == retry.delay("7/hook/a", 3)


def test_deliveries_that_failed_together_do_not_come_back_together() -> None:
    assert len({retry.delay(f"{n}/hook/a", 3) for n in range(50)}) == 50
