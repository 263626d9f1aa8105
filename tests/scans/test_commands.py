"""`opsdeck scan …` as a person types it, against a running deck, with scanners that are real programs."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from opsdeck.cli.app import app
from opsdeck.cli.scan import app as scan

OPSDECK = str(Path(sys.executable).with_name("opsdeck"))
SAMPLES = Path(__file__).parents[2] / "examples/scans"
Type = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A real deck of its own, on a free port."""
    folder = tmp_path_factory.mktemp("deck")
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "OPSDECK_HOME": str(folder / "home")}
    deck = subprocess.Popen(
        [OPSDECK, "up", "--port", "0"], cwd=folder, env=env, stdout=subprocess.PIPE, text=True
    )
    assert deck.stdout is not None
    assert "running at" in deck.stdout.readline()
    yield folder
    deck.terminate()
    deck.wait(30)
    deck.stdout.close()


@pytest.fixture
def types(home: Path) -> Type:
    def run(*words: str, path: str = "/usr/bin:/bin") -> subprocess.CompletedProcess[str]:
        env = {"PATH": path, "HOME": str(home), "OPSDECK_HOME": str(home / "home"), "COLUMNS": "200"}
        return subprocess.run(
            [OPSDECK, "scan", *words],
            cwd=home,
            env=env,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


@pytest.fixture
def scanner(tmp_path: Path) -> Callable[..., str]:
    """Puts a program of that name on a PATH of its own."""

    def put(name: str, script: str) -> str:
        program = tmp_path / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return f"{tmp_path}:/usr/bin:/bin"

    return put


def test_import_list_show_accept_withdraw(types: Type) -> None:
    done = types("import", str(SAMPLES / "trivy.json"), str(SAMPLES / "grype.json"))
    assert (done.returncode, done.stdout.count("6 findings")) == (0, 2), done.stderr
    assert "2 critical open" in done.stdout
    listed = json.loads(types("list", "--severity", "critical", "--json").stdout)
    assert [one["id"] for one in listed["findings"]] == ["CVE-2020-14343", "CVE-2021-35042"]
    shown = types("show", "GHSA-xpfp-f569-q3p2").stdout
    assert "critical (9.8)" in shown
    assert "trivy:project (critical), grype:project (critical)" in shown
    accepted = types("accept", "CVE-2021-35042", "--until", "30 days", "--reason", "no user input")
    assert "accepted until" in accepted.stdout, accepted.stderr
    assert "CVE-2021-35042" not in types("list", "--severity", "critical").stdout
    assert "1 accepted or not affected are hidden" in types("list").stdout
    assert "CVE-2021-35042" in types("list", "--status", "all").stdout
    (waiver,) = json.loads(types("waivers", "--json").stdout)["waivers"]
    assert waiver["key"][:8] in types("waivers").stdout
    assert "withdrawn" in types("withdraw", waiver["key"][:8], "--reason", "it is").stdout
    assert "CVE-2021-35042" in types("list", "--severity", "critical").stdout
    assert "grype" in types("history").stdout
    types("import", str(SAMPLES / "osv-withdrawn.json"))
    assert "statements" in types("history").stdout


def test_a_file_that_cannot_be_read_says_where_and_what_to_do(types: Type, tmp_path: Path) -> None:
    (tmp_path / "cut.json").write_bytes((SAMPLES / "grype.json").read_bytes()[:5_000])
    done = types("import", str(tmp_path / "cut.json"))
    assert (done.returncode, "$: not JSON" in done.stderr, "try: " in done.stderr) == (1, True, True), (
        done.stderr
    )
    assert "Traceback" not in done.stderr


def test_a_file_that_is_not_there(types: Type) -> None:
    done = types("import", "nowhere.json")
    assert (done.returncode, "nowhere.json: No such file" in done.stderr) == (1, True)


def test_a_file_that_fails_is_named_and_the_others_are_imported(types: Type, tmp_path: Path) -> None:
    (tmp_path / "bad.json").write_text("{")
    files = (str(SAMPLES / "trivy.json"), str(tmp_path / "bad.json"), str(SAMPLES / "pip-audit.json"))
    done = types("import", *files)
    assert (done.returncode, done.stdout.count("trivy.json:"), done.stdout.count("pip-audit.json:")) == (
        1,
        1,
        1,
    )
    assert f"error: {files[1]}: " in done.stderr
    assert f"2 of 3 files imported; not: {files[1]}" in done.stderr
    told = json.loads(types("import", *files, "--json").stdout)
    assert (len(told["imports"]), [one["file"] for one in told["failed"]]) == (2, [files[1]])


def test_no_scanner_is_installed(types: Type) -> None:
    done = types("run", ".")
    assert done.returncode == 2
    assert "no scanner is installed" in done.stderr
    assert "pip install pip-audit" in done.stderr


def test_the_scanner_that_is_installed_runs_and_its_report_is_imported(types: Type, scanner: Any) -> None:
    path = scanner("pip-audit", f'[ "$1" = --format ] || exit 9\ncat {SAMPLES / "pip-audit.json"}; exit 1')
    done = json.loads(types("run", ".", "--service", "unjucks-cli", "--json", path=path).stdout)
    assert (done["tool"], done["findings"]) == ("pip-audit", 6)


def test_a_folder_that_is_called_like_an_option_is_a_folder(home: Path, types: Type, scanner: Any) -> None:
    (home / "--config=x").mkdir()
    path = scanner("osv-scanner", 'echo "asked for $4" >&2; exit 2')
    assert f"asked for {home}/--config=x" in types("run", "--", "--config=x", path=path).stderr


@pytest.mark.parametrize(("script", "said"), [
    ("echo no network >&2; exit 2", "osv-scanner failed with exit code 2: no network"),
    ("exit 0", "osv-scanner failed with exit code 0: it said nothing"),
    ("echo hello", "the file is not JSON"),
    ("sleep 60 & sleep 60", "osv-scanner did not end within"),
])  # fmt: skip
def test_a_scanner_that_fails_is_quoted(types: Type, scanner: Any, script: str, said: str) -> None:
    limit = "1 second" if "sleep" in script else "1 minute"
    done = types("run", ".", "--timeout", limit, path=scanner("osv-scanner", script))
    assert done.returncode != 0
    assert said in done.stderr


@pytest.mark.parametrize(("words", "said"), [
    (("run", "nowhere"), "there is no nowhere"), (("run", ".", "--tool", "nmap"), "'nmap' is not run from here"),
    (("run", ".", "--timeout", "soon"), "timeout:"), (("list", "--severity", "bad"), "there is no severity"),
    (("show", "CVE-1"), "no finding"), (("withdraw", "zz", "--reason", "it is"), "no waiver is 'zz'"),
    (("withdraw", "zz"), "Missing option '--reason'"), (("withdraw", "zz", "--reason", " "), "why does the waiver end?"),
])  # fmt: skip
def test_a_mistake_is_a_sentence_and_an_exit_code(types: Type, words: tuple[str, ...], said: str) -> None:
    done = types(*words)
    assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (2, True, False), done.stderr


def test_every_command_and_option_is_documented() -> None:
    text = (Path(__file__).parents[2] / "docs/scans.md").read_text()
    for command in scan.registered_commands:
        name = command.name or str(command.callback and command.callback.__name__)
        assert f"`opsdeck scan {name}" in text
        assert CliRunner().invoke(app, ["scan", name, "--help"]).exit_code == 0
