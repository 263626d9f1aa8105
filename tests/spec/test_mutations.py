"""Any change to the shipped YAML either loads or gives problems at real places; never anything else."""

import json
import random
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from opsdeck import spec
from opsdeck.errors import Problem, SpecError

DEFAULTS = sorted(Path(spec.__file__).with_name("defaults").glob("*.yaml"))
TEXT = "\n".join(path.read_text().replace("spec: 1\n", "") for path in DEFAULTS)
LINES = TEXT.splitlines()
SNIPPETS = [
    "",
    "x",
    "off",
    "null",
    "[]",
    "{}",
    "- a",
    "5%",
    "-1",
    "99999999999999999999",
    "5 minutes",
    "on-call engineer",
    "&a b",
    "*a",
    "!!python/object:x y",
    "'",
    '"',
    "{",
    "]",
    ": :",
    "#",
    "\t",
    "\u2028",
    "\x00",
    "é",
    "a: b",
    "? x",
    "---",
]


def check(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", errors="replace")
    problems = spec.problems(path)
    lines = text.split("\n")
    for one in problems:
        assert_real(one, lines)
    if problems:
        with pytest.raises(SpecError):
            spec.load(path)
    else:
        assert spec.rows(spec.load(path))


def assert_real(one: Problem, lines: list[str]) -> None:
    assert one.message
    assert one.line >= 1
    assert one.column >= 1
    if not one.file.startswith("(defaults)/"):
        assert one.line <= len(lines) + 1
        assert one.column <= max(map(len, lines)) + 2


def mutated(draw: random.Random) -> str:
    """The defaults with one line changed at one place, in one of six ways."""
    lines = [*LINES]
    at = draw.randrange(len(lines))
    line = lines[at]
    cut = draw.randrange(len(line) + 1)
    snippet = draw.choice(SNIPPETS)
    way = draw.randrange(6)
    if way == 0:
        del lines[at]
    elif way == 1:
        lines.insert(at, line)
    elif way == 2:
        lines[at] = line[:cut] + snippet + line[cut:]
    elif way == 3:
        lines[at] = line[:cut]
    elif way == 4:
        lines[at] = line.partition(":")[0] + ": " + snippet
    else:
        other = draw.randrange(len(lines))
        lines[at], lines[other] = lines[other], lines[at]
    return "\n".join(lines)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("mutations") / "operations.yaml"


def test_the_whole_defaults_as_one_file_change_nothing(path: Path, shipped: spec.Spec) -> None:
    check(path, TEXT)
    assert spec.load(path).digest == shipped.digest


@pytest.mark.parametrize("seed", range(60))
def test_one_mutation_loads_or_gives_problems_with_places(path: Path, seed: int) -> None:
    check(path, mutated(random.Random(seed)))


@pytest.mark.soak
def test_thousands_of_mutations_load_or_give_problems_with_places(path: Path) -> None:
    for seed in range(5_000):
        check(path, mutated(random.Random(1_000_000 + seed)))


leaves = st.one_of(st.none(), st.text(max_size=12), st.sampled_from(SNIPPETS), st.integers(), st.booleans())
names = st.sampled_from(
    [
        *[
            "alerts",
            "objectives",
            "services",
            "channels",
            "contacts",
            "errors",
            "high_error_rate",
            "unjucks-cli",
            "condition",
            "kind",
        ],
        "x",
    ]
)
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.dictionaries(st.sampled_from(list(spec.load(None).sections)), trees, max_size=4))
def test_any_tree_of_values_loads_or_gives_problems_with_places(path: Path, tree: dict[str, object]) -> None:
    check(path, json.dumps(tree, ensure_ascii=False))


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_load_or_give_problems(path: Path, data: bytes) -> None:
    path.write_bytes(data)
    for one in spec.problems(path):
        assert one.line >= 1
        assert one.column >= 1
