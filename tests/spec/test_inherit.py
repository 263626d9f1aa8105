"""What a file says lies over the defaults; what a service says lies over both."""

from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest

from opsdeck import spec
from opsdeck.spec.model import Rule, Service

Load = Callable[[str], spec.Spec]
Problems = Callable[[str], list[str]]


def rule(service: Service, name: str) -> Rule:
    return next(one for one in service.rules if one.name == name)


def test_an_empty_file_is_the_shipped_spec(load: Load, shipped: spec.Spec) -> None:
    assert load("") == shipped
    assert load("spec: 1\n").digest == shipped.digest


def test_one_figure_changes_and_its_neighbours_stay(load: Load) -> None:
    one = rule(
        load("alerts: {high_error_rate: {condition: error_rate > 9% for 1 minute}}").undeclared,
        "high_error_rate",
    )
    assert (one.condition.threshold, one.condition.hold) == (0.09, timedelta(minutes=1))
    assert (one.severity, one.inhibits) == ("critical", ("elevated_errors",))


def test_a_section_with_nothing_below_it_changes_nothing(load: Load, shipped: spec.Spec) -> None:
    assert load("alerts:\ncontacts:\nservices:\n  unjucks-cli:\n").digest == shipped.digest


def test_a_list_is_replaced(load: Load) -> None:
    assert load("operations: [command_run]").undeclared.operations == {"command_run"}


def test_off_takes_an_inherited_rule_away(load: Load) -> None:
    names = [one.name for one in load("alerts: {security_scan_failure: off}").undeclared.rules]
    assert "security_scan_failure" not in names
    assert len(names) == 13


def test_off_for_a_rule_that_another_inhibits_is_no_problem(load: Load) -> None:
    assert len(load("alerts: {elevated_errors: off}").undeclared.rules) == 13


def test_off_for_one_service_leaves_the_others(load: Load) -> None:
    loaded = load("services: {terraform: {alerts: {service_down: off}}}")
    assert len(loaded.service("terraform").rules) == 13
    assert len(loaded.service("unjucks-cli").rules) == 14


def test_off_takes_the_shipped_service_away(load: Load) -> None:
    assert list(load("services: {unjucks-cli: off, terraform: {}}").services) == ["terraform"]


def test_a_new_rule_stands_behind_the_shipped_ones(load: Load) -> None:
    text = """
alerts:
  too_many_templates:
    tier: 2
    condition: templates_generated > 100 over 1 hour
    severity: low
    response_time: 1 day
"""
    one = load(text).service("unjucks-cli").rules[-1]
    assert (one.name, one.condition.window, one.escalation) == (
        "too_many_templates",
        timedelta(hours=1),
        ("on-call engineer",),
    )


def test_a_declared_service_inherits_everything_but_the_probes_of_another(load: Load) -> None:
    loaded = load("services: {terraform: {title: Terraform}}")
    theirs, ours = loaded.service("terraform"), loaded.service("unjucks-cli")
    assert (theirs.title, theirs.probes) == ("Terraform", ())
    assert (theirs.objectives, theirs.rules, theirs.fields) == (ours.objectives, ours.rules, ours.fields)


def test_a_service_that_nobody_declared_gets_the_defaults_under_its_own_name(shipped: spec.Spec) -> None:
    one = shipped.service("kubectl")
    assert (one.name, one.title, one.probes) == ("kubectl", "kubectl", ())
    assert one.rules == shipped.service("unjucks-cli").rules


TEN_LINES = """
services:
  terraform:
    title: Terraform
    success_exit_codes: [0, 2]
    objectives: {performance: {target: P95 response time < 60 seconds}}
    alerts:
      performance_degraded: {condition: p95_latency > 2 minutes for 10 minutes}
    errors: {codes: {LOCKED: user_errors}}
    probes: {every: 5 minutes, timeout: 30 seconds, runs: {version: {command: terraform -version, operation: cli_startup}}}
    routing: {channels: [console]}
"""


def test_a_second_service_is_ten_lines(load: Load) -> None:
    one = load(TEN_LINES).service("terraform")
    assert one.success_exit_codes == {0, 2}
    assert next(aim.target for aim in one.objectives if aim.name == "performance") == 60_000
    assert rule(one, "performance_degraded").condition.threshold == 120_000
    assert one.error_codes["LOCKED"] == "user_errors"
    assert one.error_codes["TEMPLATE_NOT_FOUND"] == "user_errors"
    assert (one.probe_every, one.probes[0].command) == (timedelta(minutes=5), ("terraform", "-version"))
    assert one.channels == ("console",)


def test_what_one_service_says_stays_with_it(load: Load, shipped: spec.Spec) -> None:
    loaded = load(TEN_LINES)
    assert loaded.service("unjucks-cli") == shipped.service("unjucks-cli")
    assert loaded.undeclared == shipped.undeclared


def test_latencies_of_every_service_are_bucket_edges(load: Load) -> None:
    assert {60_000, 120_000} <= set(load(TEN_LINES).edges)


def test_a_threshold_that_rules_follow_moves_for_one_service(load: Load) -> None:
    text = "services: {a: {errors: {aggregation: {alert_thresholds: {unique_errors: '> 3 in 10 minutes'}}}}}"
    loaded = load(text)
    ours, theirs = (rule(loaded.service(name), "unique_errors").condition for name in ("a", "b"))
    assert (ours.threshold, ours.window) == (3, timedelta(minutes=10))
    assert (theirs.threshold, theirs.window) == (10, timedelta(hours=1))


def test_seconds_and_windows_of_their_own_are_legal(load: Load) -> None:
    text = "evaluation: {every: 500 ms}\nalerts: {high_error_rate: {condition: error_rate > 5% over 10 seconds for 3 seconds}}"
    one = rule(load(text).undeclared, "high_error_rate").condition
    assert (one.window, one.hold) == (timedelta(seconds=10), timedelta(seconds=3))


def test_the_evaluation_window_is_that_of_conditions_that_name_none(load: Load) -> None:
    text = "evaluation: {window: 2 minutes}\nalerts: {service_down: off, high_error_rate: {condition: error_rate > 5%}}"
    assert rule(load(text).undeclared, "high_error_rate").condition.window == timedelta(minutes=2)


def test_fields_can_be_kept_and_dropped_by_name(load: Load) -> None:
    text = "services: {a: {fields: {error.stack: drop, metadata.workspace: keep}}}"
    fields = load(text).service("a").fields
    assert "error.stack" not in fields
    assert {"metadata.workspace", "error.message"} <= fields


def test_channels_keep_their_own_settings(load: Load) -> None:
    text = """
channels:
  hook: {kind: webhook, url: 'https://example.com/hook', secret_file: hook.secret}
  mail: {kind: smtp, host: mail.example.com, port: 587, from: a@example.com, to: on-call engineer, tls: starttls}
"""
    found = {one.name: (one.kind, dict(one.settings)) for one in load(text).channels}
    assert found["console"] == ("console", {})
    assert found["hook"] == ("webhook", {"url": "https://example.com/hook", "secret_file": "hook.secret"})
    assert found["mail"][1]["from"] == "a@example.com"
    assert (found["mail"][1]["port"], found["mail"][1]["to"]) == ("587", "engineer@company.com")


def test_contacts_that_are_named_stand_for_their_roles(load: Load) -> None:
    loaded = load(
        "contacts: {director: d@example.com, third: t@example.com}\nroles: {manager: [manager, third]}"
    )
    assert loaded.addresses("director") == ("d@example.com",)
    assert loaded.addresses("manager") == ("manager@company.com", "t@example.com")


def test_a_calendar_has_its_zone_days_and_holidays(load: Load) -> None:
    text = "calendar: {zone: Europe/Berlin, days: Sunday to Thursday, holidays: [2026-12-25]}"
    one = load(text).calendar
    assert (one.zone.key, one.days) == ("Europe/Berlin", {6, 0, 1, 2, 3})
    assert one.holidays == {date(2026, 12, 25)}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "people.yaml").write_text("contacts: {director: d@example.com}\n")
    (tmp_path / "rules.yml").write_text("alerts: {service_down: {severity: high}}\n")
    (tmp_path / ".hidden.yaml").write_text("bogus: 1\n")
    (tmp_path / "notes.txt").write_text("bogus: 1\n")
    return tmp_path


def test_a_folder_is_one_spec(folder: Path) -> None:
    loaded = spec.load(folder)
    assert loaded.contacts["director"] == "d@example.com"
    assert rule(loaded.undeclared, "service_down").severity == "high"


def test_two_files_may_share_a_section_but_no_value(folder: Path) -> None:
    (folder / "more.yaml").write_text("alerts:\n  service_down: {severity: low, minimum: 5}\n")
    found = spec.problems(folder)
    first = folder / "more.yaml"
    assert [str(one) for one in found] == [
        f"{folder / 'rules.yml'}:1:25: alerts.service_down.severity: is set twice; first in {first}:2"
    ]


def test_files_of_a_folder_are_told_apart_in_problems(folder: Path) -> None:
    (folder / "more.yaml").write_text("bogus: 1\n")
    assert [one.file for one in spec.problems(folder)] == [str(folder / "more.yaml")]


def test_a_section_that_is_empty_in_one_file_may_be_set_in_another(folder: Path) -> None:
    (folder / "more.yaml").write_text("alerts:\n")
    assert spec.problems(folder) == ()
