"""The compiled cache: used when it is right, ignored when it is not, never in the way."""

import os
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from unjucks import cache, find, parse

SETTLED = time.time_ns() - 10**10


@pytest.fixture
def settled(templates: Any) -> Any:
    """Write a template whose files are old enough to be kept."""

    def write(text: str, stamp: int = SETTLED) -> Path:
        root: Path = templates({"gen/one/a.t": text})
        os.utime(root / "gen/one/a.t", ns=(stamp, stamp))
        # ctime cannot be set: step over the time in which a file counts as unsettled
        settling = time.time_ns() + cache.SETTLED_NS
        while time.time_ns() < settling:
            os.sched_yield()
        return root

    return write


def entries() -> list[Path]:
    folder = Path(cache.folder())
    return sorted(folder.iterdir()) if folder.is_dir() else []


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Count what is read anew."""
    seen: list[str] = []
    original = parse.template

    def counting(*args: Any) -> Any:
        seen.append(args[2])
        return original(*args)

    monkeypatch.setattr(parse, "template", counting)
    return seen


def test_a_second_run_reads_nothing_anew(settled: Any, run: Any, parsed: list[str]) -> None:
    settled("---\nto: a\n---\nhi")
    run("generate", "gen", "one")
    assert run("generate", "gen", "one").code == 0
    assert parsed == ["one"]


def test_what_comes_from_the_cache_is_what_was_read(settled: Any, templates: Any, run: Any) -> None:
    templates(
        {
            "gen/one/template.yaml": "description: d\nrestricted: on\nvariables:\n  v: {choices: [a], default: a}\n"
        }
    )
    root = settled("---\nto: a\nsh: [x, y]\nchmod: 600\n---\n{% include '_p' %}")
    templates({"gen/one/_p": "part"})
    fresh = find.compiled(find.roots(str(root.parent))[0], "gen", "one")
    cached = find.compiled(find.roots(str(root.parent))[0], "gen", "one")
    for name in ("description", "restricted", "partials", "generator", "name", "folder"):
        assert getattr(cached, name) == getattr(fresh, name)
    assert [variable.record() for variable in cached.variables] == [one.record() for one in fresh.variables]
    assert [source.record() for source in cached.sources] == [one.record() for one in fresh.sources]


def test_an_edit_is_seen(settled: Any, run: Any, tree: Any) -> None:
    settled("---\nto: a\n---\nold")
    run("generate", "gen", "one")
    settled("---\nto: a\n---\nnew", SETTLED + 1)
    run("generate", "gen", "one", "--force")
    assert tree() == {"a": "new"}


def test_an_edit_that_keeps_size_and_time_is_seen(settled: Any, run: Any, tree: Any) -> None:
    settled("---\nto: a\n---\nold")
    run("generate", "gen", "one")
    settled("---\nto: a\n---\nnew")
    run("generate", "gen", "one", "--force")
    assert tree() == {"a": "new"}


def test_a_new_file_is_seen(settled: Any, templates: Any, run: Any, tree: Any) -> None:
    settled("---\nto: a\n---\n")
    run("generate", "gen", "one")
    templates({"gen/one/b.t": "---\nto: b\n---\n"})
    run("generate", "gen", "one")
    assert list(tree()) == ["a", "b"]


def test_a_file_that_has_just_changed_is_not_kept(templates: Any, run: Any, parsed: list[str]) -> None:
    root = templates({"gen/one/a.t": "---\nto: a\n---\n"})
    future = time.time_ns() + 10**10
    os.utime(root / "gen/one/a.t", ns=(future, future))
    run("generate", "gen", "one")
    run("generate", "gen", "one")
    assert parsed == ["one", "one"]


def test_entries_are_the_users_alone(settled: Any, run: Any) -> None:
    settled("---\nto: a\n---\n")
    run("generate", "gen", "one")
    assert Path(cache.folder()).stat().st_mode & 0o777 == 0o700
    assert [path.stat().st_mode & 0o777 for path in entries()] == [0o600]


DAMAGE = {
    "emptied": lambda _: b"",
    "cut": lambda raw: raw[: len(raw) // 2],
    "a byte flipped": lambda raw: raw[:-3] + bytes([raw[-3] ^ 1]) + raw[-2:],
    "a byte of the CRC flipped": lambda raw: raw.replace(b"\n", b"\n\x00", 1),
    "an older format": lambda raw: raw.replace(b"template 1", b"template 0", 1),
    "another interpreter's": lambda raw: raw.replace(
        sys.implementation.cache_tag.encode(), b"cpython-999", 1
    ),
    "of other shapes": lambda raw: raw.replace(b" %08x" % cache.SHAPES, b" 00000000", 1),
    "random bytes": lambda raw: os.urandom(len(raw)),
    "another template's": lambda raw: raw,
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE)
def test_a_damaged_entry_is_ignored_and_written_anew(
    settled: Any, run: Any, parsed: list[str], damage: Any
) -> None:
    settled("---\nto: a\n---\nhi")
    run("generate", "gen", "one")
    (entry,) = entries()
    good = entry.read_bytes()
    damaged = damage(good)
    entry.write_bytes(damaged)
    assert run("generate", "gen", "one").out.startswith("unchanged  a\n")
    assert entry.read_bytes() == good
    assert len(parsed) == (1 if damaged == good else 2)


def test_an_entry_under_a_name_that_collides_is_not_mistaken(
    settled: Any, templates: Any, run: Any, tree: Any
) -> None:
    settled("---\nto: a\n---\none")
    run("generate", "gen", "one")
    (entry,) = entries()
    root = templates({"gen/two/a.t": "---\nto: b\n---\ntwo"})
    Path(cache._entry(f"{root}/gen/two")).write_bytes(entry.read_bytes())
    run("generate", "gen", "two")
    assert tree() == {"a": "one", "b": "two"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")
def test_an_entry_of_somebody_else_is_ignored(settled: Any, run: Any, parsed: list[str]) -> None:
    settled("---\nto: a\n---\n")
    run("generate", "gen", "one")
    os.chown(entries()[0], 1234, 1234)
    run("generate", "gen", "one")
    assert parsed == ["one", "one"]


def test_an_entry_that_is_a_link_is_ignored(settled: Any, run: Any, parsed: list[str], project: Path) -> None:
    settled("---\nto: a\n---\n")
    run("generate", "gen", "one")
    (entry,) = entries()
    entry.rename(project.parent / "elsewhere")
    entry.symlink_to(project.parent / "elsewhere")
    run("generate", "gen", "one")
    assert parsed == ["one", "one"]


def test_a_pipe_in_place_of_an_entry_is_not_waited_for(settled: Any, spawn: Any) -> None:
    root = settled("---\nto: a\n---\n")
    entry = Path(cache._entry(f"{root}/gen/one"))
    entry.parent.mkdir(parents=True)
    os.mkfifo(entry)
    assert spawn("generate", "gen", "one").code == 0
    assert entry.is_file()


NO_CACHE = {
    "is a file": lambda path: (path.parent.mkdir(parents=True), path.write_text("x")),
    "is a link to nowhere": lambda path: (path.parent.mkdir(parents=True), path.symlink_to("nowhere")),
}


@pytest.mark.parametrize("make", NO_CACHE.values(), ids=NO_CACHE)
def test_without_a_cache_folder_everything_works(settled: Any, run: Any, tree: Any, make: Any) -> None:
    make(Path(cache.folder()))
    settled("---\nto: a\n---\nhi")
    assert run("generate", "gen", "one").code == 0
    assert tree() == {"a": "hi"}


def test_a_cache_that_has_grown_too_large_is_emptied(settled: Any, run: Any) -> None:
    Path(cache.folder()).mkdir(parents=True)
    for number in range(cache.MOST_ENTRIES + 1):
        (Path(cache.folder()) / f"{number}").touch()
    settled("---\nto: a\n---\n")
    run("generate", "gen", "one")
    assert len(entries()) == 1


@pytest.mark.parametrize("value", ["", "relative/path"])
def test_a_cache_folder_must_be_absolute(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", value)
    assert cache.folder() == str(Path("~/.cache/unjucks").expanduser())
