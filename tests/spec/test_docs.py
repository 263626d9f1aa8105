"""docs/spec.md is true: every section and role is in it, every example of it is legal."""

import re
from pathlib import Path

import pytest

from opsdeck import spec
from opsdeck.spec import grammar
from opsdeck.spec.phrases import Unit
from opsdeck.spec.wire import INHERITED

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "spec.md").read_text()
BLOCKS = re.findall(r"```yaml\n(.*?)```", TEXT, re.DOTALL)
UNITS: dict[str, Unit] = {name: one.unit for name, one in spec.load(None).indicators.items()}
PARSERS = {
    "duration": [grammar.duration],
    "condition": [lambda text: grammar.condition(text, UNITS, grammar.SAMPLE_WINDOW)],
    "target, threshold": [
        lambda text, unit=unit: grammar.threshold(text, unit) for unit in ("ratio", "ms", "bytes", "count")
    ],
    "growth": [grammar.growth],
    "amount or unknown": [lambda text: grammar.quantity(text, "bytes")],
    "chain": [grammar.chain],
    "notice": [grammar.notice],
    "deadline": [grammar.deadline],
    "time box": [grammar.box],
    "cadence": [grammar.cadence],
    "business days, hours": [grammar.weekdays, grammar.hours],
}
TABLE = [
    (row.split("|")[1].strip(), example)
    for row in TEXT.partition("## The grammar")[2].splitlines()
    if row.startswith("| ") and "`" in row
    for example in re.findall(r"`([^`]+)`", row.split("|")[3])
]


@pytest.mark.parametrize("section", spec.load(None).sections)
def test_every_section_is_a_row_of_the_table(section: str) -> None:
    assert f"\n| `{section}` | " in TEXT


def test_no_row_of_the_table_is_without_a_section() -> None:
    rows = re.findall(r"^\| `(\w+)` \|", TEXT, re.MULTILINE)
    assert sorted(rows) == sorted(spec.load(None).sections)


@pytest.mark.parametrize("name", INHERITED)
def test_every_section_that_services_inherit_is_listed(name: str) -> None:
    paragraph = TEXT.partition("A service inherits and may override")[2].partition("`probes`")[0]
    assert f"`{name}`" in paragraph


@pytest.mark.parametrize("role", grammar.ROLES)
def test_every_role_is_named(role: str) -> None:
    assert f"`{role}`" in TEXT


@pytest.mark.parametrize(
    "text", BLOCKS, ids=[block.splitlines()[0] + str(n) for n, block in enumerate(BLOCKS)]
)
def test_every_example_is_a_good_spec(tmp_path: Path, text: str) -> None:
    path = tmp_path / "operations.yaml"
    path.write_text(text)
    assert spec.problems(path) == ()


def test_the_ten_lines_of_a_service_are_ten() -> None:
    lines = next(block for block in BLOCKS if "success_exit_codes" in block).splitlines()
    assert len(lines) - 1 == 10


def test_every_kind_of_phrase_has_examples() -> None:
    assert {kind for kind, _ in TABLE} == set(PARSERS)


@pytest.mark.parametrize(("kind", "example"), TABLE, ids=[example for _, example in TABLE])
def test_every_example_phrase_is_legal(kind: str, example: str) -> None:
    assert any(reads(parse, example) for parse in PARSERS[kind])


def reads(parse: object, text: str) -> bool:
    assert callable(parse)
    try:
        parse(text)
    except grammar.PhraseError:
        return False
    return True


def test_the_mistakes_that_are_shown_are_the_ones_that_are_found() -> None:
    found = [
        str(one).removeprefix(f"{ROOT}/") for one in spec.problems(ROOT / "examples/broken/operations.yaml")
    ]
    shown = [line for line in TEXT.splitlines() if line.startswith("examples/broken/operations.yaml:")]
    assert shown == found[: len(shown)]
    assert shown
