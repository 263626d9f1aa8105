"""One probe run, seen from outside: real programs, real scratch folders."""

import os
from datetime import timedelta
from pathlib import Path

import pytest

from opsdeck.probe import command
from opsdeck.spec.model import Probe


def probe(*words: str, kind: str = "", seconds: float = 10) -> Probe:
    return Probe("one", words, "cli_startup", timedelta(seconds=seconds), kind)  # type: ignore[arg-type]  # a word of the spec


def shell(script: str, **given: object) -> Probe:
    return probe("sh", "-c", script, **given)  # type: ignore[arg-type]


def test_a_good_run_has_a_duration_and_its_first_line_of_output(tmp_path: Path) -> None:
    outcome = command.run(shell("echo tool 1.2.3; echo more"), tmp_path)
    assert (outcome.exit_code, outcome.error_code, outcome.output) == (0, "", "tool 1.2.3")
    assert outcome.duration > 0


@pytest.mark.parametrize(
    ("given", "code", "said"),
    [
        (shell("echo no room >&2; exit 4"), "PROBE_FAILED", "sh -c echo no room >&2; exit 4 exited 4: no room"),
        (shell("exit 4"), "PROBE_FAILED", "no message"),
        (shell("kill -9 $$"), "PROBE_FAILED", "exited -9"),
        (shell("exec sleep 60", seconds=0.05), "PROBE_TIMEOUT", "did not end within 0.05 s"),
        (probe("no-such-program-at-all"), "PROBE_NOT_RUNNABLE", "No such file"),
        (shell("true", kind="single_file"), "PROBE_WROTE_NOTHING", "wrote no file"),
    ],
    ids=["it fails and says why", "it fails silently", "it is killed", "it hangs", "it is not installed", "it lies"],
)  # fmt: skip
def test_a_bad_run_is_named(tmp_path: Path, given: Probe, code: str, said: str) -> None:
    outcome = command.run(given, tmp_path)
    assert outcome.error_code == code
    assert said in outcome.message


def test_what_it_wrote_is_counted(tmp_path: Path) -> None:
    outcome = command.run(
        shell("mkdir a; printf 123 > a/b; printf 4567 > c", kind="multiple_files"), tmp_path
    )
    assert (outcome.files, outcome.size, outcome.error_code) == (2, 7, "")


def test_nothing_stays_behind(tmp_path: Path) -> None:
    command.run(shell("touch left"), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_a_probe_is_not_a_person(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPSDECK_KEY", "somebody's")
    outcome = command.run(shell("echo $DO_NOT_TRACK ${OPSDECK_KEY:-none} $HOME"), tmp_path)
    assert outcome.output == f"1 none {tmp_path}"


def test_output_that_is_not_text_is_no_trouble(tmp_path: Path) -> None:
    assert command.run(shell(r"printf '\377\376'; exit 0"), tmp_path).exit_code == 0


def test_a_flood_on_stderr_is_cut(tmp_path: Path) -> None:
    outcome = command.run(shell("head -c 100000 /dev/zero | tr '\\0' x >&2; exit 1"), tmp_path)
    assert len(outcome.message) < 1000


def test_a_program_beside_the_interpreter_is_found_without_PATH(monkeypatch: pytest.MonkeyPatch) -> None:  # noqa: N802  the variable's name
    monkeypatch.setenv("PATH", os.defpath)
    assert Path(command.locate("opsdeck")).is_absolute()
