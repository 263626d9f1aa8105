"""Applying a plan: all of it or none of it, through failures, limits, interruptions and kills."""

import os
import resource
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from unjucks import apply
from unjucks.errors import WriteFailed
from unjucks.model import Change, Plan


def create(path: str, text: bytes = b"new") -> Change:
    return Change(path, None, text, "create", None)


def overwrite(path: str, before: bytes, text: bytes = b"new") -> Change:
    return Change(path, before, text, "overwrite", None)


def names(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_no_scratch_file_is_left(project: Path) -> None:
    (project / "old").write_text("old")
    apply.apply(Plan([create("a/b/c"), overwrite("old", b"old")], []), str(project))
    assert names(project) == ["a", "a/b", "a/b/c", "old"]


def test_skipped_and_unchanged_files_are_not_touched(project: Path) -> None:
    plan = Plan([Change(name, b"x", b"y", name, None) for name in ("skip", "unchanged")], [])
    apply.apply(plan, str(project))
    assert names(project) == []


FAILURES = {
    "a file stands where a folder is needed": [create("one"), create("in-the-way/x")],
    "a name is too long": [create("one"), create("deep/" + "x" * 300)],
    "two changes need one name as file and as folder": [create("one"), create("two"), create("two/x")],
    "a folder has come where a file goes": [create("one"), create("folder")],
}


@pytest.mark.parametrize("changes", FAILURES.values(), ids=FAILURES)
def test_a_failure_in_the_middle_leaves_everything_as_it_was(project: Path, changes: list[Change]) -> None:
    (project / "in-the-way").write_text("old")
    (project / "kept").write_text("old")
    (project / "folder").mkdir()
    plan = Plan([overwrite("kept", b"old"), create("made/deep/x"), *changes], [])
    with pytest.raises(WriteFailed):
        apply.apply(plan, str(project))
    assert names(project) == ["folder", "in-the-way", "kept"]
    assert (project / "kept").read_text() == "old"


def test_a_failure_says_where_and_that_nothing_was_changed(project: Path) -> None:
    (project / "f").write_text("old")
    with pytest.raises(WriteFailed, match=r"^cannot write .Not a directory.; nothing was changed$") as caught:
        apply.apply(Plan([create("f/x")], []), str(project))
    assert caught.value.given == "f/x"


def test_a_target_made_for_the_run_is_removed_again(project: Path) -> None:
    with pytest.raises(WriteFailed):
        apply.apply(Plan([create("a"), create("x" * 300)], []), str(project / "new" / "target"))
    assert names(project) == []


def test_a_folder_that_somebody_has_put_something_into_stays(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = apply.Staged.commit

    def disturbed(self: apply.Staged) -> None:
        (project / "made" / "theirs").write_text("x")
        original(self)
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(apply.Staged, "commit", disturbed)
    with pytest.raises(WriteFailed):
        apply.apply(Plan([create("made/a")], []), str(project))
    assert names(project) == ["made", "made/theirs"]


def test_a_file_changed_since_the_plan_is_not_overwritten(project: Path) -> None:
    (project / "f").write_text("edited meanwhile")
    with pytest.raises(WriteFailed, match="a file changed while unjucks was at work"):
        apply.apply(Plan([create("a"), overwrite("f", b"old")], []), str(project))
    assert names(project) == ["f"]


def test_a_file_that_has_come_since_the_plan_is_not_overwritten(project: Path) -> None:
    (project / "f").write_text("")
    with pytest.raises(WriteFailed, match="a file changed while"):
        apply.apply(Plan([create("f")], []), str(project))


def test_a_full_disk_changes_nothing(spawn: Any, templates: Any, tree: Any) -> None:
    """RLIMIT_FSIZE stands in for the disk: the second file cannot be written whole."""
    templates({"gen/one/a.t": "---\nto: a\n---\n", "gen/one/b.t": f"---\nto: b/c\n---\n{'x' * 9000}"})
    spawn("list")

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192))

    outcome = spawn("generate", "gen", "one", preexec_fn=limit)
    assert (outcome.code, outcome.error) == (1, "WRITE_FAILED")
    assert "cannot write (File too large); nothing was changed: b/c" in outcome.err
    assert tree() == {}


@pytest.mark.usefixtures("as_nobody")
def test_a_folder_that_may_not_be_written_changes_nothing(project: Path) -> None:
    """The project belongs to the one who made it, not to nobody."""
    if os.geteuid() != 65534:
        project.chmod(0o500)
    with pytest.raises(WriteFailed, match=r"Permission denied.; nothing was changed"):
        apply.apply(Plan([create("a")], []), str(project))


def test_an_interruption_puts_everything_back(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "old").write_text("old")
    original = apply.Staged.commit

    def interrupted(self: apply.Staged) -> None:
        original(self)
        if self.name == "b":
            raise KeyboardInterrupt

    monkeypatch.setattr(apply.Staged, "commit", interrupted)
    plan = Plan([overwrite("old", b"old"), create("a/b"), create("c")], [])
    with pytest.raises(KeyboardInterrupt):
        apply.apply(plan, str(project))
    assert names(project) == ["old"]
    assert (project / "old").read_text() == "old"


def test_what_cannot_be_put_back_is_named_with_its_copy(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "f").write_text("old")
    original = apply.Staged.commit

    def sabotaged(self: apply.Staged) -> None:
        original(self)
        (project / "f").unlink()
        (project / "f").mkdir()
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(apply.Staged, "commit", sabotaged)
    with pytest.raises(WriteFailed, match="NOT ALL COULD BE PUT BACK") as caught:
        apply.apply(Plan([overwrite("f", b"old")], []), str(project))
    copy = caught.value.given.partition("was: ")[2].partition(" ")[0]
    assert (project / copy).read_text() == "old"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_overwriting_leaves_a_file_to_its_owner(project: Path) -> None:
    (project / "f").write_text("old")
    os.chown(project / "f", 1234, 1235)
    apply.apply(Plan([overwrite("f", b"old")], []), str(project))
    assert ((project / "f").stat().st_uid, (project / "f").stat().st_gid) == (1234, 1235)


KILLED = """
import os, sys
from unjucks import apply
from unjucks.model import Change, Plan
steps = int(sys.argv[2])
def step(original):
    def act(self, *rest):
        global steps
        steps -= 1
        if steps < 0:
            os.kill(os.getpid(), 9)
        return original(self, *rest)
    return act
for name in ("stage", "commit", "forget", "_write"):
    setattr(apply.Staged, name, step(getattr(apply.Staged, name)))
changes = [Change(f"f{i}", b"old" * 999, b"new" * 999, "overwrite", None) for i in range(3)]
apply.apply(Plan([*changes, Change("made/g", None, b"new" * 999, "create", None)], []), sys.argv[1])
"""


def killed_after(project: Path, steps: int) -> int:
    for number in range(3):
        (project / f"f{number}").write_bytes(b"old" * 999)
    return subprocess.run([sys.executable, "-c", KILLED, str(project), str(steps)], check=False).returncode


def holds_old_or_new(project: Path) -> bool:
    contents = [(project / f"f{number}").read_bytes() for number in range(3)]
    made = project / "made" / "g"
    return all(text in (b"old" * 999, b"new" * 999) for text in contents) and (
        not made.exists() or made.read_bytes() == b"new" * 999
    )


@pytest.mark.parametrize("steps", [2, 9, 12, 14])
def test_a_kill_leaves_each_file_old_or_new(project: Path, steps: int) -> None:
    assert killed_after(project, steps) == -signal.SIGKILL
    assert holds_old_or_new(project)


@pytest.mark.soak
@pytest.mark.parametrize("steps", range(22))
def test_a_kill_at_any_step_leaves_each_file_old_or_new(project: Path, steps: int) -> None:
    assert killed_after(project, steps) in (-signal.SIGKILL, 0)
    assert holds_old_or_new(project)


def test_scratch_files_of_a_killed_run_do_not_stop_the_next(project: Path) -> None:
    killed_after(project, 9)
    assert killed_after(project, 99) == 0
    assert holds_old_or_new(project)
