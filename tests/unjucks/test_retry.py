"""The real `unjucks` where the disk fails for a while, or for good: what it tries again, tells and records.

The child runs without root's powers over permission bits. A hook in it (sitecustomize) counts its looks at the
templates folder and gives the permission back before the look that a test names: real bits, no clock.
"""

import ctypes
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from opsdeck_emit import consent, telemetry
from unjucks import recording
from unjucks.errors import RenderFailed, TemplateUnreadable

PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2
HOOK = """
import os
look, looks = os.access, []
def counted(path, mode, **options):
    if str(path).endswith("_templates"):
        looks.append(path)
        if len(looks) > int(os.environ["UNREADABLE"]):
            os.chmod(path, 0o755)
    return look(path, mode, **options)
os.access = counted
"""


def without_powers() -> None:
    """Let root's next program obey permission bits like anyone's (prctl(2), capabilities(7))."""
    if os.geteuid() == 0:
        for power in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
            ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, power, 0, 0, 0)


@pytest.fixture
def place(project: Path, templates: Any) -> Iterator[Path]:
    """A project with a template and, beside it, the hook."""
    (project.parent / "hook").mkdir()
    (project.parent / "hook/sitecustomize.py").write_text(HOOK)
    templates({"gen/one/a.t": "---\nto: a\n---\nhi\n"})
    yield project
    (project / "_templates").chmod(0o755)


@pytest.fixture
def unjucks(place: Path, spawn: Any) -> Callable[..., Any]:
    """Run it without those powers, with consent, the templates folder unreadable for so many looks."""

    def call(*argv: str, unreadable: int = 0, **environment: str) -> Any:
        consent.grant("unjucks-cli")
        hook = {"PYTHONPATH": str(place.parent / "hook"), "UNREADABLE": str(unreadable)}
        if unreadable:
            (place / "_templates").chmod(0)
        return spawn(*argv, env={**os.environ, **hook, **environment}, preexec_fn=without_powers)

    return call


@pytest.fixture
def event(place: Path) -> Callable[[], Any]:
    """The one event that was recorded."""

    def read() -> Any:
        [line] = telemetry.waiting("unjucks-cli")
        return json.loads(line)

    return read


def test_a_missing_template_is_not_tried_again_and_the_person_is_told(unjucks: Any, event: Any) -> None:
    outcome = unjucks("generate", "gen", "two")
    assert (outcome.code, outcome.error) == (1, "TEMPLATE_NOT_FOUND")
    assert "Template 'gen/two' not found" in outcome.err
    assert "retries" not in event()["metadata"]


@pytest.mark.parametrize("argv", [("generate", "gen", "one"), ("list",)], ids=["generate", "list"])
def test_a_folder_unreadable_for_two_attempts_is_read_at_the_third(
    unjucks: Any, event: Any, argv: tuple[str, ...]
) -> None:
    outcome = unjucks(*argv, unreadable=2)
    assert (outcome.code, outcome.err) == (0, "")
    recorded = event()
    assert recorded["operation"]["success"] is True
    assert [one["code"] for one in recorded["metadata"]["retries"]] == ["TEMPLATE_UNREADABLE"] * 2


def test_a_folder_unreadable_for_good_fails_after_three_attempts(unjucks: Any, event: Any) -> None:
    outcome = unjucks("generate", "gen", "one", unreadable=99)
    assert (outcome.code, outcome.error) == (1, "TEMPLATE_UNREADABLE")
    recorded = event()
    assert recorded["error"]["code"] == "TEMPLATE_UNREADABLE"
    assert len(recorded["metadata"]["retries"]) == 2


def test_the_waits_keep_to_their_limits_and_count_to_no_phase(unjucks: Any, event: Any) -> None:
    unjucks("generate", "gen", "one", unreadable=2)
    recorded = event()
    waits = [one["waitMs"] for one in recorded["metadata"]["retries"]]
    assert [waits[0] <= 50, waits[1] <= 100] == [True, True]
    phases = sum(recorded["metadata"]["phasesMs"].values())
    assert phases + sum(waits) <= recorded["operation"]["duration"] + 1


def test_without_consent_it_is_tried_again_all_the_same(unjucks: Any, place: Path) -> None:
    assert unjucks("generate", "gen", "one", unreadable=2, DO_NOT_TRACK="1").code == 0
    assert list(telemetry.waiting("unjucks-cli")) == []


def test_without_emit_too(unjucks: Any, place: Path) -> None:
    (place.parent / "hook/opsdeck_emit.py").write_text("raise ImportError")
    assert unjucks("generate", "gen", "one", unreadable=2).code == 0
    (place / "a").unlink()
    assert unjucks("generate", "gen", "one", unreadable=99).error == "TEMPLATE_UNREADABLE"


def test_a_write_that_failed_is_undone_and_tried_again(unjucks: Any, event: Any, place: Path) -> None:
    target = place / "full"
    target.mkdir(mode=0o555)
    outcome = unjucks("generate", "gen", "one", "--to", str(target))
    assert outcome.error == "WRITE_FAILED"
    assert [one["code"] for one in event()["metadata"]["retries"]] == ["WRITE_FAILED"] * 2


FINAL = {
    "front matter that is wrong": ("---\nto: [\n---\n", "FRONT_MATTER_INVALID"),
    "a text that cannot be rendered": ("---\nto: a\n---\n{{ 1 + 'x' }}", "RENDER_FAILED"),
    "a command that fails": ("---\nsh: echo x >> ran; exit 3\n---\n", "SHELL_FAILED"),
    "a path that escapes": ("---\nto: ../a\n---\n", "PATH_ESCAPE"),
}


@pytest.mark.parametrize(("text", "code"), FINAL.values(), ids=FINAL)
def test_is_not_tried_again(unjucks: Any, event: Any, place: Path, text: str, code: str) -> None:
    (place / "_templates/gen/one/a.t").write_text(text)
    assert unjucks("generate", "gen", "one", "--yes").error == code
    assert "retries" not in event()["metadata"]
    assert not (place / "ran").exists() or (place / "ran").read_text() == "x\n"


@pytest.mark.parametrize("failure", [RenderFailed("no"), BrokenPipeError(32, "gone")], ids=repr)
def test_without_emit_what_stays_is_not_tried_again(failure: Exception) -> None:
    attempts: list[int] = []

    def act() -> None:
        attempts.append(1)
        raise failure

    with pytest.raises(type(failure)):
        recording.retry(act, recording.Unrecorded(), "X")
    assert attempts == [1]


def test_without_emit_the_third_attempt_is_the_last() -> None:
    attempts: list[int] = []

    def act() -> None:
        attempts.append(1)
        raise TemplateUnreadable("no")

    with pytest.raises(TemplateUnreadable):
        recording.retry(act, recording.Unrecorded(), "X")
    assert len(attempts) == 3


def test_a_module_that_is_missing_is_an_error_with_a_code(project: Path, spawn: Any) -> None:
    (project.parent / "broken/minijinja").mkdir(parents=True)
    (project.parent / "broken/minijinja/__init__.py").write_text("raise ImportError('no', name='minijinja')")
    outcome = spawn(
        "generate", "docs", "adr", "X", env={**os.environ, "PYTHONPATH": str(project.parent / "broken")}
    )
    assert (outcome.code, outcome.error) == (1, "MODULE_NOT_LOADED")
    assert "'minijinja' cannot be loaded" in outcome.err
