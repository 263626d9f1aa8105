"""`python -m opsdeck_emit`: telemetry of a service seen, stopped and deleted, without the service's own help."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from opsdeck_emit import consent, spool, telemetry
from opsdeck_emit import home as places
from opsdeck_emit.__main__ import ACTIONS, main

Wrap = Callable[..., subprocess.CompletedProcess[str]]


def test_status_tells_how_it_stands(granted: Path, wrap: Wrap, capsys: Any) -> None:
    wrap("true")
    assert main(["status", "demo"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert (lines["service"], lines["consent"]) == ("demo", "granted (answer)")
    assert lines["waiting"].startswith("1 records, ")
    assert lines["deck"] == "none found: records wait here"


def test_status_in_json_is_the_same_as_a_tools_own(granted: Path, capsys: Any) -> None:
    assert main(["status", "demo", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert (told.pop("execConsent"), told.pop("execSource")) == ("granted", "answer")
    assert told == telemetry.status("demo")


@pytest.mark.parametrize("argv", [[], ["status"]], ids=["nothing", "status without a service"])
def test_all_services_are_listed_by(argv: list[str], granted: Path, capsys: Any) -> None:
    consent.deny("other")
    assert main(argv) == 0
    assert [line for line in capsys.readouterr().out.splitlines() if line.startswith("service")] == [
        "service   demo",
        "service   other",
    ]


def test_a_list_in_json_is_a_list(granted: Path, capsys: Any) -> None:
    main(["status", "--json"])
    assert [one["service"] for one in json.loads(capsys.readouterr().out)] == ["demo"]


@pytest.mark.usefixtures("home")
def test_nothing_recorded_is_said(capsys: Any) -> None:
    assert main([]) == 0
    assert capsys.readouterr().out == "nothing is recorded on this machine\n"


def test_the_consent_that_a_deck_of_ones_own_gives_to_exec_is_said(sink: Any, capsys: Any) -> None:
    main(["status", "demo"])
    assert "consent   unknown (not asked)\nin exec   granted (local deck)\n" in capsys.readouterr().out


def test_show_prints_the_exact_bytes(granted: Path, wrap: Wrap, capfdbinary: Any) -> None:
    wrap("true")
    assert main(["show", "demo"]) == 0
    [file] = granted.glob("emit/spool/*/*/v1.*.open")
    assert capfdbinary.readouterr().out == file.read_bytes().removeprefix(b"\n")


@pytest.mark.usefixtures("home")
def test_on_agrees(wrap: Wrap, events: Callable[[], list[Any]]) -> None:
    assert main(["on", "demo"]) == 0
    wrap("true")
    assert len(events()) == 1


def test_off_refuses_and_deletes_what_waits(
    granted: Path, wrap: Wrap, events: Callable[[], list[Any]]
) -> None:
    wrap("true")
    assert main(["off", "demo"]) == 0
    wrap("true")
    assert (events(), consent.state("demo")) == ([], "denied")


def test_purge_deletes_and_leaves_the_answer(
    granted: Path, wrap: Wrap, events: Callable[[], list[Any]]
) -> None:
    wrap("true")
    assert main(["purge", "demo"]) == 0
    assert (events(), consent.state("demo")) == ([], "granted")


@pytest.mark.parametrize("action", ["off", "purge"])
def test_a_name_that_the_deck_refuses_can_still_be_deleted_by(action: str, granted: Path) -> None:
    consent.grant("Bad Name!")
    assert main([action, "Bad Name!"]) == 0


USAGE = {
    "an unknown action": (["wat"], "'wat' is none of status, show, on, off, purge"),
    "an unknown option": (["status", "--wat"], "unknown option --wat"),
    "show of nothing": (["show"], "show takes one SERVICE"),
    "off of two": (["off", "a", "b"], "off takes one SERVICE"),
    "JSON of what is bytes": (["show", "a", "--json"], "show takes no --json"),
    "consent for a name that the deck refuses": (["on", "a b"], "not a name of a service: 'a b'"),
}


@pytest.mark.parametrize("case", USAGE)
def test_a_command_line_is_refused_with(case: str, home: Path, capsys: Any) -> None:
    argv, said = USAGE[case]
    assert main(argv) == 2
    assert capsys.readouterr().err.startswith(f"opsdeck telemetry: {said}\nusage: opsdeck telemetry status")
    assert not home.exists()


def test_help_explains_every_action(capsys: Any) -> None:
    assert main(["--help"]) == 0
    said = capsys.readouterr().out
    assert all(f"\n  {action} " in said for action in ACTIONS)


def test_an_answer_that_cannot_be_kept_is_a_failure(home: Path, capsys: Any) -> None:
    home.write_text("in the way")
    assert main(["on", "demo"]) == 1
    assert capsys.readouterr().err.startswith("opsdeck telemetry: ")


def test_a_reader_that_has_seen_enough_is_no_failure(granted: Path) -> None:
    for number in range(3000):
        spool.append(places.spool("demo"), b'{"number": %d, "filler": "%s"}' % (number, b"x" * 100), 1e9)
    command = [sys.executable, "-m", "opsdeck_emit", "show", "demo"]
    program = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert program.stdout is not None
    assert program.stdout.readline().startswith(b'{"number": 0,')
    program.stdout.close()
    with program:
        assert program.stderr is not None
        assert (program.stderr.read(), program.wait(60)) == (b"", 0)


def test_it_runs_as_a_module(granted: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "opsdeck_emit", "status", "demo"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout.splitlines()[0], done.stderr) == (0, "service   demo", "")
