"""What one run leaves behind, seen from the spool: the event in the framework's format."""

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import opsdeck_emit
from opsdeck_emit import consent, telemetry

Tool = Callable[..., subprocess.CompletedProcess[str]]
Events = Callable[[], list[dict[str, Any]]]

pytestmark = pytest.mark.usefixtures("granted")


def a_run(**values: Any) -> opsdeck_emit.Run:
    return opsdeck_emit.run("demo", "1.2.3", "build", **values)


def test_a_run_is_one_event_in_the_frameworks_format(events: Events) -> None:
    with a_run() as run:
        run.operation("template_generation", "component/react", "Button")
        run.metadata(fileCount=3, outputSize=2048)
    [event] = events()
    assert [*event][:11] == [
        "timestamp", "level", "service", "version", "environment", "requestId", "userId", "sessionId",
        "operation", "metadata", "eventId",
    ]  # fmt: skip
    assert event["operation"] | {"duration": 0} == {
        "type": "template_generation", "template": "component/react", "generator": "Button", "duration": 0, "success": True,
    }  # fmt: skip


SHAPES = {
    "timestamp": r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z",
    "level": "INFO",
    "service": "demo",
    "version": r"1\.2\.3",
    "environment": "production|development",
    "requestId": "req_[0-9a-f]{16}",
    "userId": "user_[0-9a-f]{16}",
    "sessionId": "sess_[0-9a-f]{16}",
    "eventId": "[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
    "category": "application",
    "command": "build",
    "exitCode": "0",
    "userType": "human",
    "startupMs": r"\d+",
    "cpuMs": r"\d+",
    "peakMemoryBytes": r"\d{6,}",
    "os": sys.platform,
    "arch": os.uname().machine,
    "pythonVersion": r"3\.\d+\.\d+",
    "emitVersion": re.escape(opsdeck_emit.__version__),
}


@pytest.mark.parametrize("field", SHAPES)
def test_the_field_has_its_shape(field: str, events: Events) -> None:
    with a_run():
        pass
    assert re.fullmatch(SHAPES[field], str(events()[0][field]))


def test_a_good_run_has_no_error(events: Events) -> None:
    with a_run():
        pass
    assert "error" not in events()[0]


def test_absent_values_are_left_out(events: Events) -> None:
    with a_run():
        pass
    assert b"null" not in b"".join(telemetry.waiting("demo"))
    assert "template" not in events()[0]["operation"]


METADATA = {
    "an allowed number is kept": ({"fileCount": 3}, {"fileCount": 3}),
    "an allowed flag is kept": ({"dryRun": True}, {"dryRun": True}),
    "an unknown field stays on the machine": ({"answers": "secret"}, {}),
    "a number where a text belongs stays": ({"templateRoot": 7}, {}),
    "a flag is not a number": ({"fileCount": True}, {}),
    "a number that JSON readers would round stays": ({"outputSize": 2**60}, {}),
    "control characters become spaces": ({"templateRoot": "a\x1b[31m\nb"}, {"templateRoot": "a [31m b"}),
    "a text is cut at 256 bytes": ({"templateRoot": "é" * 300}, {"templateRoot": "é" * 128}),
    "an object that breaks on every touch stays": ({"fileCount": object()}, {}),
}


@pytest.mark.parametrize("case", METADATA)
def test_metadata(case: str, events: Events) -> None:
    given, expected = METADATA[case]
    with a_run() as run:
        run.metadata(**given)
    assert {k: v for k, v in events()[0]["metadata"].items() if k != "workingDirectory"} == expected


def test_the_working_directory_hides_the_home_folder(
    events: Events, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "work").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.chdir(tmp_path / "work")
    with a_run():
        pass
    assert events()[0]["metadata"]["workingDirectory"] == "~/work"


def test_a_folder_that_only_begins_like_home_is_not_home(
    events: Events, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "anna").mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "ann"))
    monkeypatch.chdir(tmp_path / "anna")
    with a_run():
        pass
    assert events()[0]["metadata"]["workingDirectory"] == str(tmp_path / "anna")


def test_phases_of_one_name_add_up(events: Events) -> None:
    with a_run() as run:
        with run.phase("render"):
            sum(range(200_000))
        once = dict(run._phases)
        with run.phase("render"), run.phase("write"):
            pass
    phases = events()[0]["metadata"]["phasesMs"]
    assert set(phases) == {"render", "write"}
    assert phases["render"] >= round(once["render"], 1)


def test_phases_have_an_end(events: Events) -> None:
    with a_run() as run:
        for number in range(100):
            with run.phase(f"phase-{number}"):
                pass
    assert len(events()[0]["metadata"]["phasesMs"]) == 32


ENVIRONMENTS = {
    "a released version from site-packages": ("2025.9.8", "/x/site-packages/tool/cli.py", "production"),
    "a local version": ("1.2.0+local", "/x/site-packages/tool/cli.py", "development"),
    "a development version": ("1.2.0.dev3", "/x/site-packages/tool/cli.py", "development"),
    "a released version outside any checkout": ("1.2.0", "/nowhere/tool/cli.py", "production"),
}


@pytest.mark.parametrize("case", ENVIRONMENTS)
def test_the_environment_is_told_from(case: str) -> None:
    version, source, expected = ENVIRONMENTS[case]
    assert opsdeck_emit.run.__globals__["_environment"]("demo", version, source) == expected


def test_a_checkout_is_development(tmp_path: Path, tool: Tool, events: Events) -> None:
    (tmp_path / ".git").mkdir()
    tool("pass")
    assert events()[0]["environment"] == "development"


def test_the_caller_may_say_where_it_runs(events: Events) -> None:
    with a_run(environment="staging"):
        pass
    assert events()[0]["environment"] == "staging"


def test_ci_is_a_user_type(events: Events, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CI", "true")
    with a_run():
        pass
    assert events()[0]["userType"] == "ci"


def test_runs_of_one_ci_job_share_a_session(tool: Tool, events: Events) -> None:
    for _ in range(2):
        subprocess.run(["setsid", "--wait", "true"], check=True)
        tool("pass", GITHUB_RUN_ID="77", before="os.setsid()")
    assert len({event["sessionId"] for event in events()}) == 1


def test_runs_without_terminal_or_job_are_sessions_of_their_own(tool: Tool, events: Events) -> None:
    for _ in range(2):
        tool("pass", before="os.setsid()")
    assert len({event["sessionId"] for event in events()}) == 2


ENDINGS = {
    "a declared failure": ("run.fail('BAD_INPUT', 'no')", 0, 1, "BAD_INPUT", "user_errors", "WARN"),
    "a declared failure of the system": (
        "run.fail('DISK', 'no', 'system_errors')",
        0,
        1,
        "DISK",
        "system_errors",
        "ERROR",
    ),
    "a declared failure with its own exit code": (
        "run.fail('BAD_INPUT', 'no'); sys.exit(65)",
        65,
        65,
        "BAD_INPUT",
        "user_errors",
        "WARN",
    ),
    "sys.exit with a code": ("sys.exit(2)", 2, 2, "EXIT_NONZERO", "user_errors", "WARN"),
    "sys.exit with words": ("sys.exit('no such thing')", 1, 1, "EXIT_NONZERO", "user_errors", "WARN"),
    "an exit code set by the tool": ("run.exit_code = 9", 0, 9, "EXIT_NONZERO", "user_errors", "WARN"),
    "an unknown exception": ("1/0", 1, 1, "UNHANDLED_EXCEPTION", "system_errors", "ERROR"),
    "a reader that went away": ("raise BrokenPipeError", 1, 1, "CANCELLED", "user_errors", "WARN"),
    "Ctrl-C": ("os.kill(os.getpid(), 2)\nsignal.pause()", -2, 130, "CANCELLED", "user_errors", "WARN"),
    "SIGTERM": ("os.kill(os.getpid(), 15)\nsignal.pause()", -15, 143, "CANCELLED", "user_errors", "WARN"),
    "SIGHUP": ("os.kill(os.getpid(), 1)\nsignal.pause()", -1, 129, "CANCELLED", "user_errors", "WARN"),
}


@pytest.mark.parametrize("case", ENDINGS)
def test_a_run_that_fails_by(case: str, tool: Tool, events: Events) -> None:
    body, status, exit_code, code, category, level = ENDINGS[case]
    assert tool(body).returncode == status
    [event] = events()
    assert (event["exitCode"], event["error"]["code"], event["error"]["category"]) == (
        exit_code,
        code,
        category,
    )
    assert (event["level"], event["operation"]["success"]) == (level, False)


SUCCESSES = {
    "sys.exit without a code": "sys.exit()",
    "sys.exit(0)": "sys.exit(0)",
    "a failure that the tool took back": "run.fail('BAD_INPUT', 'no'); run.exit_code = 0",
    "an exit code of None": "run.exit_code = None",
    "a strange exit code": "run.exit_code = 256",
}


@pytest.mark.parametrize("case", SUCCESSES)
def test_a_run_is_a_success_with(case: str, tool: Tool, events: Events) -> None:
    assert tool(SUCCESSES[case]).returncode == 0
    assert events()[0]["operation"]["success"] is True
    assert "error" not in events()[0]


def test_the_signal_is_named(tool: Tool, events: Events) -> None:
    tool("os.kill(os.getpid(), 15)\nsignal.pause()")
    assert events()[0]["signal"] == "SIGTERM"


def test_a_signal_handler_of_the_tool_is_left_alone(tool: Tool, events: Events) -> None:
    before = "signal.signal(signal.SIGTERM, lambda *_: print('mine'))"
    assert tool("os.kill(os.getpid(), 15)", before=before).stdout == "mine\n"
    assert events()[0]["operation"]["success"] is True


def test_an_ignored_signal_stays_ignored(tool: Tool, events: Events) -> None:
    assert (
        tool("os.kill(os.getpid(), 1)", before="signal.signal(signal.SIGHUP, signal.SIG_IGN)").returncode == 0
    )
    assert events()[0]["operation"]["success"] is True


def test_the_default_action_is_back_after_the_run() -> None:
    with a_run():
        assert signal.getsignal(signal.SIGTERM) != signal.SIG_DFL
    assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL


def test_a_run_in_a_thread_leaves_signals_alone(events: Events) -> None:
    def work() -> None:
        with a_run():
            assert signal.getsignal(signal.SIGTERM) == signal.SIG_DFL

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert len(events()) == 1


def test_a_forked_child_leaves_no_event_of_its_own(tool: Tool, events: Events) -> None:
    tool("if os.fork() == 0:\n    sys.exit(5)\nos.wait()")
    assert [event["exitCode"] for event in events()] == [0]


def test_an_exception_goes_on_untouched(events: Events) -> None:
    trouble = ValueError("mine")
    with pytest.raises(ValueError, match="mine") as caught, a_run():
        raise trouble
    assert caught.value is trouble
    assert len(events()) == 1


def test_an_exception_with_an_exit_code_of_its_own(events: Events) -> None:
    class ToolError(Exception):
        code, category, exit_code = "TEMPLATE_NOT_FOUND", "user_errors", 66

    with pytest.raises(ToolError), a_run():
        raise ToolError("Template 'component/angular' not found")
    assert events()[0]["exitCode"] == 66
    assert events()[0]["error"]["message"] == "Template 'component/angular' not found"


def test_the_stack_has_places_but_no_source_lines(tool: Tool, events: Events) -> None:
    tool("password = 'hunter2'; raise RuntimeError('broken')")
    stack = events()[0]["error"]["stack"]
    assert "tool.py" in stack
    assert "hunter2" not in stack


def test_a_failure_declared_while_handling_an_exception_has_its_stack(tool: Tool, events: Events) -> None:
    tool(
        "try:\n    open('/nowhere/x')\nexcept OSError as error:\n    run.fail('UNREADABLE', str(error), context='reading x')"
    )
    error = events()[0]["error"]
    assert "FileNotFoundError" in error["stack"]
    assert error["context"] == "reading x"


def test_a_decorated_function_is_a_run(events: Events) -> None:
    @opsdeck_emit.operated("demo", "1.2.3")
    def build(code: int) -> int:
        """Build."""
        return code

    assert (build(0), build(3), build.__doc__) == (0, 3, "Build.")
    assert [(event["command"], event["exitCode"]) for event in events()] == [("build", 0), ("build", 3)]


def test_a_decorated_function_may_return_nothing(events: Events) -> None:
    @opsdeck_emit.operated("demo", "1.2.3", "make")
    def build() -> None:
        return

    build()
    assert (events()[0]["command"], events()[0]["exitCode"]) == ("make", 0)


NUISANCES = {
    "a name that is no text": "run.operation(object(), template=3)",
    "an exception that cannot be printed": "class E(Exception):\n    __str__ = None\ntry:\n    raise E\nexcept E:\n    run.fail('X_Y', 'z')",
    "a lone surrogate": "run.operation('\\ud800', template='\\udcff')",
    "a working directory that is gone": "d = '/tmp/gone%d' % os.getpid(); os.mkdir(d); os.chdir(d); os.rmdir(d)",
    "a phase that is no text": "with run.phase(None):\n    pass",
    "metadata that is no value": "run.metadata(fileCount=[], dryRun={}, outputSize=float('nan'))",
}


@pytest.mark.parametrize("case", NUISANCES)
def test_the_tool_does_not_notice(case: str, tool: Tool, events: Events) -> None:
    done = tool(NUISANCES[case])
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert len(events()) == 1


@pytest.mark.parametrize("name", ["identity", "consent/demo", "spool/local/demo/v1.{day}.open"])
def test_a_pipe_in_a_files_place_holds_nobody_up(granted: Path, tool: Tool, name: str) -> None:
    path = granted / "emit" / name.format(day=int(time.time()) // 86_400)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    os.mkfifo(path)
    done = tool("print('done')")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


HOMES = {
    "a home that cannot be made": "/dev/null/home",
    "a home with a strange name": "/proc/nowhere",
}


@pytest.mark.parametrize("case", HOMES)
def test_without_a_home_the_tool_runs_on(case: str, tool: Tool, sink: Any) -> None:
    done = tool("print('done')", OPSDECK_HOME=HOMES[case], OPSDECK_URL=sink.url, OPSDECK_KEY="k", CI="1")
    assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")


def test_a_folder_of_somebody_else_is_left_alone(granted: Path, tool: Tool, events: Events) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root can give a folder away")
    os.chown(granted / "emit", 12345, 12345)
    assert tool("print('done')").stdout == "done\n"
    assert events() == []


def test_a_full_disk_loses_the_event_and_nothing_else(granted: Path, tool: Tool) -> None:
    limit = "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000)); signal.signal(signal.SIGXFSZ, signal.SIG_IGN)"
    for _ in range(5):
        done = tool("print('done')", before=limit)
        assert (done.returncode, done.stdout, done.stderr) == (0, "done\n", "")
    status = telemetry.status("demo")
    assert 1 <= len(list(telemetry.waiting("demo"))) == 5 - status["dropped"]["error"] <= 4
    assert list(granted.glob("emit/spool/*/*/*.run")) == []


def test_events_are_for_this_user_alone(granted: Path) -> None:
    with a_run():
        pass
    files = [path for path in (granted / "emit").rglob("*") if path.name != "spool"]
    assert {path.stat().st_mode & 0o077 for path in files} == {0}


def test_the_package_and_its_distribution_say_the_same_version() -> None:
    project = Path(opsdeck_emit.__file__).parents[2] / "pyproject.toml"
    assert f'version = "{opsdeck_emit.__version__}"' in project.read_text()


def test_a_run_before_consent_is_not_recorded_when_consent_comes_at_its_end(events: Events) -> None:
    consent.purge("demo")
    consent.deny("demo")
    with a_run():
        consent.grant("demo")
    assert events() == []
    assert json.dumps(telemetry.status("demo")["spooled"]) == "0"
