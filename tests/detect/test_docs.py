"""docs/rules.md says what the code does: its examples load, its words are the code's."""

import re
import textwrap
from pathlib import Path

import pytest

from opsdeck import detect, spec
from opsdeck.detect import binding, document, selection

PAGE = (Path(__file__).parents[2] / "docs" / "rules.md").read_text()
FRAMEWORK = spec.load(None).framework


def example(first: str) -> str:
    """The indented block that begins with these words."""
    blocks = re.findall(r"(?:^    .*\n|^\n)+", PAGE, re.MULTILINE)
    return textwrap.dedent(next(block for block in blocks if block.strip().startswith(first)))


@pytest.mark.parametrize(
    "name",
    sorted(
        {
            *document.NAMED,
            *document.LEVELS,
            *document.STATUSES,
            *binding._OURS,
            *binding._KEYS,
            *selection._OPERATORS,
            *selection._OTHERS,
            *(selection._UNSUPPORTED - {"i", "m", "s", "hour", "day", "week", "month"}),
            *(rule.name for rule in detect.load(FRAMEWORK)),
            "%limit%", "%window%", "%distinct%", "%distinct_window%", "%count%", "%title%", "%n%",
        }
    ),
)  # fmt: skip
def test_every_word_is_explained(name: str) -> None:
    assert re.search(rf"`[^`\n]*{re.escape(name)}[^`\n]*`", PAGE)


def test_the_example_and_its_fixtures_work(tmp_path: Path) -> None:
    (tmp_path / "night.yml").write_text(example("title: A version"))
    (tmp_path / "night.fixtures.yml").write_text(example("fires:"))
    checked = detect.check(tmp_path / "night.yml", FRAMEWORK)
    assert (checked.problems, [one.passed for one in checked.results]) == ((), [True, True])


def test_the_correlation_counts_a_shipped_rule(tmp_path: Path) -> None:
    (tmp_path / "many.yml").write_text(example("title: Many failures"))
    (tmp_path / "operations.yaml").write_text("security: {rules: [many.yml]}")
    rules = detect.load(spec.load(tmp_path / "operations.yaml").framework, tmp_path)
    assert "many_failures" in {rule.name for rule in rules}


@pytest.mark.parametrize(
    "figure",
    [
        f"at most {selection.MOST_WILDCARDS} in a value",
        f"at most {document.LONGEST_TITLE} characters",
        f"at most {binding.LONGEST_SPAN.days} days",
    ],
)
def test_the_limits_are_the_code_s(figure: str) -> None:
    assert figure in PAGE
