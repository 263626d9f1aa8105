"""Templates that mean harm: from the project's own root they end in clear errors, from --root they run under limits."""

import os
from pathlib import Path
from typing import Any

import pytest

from unjucks import errors, limits

SPIN = "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}"
GROW = "{% set n = namespace(s='xxxxxxxxxxxxxxxx') %}{% for i in range(40) %}{% set n.s = n.s + n.s %}{% endfor %}{{ n.s }}"
BACKTRACK = "---\nto: f\ninject: true\nbefore: /^(a+)+$/\n---\nx\n"


@pytest.fixture
def theirs(project: Path, templates: Any, run: Any) -> Any:
    """Generate from a root that nobody vouched for."""

    def call(files: dict[str, str] | str, *argv: str) -> Any:
        named = {"a.t": files} if isinstance(files, str) else files
        root = templates({f"gen/one/{name}": text for name, text in named.items()}, project.parent / "theirs")
        return run("generate", "gen", "one", "--root", str(root), *argv)

    return call


def test_an_untrusted_template_works(theirs: Any, tree: Any) -> None:
    manifest = "variables:\n  name: {pattern: '[a-z]+', default: '{{ \"x\" }}y'}\n"
    assert theirs({"template.yaml": manifest, "a.t": "---\nto: a\n---\n{{ name }}"}).code == 0
    assert tree() == {"a": "xy"}


HARM = {
    "an endless loop": (f"---\nto: a\n---\n{SPIN}", "RENDER_FAILED"),
    "a text that doubles forty times": (f"---\nto: a\n---\n{GROW}", "RENDER_FAILED"),
    "a regular expression that never ends": (BACKTRACK, "RENDER_FAILED"),
    "a path that climbs": ("---\nto: ../x\n---\n", "PATH_ESCAPE"),
    "a git hook": ("---\nto: .git/hooks/pre-commit\nchmod: 755\n---\n", "PATH_ESCAPE"),
    "a command": ("---\nto: a\nsh: touch owned\n---\n", "SHELL_REFUSED"),
    "a command alone": ("---\nsh: touch owned\n---\n", "SHELL_REFUSED"),
    "an undefined name": ("---\nto: a\n---\n{{ who }}", "VARIABLE_MISSING"),
}


@pytest.mark.parametrize(("text", "code"), HARM.values(), ids=HARM)
def test_an_untrusted_template_is_stopped(
    theirs: Any, project: Path, tree: Any, text: str, code: str
) -> None:
    (project / "f").write_text("a" * 40 + "!")
    outcome = theirs(text, "--yes")
    assert (outcome.code, outcome.error) == (1, code)
    assert tree() == {"f": "a" * 40 + "!"}


def test_an_untrusted_template_that_escapes_stays_critical_whatever_was_typed(theirs: Any) -> None:
    assert theirs("---\nto: {{ name }}\n---\n", "--name", "../x").error == "PATH_ESCAPE"


def test_a_refused_command_is_shown_with_its_place(theirs: Any) -> None:
    outcome = theirs("---\nto: a\nsh: touch owned\n---\n", "--yes")
    assert "theirs/gen/one/a.t:3: a command; " in outcome.err
    assert "never run: touch owned [SHELL_REFUSED]" in outcome.err


DEEP = {
    "an expression nested deeply": "{{ " + "not " * 20_000 + "1 }}",
    "a sign twenty thousand times": "{% set a = " + "-" * 20_000 + "1 %}",
    "a tag that is never closed": "{{ " + "not " * 20_000,
    "a chain of conditions": "{% if 1 %}" + "{% elif 1 %}" * 20_000 + "{% endif %}",
}


@pytest.mark.parametrize("whose", ["own", "theirs"])
@pytest.mark.parametrize("text", DEEP.values(), ids=DEEP)
def test_a_text_too_deep_for_the_engine_is_named(
    templates: Any, spawn: Any, project: Path, whose: str, text: str
) -> None:
    root = templates({"gen/one/a.t": f"---\nto: a\n---\n\n{text}"}, project / "deep")
    root.rename(project / "_templates") if whose == "own" else None
    outcome = spawn("generate", "gen", "one", *([] if whose == "own" else ["--root", str(root)]))
    assert (outcome.code, outcome.error) == (1, "RENDER_FAILED")
    assert "gen/one/a.t:5: " in outcome.err


def test_an_untrusted_template_that_crashes_the_engine_is_named(templates: Any, spawn: Any) -> None:
    hidden = "{{ '}}' and " + "not " * 20_000 + "1 }}"
    root = templates({"gen/one/a.t": f"---\nto: a\n---\n{hidden}"})
    outcome = spawn("list", "--root", str(root))
    assert (outcome.code, outcome.error) == (1, "RENDER_FAILED")
    assert "gen/one: stopped: it crashes the template engine" in outcome.err


LONG = {
    "a raw block": "{% raw %}{{" + " x" * 10_000 + "{% endraw %}",
    "a comment": "{# {{" + " x" * 10_000 + " #}",
    "text with braces": "{ a: {" + " x" * 10_000 + " } }",
    "a tag at the limit": "{{ '" + "x" * 9_900 + "' }}",
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG)
def test_a_long_text_is_no_long_tag(generate: Any, text: str) -> None:
    assert generate(f"---\nto: a\n---\n{text}").code == 0


DEFAULTS = {
    "a default that never ends": f'default: "{SPIN}"',
    "a default that grows": f'default: "{GROW}"',
    "a pattern that never ends": f"pattern: (a+)+, default: {'a' * 40}!",
}


@pytest.mark.parametrize("properties", DEFAULTS.values(), ids=DEFAULTS)
def test_variables_of_an_untrusted_template_are_limited_too(theirs: Any, properties: str) -> None:
    manifest = f"variables:\n  name: {{{properties}}}\n"
    assert theirs({"template.yaml": manifest, "a.t": "---\nto: a\n---\n"}).error == "RENDER_FAILED"


def test_links_in_an_untrusted_root_are_refused(theirs: Any, project: Path) -> None:
    folder = project.parent / "theirs" / "gen" / "one"
    folder.mkdir(parents=True)
    (folder / "_x").symlink_to("/etc/passwd")
    outcome = theirs("---\nto: a\n---\n{% include '_x' %}")
    assert outcome.error == "TEMPLATE_UNREADABLE"
    assert "symlink" in outcome.err


THEIRS = 65534  # the user nobody
COMMAND = "---\nto: a\nsh: touch owned\n---\n"
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root may give files away")


def give(path: Path) -> None:
    os.chown(path, THEIRS, THEIRS, follow_symlinks=False)


def share(path: Path) -> None:
    os.chown(path, -1, THEIRS)
    path.chmod(0o775)


CHANGEABLE = {
    "belongs to somebody else": give,
    "is open to all": lambda path: path.chmod(0o777),
    "is open to all but sticky": lambda path: path.chmod(0o1777),
    "is open to a group": share,
}


@only_root
@pytest.mark.parametrize("part", [".", "gen", "gen/one", "gen/one/sub", "gen/one/sub/a.t"])
@pytest.mark.parametrize("change", CHANGEABLE.values(), ids=CHANGEABLE)
def test_what_others_may_change_is_not_trusted(templates: Any, run: Any, change: Any, part: str) -> None:
    root = templates({"gen/one/sub/a.t": COMMAND})
    change(root / part)
    assert run("generate", "gen", "one", "--yes").error == "SHELL_REFUSED"


@only_root
def test_a_template_that_others_may_change_has_no_links(templates: Any, run: Any) -> None:
    root = templates({"gen/one/a.t": "---\nto: a\n---\n{% include '_x' %}"})
    (root / "gen/one/_x").symlink_to("/etc/passwd")
    (root / "gen/one").chmod(0o777)
    assert run("generate", "gen", "one").error == "TEMPLATE_UNREADABLE"


@pytest.mark.skipif(os.getegid() != os.geteuid(), reason="the user's group is not a private one")
def test_what_the_users_private_group_may_change_is_trusted(templates: Any, run: Any, tree: Any) -> None:
    root = templates({"gen/one/a.t": COMMAND})
    for path in (root, root / "gen", root / "gen/one", root / "gen/one/a.t"):
        path.chmod(0o775)
    assert run("generate", "gen", "one", "--yes").code == 0
    assert "owned" in tree()


@only_root
def test_a_link_of_somebody_else_to_own_templates_is_not_trusted(
    templates: Any, run: Any, project: Path
) -> None:
    (project / "_templates").symlink_to(templates({"gen/one/a.t": COMMAND}, project / "mine"))
    assert run("generate", "gen", "one", "--yes").code == 0
    give(project / "_templates")
    assert run("generate", "gen", "one", "--yes", "--force").error == "SHELL_REFUSED"


@only_root
def test_an_own_link_to_templates_of_somebody_else_is_not_trusted(
    templates: Any, run: Any, project: Path
) -> None:
    (project / "_templates").symlink_to(templates({"gen/one/a.t": COMMAND}, project / "other"))
    give(project / "other")
    assert run("generate", "gen", "one", "--yes").error == "SHELL_REFUSED"


@only_root
def test_trust_that_was_lost_is_seen_by_a_warm_run(templates: Any, run: Any) -> None:
    root = templates({"gen/one/a.t": COMMAND})
    assert run("generate", "gen", "one", "--yes").code == 0
    (root / "gen").chmod(0o777)
    assert run("generate", "gen", "one", "--yes", "--force").error == "SHELL_REFUSED"


UNREADABLE = {
    "a binary file": b"---\nto: a\n---\n\x00\x01",
    "bytes that are no UTF-8": b"---\nto: a\n---\n\n\xff\xfe",
    "a huge file": b"---\nto: a\n---\n" + b"x" * 1_100_000,
    "an image": b"\x89PNG\r\n\x1a\n",
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
def test_a_file_that_is_no_text_is_unreadable(generate: Any, tree: Any, content: Any) -> None:
    outcome = generate({"a.t": content})
    assert (outcome.code, outcome.error) == (1, "TEMPLATE_UNREADABLE")
    assert "_templates/gen/one/a.t" in outcome.err
    assert tree() == {}


def test_bytes_that_are_no_text_are_named_with_their_line(generate: Any) -> None:
    assert "a.t:5: not UTF-8 text" in generate({"a.t": UNREADABLE["bytes that are no UTF-8"]}).err


def test_a_pipe_among_the_templates_is_not_waited_for(templates: Any, run: Any) -> None:
    root = templates({"gen/one/a.t": "---\nto: a\n---\n"})
    os.mkfifo(root / "gen/one/b.t")
    assert run("generate", "gen", "one").error == "TEMPLATE_UNREADABLE"


def test_a_loop_of_folders_ends(templates: Any, run: Any) -> None:
    root = templates({"gen/one/a.t": "---\nto: a\n---\n"})
    (root / "gen/one/again").symlink_to(".")
    outcome = run("generate", "gen", "one")
    assert outcome.error == "TEMPLATE_UNREADABLE"


def test_a_template_of_too_many_files_is_refused(templates: Any, run: Any) -> None:
    templates({f"gen/one/{number}.t": "---\nto: a\n---\n" for number in range(501)})
    assert run("generate", "gen", "one").error == "TEMPLATE_UNREADABLE"


def test_one_broken_template_does_not_hide_the_others(templates: Any, run: Any) -> None:
    templates({"gen/one/a.t": "junk", "gen/two/a.t": "---\nto: a\n---\n"})
    outcome = run("list")
    assert (outcome.code, outcome.error) == (1, "FRONT_MATTER_INVALID")
    assert "gen/two" in outcome.out
    assert run("generate", "gen", "two").code == 0


ESCAPES = """description: "d\\e[2J\\e]0;owned\\a"
variables:
  name: {prompt: "p\\e[2J\\n  shown  a line of ours"}
  color: {choices: ["c\\e[2J", "\\u202Ed"], default: "c\\e[2J"}
"""


@pytest.mark.parametrize("command", ["list", "help gen", "help gen one"])
def test_a_template_cannot_steer_the_terminal(templates: Any, run: Any, command: str) -> None:
    head = '---\nto: "t\\e[2J\\n  shown  a line of ours"\n---\n'
    templates({"gen/one/template.yaml": ESCAPES, "gen/one/a\x1b[2J.t": head})
    outcome = run(*command.split())
    assert "d\\x1b[2J\\x1b]0;owned\\x07" in outcome.out
    assert all(line.isprintable() for line in outcome.out.split("\n"))
    assert "\n  shown" not in outcome.out


def test_a_value_cannot_become_template_code(generate: Any, tree: Any) -> None:
    generate("---\nto: a\n---\n{{ name }}", "--vars", "name={{ 1 + 1 }}")
    assert tree() == {"a": "{{ 1 + 1 }}"}


def test_a_value_cannot_become_front_matter(generate: Any, tree: Any) -> None:
    generate("---\nto: '{{ name }}'\n---\n", "--vars", "name=ab: c # d")
    assert list(tree()) == ["ab: c # d"]


def test_a_child_gives_back_what_it_computed() -> None:
    assert limits.in_child(lambda: [1, {"a": (b"x", None)}], "") == [1, {"a": (b"x", None)}]


def fail() -> None:
    raise errors.InjectAnchorMissing("what", place="f:1", hint="do")


def test_a_child_gives_back_its_error() -> None:
    with pytest.raises(errors.InjectAnchorMissing) as caught:
        limits.in_child(fail, "")
    assert (str(caught.value), caught.value.hint) == ("f:1: what", "do")


STOPPED = {
    "memory": lambda: bytearray(1 << 30),
    "processor time": lambda: sum(iter(int, 1)),
    "an answer too long": lambda: b"x" * (limits.ANSWER + 1),
    "a crash": lambda: os.kill(os.getpid(), 9),
    "a file written": lambda: Path("owned").write_text("x"),
}


@pytest.mark.parametrize("compute", STOPPED.values(), ids=STOPPED)
def test_a_child_that_does_too_much_is_stopped(project: Path, compute: Any) -> None:
    with pytest.raises(errors.RenderFailed, match="f: stopped"):
        limits.in_child(compute, "f")
    assert not (project / "owned").exists() or (project / "owned").read_text() == ""
