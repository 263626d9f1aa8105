"""What emit costs the tool it lives in: modules, not milliseconds (bench/emit.py has those)."""

import ast
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import opsdeck_emit

SHOW = "print(*sorted(m for m in sys.modules if m not in BEFORE))"
BEFORE = "import os, sys; BEFORE = set(sys.modules)\n"
OWN = {"opsdeck_emit"} | {
    f"opsdeck_emit.{name}" for name in ("consent", "event", "facts", "home", "launch", "run", "spool", "wire")
}


def modules(code: str) -> set[str]:
    path = str(Path(opsdeck_emit.__file__).parents[1])
    program = f"{BEFORE}sys.path.insert(0, {path!r})\n{code}\n{SHOW}"
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c", program], capture_output=True, text=True, check=True
    )
    return set(done.stdout.split())


def test_the_import_brings_its_own_modules_and_no_other() -> None:
    assert modules("import opsdeck_emit") == OWN


@pytest.mark.usefixtures("granted")
def test_a_good_run_brings_two_of_c() -> None:
    code = "import opsdeck_emit\nwith opsdeck_emit.run('demo', '1.2.3', 'x') as run:\n    run.operation('a', 'b/c', 'D')\n    run.metadata(fileCount=1)"
    assert modules(code) - OWN <= {"_blake2", "fcntl"}


@pytest.mark.usefixtures("home")
def test_a_run_without_consent_brings_nothing() -> None:
    assert modules("import opsdeck_emit\nwith opsdeck_emit.run('demo', '1.2.3', 'x'):\n    pass") == OWN


@pytest.mark.usefixtures("granted")
def test_redaction_is_imported_by_failures_only() -> None:
    code = "import opsdeck_emit\nwith opsdeck_emit.run('demo', '1.2.3', 'x') as run:\n    run.exit_code = {}"
    assert "opsdeck_emit.redact" not in modules(code.format(0))
    assert "opsdeck_emit.redact" in modules(code.format(1))


def test_there_is_one_place_that_swallows() -> None:
    sources = Path(opsdeck_emit.__file__).parent.glob("*.py")
    handlers = [
        (path.name, ast.unparse(node))
        for path in sources
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.ExceptHandler) and ast.unparse(node).startswith("except Exception")
    ]
    assert [name for name, text in handlers if not text.endswith("raise")] == ["run.py"]


@pytest.mark.usefixtures("granted")
def test_retrying_is_imported_by_failed_attempts_only() -> None:
    code = "import opsdeck_emit\nrun = opsdeck_emit.run('demo', '1.2.3', 'x')\ntry:\n    opsdeck_emit.retry({}, run, what='X')\nexcept OSError:\n    pass"
    assert "opsdeck_emit.retrying" not in modules(code.format("int"))
    assert "opsdeck_emit.retrying" in modules(code.format("lambda: os.stat('/nowhere')"))


def test_the_bench_runs(load_bench: Callable[[int], dict[str, Any]]) -> None:
    figures = load_bench(1)
    assert figures["telemetry_on_minus_off_ms"] == pytest.approx(
        figures["on_ms"] - figures["off_ms"], abs=0.01
    )
    assert {"bare_ms", "import_ms", "on_to_bare"} <= figures.keys()


@pytest.fixture
def load_bench() -> Callable[[int], dict[str, Any]]:
    import importlib.util

    path = Path(__file__).parents[2] / "bench/emit.py"
    spec = importlib.util.spec_from_file_location("bench_emit", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    measure: Callable[[int], dict[str, Any]] = module.measure
    return measure
