"""Paths stay inside the target folder, whatever a template or a name says."""

import os
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from unjucks import apply, paths
from unjucks.errors import PathEscape, TargetUnreadable, UnjucksError
from unjucks.model import Change, Plan

ESCAPES = {
    "above": "../x",
    "above, later": "a/../../x",
    "above and back": "a/../x",
    "absolute": "/etc/x",
    "absolute after a dot": "./../x",
    "two slashes": "//etc/x",
    "a drive": "C:/x",
    "a drive without a slash": "c:x",
    "backslashes": "..\\x",
    "a share": "\\\\host\\x",
    "a NUL": "a\0b",
    "a line end": "a\nb",
    "an escape sequence": "a\x1b[2Jb",
    "text that runs backwards": "a\u202etxt",
    "nothing but dots": ".",
    "a folder": "a/",
    "git's folder": ".git/hooks/post-checkout",
    "git's folder in capitals": "a/.GIT/config",
}
STAYS = {
    "plain": ("a", "a"),
    "deep": ("a/b/c", "a/b/c"),
    "with dots": ("./a/./b", "a/b"),
    "with two slashes": ("a//b", "a/b"),
    "hidden": (".env", ".env"),
    "three dots": (".../a", ".../a"),
    "two dots in a name": ("a..b", "a..b"),
    "like git's folder": (".gitignore", ".gitignore"),
    "spaces and accents": ("é à/ü ñ", "é à/ü ñ"),
}


@pytest.mark.parametrize("wanted", ESCAPES.values(), ids=ESCAPES)
def test_a_path_that_leads_out_is_refused(wanted: str) -> None:
    with pytest.raises(PathEscape, match=r"t\.t:2: "):
        paths.clean(wanted, "t.t:2")


@pytest.mark.parametrize(("wanted", "result"), STAYS.values(), ids=STAYS)
def test_a_path_that_stays_inside_is_taken(wanted: str, result: str) -> None:
    assert paths.clean(wanted, "") == result


@pytest.mark.parametrize("name", ["../x", "/etc/x", "a\\b", "x/"])
def test_a_name_cannot_lead_a_template_out(generate: Any, tree: Any, project: Path, name: str) -> None:
    outcome = generate("---\nto: {{ name }}\n---\n", "--vars", f"name={name}")
    assert (outcome.code, outcome.error) == (1, "PATH_OUTSIDE")
    assert tree() == {}
    assert not (project.parent / "x").exists()


def test_a_folder_typed_for_a_built_in_template_that_leads_out_is_a_user_error(
    run: Any, granted: Any
) -> None:
    outcome = run("generate", "component", "react", "Foo", "--dir", "../../outside")
    assert outcome.error == "PATH_OUTSIDE"
    assert "  try: use --to DIR" in outcome.err
    (event,) = granted()
    assert (event["error"]["code"], event["error"]["category"]) == ("PATH_OUTSIDE", "user_errors")


MANIFEST = "variables:\n  name: {}\n  up: {type: boolean, default: false}\n  dir: {default: %s}\n"
BLAME = {
    "a typed text": ("src", "{{ dir }}/{{ name }}", ["--dir", ".."], "PATH_OUTSIDE"),
    "a text that a default is made of": ("'{{ name }}'", "{{ dir }}/x", ["--name", ".."], "PATH_OUTSIDE"),
    "a text for a name not declared": ("src", "{{ other }}/x", ["--other", "/etc"], "PATH_OUTSIDE"),
    "a typed link": ("src", "{{ dir }}/x", ["--dir", "link"], "PATH_OUTSIDE"),
    "the template's own text": ("src", "../{{ dir }}/x", ["--dir", "../y"], "PATH_ESCAPE"),
    "the template's own default": ("../y", "{{ dir }}/x", ["--name", ".."], "PATH_ESCAPE"),
    "the template's own choice": ("src", "{% if up %}../{% endif %}x", ["--up"], "PATH_ESCAPE"),
    "an escape that the template puts together": ("src", "{{ '.' ~ '.' }}/{{ dir }}", [], "PATH_ESCAPE"),
}


@pytest.mark.parametrize(("default", "to", "argv", "code"), BLAME.values(), ids=BLAME)
def test_who_led_the_path_out_is_told_apart(
    generate: Any, project: Path, default: str, to: str, argv: list[str], code: str
) -> None:
    (project / "link").symlink_to(project.parent)
    given = argv if "--name" in argv else [*argv, "--name", "x"]
    files = {"template.yaml": MANIFEST % default, "a.t": f'---\nto: "{to}"\n---\n'}
    assert generate(files, *given).error == code


def test_a_link_that_leads_outside_is_refused(generate: Any, project: Path) -> None:
    outside = project.parent / "outside"
    outside.mkdir()
    (project / "link").symlink_to(outside)
    outcome = generate("---\nto: link/x\n---\n")
    assert outcome.error == "PATH_ESCAPE"
    assert "through a symlink" in outcome.err
    assert list(outside.iterdir()) == []


def test_a_file_that_is_a_link_to_outside_is_refused(generate: Any, project: Path) -> None:
    secret = project.parent / "secret"
    secret.write_text("x")
    (project / "f").symlink_to(secret)
    assert generate("---\nto: f\ninject: true\nappend: true\n---\nmore").error == "PATH_ESCAPE"
    assert secret.read_text() == "x"


def test_a_dangling_link_to_outside_is_refused(generate: Any, project: Path) -> None:
    (project / "f").symlink_to(project.parent / "nowhere")
    assert generate("---\nto: f\n---\n").error == "PATH_ESCAPE"


def test_a_link_that_stays_inside_is_followed_and_kept(generate: Any, project: Path) -> None:
    (project / "real").mkdir()
    (project / "link").symlink_to("real")
    assert generate("---\nto: link/x\n---\nhi").code == 0
    assert (project / "real" / "x").read_text() == "hi"
    assert (project / "link").is_symlink()


def test_a_link_into_git_is_refused(generate: Any, project: Path) -> None:
    (project / ".git" / "hooks").mkdir(parents=True)
    (project / "hooks").symlink_to(".git/hooks")
    assert generate("---\nto: hooks/pre-commit\n---\n").error == "PATH_ESCAPE"


def test_a_loop_of_links_is_refused(generate: Any, project: Path) -> None:
    (project / "a").symlink_to("b")
    (project / "b").symlink_to("a")
    assert generate("---\nto: a/x\n---\n").code == 1


def test_the_target_itself_may_be_a_link(generate: Any, project: Path) -> None:
    (project / "real").mkdir()
    (project / "there").symlink_to("real")
    assert generate("---\nto: x\n---\nhi", "--to", "there").code == 0
    assert (project / "real" / "x").read_text() == "hi"


@pytest.mark.parametrize("link", ["folder", "file"])
def test_a_link_slipped_in_after_the_check_is_not_followed(project: Path, link: str) -> None:
    outside = project.parent / "outside"
    outside.mkdir()
    change = Change("a/x" if link == "folder" else "a", None, b"hi", "create", None)
    (project / "a").symlink_to(outside if link == "folder" else outside / "x")
    with pytest.raises(UnjucksError):
        apply.apply(Plan([change], []), str(project))
    assert list(outside.iterdir()) == []


def test_a_pipe_in_the_way_is_not_waited_for(project: Path) -> None:
    os.mkfifo(project / "f")
    with pytest.raises(TargetUnreadable):
        paths.read(str(project), "f")


def test_a_folder_in_the_way_is_named(generate: Any, project: Path) -> None:
    (project / "a").mkdir()
    outcome = generate("---\nto: a\n---\n")
    assert outcome.error == "TARGET_UNREADABLE"
    assert "a folder or device, not a file: a " in outcome.err


PART = st.one_of(
    st.sampled_from(
        [
            "..",
            ".",
            "",
            "a",
            "link",
            "loop",
            ".git",
            "C:",
            "~",
            "a\\b",
            "..\\..",
            "\0",
            "\u2025",
            "\uff0e\uff0e",
        ]
    ),
    st.text(max_size=5),
)


@pytest.fixture
def traps(project: Path) -> Path:
    """A target with links of every kind, beside a folder that must not be reached."""
    target = project / "target"
    (target / "a").mkdir(parents=True)
    (target / "link").symlink_to(project / "outside")
    (target / "loop").symlink_to("loop")
    (target / "a" / "up").symlink_to("../..")
    return target.resolve()


@given(st.lists(PART, min_size=1, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_resolved_lies_inside(traps: Path, parts: list[str]) -> None:
    try:
        relative = paths.resolve(str(traps), "/".join(parts), "")
    except PathEscape:
        return
    except ValueError:
        pytest.fail("not one of our errors")
    real = os.path.realpath(traps / relative)
    assert real.startswith(f"{traps}/")
    assert ".git" not in relative.lower().split("/")


@given(st.lists(PART, min_size=1, max_size=5))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
def test_whatever_is_written_lies_inside(traps: Path, parts: list[str]) -> None:
    before = sorted(traps.parent.iterdir())
    try:
        relative = paths.resolve(str(traps), "/".join(parts), "")
        apply.apply(Plan([Change(relative, None, b"x", "create", None)], []), str(traps))
    except UnjucksError:
        pass
    assert sorted(traps.parent.iterdir()) == before
    assert not (traps.parent / "outside").exists()
