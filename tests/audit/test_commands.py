"""`opsdeck audit …` as a person types it: against a running deck, and with none."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

OPSDECK = str(Path(sys.executable).with_name("opsdeck"))
Type = Callable[..., subprocess.CompletedProcess[str]]


def typed(home: Path, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
    env = {"PATH": "/usr/bin:/bin", "HOME": str(home), "OPSDECK_HOME": str(home / "home"), "COLUMNS": "200"}
    return subprocess.run(
        words, cwd=home, env=env | more, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A real deck of its own that has signed something."""
    folder = tmp_path_factory.mktemp("deck")
    env = {"PATH": "/usr/bin:/bin", "HOME": str(folder), "OPSDECK_HOME": str(folder / "home")}
    deck = subprocess.Popen(
        [OPSDECK, "up", "--port", "0"], cwd=folder, env=env, stdout=subprocess.PIPE, text=True
    )
    assert deck.stdout is not None
    assert "running at" in deck.stdout.readline()
    deadline = time.monotonic() + 60
    while typed(folder, OPSDECK, "audit", "proof", "4").returncode:
        assert time.monotonic() < deadline
    yield folder
    deck.terminate()
    deck.wait(30)
    deck.stdout.close()


@pytest.fixture
def types(running: Path) -> Type:
    return lambda *words: typed(running, OPSDECK, "audit", *words)


@pytest.fixture(scope="module")
def exported(running: Path) -> Path:
    """A folder that somebody exported into, far from the deck."""
    folder = running / "far"
    folder.mkdir()
    assert typed(running, OPSDECK, "audit", "export", str(folder)).returncode == 0
    return folder


def test_show_lists_rows_newest_first_and_the_key(types: Type, running: Path) -> None:
    found = json.loads(types("show", "--json").stdout)
    numbers = [row["seq"] for row in found["rows"]]
    assert numbers == sorted(numbers, reverse=True)
    assert found["audit"]["keys"] == [(running / "home/audit.pub").read_text().strip()]
    assert found["audit"]["keys"][0] in types("show").stdout


@pytest.mark.parametrize(
    ("words", "kinds"),
    [(("--kind", "spec"), {"spec"}), (("--actor", "operator"), {"key"}), (("-n", "1"), None)],
)
def test_show_can_be_narrowed(types: Type, words: tuple[str, ...], kinds: set[str] | None) -> None:
    rows = json.loads(types("show", "--json", *words).stdout)["rows"]
    assert rows
    assert {row["change"]["kind"] for row in rows} == kinds if kinds else len(rows) == 1


def test_the_running_log_verifies(types: Type) -> None:
    done = types("verify", "--json")
    assert (done.returncode, json.loads(done.stdout)["verified"]) == (0, True), done.stderr


def test_an_export_verifies_on_the_decks_machine(types: Type, exported: Path) -> None:
    done = types("verify", str(exported / "audit.ndjson"))
    assert (done.returncode, "verified: " in done.stdout) == (0, True), done.stderr


def test_an_export_verifies_where_there_is_no_opsdeck(exported: Path) -> None:
    code = (
        "import sys, runpy; sys.modules['opsdeck'] = None; runpy.run_path('verifier.py', run_name='__main__')"
    )
    key = (exported / "audit.pub").read_text().strip()
    done = subprocess.run(
        [sys.executable, "-I", "-c", code, "audit.ndjson", "--key", key],
        cwd=exported, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert (done.returncode, done.stdout[:9]) == (0, "verified:"), done.stderr


def test_the_exported_verifier_needs_nothing_of_opsdeck(exported: Path) -> None:
    imports = [
        line
        for line in (exported / "verifier.py").read_text().splitlines()
        if line.startswith(("import", "from"))
    ]
    foreign = [line for line in imports if line.split()[1].split(".")[0] not in sys.stdlib_module_names]
    assert foreign
    assert {line.split()[1].split(".")[0] for line in foreign} == {"cryptography"}


@pytest.mark.parametrize("program", ["opsdeck", "verifier"])
def test_a_changed_export_is_broken_and_the_place_is_said(
    exported: Path, tmp_path: Path, program: str
) -> None:
    lines = (exported / "audit.ndjson").read_text().splitlines(keepends=True)
    lines[3] = lines[3].replace('"actor":"', '"actor":"not ')
    (tmp_path / "changed.ndjson").write_text("".join(lines))
    key = (exported / "audit.pub").read_text().strip()
    verify = (
        [OPSDECK, "audit", "verify"]
        if program == "opsdeck"
        else [sys.executable, str(exported / "verifier.py")]
    )
    done = typed(tmp_path, *verify, "changed.ndjson", "--key", key)
    assert (done.returncode, "line 4: row 2 is not the row" in done.stderr) == (1, True), done.stderr


def test_broken_is_data_with_json(exported: Path, tmp_path: Path) -> None:
    (tmp_path / "cut").write_bytes((exported / "audit.ndjson").read_bytes()[:-1])
    done = typed(tmp_path, OPSDECK, "audit", "verify", "cut", "--json", "--key", str(exported / "audit.pub"))
    found = json.loads(done.stdout)
    assert (done.returncode, found["verified"], found["line"] > 1) == (1, False, True)


def test_without_a_key_nothing_is_believed(exported: Path, tmp_path: Path) -> None:
    done = typed(tmp_path, OPSDECK, "audit", "verify", str(exported / "audit.ndjson"))
    assert (done.returncode, "which key is to be trusted?" in done.stderr) == (2, True)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        pytest.param(("verify", "nowhere.ndjson"), 2, "cannot read nowhere.ndjson", id="no file"),
        pytest.param(("verify", "--key", "rubbish"), 1, "not an Ed25519 verifier key", id="no key"),
        pytest.param(("verify", "--checkpoint", "nowhere"), 2, "cannot read nowhere", id="no checkpoint"),
        pytest.param(("export", "no/such/folder/file"), 2, "cannot write", id="no folder"),
        pytest.param(("proof", "999999"), 2, "row 999999 is not among the", id="no row"),
        pytest.param(("show", "-n", "0"), 2, "", id="no rows"),
        pytest.param(("witness", "empty"), 2, "watches no log yet", id="no log to watch"),
        pytest.param(
            ("witness", "empty", "--key", "x"), 1, "not an Ed25519 verifier key", id="no key to watch"
        ),
    ],
)
def test_mistakes_are_sentences(types: Type, words: tuple[str, ...], code: int, said: str) -> None:
    done = types(*words)
    assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (code, True, False), (
        done.stderr
    )


def test_an_export_can_be_piped(running: Path) -> None:
    line = f"{OPSDECK} audit export - | {OPSDECK} audit verify - --json"
    done = typed(running, "/bin/sh", "-c", line)
    assert json.loads(done.stdout)["verified"], done.stderr


def test_a_proof_stands_alone(types: Type, running: Path, exported: Path) -> None:
    (running / "second.tlog-proof").write_text(types("proof", "2").stdout)
    assert json.loads(types("verify", "second.tlog-proof", "--json").stdout)["row"] == 2
    key = (running / "home/audit.pub").read_text().strip()
    done = typed(running, sys.executable, str(exported / "verifier.py"), "second.tlog-proof", "--key", key)
    assert (done.returncode, "verified: row 2 is in the" in done.stdout) == (0, True), done.stderr


def test_a_witness_sees_the_log_grow(types: Type, running: Path) -> None:
    key = (running / "home/audit.pub").read_text().strip()
    first = types("witness", "tower", "--key", key)
    again = types("witness", "tower")
    assert (first.returncode, again.returncode) == (0, 0), first.stderr + again.stderr
    assert "0 of them new" in again.stdout
    assert (running / "tower/witness.key").stat().st_mode & 0o777 == 0o600
    assert types("verify", "--checkpoint", "tower/checkpoint").returncode == 0


def test_nothing_answers_without_a_token(running: Path) -> None:
    import httpx

    url = (running / "home/url").read_text().strip()
    answers: dict[str, Any] = {
        path: httpx.get(url + path, trust_env=False).status_code
        for path in ("/api/audit", "/api/audit/export", "/api/audit/checkpoint", "/api/audit/proof/1")
    }
    assert set(answers.values()) == {401}
