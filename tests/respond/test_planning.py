"""From the log to deliveries: who is told what, when, and what is held, muted or withdrawn."""

from dataclasses import replace
from datetime import timedelta

import pytest

from opsdeck import spec, timing
from opsdeck.model import Change, Cursor, Decision, Delivery
from opsdeck.respond import notify
from opsdeck.spec.model import Channel, Spec
from opsdeck.testing import Load, Story, failing, firing, given, nobody_told, ok, runs, told

SPEC = spec.load(None)
EACH = {"every": "1 minute", "until": "12:30"}
BAD = (runs(1, failing, **EACH), runs(1, ok, **EACH))
FRIDAY, SATURDAY = (timing.parse_iso(f"2025-09-{day}T12:00:00Z") for day in (12, 13))
HOOK = Channel("hook", "webhook", {"url": "http://127.0.0.1:9"})
MAIL = Channel("mail", "smtp", {"host": "mail", "from": "deck@company.com"})


def deliveries(story: Story, rule: str = "high_error_rate") -> list[Delivery]:
    with story.state.begin(write=False) as tx:
        return tx.find(Delivery, alert=f"{story.service.name}/{rule}")


def routed(story: Story, rule: str = "high_error_rate") -> list[str]:
    with story.state.begin(write=False) as tx:
        found = tx.find(Decision, alert=f"{story.service.name}/{rule}", stage="route")
    return [one.verdict for one in found]


def with_channels(*channels: Channel) -> Spec:
    return replace(SPEC, channels=channels)


def test_a_fire_goes_to_the_first_step_of_the_chain_over_every_channel() -> None:
    story = given(with_channels(HOOK, MAIL), *BAD).at("12:05")
    assert {(d.channel, d.target) for d in deliveries(story)} == {
        ("hook", "engineer@company.com"),
        ("mail", "engineer@company.com"),
    }


def test_the_key_is_the_row_the_channel_and_the_target() -> None:
    story = given(SPEC, *BAD).at("12:05")
    state = story.alert("high_error_rate")
    assert state is not None
    assert [d.key for d in deliveries(story)] == [f"{state.fired_seq}/console/engineer@company.com"]


def test_pending_is_no_message() -> None:
    given(SPEC, runs(1, failing, category="user_errors"), runs(99)).at("12:04").expect(nobody_told())


def test_a_service_may_name_its_channels() -> None:
    both = with_channels(HOOK, MAIL)
    service = replace(both.service("unjucks-cli"), channels=("mail",))
    story = given(replace(both, services={"unjucks-cli": service}), *BAD).at("12:05")
    assert [d.channel for d in deliveries(story)] == ["mail"]


def test_a_role_without_a_contact_is_named_itself() -> None:
    story = given(replace(SPEC, contacts={}), *BAD).at("12:05")
    assert [d.target for d in deliveries(story)] == ["on-call engineer"]


def test_without_an_smtp_channel_it_says_that_nothing_was_mailed() -> None:
    assert routed(given(SPEC, *BAD).at("12:05")) == ["at_once", "not_mailed"]
    assert routed(given(with_channels(MAIL), *BAD).at("12:05")) == ["at_once"]


def test_without_any_channel_it_says_so() -> None:
    assert routed(given(with_channels(), *BAD).at("12:05")) == ["no_channel"]


def test_a_warning_on_saturday_is_held_until_monday_morning() -> None:
    story = (
        given(SPEC, runs(1, failing), start=SATURDAY)
        .at("12:00")
        .expect(firing("error_rate_threshold"), nobody_told())
    )
    story.jump("2025-09-15T08:59:45Z").at("2025-09-15T08:59:59Z").expect(nobody_told())
    story.at("2025-09-15T09:00:00Z").expect(told("error_rate_threshold"))


def test_a_critical_alert_on_saturday_goes_out_at_once() -> None:
    given(SPEC, *BAD, start=SATURDAY).at("2025-09-13T12:05:00Z").expect(
        firing("high_error_rate"), told("high_error_rate")
    )


def test_a_warning_on_friday_noon_goes_out_at_once() -> None:
    given(SPEC, runs(1, failing), start=FRIDAY).at("12:00").expect(told("error_rate_threshold"))


def test_a_held_warning_that_resolves_is_never_sent() -> None:
    story = given(SPEC, runs(1, failing), runs(1, at="2025-09-13T12:10:00Z"), start=SATURDAY).at("12:00")
    story.jump("2025-09-13T12:10:00Z").at("2025-09-13T12:10:00Z").jump("2025-09-15T10:00:00Z").at(
        "2025-09-15T10:00:00Z"
    )
    story.expect(nobody_told())
    assert [d.status for d in deliveries(story, "error_rate_threshold")] == ["withdrawn"]
    assert routed(story, "error_rate_threshold") == ["held", "not_mailed", "withdrawn"]


def test_a_held_warning_that_is_inhibited_goes_out_when_that_ends() -> None:
    """Saturday: elevated_errors is held, then high_error_rate silences it and ends on Monday at noon."""
    mild = [load for day in ("13", "15") for load in twenty_fifth(f"2025-09-{day}T12:00:00Z")]
    grave = runs(9, failing, at="2025-09-13T12:20:00Z", every="2 minutes", until="2025-09-13T12:30:00Z")
    story = given(SPEC, *mild, grave, start=SATURDAY).at("12:15").expect(firing("elevated_errors"))
    story.at("2025-09-13T12:30:00Z").expect(firing("high_error_rate"), told("elevated_errors", times=0))
    assert [d.status for d in deliveries(story, "elevated_errors")] == ["withdrawn"]
    story.jump("2025-09-15T12:00:00Z").at("2025-09-15T12:00:00Z").expect(told("elevated_errors"))


def twenty_fifth(at: str) -> tuple[Load, Load]:
    """One run of 25 fails: 4%, which is elevated, not high."""
    each = {"at": at, "every": "5 minutes", "until": timing.parse_iso(at) + timedelta(minutes=21)}
    return runs(1, failing, **each), runs(24, ok, **each)


def test_an_inhibition_that_ends_with_its_alert_tells_nobody() -> None:
    story = given(SPEC, *BAD).at("12:15").expect(firing("elevated_errors"))
    with story.state.begin() as tx:
        data = {"fired_seq": 1}
        tx.append(
            Change(
                "inhibition",
                "unjucks-cli/elevated_errors",
                "high_error_rate",
                "",
                "released",
                "opsdeck",
                data,
            ),
            story.clock.now(),
        )
    notify.plan(story.state, story.spec, story.clock.now())
    assert "over" in routed(story, "elevated_errors")


def test_a_resolve_goes_where_its_fire_went() -> None:
    over = runs(9, at="12:30", every="1 minute", until="13:00")
    story = given(with_channels(HOOK, MAIL), *BAD, over).at("12:36")
    resolved = story.sent("high_error_rate", "resolved")
    assert sorted(d.channel for d in resolved) == ["hook", "mail"]


def test_an_alert_that_fires_again_is_told_again() -> None:
    once = (
        runs(1, failing),
        runs(1, at="12:04", every="1 minute", until="12:20"),
        runs(1, failing, at="12:20"),
    )
    given(SPEC, *once).at("12:20").expect(
        told("error_rate_threshold", times=2), told("error_rate_threshold", "resolved")
    )


def test_planning_again_plans_nothing() -> None:
    story = given(SPEC, *BAD).at("12:05")
    assert notify.plan(story.state, story.spec, story.clock.now()) == 0


def test_a_cursor_that_went_back_does_not_repeat_what_was_sent() -> None:
    story = given(SPEC, *BAD).at("12:05")
    with story.state.begin() as tx:
        tx.put(Cursor("notify", 0))
    story.at("12:06").expect(told("high_error_rate"))


def test_more_rows_than_one_reading_of_the_log_are_all_planned() -> None:
    story = given(SPEC, *BAD).at("12:05")
    with story.state.begin() as tx:
        last = tx.log()[-1]
        for _ in range(1500):
            tx.append(replace(last.change, kind="noise"), last.at)
        tx.append(replace(last.change, subject="unjucks-cli/service_down"), last.at)
    for _ in range(2):
        notify.plan(story.state, story.spec, story.clock.now())
    assert len(deliveries(story, "service_down")) == 1


def without_rules(story: Story) -> Story:
    """The spec loses all rules; the alerts of the deck are still those of before."""
    bare = replace(story.service, rules=())
    story.spec = replace(story.spec, services={bare.name: bare})
    return story


def test_a_rule_that_left_the_spec_is_not_sent_and_says_so() -> None:
    without_rules(given(SPEC, *BAD).at("12:04:45")).at("12:05").expect(told("high_error_rate", times=0))


def test_who_was_told_of_a_fire_hears_of_its_end_even_if_the_rule_is_gone() -> None:
    story = without_rules(given(SPEC, *BAD).at("12:05"))
    story.service = replace(story.service, rules=())
    assert len(story.at("12:06").sent("high_error_rate", "resolved")) == 1


FIRING = """\
unjucks-cli: many operations fail.
Now 50% (6 of 12 runs failed); the rule is error_rate > 5% for 5 minutes.
Firing since 2025-09-09 12:05 UTC. on-call engineer: please answer within 15 minutes.
Why: opsdeck alerts explain unjucks-cli/high_error_rate"""
RESOLVED = """\
unjucks-cli: high_error_rate is over.
Now 0% (0 of 5 runs failed); the rule is error_rate > 5% for 5 minutes.
It fired at 2025-09-09 12:05 UTC and resolved at 2025-09-09 12:34 UTC, after 29 minutes 15 seconds.
Why: opsdeck alerts explain unjucks-cli/high_error_rate"""


@pytest.mark.parametrize(("status", "said"), [("firing", FIRING), ("resolved", RESOLVED)])
def test_what_a_message_says(status: str, said: str) -> None:
    story = given(SPEC, *BAD, runs(1, at="12:30", every="1 minute", until="13:00")).at("12:36")
    [message] = story.sent("high_error_rate", status)
    assert message.payload["text"] == said


def test_the_payload_is_for_machines_too() -> None:
    [message] = given(SPEC, *BAD).at("12:05").sent("high_error_rate")
    wanted = ("status", "service", "rule", "severity", "tier", "value", "threshold", "since", "to", "role")
    assert [message.payload[name] for name in wanted] == [
        "firing", "unjucks-cli", "high_error_rate", "critical", 1, 0.5, 0.05,
        "2025-09-09T12:05:00.000Z", "engineer@company.com", "on-call engineer",
    ]  # fmt: skip
