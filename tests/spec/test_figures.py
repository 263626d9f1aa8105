"""No figure of the framework is repeated in code: the YAML is the only place that says it."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import opsdeck

SOURCE = Path(opsdeck.__file__).parent


def texts(path: Path) -> Iterator[tuple[int, str]]:
    """Every text of a module that is not a docstring."""
    tree = ast.parse(path.read_text())
    docstrings = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def test_no_module_says_a_phrase_of_the_framework(table_of_facts: set[str]) -> None:
    # Shortest first: a phrase with a digit, a letter and a space is nobody's accident.
    phrases = {
        value for value in table_of_facts if re.search(r"\d", value) and re.search(r"[A-Za-z] |[<>%]", value)
    }
    assert "error_rate > 5% for 5 minutes" in phrases
    examples = {SOURCE / "spec" / "wire" / "base.py", SOURCE / "spec" / "wire" / "service.py"}
    said = [
        f"{path.relative_to(SOURCE)}:{line}: {text}"
        for path in sorted(set(SOURCE.rglob("*.py")) - examples)
        for line, text in texts(path)
        if text in phrases
    ]
    assert said == []


def test_only_one_module_reads_yaml() -> None:
    reads = re.compile(r"^\s*(?:import|from) yaml\b", re.MULTILINE)
    found = [
        path.relative_to(SOURCE).as_posix() for path in SOURCE.rglob("*.py") if reads.search(path.read_text())
    ]
    assert found == ["spec/source.py"]
