"""Injection: where a block goes in, what is left as it was, what is refused."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unjucks.errors import FrontMatterInvalid, InjectAnchorMissing
from unjucks.ops.inject import insert, span

INSERTS = {
    "before the anchor's line": ("a\nb\nc\n", "x\n", "before", "b", "a\nx\nb\nc\n"),
    "after the anchor's line": ("a\nb\nc\n", "x\n", "after", "b", "a\nb\nx\nc\n"),
    "before the first line": ("a\nb\n", "x\n", "before", "a", "x\na\nb\n"),
    "after the last line": ("a\nb\n", "x\n", "after", "b", "a\nb\nx\n"),
    "after a last line without its end": ("a\nb", "x\n", "after", "b", "a\nb\nx\n"),
    "before an anchor inside a line": ("one two\n", "x\n", "before", "two", "x\none two\n"),
    "at the first of two matches": ("b\nb\n", "x\n", "after", "b", "b\nx\nb\n"),
    "before an anchor over two lines": ("a\nb\nc\n", "x\n", "before", "b\nc", "a\nx\nb\nc\n"),
    "after an anchor over two lines": ("a\nb\nc\nd\n", "x\n", "after", "b\nc", "a\nb\nc\nx\nd\n"),
    "after an anchor that ends with its line": ("a\nb\n", "x\n", "after", "a\n", "a\nx\nb\n"),
    "before an expression": ("a1\nb2\n", "x\n", "before", r"/^b\d$/", "a1\nx\nb2\n"),
    "after an expression": ("a1\nb2\n", "x\n", "after", r"/^a\d$/", "a1\nx\nb2\n"),
    "with an anchor that only looks like an expression": ("+ (\n", "x\n", "before", "+ (", "x\n+ (\n"),
    "with a single slash as anchor": ("a/b\n", "x\n", "before", "/", "x\na/b\n"),
    "at the end": ("a\n", "x\n", "append", "", "a\nx\n"),
    "at an end without a line end": ("a", "x\n", "append", "", "a\nx\n"),
    "at the end of an empty file": ("", "x\n", "append", "", "x\n"),
    "at the start": ("a\n", "x\n", "prepend", "", "x\na\n"),
    "at the start, after a byte order mark": ("\ufeffa\n", "x\n", "prepend", "", "\ufeffx\na\n"),
    "before a first line with a byte order mark": ("\ufeffa\n", "x\n", "before", "a", "\ufeffx\na\n"),
    "into a file that is nothing but a mark": ("\ufeff", "x\n", "append", "", "\ufeffx\n"),
    "with Windows line ends": ("a\r\nb\r\n", "x\ny\n", "after", "a", "a\r\nx\r\ny\r\nb\r\n"),
    "with a block without a line end": ("a\nb\n", "x", "after", "a", "a\nx\nb\n"),
    "with an empty block": ("a\n", "", "after", "nowhere", "a\n"),
    "with a block that ends in a blank line": ("a\nb\n", "x\n\n", "after", "a", "a\nx\n\nb\n"),
}


@pytest.mark.parametrize(("text", "block", "where", "anchor", "result"), INSERTS.values(), ids=INSERTS)
def test_a_block_goes_in(text: str, block: str, where: str, anchor: str, result: str) -> None:
    assert insert(text, block, where, anchor, "f:1") == result


def test_a_missing_anchor_is_an_error_not_a_guess() -> None:
    with pytest.raises(InjectAnchorMissing, match="f:3: the text to inject before is not in the file"):
        insert("a\n", "x\n", "before", "zzz", "f:3")


def test_a_broken_expression_names_its_place() -> None:
    with pytest.raises(FrontMatterInvalid, match="f:3: no regular expression"):
        insert("a\n", "x\n", "before", "/(/", "f:3")


def test_an_expression_sees_lines() -> None:
    assert span("a\nb\n", "/^b$/", "f") == (2, 3)


LINES = st.lists(
    st.text(st.characters(exclude_characters="\r\n\ufeff", exclude_categories=["Cs"])), max_size=8
)


@given(LINES, LINES, st.sampled_from(["before", "after", "append", "prepend"]), st.data())
def test_every_old_line_stays_and_the_block_is_whole(
    old: list[str], new: list[str], where: str, data: st.DataObject
) -> None:
    text = "".join(line + "\n" for line in old)
    block = "".join(line + "\n" for line in new)
    anchor = data.draw(st.sampled_from([line for line in old if line] or [""]))
    result = insert(text, block, where, anchor, "f:1")
    assert block in result
    assert result.replace(block, "", 1).count("\n") == len(old)
    assert len(result) == len(text) + len(block)


@given(LINES, st.sampled_from(["\n", "\r\n"]), st.sampled_from(["append", "prepend"]))
def test_line_ends_of_the_file_are_kept(old: list[str], eol: str, where: str) -> None:
    text = "".join(line + eol for line in ["first", *old])
    result = insert(text, "x\ny\n", where, "", "f:1")
    assert result.count("\n") == text.count("\n") + 2
    assert result.count("\r\n") == (result.count("\n") if eol == "\r\n" else 0)


EXPORT = "---\nto: index.ts\ninject: true\nappend: true\nskip_if: '{{ name }}'\n---\nexport * from './{{ name }}';\n"


def test_generate_injects_into_a_file(generate: Any, project: Path) -> None:
    (project / "index.ts").write_text("// all\n")
    assert generate(EXPORT, "Button").out.startswith("inject     index.ts\n")
    assert (project / "index.ts").read_text() == "// all\nexport * from './Button';\n"


def test_skip_if_makes_an_injection_happen_once(generate: Any, run: Any, project: Path) -> None:
    (project / "index.ts").write_text("")
    generate(EXPORT, "Button")
    assert run("generate", "gen", "one", "Button").out.startswith("skip       index.ts\n")
    assert (project / "index.ts").read_text() == "export * from './Button';\n"


def test_a_file_is_created_and_then_injected_into(generate: Any, tree: Any) -> None:
    barrel = "---\nto: index.ts\nunless_exists: true\n---\n// all\n"
    generate({"z.t": barrel, "a.t": EXPORT}, "Button")
    assert tree() == {"index.ts": "// all\nexport * from './Button';\n"}


def test_two_injections_into_one_file_both_happen(generate: Any, project: Path) -> None:
    (project / "f").write_text("mid\n")
    head = "---\nto: f\ninject: true\n"
    generate({"a.t": f"{head}prepend: true\n---\ntop", "b.t": f"{head}after: top\n---\nsecond"})
    assert (project / "f").read_text() == "top\nsecond\nmid\n"


def test_a_file_that_is_not_there_cannot_be_injected_into(generate: Any, tree: Any) -> None:
    outcome = generate(EXPORT, "Button")
    assert (outcome.code, outcome.error) == (1, "INJECT_TARGET_MISSING")
    assert "a.t:2: the file to inject into does not exist: index.ts" in outcome.err
    assert tree() == {}


def test_a_missing_anchor_changes_nothing(generate: Any, project: Path, tree: Any) -> None:
    (project / "f").write_text("a\n")
    inject = "---\nto: f\ninject: true\nafter: '{{ name }}'\n---\nx\n"
    outcome = generate({"0.t": "---\nto: new\n---\n", "a.t": inject}, "zzz")
    assert outcome.error == "INJECT_ANCHOR_MISSING"
    assert "a.t:4: the text to inject after is not in the file: 'zzz'" in outcome.err
    assert tree() == {"f": "a\n"}


def test_a_file_that_is_no_text_is_left_alone(generate: Any, project: Path) -> None:
    (project / "index.ts").write_bytes(b"\xff\xfe\x00")
    assert generate(EXPORT, "Button").error == "TARGET_UNREADABLE"
    assert (project / "index.ts").read_bytes() == b"\xff\xfe\x00"


def test_injecting_keeps_the_mode(generate: Any, project: Path) -> None:
    (project / "index.ts").write_text("")
    (project / "index.ts").chmod(0o755)
    generate(EXPORT, "Button")
    assert (project / "index.ts").stat().st_mode & 0o777 == 0o755


def test_a_dry_run_shows_the_injection(generate: Any, project: Path) -> None:
    (project / "index.ts").write_text("// all\n")
    assert "    +export * from './Button';" in generate(EXPORT, "Button", "--dry-run").out
    assert (project / "index.ts").read_text() == "// all\n"
