"""docs/telemetry.md is complete: every field, error code, loss and file that the code can produce is in it."""

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opsdeck.cli.app import app
from opsdeck_emit import drain, failure, spool, wire
from opsdeck_emit.__main__ import ACTIONS
from unjucks.find import roots

ROOT = Path(__file__).parents[2]
DOC = (ROOT / "docs/telemetry.md").read_text()
SOURCES = sorted((ROOT / "packages/emit/src/opsdeck_emit").glob("*.py"))
TABLED = set(re.findall(r"^\| `([\w.]+)` \|", DOC, re.MULTILINE))


def fields(value: dict[str, Any], path: str = "") -> Iterator[str]:
    for name, inner in value.items():
        if isinstance(inner, dict) and name != "phasesMs":
            yield from fields(inner, f"{path}{name}.")
        else:
            yield path + name


@pytest.fixture
def every_event(
    granted: Path, tool: Callable[..., Any], wrap: Callable[..., Any], events: Callable[[], list[Any]]
) -> list[Any]:
    """A good run with everything set, a failure with everything set, a cancelled, a killed and a wrapped one."""
    values = ", ".join(
        f"{name}={ {int: 1, bool: True, str: 'x'}[kind]!r}" for name, kind in wire.METADATA.items()
    )
    again = "left = ['missing', '.']\nopsdeck_emit.retry(lambda: os.stat(left.pop(0)), run, what='X')\n"
    tool(
        f"{again}run.operation('a', 'b/c', 'D')\nwith run.phase('render'):\n    pass\nrun.metadata({values})"
    )
    tool("run.fail('BAD_INPUT', 'password=hunter2', context='here')")
    tool("os.kill(os.getpid(), 15)\nsignal.pause()")
    tool("os.kill(os.getpid(), 9)")
    wrap("sh", "-c", "kill -SEGV $$")
    drain.lost_runs(str(granted / "emit/spool/local/demo"))
    return events()


def test_every_field_of_every_event_is_in_the_doc(every_event: list[Any]) -> None:
    assert len(every_event) == 5
    assert {name for event in every_event for name in fields(event)} - TABLED == set()


def test_every_field_in_the_doc_exists(every_event: list[Any]) -> None:
    known = {name for event in every_event for name in fields(event)}
    codes = {name for name in TABLED if name.isupper()}
    assert TABLED - codes - known == {"identity"}


def test_the_example_of_each_field_is_of_its_kind(every_event: list[Any]) -> None:
    flat = {"operation.type": "x"}
    for event in every_event:
        flat |= {name: event[name] for name in event if not isinstance(event[name], dict)}
    examples = dict(re.findall(r"^\| `(\w+)` \| `([^`]+)` \|", DOC, re.MULTILINE))
    numbers = {name for name, value in flat.items() if isinstance(value, int)}
    assert numbers == {name for name in flat if examples.get(name, "").isdecimal()}


def test_every_error_code_is_in_the_doc() -> None:
    code = re.compile(r'(?:error\(|fail\(|"code": |Rejected\(start, )\s*"([A-Z][A-Z_]+)"|else "([A-Z_]{5,})"')
    found = {a or b for path in SOURCES for a, b in code.findall(path.read_text())} - {"UNACCEPTABLE"}
    assert {"CANCELLED", "ABANDONED", "SIGNALED", "COMMAND_NOT_FOUND", "UNNAMED_ERROR"} <= found
    assert found - TABLED == set()


@pytest.mark.parametrize("reason", ["size", "age", "torn", "rejected", "error"])
def test_every_loss_is_in_the_doc(reason: str) -> None:
    assert f"`{reason}`" in DOC


def test_every_file_of_the_spool_is_in_the_doc() -> None:
    text = "".join(path.read_text() for path in SOURCES)
    kinds = set(re.findall(r"VERSION\}\.(\w+)", text)) | {"open", "sealed", "run"}
    assert {kind for kind in kinds if f".{kind}`" not in DOC and f"v1.{kind}" not in DOC} == set()


FIGURES = {
    "the spool's size": (drain.TOTAL_LIMIT // 1_048_576, "{} MiB and"),
    "the spool's age": (drain.AGE_LIMIT_DAYS, "and {} days"),
    "the records kept": (drain.RING_RECORDS, "newest {} records"),
    "a message": (
        failure.MESSAGE_LIMIT // 1024,
        "`error.message` | `Template 'component/angular' not found` | what the tool said; redacted, {} KiB",
    ),
    "a stack": (failure.STACK_LIMIT // 1024, "redacted, {} KiB"),
    "a text": (wire.TEXT_LIMIT, "cut at {} bytes"),
    "the version of the format": (spool.VERSION, "{}.*.open"),
}


@pytest.mark.parametrize("case", FIGURES)
def test_the_doc_has_the_figure_of(case: str) -> None:
    figure, words = FIGURES[case]
    assert words.format(figure) in DOC


def test_the_event_is_one_line_of_json(
    granted: Path, tool: Callable[..., subprocess.CompletedProcess[str]]
) -> None:
    tool("run.operation('a\\nb', 'c\\u2028d')")
    [file] = granted.glob("emit/spool/*/*/v1.*.open")
    [line] = file.read_bytes().strip().split(b"\n")
    assert json.loads(line)["operation"]["type"] == "a b"
    assert line.isascii()


def test_the_doc_names_the_command_for_programs_without_one() -> None:
    actions = "|".join(ACTIONS)
    assert f"python -m opsdeck_emit {actions} SERVICE`" in DOC


def test_every_command_of_opsdeck_in_the_doc_exists() -> None:
    known = {one.name or getattr(one.callback, "__name__", "") for one in app.registered_commands}
    named = set(re.findall(r"opsdeck ([a-z]+)", DOC))
    assert named == {"exec", "telemetry"}
    assert named <= known


def test_the_kinds_of_template_root_are_those_that_unjucks_sends(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)
    (tmp_path / "project/_templates").mkdir(parents=True)
    sent = {root.kind for root in roots(str(tmp_path / "project"))}
    [row] = [line for line in DOC.splitlines() if line.startswith("| `metadata.templateRoot`")]
    assert sent == {"project", "built-in"}
    assert sent <= set(re.findall(r"`([a-z-]+)`", row))
