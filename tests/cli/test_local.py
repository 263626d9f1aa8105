"""Commands that need no deck, as a person types them."""

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import jsonschema
import pytest
import yaml

OPSDECK = str(Path(sys.executable).with_name("opsdeck"))
BROKEN = Path(__file__).parents[2] / "examples/broken/operations.yaml"


def opsdeck(*words: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    env = {"PATH": "/usr/bin:/bin", "HOME": str(cwd), "COLUMNS": "160"}
    return subprocess.run(
        [OPSDECK, *words], cwd=cwd, env=env, capture_output=True, text=True, timeout=60, check=False
    )


def test_init_writes_a_spec_that_checks_out(tmp_path: Path) -> None:
    assert opsdeck("init", cwd=tmp_path).returncode == 0
    checked = opsdeck("spec", "check", cwd=tmp_path)
    assert (checked.returncode, "unjucks-cli" in checked.stdout) == (0, True), checked.stderr


def test_init_writes_the_schema_that_its_spec_satisfies(tmp_path: Path) -> None:
    opsdeck("init", cwd=tmp_path)
    schema = json.loads((tmp_path / "operations.schema.json").read_text())
    jsonschema.validate(yaml.safe_load((tmp_path / "operations.yaml").read_text()), schema)


def test_init_replaces_nothing_unasked(tmp_path: Path) -> None:
    (tmp_path / "operations.yaml").write_text("mine: true\n")
    done = opsdeck("init", cwd=tmp_path)
    assert (done.returncode, "is there already" in done.stderr) == (2, True)
    assert (tmp_path / "operations.yaml").read_text() == "mine: true\n"


def test_a_spec_with_ten_mistakes_lists_all_ten_with_their_places(tmp_path: Path) -> None:
    done = opsdeck("spec", "check", str(BROKEN), cwd=tmp_path)
    places = [line for line in done.stderr.splitlines() if "operations.yaml:" in line]
    assert (done.returncode, len(places)) == (1, 10), done.stderr
    assert "Traceback" not in done.stderr


def test_problems_are_data_with_json(tmp_path: Path) -> None:
    done = opsdeck("spec", "check", str(BROKEN), "--json", cwd=tmp_path)
    assert len(json.loads(done.stdout)) == 10
    assert {"file", "line", "column", "path", "message"} == json.loads(done.stdout)[0].keys()


def test_show_prints_every_leaf_of_a_section(tmp_path: Path) -> None:
    facts = json.loads(opsdeck("spec", "show", "--json", cwd=tmp_path).stdout)
    assert len(facts) >= 240
    assert "error_rate > 5% for 5 minutes" in {fact["text"] for fact in facts}


def test_diff_says_what_a_spec_changes(tmp_path: Path) -> None:
    opsdeck("init", cwd=tmp_path)
    text = (tmp_path / "operations.yaml").read_text()
    (tmp_path / "operations.yaml").write_text(text + "\nevaluation:\n  every: 20 seconds\n")
    found = json.loads(opsdeck("spec", "diff", "--json", cwd=tmp_path).stdout)
    assert [(d["path"], d["new"]) for d in found] == [("evaluation.every", "20 seconds")]


def test_a_second_service_is_one_command(tmp_path: Path) -> None:
    opsdeck("init", cwd=tmp_path)
    assert opsdeck("services", "add", "terraform", cwd=tmp_path).returncode == 0
    assert "terraform" in opsdeck("spec", "check", cwd=tmp_path).stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("spec", "check", "no-such.yaml"), 2, "opsdeck init"),
        (("services", "add", "x"), 2, "opsdeck init"),
        (("status",), 3, "opsdeck up"),
        (("alerts", "ack", "no-slash"), 2, "alerts list"),
        (("no-such-command",), 2, "No such command"),
        (("up", "--spec", str(BROKEN), "--port", "0"), 1, "10 problems"),
    ],
    ids=["a file that is not there", "no spec to add to", "no deck", "half a name", "a typo", "up with a broken spec"],
)  # fmt: skip
def test_a_mistake_is_a_sentence_and_an_exit_code(
    tmp_path: Path, words: tuple[str, ...], code: int, said: str
) -> None:
    done = opsdeck(*words, cwd=tmp_path)
    assert (done.returncode, said in done.stderr, "Traceback" in done.stderr) == (code, True, False), (
        done.stderr
    )


@contextmanager
def listener() -> Iterator[tuple[str, list[str]]]:
    """Somebody else's server: its address, and the credentials that it was handed."""
    heard: list[str] = []

    class Thief(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            heard.append(self.headers.get("Authorization", ""))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None: ...

    with ThreadingHTTPServer(("127.0.0.1", 0), Thief) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", heard
        server.shutdown()


@pytest.mark.parametrize("how", ["OPSDECK_URL names it", "a killed deck left its port to it"])
def test_the_operator_token_goes_to_its_own_deck_alone(tmp_path: Path, how: str) -> None:
    home = tmp_path / "home"
    home.mkdir()
    (home / "operator.token").write_text("odt_secret")
    with listener() as (url, heard):
        (home / "url").write_text("http://127.0.0.1:1" if "names" in how else url)
        env = {"PATH": "/usr/bin:/bin", "OPSDECK_HOME": str(home)} | (
            {"OPSDECK_URL": url} if "names" in how else {}
        )
        done = subprocess.run(
            [OPSDECK, "status"], env=env, capture_output=True, text=True, timeout=60, check=False
        )
    assert (done.returncode, heard) == (3, [])


def test_output_that_is_piped_has_no_colour(tmp_path: Path) -> None:
    assert "\x1b" not in opsdeck("spec", "show", "--spec", "/dev/null", cwd=tmp_path).stdout


def test_exec_needs_nothing_of_the_deck(tmp_path: Path) -> None:
    script = "import sys; sys.argv = ['opsdeck', 'exec', '--service', 'x', '--', 'true']\nfrom opsdeck.cli.entry import main\ntry:\n    main()\nexcept SystemExit as e:\n    print(e.code, 'typer' in sys.modules, 'duckdb' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        env={"HOME": str(tmp_path), "PATH": "/usr/bin:/bin"},
    )
    assert done.stdout.split() == ["0", "False", "False"], done.stderr


@pytest.mark.parametrize("columns", ["40", "80", "200"])
def test_no_width_cuts_a_value(tmp_path: Path, columns: str) -> None:
    command = f"{OPSDECK} spec diff {BROKEN.parents[1] / 'accelerated'}"
    env = {"PATH": "/usr/bin:/bin", "HOME": str(tmp_path), "COLUMNS": columns, "TERM": "dumb"}
    done = subprocess.run(
        ["script", "-qc", command, "/dev/null"],
        cwd=tmp_path,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    shown = " ".join(done.stdout.split())
    assert "alerts.high_error_rate.condition" in shown
    assert shown.count("seconds") > 15


def test_a_pipe_gets_a_row_on_a_line(tmp_path: Path) -> None:
    lines = opsdeck("spec", "diff", str(BROKEN.parents[1] / "accelerated"), cwd=tmp_path).stdout.splitlines()
    [row] = [line for line in lines if line.startswith("alerts.high_error_rate.condition ")]
    assert row.rstrip().endswith("error_rate > 5% over 10 seconds for 3 seconds")
