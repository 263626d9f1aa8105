"""A root with a manifest vouches for its files: what was changed is refused, whoever changed what, cached or not."""

import hashlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

TEXT = "---\nto: a\n---\nhi\n"
Seal = Callable[..., Path]


def line(path: str, text: str = TEXT, mark: str = "  ") -> str:
    return f"{hashlib.sha256(text.encode()).hexdigest()}{mark}{path}\n"


@pytest.fixture
def seal(templates: Any) -> Seal:
    """Two templates and, with `gen/one` as it is, this manifest."""

    def write(manifest: str | bytes = line("gen/one/a.t")) -> Path:
        root: Path = templates({"gen/one/a.t": TEXT, "gen/two/a.t": TEXT})
        raw = manifest.encode() if isinstance(manifest, str) else manifest
        (root / "MANIFEST.sha256").write_bytes(raw)
        return root

    return write


GOOD = {
    "as sha256sum writes it": line("gen/one/a.t"),
    "in binary mode": line("gen/one/a.t", mark=" *"),
    "from find": line("./gen/one/a.t"),
    "with Windows line ends": line("gen/one/a.t").replace("\n", "\r\n"),
    "in capitals": line("x/y/z").upper().replace("X/Y/Z", "x/y/z") + line("gen/one/a.t"),
    "with other files that are gone": line("other/one/a.t") + "\n" + line("gen/one/a.t"),
}


@pytest.mark.parametrize("manifest", GOOD.values(), ids=GOOD)
def test_a_template_that_is_as_listed_is_used(seal: Seal, run: Any, manifest: str) -> None:
    seal(manifest)
    assert run("generate", "gen", "one").code == 0


TAMPERED = {
    "a file that is not listed": (line("gen/two/a.t"), "unlisted"),
    "a file that was changed": (line("gen/one/a.t", "other"), "changed"),
    "a file that is missing": (line("gen/one/a.t") + line("gen/one/b.t"), "missing"),
    "an empty manifest": ("", "unlisted"),
    "a line that is none": ("hello\n" + line("gen/one/a.t"), "MANIFEST.sha256:1"),
    "a digest of another length": ("ab  gen/one/a.t\n", "not a line of sha256sum"),
    "one blank": (line("gen/one/a.t", mark=" "), "not a line of sha256sum"),
    "a path that climbs": (line("gen/one/a.t") + line("../../etc/passwd"), "leads out"),
    "a path that climbs inside": (line("gen/../../x"), "leads out"),
    "an absolute path": (line("/etc/passwd"), "leads out"),
    "a path with a control character": (line("gen/\x1b[2J"), "leads out"),
    "a path of a drive": (line("C:\\x"), "leads out"),
    "two digests for a path": (line("gen/one/a.t") + line("gen/one/a.t", "other"), "twice"),
    "too many files": ("".join(line(f"x/{n}") for n in range(20_001)), "20000 files"),
    "too many bytes": ("\n" * (4 * 1024 * 1024 + 1), "4 MiB"),
    "no text": (b"\xff\xfe", "not UTF-8"),
}


@pytest.mark.parametrize(("manifest", "says"), TAMPERED.values(), ids=TAMPERED)
def test_is_refused(seal: Seal, run: Any, tree: Any, manifest: str | bytes, says: str) -> None:
    seal(manifest)
    outcome = run("generate", "gen", "one")
    assert (outcome.code, outcome.error) == (1, "BUNDLE_TAMPERED")
    assert says in outcome.err
    assert tree() == {}


def test_it_is_recorded_as_critical_and_not_tried_again(seal: Seal, run: Any, granted: Any) -> None:
    seal("")
    run("generate", "gen", "one")
    [event] = granted()
    assert (event["level"], event["error"]["category"]) == ("FATAL", "critical_errors")
    assert "retries" not in event["metadata"]


def test_a_list_fails_with_it_and_shows_the_others(seal: Seal, run: Any) -> None:
    seal()
    outcome = run("list")
    assert outcome.error == "BUNDLE_TAMPERED"
    assert "gen/one" in outcome.out


def test_the_cache_hides_no_change_of_the_manifest(seal: Seal, run: Any) -> None:
    root = seal()
    assert run("generate", "gen", "one").code == 0
    assert run("generate", "gen", "one").code == 0
    (root / "MANIFEST.sha256").write_text(line("gen/one/a.t", "other"))
    assert run("generate", "gen", "one", "--force").error == "BUNDLE_TAMPERED"


def test_a_manifest_that_comes_later_counts(templates: Any, run: Any, seal: Seal) -> None:
    templates({"gen/one/a.t": TEXT})
    assert run("generate", "gen", "one").code == 0
    seal("")
    assert run("generate", "gen", "one").error == "BUNDLE_TAMPERED"


def test_a_changed_file_is_seen_behind_the_cache(seal: Seal, run: Any) -> None:
    root = seal()
    run("generate", "gen", "one")
    (root / "gen/one/a.t").write_text(TEXT + "more")
    assert run("generate", "gen", "one", "--force").error == "BUNDLE_TAMPERED"


def test_a_manifest_that_is_a_link_is_refused(seal: Seal, run: Any, project: Path) -> None:
    root = seal()
    (root / "MANIFEST.sha256").rename(project / "elsewhere")
    (root / "MANIFEST.sha256").symlink_to(project / "elsewhere")
    assert run("generate", "gen", "one").error == "BUNDLE_TAMPERED"


@pytest.mark.parametrize("make", [os.mkdir, os.mkfifo])
def test_a_manifest_that_is_no_file_is_refused(seal: Seal, run: Any, make: Callable[[Path], None]) -> None:
    root = seal()
    (root / "MANIFEST.sha256").unlink()
    make(root / "MANIFEST.sha256")
    assert run("generate", "gen", "one").error in ("BUNDLE_TAMPERED", "TEMPLATE_UNREADABLE")


def test_a_given_root_is_held_to_its_manifest_too(seal: Seal, run: Any) -> None:
    root = seal("")
    assert run("generate", "gen", "one", "--root", str(root)).error == "BUNDLE_TAMPERED"


def test_verify_says_it_for_each_file(seal: Seal, run: Any) -> None:
    root = seal(line("gen/one/a.t") + line("gen/one/b.t") + line("gen/two/a.t", "other"))
    (root / "gen/one/c.t").write_text("new")
    outcome = run("templates", "verify")
    assert outcome.code == 1
    assert [row.split() for row in outcome.out.splitlines()[:4]] == [
        ["ok", "gen/one/a.t"],
        ["missing", "gen/one/b.t"],
        ["unlisted", "gen/one/c.t"],
        ["changed", "gen/two/a.t"],
    ]


def test_verify_of_a_whole_bundle_in_json(seal: Seal, run: Any) -> None:
    root = seal(line("gen/one/a.t") + line("gen/two/a.t"))
    outcome = run("templates", "verify", str(root), "--json")
    assert (outcome.code, outcome.json["ok"]) == (0, True)
    assert outcome.json["files"][0] == {"path": "gen/one/a.t", "state": "ok"}


@pytest.mark.parametrize("argv", [("verify", "."), (), ("pull",), ("verify", "a", "b")], ids=str)
def test_verify_needs_a_manifest_and_one_root(run: Any, argv: tuple[str, ...]) -> None:
    outcome = run("templates", *argv)
    assert (outcome.code, outcome.error) == (2, "USAGE")
