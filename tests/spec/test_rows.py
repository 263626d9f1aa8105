"""Every leaf of a spec as a row, and what two specs do not share."""

from collections.abc import Callable

import pytest

from opsdeck import spec
from opsdeck.errors import UsageError

Load = Callable[[str], spec.Spec]


def test_all_sections_have_rows(shipped: spec.Spec) -> None:
    assert {one.section for one in spec.rows(shipped)} == set(shipped.sections)


def test_rows_of_one_section_only(shipped: spec.Spec) -> None:
    assert {one.section for one in spec.rows(shipped, "calendar")} == {"calendar"}


def test_rows_of_anything_below_a_section(shipped: spec.Spec) -> None:
    found = spec.rows(shipped, "alerts.elevated_errors")
    assert [one.id.rpartition(".")[2] for one in found] == [
        "tier",
        "summary",
        "condition",
        "severity",
        "response_time",
    ]


def test_a_name_that_only_begins_alike_is_another(shipped: spec.Spec) -> None:
    assert spec.rows(shipped, "alerts.unique_errors")
    with pytest.raises(UsageError):
        spec.rows(shipped, "alerts.unique")


def test_an_unknown_section_names_the_nearest(shipped: spec.Spec) -> None:
    with pytest.raises(UsageError, match="no section 'alert'; did you mean alerts"):
        spec.rows(shipped, "alert")


def test_a_value_keeps_its_type_and_a_text_is_for_people(shipped: spec.Spec) -> None:
    rows = {one.path: one for one in spec.rows(shipped, "errors.categories.user_errors")}
    one = rows["errors.categories.user_errors.auto_retry"]
    assert (one.value, one.text) == (False, "no")


def test_a_value_right_below_the_root_is_its_own_section(shipped: spec.Spec) -> None:
    assert [(one.path, one.value) for one in spec.rows(shipped, "spec")] == [("spec", 1)]


def test_only_what_somebody_said_is_a_row(load: Load) -> None:
    rows = {one.path for one in spec.rows(load("services: {a: {success_exit_codes: [0, 1]}}"), "services.a")}
    assert rows == {"services.a.success_exit_codes.0", "services.a.success_exit_codes.1"}


def test_a_spec_does_not_differ_from_itself(shipped: spec.Spec) -> None:
    assert spec.diff(shipped, shipped) == []


DIFFERENCES: dict[str, tuple[str, list[tuple[str, str, str]]]] = {
    "a figure changed": (
        "alerts: {high_error_rate: {condition: error_rate > 9% for 5 minutes}}",
        [
            (
                "alerts.high_error_rate.condition",
                "error_rate > 5% for 5 minutes",
                "error_rate > 9% for 5 minutes",
            )
        ],
    ),
    "a value came": (
        "contacts: {director: d@example.com}",
        [("contacts.director", "", "d@example.com")],
    ),
    "a value went": (
        "operations: [template_discovery, template_generation, template_injection]",
        [("operations.3", "command_run", "")],
    ),
    "a flag turned": (
        "checklists: {weekly: {automated: true}}",
        [("checklists.weekly.automated", "no", "yes")],
    ),
    "a service came": (
        "services: {a: {title: A}}",
        [("services.a", "", "declared"), ("services.a.title", "", "A")],
    ),
    "a service came with nothing but its name": ("services: {a: {}}", [("services.a", "", "declared")]),
    "the same in other words": ("checklists: {weekly: {automated: no}}", []),
}


@pytest.mark.parametrize("sentence", DIFFERENCES)
def test_a_difference_is_told_by_path(load: Load, shipped: spec.Spec, sentence: str) -> None:
    text, expected = DIFFERENCES[sentence]
    found = spec.diff(shipped, load(text))
    assert [(one.path, one.old, one.new) for one in found] == expected


def test_a_difference_turns_around(load: Load, shipped: spec.Spec) -> None:
    other = load("contacts: {director: d@example.com}\ncalendar: {zone: Europe/Berlin}\nservices: {a: {}}")
    there = {(one.path, one.old, one.new) for one in spec.diff(shipped, other)}
    back = {(one.path, one.new, one.old) for one in spec.diff(other, shipped)}
    assert there == back


def test_specs_that_say_the_same_have_one_digest(load: Load) -> None:
    one = load("calendar: {zone: Europe/Berlin}\ncontacts: {director: d@example.com}")
    other = load("contacts:\n  director: 'd@example.com'\ncalendar:\n  zone: Europe/Berlin\n")
    assert one.digest == other.digest


def test_specs_that_differ_have_two_digests(load: Load, shipped: spec.Spec) -> None:
    assert load("evaluation: {every: 16 seconds}").digest != shipped.digest
