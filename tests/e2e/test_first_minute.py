"""What a newcomer does in the first minutes with a deck, typed for real."""

import json
import signal
import stat
from pathlib import Path
from typing import Any

import jsonschema
import pytest

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/event.schema.json").read_text())
FRAMEWORK_FIELDS = {
    "timestamp", "level", "service", "version", "environment", "requestId", "userId", "sessionId", "operation", "metadata",
}  # fmt: skip


def newest(desk: Any, where: str) -> list[dict[str, Any]]:
    done = desk.run("opsdeck", "logs", "-n", "1", "--where", where, "--json")
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_the_deck_probes_the_real_cli_by_itself(desk: Any) -> None:
    desk.up()
    entries = desk.until(lambda: newest(desk, "operation.type=template_generation and userType=service"))
    assert entries[0]["service"] == "unjucks-cli"
    assert entries[0]["operation"]["success"] is True
    assert entries[0]["metadata"]["fileCount"] >= 1


def test_a_second_up_says_where_the_first_one_is(desk: Any) -> None:
    desk.up()
    second = desk.run("opsdeck", "up", "--port", "0")
    assert second.returncode == 0
    assert f"already running at {desk.url}" in second.stdout
    assert "/sign-in?link=" in second.stdout


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=["Ctrl-C", "systemd stop"])
def test_it_stops_cleanly(desk: Any, how: signal.Signals) -> None:
    code, said = desk.up().stop(how)
    assert (code, said.splitlines()[-1]) == (0, "stopped")
    assert not (desk.home / "url").exists()


def test_keys_are_private(desk: Any) -> None:
    desk.up()
    modes = {
        name: stat.S_IMODE((desk.home / name).stat().st_mode)
        for name in ("url", "ingest.key", "operator.token")
    }
    assert modes == {"url": 0o600, "ingest.key": 0o600, "operator.token": 0o600}


def test_a_run_is_shown_field_by_field(desk: Any) -> None:
    desk.up()
    desk.run("unjucks", "telemetry", "on")
    done = desk.run("unjucks", "generate", "component", "react", "Button")
    assert done.returncode == 0, done.stderr
    entry = desk.until(lambda: newest(desk, "operation.type=template_generation and userType=human"))[0]
    jsonschema.validate(entry, SCHEMA)
    assert entry.keys() >= FRAMEWORK_FIELDS
    assert (entry["operation"]["template"], entry["operation"]["generator"]) == ("component/react", "Button")
    assert entry["operation"]["success"] is True
    assert "error" not in entry
    written = [path for path in desk.work.rglob("*") if path.is_file()]
    assert entry["metadata"]["fileCount"] == len(written)


def test_a_failing_run_is_shown_with_its_error(desk: Any) -> None:
    desk.up()
    desk.run("unjucks", "telemetry", "on")
    assert desk.run("unjucks", "generate", "component", "angular", "Button").returncode == 1
    entry = desk.until(lambda: newest(desk, "error.code=TEMPLATE_NOT_FOUND"))[0]
    jsonschema.validate(entry, SCHEMA)
    assert entry["error"].keys() >= {"code", "message", "stack", "context"}
    assert entry["operation"]["success"] is False


def test_do_not_track_writes_nothing_and_sends_nothing(desk: Any) -> None:
    desk.up()
    desk.run("unjucks", "telemetry", "on")
    before = sorted(path for path in (desk.home / "emit").rglob("*") if path.is_file())
    desk.run("unjucks", "generate", "component", "react", "Button", DO_NOT_TRACK="1")
    assert sorted(path for path in (desk.home / "emit").rglob("*") if path.is_file()) == before
    assert newest(desk, "userType=human") == []


def test_exec_passes_the_exit_code_and_records_the_run(desk: Any) -> None:
    desk.up()
    assert (
        desk.run("opsdeck", "exec", "--service", "demo", "--", "sh", "-c", "sleep 0.2; exit 3").returncode
        == 3
    )
    entry = desk.until(lambda: newest(desk, "service=demo"))[0]
    assert entry["exitCode"] == 3
    assert entry["operation"]["duration"] > 0
    assert 0 < entry["peakMemoryBytes"] < 9_000_000


def test_a_child_killed_by_a_signal_is_reported_as_such(desk: Any) -> None:
    desk.up()
    assert desk.run("opsdeck", "exec", "--service", "demo", "--", "sh", "-c", "kill -9 $$").returncode == -9
    assert desk.until(lambda: newest(desk, "service=demo"))[0]["signal"] == "SIGKILL"


def test_a_deck_without_a_file_says_so_when_asked_to_apply_one(desk: Any) -> None:
    done = desk.up().run("opsdeck", "spec", "apply")
    assert (done.returncode, "opsdeck up --spec" in done.stderr) == (2, True), done.stderr


def test_a_changed_spec_is_applied_and_logged(desk: Any) -> None:
    desk.run("opsdeck", "init")
    desk.up()
    desk.run("opsdeck", "services", "add", "terraform")
    assert "terraform" in desk.run("opsdeck", "spec", "apply").stdout
    assert "terraform" in [
        service["name"] for service in desk.json("opsdeck", "services", "list")["services"]
    ]


def test_following_shows_only_what_comes(desk: Any) -> None:
    desk.up()
    desk.until(lambda: newest(desk, "operation.type=health_check"))
    with desk.start("opsdeck", "logs", "-f", "-n", "0", "--json", "--where", "service=demo") as following:
        for _ in range(6):  # the first ones may come before it looks
            desk.run("opsdeck", "exec", "--service", "demo", "--", "sleep", "0.5")
        line = following.stdout.readline()
        following.send_signal(signal.SIGINT)
    assert json.loads(line)["command"] == "sleep"


def test_without_a_deck_commands_say_how_to_start_one(desk: Any) -> None:
    done = desk.run("opsdeck", "status")
    assert done.returncode == 3
    assert "opsdeck up" in done.stderr
