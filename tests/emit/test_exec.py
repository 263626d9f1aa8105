"""`opsdeck exec`: the program behaves as if it were run directly, and one event tells how it went."""

import os
import pty
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opsdeck_emit import consent, facts
from opsdeck_emit.exec import parse

Wrap = Callable[..., subprocess.CompletedProcess[str]]
Events = Callable[[], list[dict[str, Any]]]
EXEC = [sys.executable, "-m", "opsdeck_emit.exec", "--service", "demo", "--"]


@pytest.fixture(autouse=True)
def importable(granted: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", str(Path(consent.__file__).parents[1]))


ENDINGS = {
    "success": (("true",), 0, 0, None, "INFO"),
    "an exit code": (("sh", "-c", "exit 3"), 3, 3, "EXIT_NONZERO", "WARN"),
    "the largest exit code": (("sh", "-c", "exit 255"), 255, 255, "EXIT_NONZERO", "WARN"),
    "a crash": (("sh", "-c", "kill -SEGV $$"), -11, 139, "SIGNALED", "ERROR"),
    "kill -9": (("sh", "-c", "kill -9 $$"), -9, 137, "SIGNALED", "ERROR"),
    "SIGTERM": (("sh", "-c", "kill -TERM $$"), -15, 143, "CANCELLED", "WARN"),
    "an unknown command": (("no-such-command",), 127, 127, "COMMAND_NOT_FOUND", "WARN"),
    "a folder": (("/tmp",), 126, 126, "COMMAND_NOT_EXECUTABLE", "WARN"),
}


@pytest.mark.parametrize("case", ENDINGS)
def test_ends_as_the_program_with(case: str, wrap: Wrap, events: Events) -> None:
    command, status, exit_code, code, level = ENDINGS[case]
    assert wrap(*command).returncode == status
    [event] = events()
    assert (event["exitCode"], event["level"], event.get("error", {}).get("code")) == (exit_code, level, code)
    assert event["operation"]["success"] is (code is None)


def test_the_event_tells_how_it_went(wrap: Wrap, events: Events) -> None:
    wrap("sh", "-c", "exit 3")
    [event] = events()
    assert (event["command"], event["operation"]["type"], event["version"]) == ("sh", "command_run", "0.0.0")
    assert event["operation"]["duration"] >= 0
    assert event["cpuMs"] >= 0
    assert {"startupMs", "pythonVersion"}.isdisjoint(event)


def test_a_signal_is_named(wrap: Wrap, events: Events) -> None:
    wrap("sh", "-c", "kill -SEGV $$")
    assert events()[0]["signal"] == "SIGSEGV"


def test_no_argument_is_recorded(wrap: Wrap, granted: Path) -> None:
    wrap("sh", "-c", ": hunter2", "hunter3", options=("--tool-version", "1.9.1"))
    kept = b"".join(path.read_bytes() for path in granted.glob("emit/spool/*/*/v1.*"))
    assert b"hunter" not in kept
    assert b'"version":"1.9.1"' in kept


SUCCESS_CODES = {
    "of its own": ("0,1", 1, True),
    "not of its own": ("0,2", 1, False),
    "without zero": ("2", 0, True),
}


@pytest.mark.parametrize("case", SUCCESS_CODES)
def test_success_exit_codes(case: str, wrap: Wrap, events: Events) -> None:
    codes, code, success = SUCCESS_CODES[case]
    assert wrap("sh", "-c", f"exit {code}", options=("--success-exit-codes", codes)).returncode == code
    assert (events()[0]["operation"]["success"], events()[0]["exitCode"]) == (success, code)


def test_the_peak_memory_is_the_programs_own_when_it_is_small(wrap: Wrap, events: Events) -> None:
    wrap("sh", "-c", "sleep 0.02")
    assert 300_000 < events()[0]["peakMemoryBytes"] < 6_000_000


def test_the_peak_memory_is_the_programs_own_when_it_is_large(wrap: Wrap, events: Events) -> None:
    wrap(sys.executable, "-c", "x = b'x' * 60_000_000")
    assert 60_000_000 < events()[0]["peakMemoryBytes"] < 90_000_000


def test_a_program_that_has_ended_no_longer_says_what_it_held() -> None:
    program = subprocess.Popen(["true"])
    os.waitid(os.P_PID, program.pid, os.WEXITED | os.WNOWAIT)
    assert facts.peak_memory(program.pid) is None
    assert program.wait() == 0


def test_a_program_that_never_ran_has_no_measures(wrap: Wrap, events: Events) -> None:
    wrap("no-such-command")
    assert {"cpuMs", "peakMemoryBytes"}.isdisjoint(events()[0])


REFUSALS = {
    "an unknown command": (("no-such-command",), "opsdeck exec: no-such-command: command not found\n"),
    "a folder": (("/tmp",), "opsdeck exec: /tmp: Permission denied\n"),
}


@pytest.mark.parametrize("case", REFUSALS)
def test_says_what_a_shell_would_say_of(case: str, wrap: Wrap) -> None:
    command, said = REFUSALS[case]
    done = wrap(*command)
    assert (done.stdout, done.stderr) == ("", said)


def test_a_script_without_an_interpreter_line_runs(wrap: Wrap, tmp_path: Path) -> None:
    script = tmp_path / "script"
    script.write_text('echo "$1"; exit 4\n')
    script.chmod(0o755)
    done = wrap(str(script), "hello")
    assert (done.stdout, done.returncode) == ("hello\n", 4)


USAGE = {
    "no --": (["--service", "x", "ls"], "the command goes after --"),
    "no command": (["--service", "x", "--"], "a command is missing"),
    "no service": (["--", "ls"], "--service is missing"),
    "an option without a value": (["--service", "--", "ls"], "--service needs a value"),
    "an unknown option": (["--service", "x", "--wat", "1", "--", "ls"], "unknown option --wat"),
    "codes that are none": (
        ["--service", "x", "--success-exit-codes", "0,x", "--", "ls"],
        "not exit codes: 0,x",
    ),
}


@pytest.mark.parametrize("case", USAGE)
def test_a_command_line_is_refused_with(case: str) -> None:
    argv, said = USAGE[case]
    assert parse(argv) == said


def test_a_usage_error_is_exit_code_2() -> None:
    done = subprocess.run([*EXEC[:-1]], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "usage: opsdeck exec --service NAME" in done.stderr


SERVICE_NAMES = {
    "of every kind of sign": ("A1_b.c-d", True),
    "of 64 signs": ("a" * 64, True),
    "of one digit": ("7", True),
    "of 65 signs": ("a" * 65, False),
    "with a space": ("Bad Name", False),
    "with a sign of another script": ("dé", False),
    "with a digit of another script": ("d²", False),
    "that begins with a dot": (".d", False),
    "with a line break at its end": ("d\n", False),
}


@pytest.mark.parametrize("case", SERVICE_NAMES)
def test_a_service_name(case: str) -> None:
    name, taken = SERVICE_NAMES[case]
    assert isinstance(parse(["--service", name, "--", "ls"]), tuple) is taken


def test_a_service_name_that_the_deck_would_refuse_is_refused_before_the_command_runs(tmp_path: Path) -> None:
    command = [*EXEC[:-2], "Bad Name!", "--", "touch", str(tmp_path / "ran")]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "not a name of a service: 'Bad Name!' (a letter or digit, then" in done.stderr
    assert not (tmp_path / "ran").exists()


HELP = {"alone": ["--help"], "in short": ["-h"], "beside a command": ["--service", "x", "-h", "--", "false"]}


@pytest.mark.parametrize("case", HELP)
def test_help_asked_for(case: str) -> None:
    done = subprocess.run([*EXEC[:3], *HELP[case]], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    for option in ("--service NAME", "--success-exit-codes 0,1", "--tool-version V", "-h, --help", "--  "):
        assert f"\n  {option}  " in done.stdout


def test_help_after_the_dashes_is_the_commands(wrap: Wrap) -> None:
    assert wrap("echo", "-h").stdout == "-h\n"


def test_what_follows_the_first_dashes_is_the_commands() -> None:
    assert parse(["--service", "x", "--", "ls", "--", "-l"]) == (
        "x",
        ("ls", "--", "-l"),
        frozenset({0}),
        "0.0.0",
    )


def test_the_streams_pass_through_untouched() -> None:
    every_byte = bytes(range(256)) * 100
    done = subprocess.run(
        [*EXEC, "sh", "-c", "cat; echo trouble >&2"], input=every_byte, capture_output=True, check=False
    )
    assert (done.stdout, done.stderr) == (every_byte, b"trouble\n")


def test_other_open_files_pass_through() -> None:
    read, write = os.pipe()
    subprocess.run(
        [*EXEC, sys.executable, "-c", f"import os; os.write({write}, b'hello')"], pass_fds=[write], check=True
    )
    assert os.read(read, 10) == b"hello"
    os.close(read)
    os.close(write)


class Program:
    """A wrapped program that talks line by line, over pipes."""

    def __init__(self, code: str) -> None:
        self.process = subprocess.Popen(
            [*EXEC, sys.executable, "-uc", code],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            process_group=0,
        )

    def line(self) -> str:
        assert self.process.stdout is not None
        return self.process.stdout.readline()

    def end(self, said: str = "") -> tuple[str, int]:
        out, _ = self.process.communicate(said, timeout=60)
        return out, self.process.returncode


def test_output_is_not_buffered() -> None:
    program = Program("print('first'); input(); print('second')")
    assert program.line() == "first\n"
    assert program.end("\n") == ("second\n", 0)


FORWARDED = {
    "SIGTERM": signal.SIGTERM,
    "SIGINT": signal.SIGINT,
    "SIGHUP": signal.SIGHUP,
    "SIGUSR1": signal.SIGUSR1,
    "SIGQUIT": signal.SIGQUIT,
}


@pytest.mark.parametrize("name", FORWARDED)
def test_a_signal_sent_to_exec_alone_reaches_the_program(name: str, events: Events) -> None:
    program = Program(
        f"import signal; signal.signal({int(FORWARDED[name])}, lambda *_: exit(7)); print('ready'); signal.pause()"
    )
    program.line()
    program.process.send_signal(FORWARDED[name])
    assert program.end() == ("", 7)
    assert events()[0]["exitCode"] == 7


SURVIVOR = """
import signal, time
seen = []
signal.signal(15, lambda *_: seen.append(print("no")))
print("ready")
while not seen:
    time.sleep(0.005)
input()
"""


def test_a_program_that_survives_the_signal_goes_on() -> None:
    program = Program(SURVIVOR)
    program.line()
    program.process.send_signal(signal.SIGTERM)
    assert program.line() == "no\n"
    assert program.end("\n") == ("", 0)


def test_an_ignored_signal_is_ignored_by_the_program_too() -> None:
    body = 'trap "" INT; exec "$@"'
    done = subprocess.run(
        ["sh", "-c", body, "sh", *EXEC, "sh", "-c", "kill -INT $$; echo on"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.stdout, done.returncode) == ("on\n", 0)


def test_the_reader_of_a_pipe_may_go_away(events: Events) -> None:
    read, write = os.pipe()
    program = subprocess.Popen([*EXEC, "yes"], stdout=write)
    os.close(write)
    os.read(read, 10)
    os.close(read)
    assert program.wait(60) == -signal.SIGPIPE
    assert events()[0]["error"]["code"] == "CANCELLED"


def test_stops_and_continues_with_the_program(events: Events) -> None:
    program = Program("import os; os.kill(os.getpid(), 19); print('back')")
    _, status = os.waitpid(program.process.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    os.killpg(program.process.pid, signal.SIGCONT)
    assert program.end() == ("back\n", 0)
    assert events()[0]["operation"]["success"] is True


# Makes standard input the terminal of its session, then becomes the command.
TAKE_TERMINAL = "import fcntl, os, sys, termios; fcntl.ioctl(0, termios.TIOCSCTTY, 0); os.execv(sys.argv[1], sys.argv[1:])"


@pytest.fixture
def terminal() -> Iterator[tuple[int, Callable[..., subprocess.Popen[bytes]]]]:
    """The master side of a terminal, and a way to start a program whose terminal it is."""
    master, slave = pty.openpty()

    def start(*command: str) -> subprocess.Popen[bytes]:
        line = [sys.executable, "-c", TAKE_TERMINAL, *EXEC, *command]
        return subprocess.Popen(line, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)

    yield master, start
    os.close(master)
    os.close(slave)


def read_until(master: int, mark: bytes) -> bytes:
    seen = b""
    while mark not in seen:
        seen += os.read(master, 1024)
    return seen


def test_a_terminal_stays_a_terminal(terminal: Any) -> None:
    master, start = terminal
    program = start("sh", "-c", "test -t 0 && test -t 1 && test -t 2 && echo yes")
    read_until(master, b"yes")
    assert program.wait(60) == 0


def test_ctrl_c_reaches_the_program_once(terminal: Any) -> None:
    master, start = terminal
    count = "import signal\nseen = []\nsignal.signal(2, lambda *_: seen.append(1))\nprint('ready')\ninput()\nprint(f'<{len(seen)}>')"
    program = start(sys.executable, "-uc", count)
    read_until(master, b"ready")
    os.write(master, b"\x03")
    os.write(master, b"go\n")
    assert b"<1>" in read_until(master, b">")
    assert program.wait(60) == 0


def test_ctrl_c_ends_a_program_that_lets_it(terminal: Any, events: Events) -> None:
    master, start = terminal
    program = start(
        sys.executable,
        "-uc",
        "import signal; signal.signal(2, signal.SIG_DFL); print('ready'); signal.pause()",
    )
    read_until(master, b"ready")
    os.write(master, b"\x03")
    assert program.wait(60) == -signal.SIGINT
    assert events()[0]["error"]["code"] == "CANCELLED"


def test_runs_of_one_terminal_share_a_session(terminal: Any, events: Events) -> None:
    master, start = terminal
    program = start("sh", "-c", " ".join([*EXEC, "true", ";", *EXEC, "true", ";", "echo", "done"]))
    read_until(master, b"done")
    program.wait(60)
    assert len({event["sessionId"] for event in events()}) == 1
    assert len(events()) == 3


COLLECTORS = {
    "a dead one": lambda _: "http://127.0.0.1:9",
    "a lying one": lambda sink: (sink.replies.extend([(202, {}, b"yes")] * 50), sink.url)[1],
    "one that refuses": lambda sink: (sink.replies.extend([(401, {}, b"")] * 50), sink.url)[1],
}


@pytest.mark.parametrize("case", COLLECTORS)
def test_a_collector_changes_nothing(case: str, sink: Any, wrap: Wrap, granted: Path) -> None:
    (granted / "url").write_text(COLLECTORS[case](sink))
    done = wrap("sh", "-c", "echo out; echo err >&2; exit 3")
    assert (done.stdout, done.stderr, done.returncode) == ("out\n", "err\n", 3)


def test_without_consent_the_program_runs_and_nothing_is_written(wrap: Wrap, granted: Path) -> None:
    before = sorted(granted.rglob("*"))
    assert wrap("sh", "-c", "exit 3", DO_NOT_TRACK="1").returncode == 3
    assert sorted(granted.rglob("*")) == before


def test_the_own_deck_is_consent_enough(sink: Any, wrap: Wrap) -> None:
    consent.purge("demo")
    (Path(os.environ["OPSDECK_HOME"]) / "emit/consent/demo").unlink()
    wrap("sh", "-c", "exit 3")
    assert sink.wait(lambda s: len(s.events()) == 1)
    assert sink.events()[0]["exitCode"] == 3
