"""Every mistake is found at its place, all of them at once: `line:column: path: message`."""

import random
from collections.abc import Callable
from pathlib import Path

import pytest

from opsdeck import spec
from opsdeck.errors import SpecError

EXAMPLES = Path(__file__).parents[2] / "examples"
Problems = Callable[[str], list[str]]

TEN = """\
6:37: alerts.service_down.escalation: unknown role 'team leed'; did you mean team lead?
8:31: alerts.performance_degraded.condition: expected a unit of time after 5: a time such as 5 seconds or 200ms, \
found '%'
10:16: alerts.elevated_errors.condition: can only hold when high_error_rate does, which inhibits it: high_error_rate \
is `error_rate > 5% for 5 minutes`
11:5: alerts.elevated_errors.respons_time: unknown key; did you mean response_time?
13:16: alerts.high_resource_usage.condition: unknown indicator 'cpu_usge'; did you mean cpu_usage or run_cpu_usage?
14:3: alerts.high_resource_usage: stands here twice; first in line 12
15:15: alerts.high_resource_usage.severity: expected critical, high, warning, medium or low, found 'warnin'; did you \
mean warning?
18:9: calendar.zone: unknown time zone 'Europe/Berlim'; did you mean Europe/Berlin or Europe/Belfast?
19:26: calendar.holidays.1: expected a date such as 2026-12-25, found '2026-13-01'
25:31: services.unjucks-cli.objectives.availability.target: 0.999 of a year leaves 8.76 hours of downtime, not 87.6 \
hours
"""


def test_ten_different_mistakes_are_listed_with_their_places() -> None:
    path = EXAMPLES / "broken" / "operations.yaml"
    listed = [str(one).removeprefix(f"{path}:") for one in spec.problems(path)]
    assert listed == TEN.splitlines()


def test_a_folder_lists_the_same_ten() -> None:
    assert len(spec.problems(EXAMPLES / "broken")) == 10


def test_a_broken_spec_does_not_load_and_says_all_of_it() -> None:
    with pytest.raises(SpecError) as refused:
        spec.load(EXAMPLES / "broken")
    assert len(refused.value.problems) == 10
    assert str(refused.value).endswith("10 problems")
    assert refused.value.hint


def test_the_accelerated_example_is_good() -> None:
    assert spec.problems(EXAMPLES / "accelerated") == ()


def test_the_shipped_spec_is_good() -> None:
    assert spec.problems(None) == ()


ONE: dict[str, tuple[str, str]] = {
    # ---- single values
    "an unknown section": ("alrts: {}", "1:1: alrts: unknown key; did you mean alerts?"),
    "a newer format": ("spec: 2", "1:7: spec: expected at most 1, found '2'"),
    "a section that is a text": ("alerts: none", "1:9: alerts: expected a map (name: value), found 'none'"),
    "a section that is a list": (
        "calendar: [UTC]",
        "1:1: calendar: expected a map (name: value), found a list",
    ),
    "services that are a text": (
        "services: all",
        "1:11: services: expected a map (name: value), found 'all'",
    ),
    "a service that is a text": (
        "services: {a: all}",
        "1:15: services.a: expected a map (name: value), found 'all'",
    ),
    "a text that is a map": (
        "calendar: {zone: {a: b}}",
        "1:12: calendar.zone: expected a text, found a map",
    ),
    "a list that is a text": ("operations: all", "1:13: operations: expected a list, found 'all'"),
    "a flag that is neither": (
        "errors: {categories: {user_errors: {auto_retry: maybe}}}",
        "1:49: errors.categories.user_errors.auto_retry: expected true or false, found 'maybe'",
    ),
    "a number that is none": (
        "alerts: {service_down: {tier: first}}",
        "1:31: alerts.service_down.tier: expected a whole number, found 'first'",
    ),
    "a third tier": (
        "alerts: {service_down: {tier: 3}}",
        "1:31: alerts.service_down.tier: expected at most 2, found '3'",
    ),
    "an exit code beyond 255": (
        "success_exit_codes: [0, 256]",
        "1:25: success_exit_codes.1: expected at most 255, found '256'",
    ),
    "a duration of nothing": (
        "evaluation: {every: 0 seconds}",
        "1:21: evaluation.every: expected a duration above zero",
    ),
    "a name with a space": (
        "services: {my tool: {}}",
        "1:12: services.my tool: 'my tool' is not a name: expected letters, digits, dots, dashes and underscores",
    ),
    "an error code in small letters": (
        "errors: {codes: {oops: user_errors}}",
        "1:18: errors.codes.oops: 'oops' is not a name: expected letters, digits, dots, dashes and underscores",
    ),
    "business hours that end before they begin": (
        "calendar: {hours: '17:00-09:00'}",
        "1:26: calendar.hours: closes before it opens",
    ),
    "a weekday that is none": (
        "calendar: {days: Monday to Fryday}",
        "1:28: calendar.days: expected a weekday such as Monday, found 'Fryday'",
    ),
    "a new rule without its keys": (
        "alerts: {mine: {tier: 1, severity: high, condition: error_rate > 9% for 9 minutes}}",
        "1:10: alerts.mine.response_time: is missing",
    ),
    # ---- across values: rules
    "a rule with neither condition nor threshold": (
        "alerts: {mine: {tier: 1, severity: high, response_time: 1 hour}}",
        "1:10: alerts.mine: needs a `condition`",
    ),
    "a rule with both": (
        "alerts: {unique_errors: {condition: unique_errors > 3}}",
        "1:10: alerts.unique_errors: has both `condition` and `follows`: keep one",
    ),
    "two windows": (
        "alerts: {high_error_rate: {window: 1 hour}}",
        "1:36: alerts.high_error_rate.window: the condition already has a window of 5 minutes: leave this out",
    ),
    "a hold that nobody looks at": (
        "alerts: {high_error_rate: {condition: error_rate > 5% over 5 minutes for 3 seconds}}",
        (
            "1:39: alerts.high_error_rate.condition: a hold of 3 seconds cannot be seen: conditions are looked at every "
            "15 seconds"
        ),
    ),
    "a window with gaps": (
        "alerts: {high_error_rate: {condition: error_rate > 5% over 3 seconds}}",
        (
            "1:39: alerts.high_error_rate.condition: a window of 3 seconds leaves gaps: conditions are looked at every "
            "15 seconds"
        ),
    ),
    "a window beyond what is kept": (
        "alerts: {high_error_rate: {condition: error_rate > 5% over 91 days}}",
        "1:39: alerts.high_error_rate.condition: reaches back 91 days, entries are kept for 90 days",
    ),
    "a hold beyond what is kept": (
        "alerts: {high_error_rate: {condition: error_rate > 5% over 1 hour for 91 days}}",
        "1:39: alerts.high_error_rate.condition: reaches back 91 days, entries are kept for 90 days",
    ),
    "evaluation without a pause": (
        "evaluation: {every: 10 ms}",
        "1:21: evaluation.every: expected at least 100 ms",
    ),
    "a rule that inhibits itself": (
        "alerts: {elevated_errors: {inhibits: [elevated_errors]}}",
        "1:39: alerts.elevated_errors.inhibits.0: a rule cannot inhibit itself",
    ),
    "an inhibited rule that does not exist": (
        "alerts: {elevated_errors: {inhibits: [servce_down]}}",
        "1:39: alerts.elevated_errors.inhibits.0: unknown rule 'servce_down'; did you mean service_down?",
    ),
    "two rules in a ring": (
        "alerts: {elevated_errors: {inhibits: [high_error_rate]}}",
        (
            "1:28: alerts.elevated_errors.inhibits: inhibits in a ring: high_error_rate -> elevated_errors -> "
            "high_error_rate"
        ),
    ),
    "two rules with one condition": (
        "alerts: {high_resource_usage: {condition: error_rate > 2% for 15 minutes}}",
        "1:43: alerts.high_resource_usage.condition: overlaps: elevated_errors has the same condition",
    ),
    "a severity level that is not declared": (
        "alerts: {service_down: {incident: P9}}",
        (
            "1:35: alerts.service_down.incident: unknown severity level 'P9': expected P0_Critical, P1_High, P2_Medium, "
            "P3_Low"
        ),
    ),
    "a chain whose role nobody stands for": (
        "alerts: {service_down: {escalation: on-call engineer -> director}}",
        "1:37: alerts.service_down.escalation: no contact stands for 'director': see `roles` and `contacts`",
    ),
    # ---- across values: error tracking
    "a rate in the wrong unit": (
        "errors: {aggregation: {alert_thresholds: {unique_errors: '> 5%'}}}",
        (
            "1:62: errors.aggregation.alert_thresholds.unique_errors: expected no unit after 5: a number such as 10 or "
            "10/hour, found '%'"
        ),
    ),
    "a share without %": (
        "errors: {aggregation: {alert_thresholds: {error_rate: '> 5'}}}",
        (
            "1:59: errors.aggregation.alert_thresholds.error_rate: expected % after 5: a percentage such as 5%, found "
            "the end"
        ),
    ),
    "a code in a category that is none": (
        "errors: {codes: {OOPS: user_error}}",
        "1:24: errors.codes.OOPS: unknown error category 'user_error'; did you mean user_errors or system_errors?",
    ),
    "a dimension that does not exist": (
        "errors: {aggregation: {group_by: [generator]}}",
        (
            "1:35: errors.aggregation.group_by.0: expected error_code, error_category, template, user_type, version, "
            "environment, operation or command, found 'generator'"
        ),
    ),
    # ---- across values: objectives and targets
    "an objective over nothing": (
        "objectives: {performance: {indicator: p59_latency}}",
        (
            "1:39: objectives.performance.indicator: unknown indicator 'p59_latency'; did you mean p99_latency or "
            "p95_latency?"
        ),
    ),
    "a target in the wrong unit": (
        "objectives: {performance: {target: P95 < 2%}}",
        (
            "1:43: objectives.performance.target: expected a unit of time after 2: a time such as 5 seconds or 200ms, "
            "found '%'"
        ),
    ),
    "a percentile without its rank": (
        "objectives: {performance: {target: < 2 seconds}}",
        "1:36: objectives.performance.target: a percentile needs a time and its rank, such as P95 < 2 seconds",
    ),
    "a budget of nothing": (
        "objectives: {availability: {target: 100%}}",
        "1:37: objectives.availability.target: leaves no error budget at all: nothing could ever fail",
    ),
    "a budget that is no share": (
        "objectives: {performance: {kind: budget, target: < 2 seconds}}",
        "1:50: objectives.performance.target: a budget needs a share, p95_latency is not one",
    ),
    "a limit with a percentile": (
        "objectives: {recovery_time: {target: P95 < 4 hours}}",
        "1:38: objectives.recovery_time.target: a limit has no percentile",
    ),
    "an availability above all": (
        "objectives: {availability: {target: 999%}}",
        "1:37: objectives.availability.target: a share lies between 0% and 100%",
    ),
    "a p95 faster than the p50": (
        "performance: {cli_startup: {p95: < 100ms}}",
        "1:34: performance.cli_startup.p95: is below p50: a higher percentile is never faster",
    ),
    "a memory baseline above the peak": (
        "performance: {memory_usage: {baseline: < 300MB}}",
        "1:40: performance.memory_usage.baseline: is above the peak",
    ),
    "an indicator that the deck cannot measure": (
        "indicators: {happiness: {title: Happiness, unit: ratio, definition: smiles}}",
        "1:14: indicators.happiness: unknown indicator 'happiness'",
    ),
    "an indicator in another unit": (
        "indicators: {error_rate: {unit: ms}}",
        "1:33: indicators.error_rate.unit: is measured in ratio, which no spec can change",
    ),
    "a target of an indicator in the wrong unit": (
        "indicators: {health_check_response_time: {target: < 5%}}",
        "1:54: indicators.health_check_response_time.target: expected a unit of time after 5",
    ),
    "a KPI in the wrong unit": (
        "kpis: {quality: {target: < 1 minute}}",
        "1:30: kpis.quality.target: expected % after 1",
    ),
    "a KPI over nothing": (
        "kpis: {quality: {indicator: quality}}",
        "1:29: kpis.quality.indicator: unknown indicator 'quality'",
    ),
    # ---- across values: people, channels, incidents, probes
    "a role that is none": (
        "roles: {boss: [manager]}",
        "1:9: roles.boss: unknown role 'boss': expected C-level, director, manager, on-call engineer, team lead",
    ),
    "a contact that is none": (
        "roles: {manager: [manger]}",
        "1:19: roles.manager.0: unknown contact 'manger'; did you mean manager?",
    ),
    "a default chain that reaches nobody": (
        "routing: {without_chain: director}",
        "1:26: routing.without_chain: no contact stands for 'director': see `roles` and `contacts`",
    ),
    "a channel that is none": (
        "routing: {channels: [none]}",
        "1:22: routing.channels.0: unknown channel 'none': expected console",
    ),
    "a webhook without its address": (
        "channels: {hook: {kind: webhook}}",
        "1:12: channels.hook.url: is missing: a webhook channel needs it",
    ),
    "a webhook with half an address": (
        "channels: {hook: {kind: webhook, url: example.com}}",
        "1:39: channels.hook.url: expected an address such as https://example.com/hook, found 'example.com'",
    ),
    "a webhook with a mail setting": (
        "channels: {hook: {kind: webhook, url: 'https://example.com', port: 25}}",
        "1:62: channels.hook.port: a webhook channel has no such setting: expected secret_file, timeout, url",
    ),
    "a port beyond all ports": (
        "channels: {mail: {kind: smtp, host: a, from: a@b, to: c@d, port: 65536}}",
        "1:66: channels.mail.port: expected at most 65535, found '65536'",
    ),
    "mail to nobody": (
        "channels: {mail: {kind: smtp, host: a, from: a@b, to: everybody}}",
        "1:55: channels.mail.to: unknown role 'everybody'",
    ),
    "mail to a role that nobody stands for": (
        "channels: {mail: {kind: smtp, host: a, from: a@b, to: director}}",
        "1:55: channels.mail.to: no contact stands for 'director'",
    ),
    "mail from nowhere": (
        "channels: {mail: {kind: smtp, host: a, from: opsdeck}}",
        "1:46: channels.mail.from: expected an address such as opsdeck@example.com, found 'opsdeck'",
    ),
    "mail over no server": (
        "channels: {mail: {kind: smtp, from: a@b}}",
        "1:12: channels.mail.host: is missing: a smtp channel needs it",
    ),
    "a user without a password": (
        "channels: {mail: {kind: smtp, host: a, from: a@b, to: c@d, username: me}}",
        "1:70: channels.mail.username: needs `password_file` beside it",
    ),
    "a channel of no kind": (
        "channels: {hook: {kind: pager}}",
        "1:25: channels.hook.kind: expected console, webhook or smtp, found 'pager'",
    ),
    "an incident that is resolved before anybody responds": (
        "incidents: {severities: {P0_Critical: {response_time: 3 hours}}}",
        "1:55: incidents.severities.P0_Critical.response_time: comes after the resolution, which is due in 2 hours",
    ),
    "a probe slower than its schedule": (
        "services: {unjucks-cli: {probes: {timeout: 2 minutes}}}",
        "1:44: services.unjucks-cli.probes.timeout: expected at most 1 minute, the time until the next run",
    ),
    "probes without a pause": (
        "services: {unjucks-cli: {probes: {every: 10 ms, timeout: 5 ms}}}",
        "1:42: services.unjucks-cli.probes.every: expected at least 1 second",
    ),
    "a probe whose quotes do not close": (
        'services: {unjucks-cli: {probes: {runs: {version: {command: unjucks "}}}}}',
        "1:61: services.unjucks-cli.probes.runs.version.command: is not a command line: no closing quotation",
    ),
    "a probe of an operation that does not exist": (
        "services: {unjucks-cli: {probes: {runs: {version: {operation: cli_start}}}}}",
        (
            "1:63: services.unjucks-cli.probes.runs.version.operation: unknown operation 'cli_start'; did you mean "
            "cli_startup?"
        ),
    ),
}


@pytest.mark.parametrize("sentence", ONE)
def test_one_mistake_is_one_problem_at_its_place(problems: Problems, sentence: str) -> None:
    text, expected = ONE[sentence]
    found = problems(text + "\n")
    assert len(found) == 1, found
    assert found[0].startswith(expected)


def test_a_mistake_in_an_inherited_section_is_told_once(problems: Problems) -> None:
    found = problems("alerts: {service_down: {severity: grave}}\nservices: {a: {}, b: {}}\n")
    assert [one.partition(": expected")[0] for one in found] == ["1:35: alerts.service_down.severity"]


def test_a_mistake_in_one_service_is_told_there(problems: Problems) -> None:
    found = problems("services:\n  a:\n    alerts:\n      service_down: {severity: grave}\n  b: {}\n")
    assert [one.partition(": expected")[0] for one in found] == [
        "4:32: services.a.alerts.service_down.severity"
    ]


def test_a_conflict_with_a_default_is_told_where_the_user_wrote(problems: Problems) -> None:
    found = problems("evaluation:\n  every: 10 minutes\n")
    assert len(found) == 6
    assert {one.partition(":")[0] for one in found} == {"2"}


def test_mistakes_of_both_kinds_are_told_together(problems: Problems) -> None:
    text = "calendar: {zone: Nowhere}\nalerts: {elevated_errors: {inhibits: [high_error_rate]}}\nbogus: 1\n"
    assert [one.partition(":")[0] for one in problems(text)] == ["1", "2", "3"]


def test_a_mistake_in_a_quoted_text_points_at_the_character(problems: Problems) -> None:
    assert problems("kpis: {quality: {target: '< 1 minute'}}\n")[0].startswith("1:31: ")


def test_a_mistake_in_a_folded_text_points_at_its_start(problems: Problems) -> None:
    found = problems("alerts:\n  high_error_rate:\n    condition: >\n      error_rate >\n      5 apples\n")
    assert found[0].startswith("3:16: alerts.high_error_rate.condition: expected % after 5")


def test_a_path_of_control_characters_does_not_reach_the_terminal(problems: Problems) -> None:
    found = problems('"\\e[31mred": 1\n')
    assert "\x1b" not in found[0]
    assert "\\x1b[31mred" in found[0]


def test_leadership_without_a_contact_is_a_caution_and_no_problem() -> None:
    assert [one.path for one in spec.warnings(None)] == [
        "incidents.severities.P0_Critical.escalation",
        "incidents.severities.P1_High.escalation",
    ]
    assert "set contacts.c_level" in spec.warnings(None)[0].message


def test_leadership_with_contacts_is_no_caution(written: Callable[[str], Path]) -> None:
    path = written("contacts: {director: d@example.com, c_level: c@example.com}\n")
    assert spec.warnings(path) == ()


def test_a_caution_points_at_the_contacts_that_the_user_wrote(written: Callable[[str], Path]) -> None:
    path = written("spec: 1\ncontacts: {director: d@example.com}\n")
    assert [(one.file, one.line) for one in spec.warnings(path)] == [(str(path), 2)]


def pairs() -> list[tuple[str, str]]:
    """Two mistakes in different sections each, drawn the same way every time."""
    section = {sentence: text.partition(":")[0] for sentence, (text, _) in ONE.items()}
    # How often is looked decides which holds can be seen: those two belong together.
    every = [(a, b) for a in ONE for b in ONE if section[a] < section[b] and section[b] != "evaluation"]
    return random.Random(1).sample(every, 100)


@pytest.mark.parametrize(("first", "second"), pairs())
def test_two_mistakes_give_two_problems(problems: Problems, first: str, second: str) -> None:
    found = problems(f"{ONE[first][0]}\n{ONE[second][0]}\n")
    messages = [one.partition(": ")[2] for one in found]
    for sentence in (first, second):
        expected = ONE[sentence][1].partition(": ")[2]
        assert any(message.startswith(expected) for message in messages), messages
    assert len(found) == 2, found
