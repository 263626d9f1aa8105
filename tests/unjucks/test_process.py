"""The installed command as a process: version, streams, signals, terminals, and what it costs to start."""

import os
import pty
import select
import signal
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import pytest

from unjucks import __version__

UNJUCKS = str(Path(sys.executable).with_name("unjucks"))
PACKAGE = Path(__file__).parents[2] / "packages" / "unjucks"
HEAVY = {
    "argparse", "asyncio", "collections", "contextlib", "dataclasses", "difflib", "enum", "functools", "hashlib",
    "inspect", "json", "pathlib", "re", "shlex", "subprocess", "tempfile", "typing", "yaml",
}  # fmt: skip


def test_the_version_is_the_packages(spawn: Any) -> None:
    project = tomllib.loads((PACKAGE / "pyproject.toml").read_text())["project"]
    assert project["version"] == __version__
    assert spawn("--version").out == f"unjucks {__version__}\n"


def test_generate_works_as_a_process(spawn: Any, tree: Any) -> None:
    outcome = spawn("generate", "component", "react", "Button")
    assert (outcome.code, outcome.err) == (0, "")
    assert len(tree()) == 3


def test_a_failure_has_no_traceback(spawn: Any) -> None:
    outcome = spawn("generate", "component", "angular")
    assert (outcome.code, outcome.out) == (1, "")
    assert outcome.err.splitlines() == [
        "unjucks: Template 'component/angular' not found; it has react, vue [TEMPLATE_NOT_FOUND]",
        "  try: unjucks help component",
    ]


def test_a_usage_error_exits_with_2(spawn: Any) -> None:
    assert spawn("generate").code == 2


def imported(*argv: str) -> set[str]:
    command = [sys.executable, "-X", "importtime", UNJUCKS, *argv]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stderr.splitlines()
    return {line.rpartition("|")[2].strip() for line in lines}


def test_the_version_imports_nothing() -> None:
    assert {name for name in imported("--version") if "unjucks" in name} == {"unjucks", "unjucks.cli"}


def test_a_warm_generation_imports_nothing_heavy(granted: Any) -> None:
    argv = ("generate", "docs", "adr", "Use emit", "--force", "--number", "1")
    imported(*argv)
    found = imported(*argv)
    assert found & HEAVY == set()
    assert "unjucks.parse" not in found
    assert "minijinja" not in found


def test_a_warm_list_imports_nothing_heavy() -> None:
    imported("list")
    assert imported("list") & HEAVY == set()


def test_a_reader_that_goes_away_is_no_error(templates: Any) -> None:
    templates({f"gen/t{number}/a.t": "---\nto: a\n---\n" for number in range(200)})
    shell = f"{UNJUCKS} list 2>err | head -1; cat err"
    done = subprocess.run(["bash", "-c", shell], capture_output=True, text=True, check=True)
    assert len(done.stdout.splitlines()) == 1


def unread(*argv: str) -> tuple[int, str]:
    """Run with standard output a pipe that nobody reads any more; give the exit code and standard error."""
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [UNJUCKS, *argv], stdout=writing, stderr=subprocess.PIPE, text=True, check=False, timeout=60
    )
    os.close(writing)
    return done.returncode, done.stderr


@pytest.mark.parametrize("argv", [["list"], ["generate", "docs", "adr", "X"], ["help"]], ids=" ".join)
def test_without_a_reader_a_run_ends_silently_as_by_sigpipe(argv: list[str]) -> None:
    assert unread(*argv) == (141, "")


@pytest.mark.parametrize("number", [1, 1000], ids=["at the last flush", "in the middle"])
def test_a_run_whose_reader_went_away_is_recorded_as_cancelled(
    templates: Any, granted: Any, number: int
) -> None:
    templates({f"gen/t{at}/a.t": "---\nto: a\n---\n" for at in range(number)})
    assert unread("list") == (141, "")
    (event,) = granted()
    assert (event["error"]["code"], event["error"]["category"]) == ("CANCELLED", "user_errors")
    assert (event["exitCode"], event["level"]) == (141, "WARN")


@pytest.mark.parametrize("streams", ["<&-", ">&-", "2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(streams: str, tree: Any) -> None:
    command = f"{UNJUCKS} generate docs adr X {streams}"
    assert subprocess.run(["bash", "-c", command], check=False).returncode == 0
    assert len(tree()) == 1


def test_output_that_cannot_be_written_is_said() -> None:
    done = subprocess.run(
        ["bash", "-c", f"{UNJUCKS} list > /dev/full"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_output_that_the_terminal_cannot_show_is_escaped(templates: Any) -> None:
    templates({"gen/one/a.t": "---\nto: é✓\n---\n"})
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "LC_ALL": "C"}
    command = [UNJUCKS, "generate", "gen", "one"]
    done = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert done.returncode == 0


def test_ctrl_c_leaves_nothing_half_done(templates: Any, tree: Any) -> None:
    templates({"gen/one/a.t": "---\nto: a\nsh: echo started; exec sleep 60\n---\n"})
    command = [UNJUCKS, "generate", "gen", "one", "--yes"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert b"Traceback" not in err


def test_a_run_ended_by_ctrl_c_is_recorded_as_cancelled(templates: Any, granted: Any) -> None:
    templates({"gen/one/a.t": "---\nto: a\nsh: echo started; exec sleep 60\n---\n"})
    command = [UNJUCKS, "generate", "gen", "one", "--yes"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True
    ) as process:
        assert process.stdout is not None
        process.stdout.readline()
        os.killpg(process.pid, signal.SIGINT)
        process.communicate(timeout=30)
    assert [event["error"]["code"] for event in granted()] == ["CANCELLED"]


def test_it_runs_as_a_module() -> None:
    command = [sys.executable, "-m", "unjucks", "--version"]
    assert (
        subprocess.run(command, capture_output=True, text=True, check=True).stdout
        == f"unjucks {__version__}\n"
    )


RACE = "force: true\n---\n" + "{{ name }}\n" * 2000


def race(*names: str) -> list[int]:
    """Run `generate gen one NAME` for every name at once and give the exit codes."""
    quiet = subprocess.DEVNULL
    racing = [
        subprocess.Popen([UNJUCKS, "generate", "gen", "one", name], stdout=quiet, stderr=quiet)
        for name in names
    ]
    return [process.wait(timeout=60) for process in racing]


def test_runs_at_the_same_time_do_not_mix_within_a_file(templates: Any, tree: Any) -> None:
    templates({"gen/one/a.t": f"---\nto: a\n{RACE}", "gen/one/b.t": f"---\nto: b\n{RACE}"})
    assert 0 in race("one", "two", "three", "four", "five", "six")
    assert sorted(tree()) == ["a", "b"]
    assert all(len(set(text.splitlines())) == 1 for text in tree().values())


class Terminal:
    """The command on a terminal of its own: `expect` waits for a text, `type` answers."""

    def __init__(self, *argv: str) -> None:
        self.seen = ""
        self.pid, self.fd = pty.fork()
        if self.pid == 0:
            os.execv(UNJUCKS, [UNJUCKS, *argv])

    def expect(self, text: str) -> None:
        while text not in self.seen:
            chunk = self._read()
            assert chunk, f"waited for {text!r}, saw {self.seen!r}"
            self.seen += chunk

    def type(self, text: str) -> None:
        self.seen = ""
        os.write(self.fd, text.encode())

    def press(self, key: str) -> None:
        """Press until something happens: a key that comes between the question and the reading is lost on Python."""
        self.type(key)
        for _ in range(40):
            if not select.select([self.fd], [], [], 0.5)[0]:
                os.write(self.fd, key.encode())
            elif chunk := self._read():
                self.seen += chunk
            else:
                return

    def end(self) -> int:
        while chunk := self._read():
            self.seen += chunk
        return os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])

    def _read(self) -> str:
        if not select.select([self.fd], [], [], 20)[0]:
            os.kill(self.pid, signal.SIGKILL)
            pytest.fail(f"nothing more came after {self.seen!r}")
        try:
            return os.read(self.fd, 4096).decode().replace("\r\n", "\n")
        except OSError:
            return ""


@pytest.fixture
def untracked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DO_NOT_TRACK", "1")


@pytest.mark.usefixtures("untracked")
def test_a_person_is_asked_for_what_is_missing(tree: Any) -> None:
    terminal = Terminal("generate", "component", "vue")
    terminal.expect("Component name: ")
    terminal.type("a/b\n")
    terminal.expect("name takes a name")
    terminal.expect("Component name: ")
    terminal.type("user card\n")
    assert terminal.end() == 0
    assert "src/components/UserCard/UserCard.vue" in tree()


@pytest.mark.usefixtures("untracked")
def test_a_question_offers_its_default_and_choices(templates: Any, tree: Any) -> None:
    manifest = (
        "variables:\n  size: {choices: [s, m], default: m, prompt: Which size?}\n  on: {type: boolean}\n"
    )
    templates({"gen/one/template.yaml": manifest, "gen/one/a.t": "---\nto: a\n---\n{{ size }} {{ on }}"})
    terminal = Terminal("generate", "gen", "one")
    terminal.expect("Which size? (s, m) [m]: ")
    terminal.type("\n")
    terminal.expect("on (yes, no): ")
    terminal.type("yes\n")
    assert terminal.end() == 0
    assert tree() == {"a": "m True"}


@pytest.mark.usefixtures("untracked")
@pytest.mark.parametrize(("answer", "text"), [("y", "new"), ("n", "mine"), ("", "mine"), ("a", "new")])
def test_a_person_decides_about_a_file_in_the_way(templates: Any, tree: Any, answer: str, text: str) -> None:
    Path("a").write_text("mine")
    templates({"gen/one/a.t": "---\nto: a\n---\nnew"})
    terminal = Terminal("generate", "gen", "one")
    terminal.expect("a exists. Overwrite?")
    terminal.type(answer + "\n")
    assert terminal.end() == 0
    assert tree() == {"a": text}


@pytest.mark.usefixtures("untracked")
@pytest.mark.parametrize(("answer", "files"), [("y", ["a", "b"]), ("n", ["a"])])
def test_a_person_decides_about_commands(templates: Any, tree: Any, answer: str, files: list[str]) -> None:
    templates({"gen/one/a.t": "---\nto: a\nsh: touch b\n---\n"})
    terminal = Terminal("generate", "gen", "one")
    terminal.expect("run        touch b\n")
    terminal.expect("Run this after writing the files? [y/N]")
    terminal.type(answer + "\n")
    assert terminal.end() == 0
    assert list(tree()) == files


@pytest.mark.usefixtures("untracked")
@pytest.mark.parametrize("key", ["\x03", "\x04"], ids=["Ctrl-C", "Ctrl-D"])
def test_a_question_can_be_left(tree: Any, key: str) -> None:
    terminal = Terminal("generate", "component", "vue")
    terminal.expect("Component name: ")
    terminal.press(key)
    assert terminal.end() == 130
    assert "interrupted" in terminal.seen
    assert tree() == {}


@pytest.mark.usefixtures("untracked")
def test_with_yes_nothing_is_asked(templates: Any) -> None:
    terminal = Terminal("generate", "component", "vue", "--yes")
    assert terminal.end() == 1
    assert "VARIABLE_MISSING" in terminal.seen


@pytest.mark.parametrize(
    ("answer", "state"), [("y\n", "granted"), ("n\n", "denied"), ("\n", "denied"), ("\x04", "denied")]
)
def test_consent_is_asked_once_after_the_first_success(run: Any, answer: str, state: str) -> None:
    terminal = Terminal("list")
    terminal.expect("May unjucks record")
    terminal.expect("[y/N]")
    terminal.type(answer)
    assert terminal.end() == 0
    assert run("telemetry", "--json").json["consent"] == state
    again = Terminal("list")
    assert again.end() == 0
    assert "May unjucks record" not in again.seen


def test_the_question_for_consent_is_printed_as_it_reads() -> None:
    terminal = Terminal("list")
    terminal.expect("[y/N]")
    assert "`unjucks telemetry off` ends it.\nMay unjucks record" in terminal.seen
    assert "\\n" not in terminal.seen
    terminal.type("n\n")
    assert terminal.end() == 0


def test_a_failing_run_does_not_ask_for_consent() -> None:
    terminal = Terminal("generate", "x", "y")
    assert terminal.end() == 1
    assert "May unjucks record" not in terminal.seen


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("DO_NOT_TRACK", "1")])
def test_consent_is_never_asked_there(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    terminal = Terminal("list")
    assert terminal.end() == 0
    assert "May unjucks record" not in terminal.seen


def test_a_pipe_is_never_asked(spawn: Any) -> None:
    assert "May unjucks record" not in spawn("list").out
