"""Front matter and template.yaml: what is read, and each mistake with its file and line."""

from pathlib import Path
from typing import Any

import pytest

from unjucks import metadata, parse
from unjucks.errors import FrontMatterInvalid, TemplateUnreadable
from unjucks.model import Root

NEST = "[" * 30 + "]" * 30
BOMB = "a: &a [x, x]\nb: &b [*a, *a]\n"
MISTAKES = {
    "no front matter": ("hello\n", 1, "must begin with front matter"),
    "an empty file": ("", 1, "must begin with front matter"),
    "front matter not closed": ("---\nto: a\n", 1, "not closed"),
    "empty front matter": ("---\n---\nx", 2, "empty front matter"),
    "no to": ("---\nforce: true\n---\n", 2, "'to' is missing"),
    "an unknown key": ("---\nto: a\nfroce: true\n---\n", 3, "no key 'froce'; did you mean 'force'?"),
    "a key given twice": ("---\nto: a\nto: b\n---\n", 3, "'to' is given twice"),
    "broken YAML": ("---\nto: a\nsh: [x\n---\n", 4, "not valid YAML"),
    "a tab as indent": ("---\nto:\n\t- a\n---\n", 3, "not valid YAML"),
    "a list where a text belongs": ("---\nto: [a]\n---\n", 2, "to takes a text"),
    "a mapping where a text belongs": ("---\nto: {a: b}\n---\n", 2, "to takes a text"),
    "a list where a mapping belongs": ("---\n- to\n---\n", 2, "takes a mapping"),
    "no truth value": ("---\nto: a\nforce: maybe\n---\n", 3, "takes true or false, not 'maybe'"),
    "inject without a place": ("---\nto: a\ninject: true\n---\n", 3, "exactly one of before, after"),
    "inject with two places": (
        "---\nto: a\ninject: true\nbefore: x\nafter: y\n---\n",
        3,
        "exactly one of before, after",
    ),
    "a place without inject": ("---\nto: a\nbefore: x\n---\n", 3, "before needs 'inject: true'"),
    "inject without to": ("---\ninject: true\nsh: x\nappend: true\n---\n", 2, "'to' is missing"),
    "inject with force": ("---\nto: a\ninject: true\nappend: true\nforce: true\n---\n", 5, "not for inject"),
    "chmod by letters": ("---\nto: a\nchmod: u+x\n---\n", 3, "three octal digits"),
    "chmod with setuid": ("---\nto: a\nchmod: 4755\n---\n", 3, "three octal digits"),
    "an alias": ("---\nto: &x a\nsh: *x\n---\n", 2, "anchors and aliases"),
    "an alias bomb": (f"---\n{BOMB}---\n", 2, "anchors and aliases"),
    "a tag": ("---\nto: !!python/object/apply:os.system [x]\n---\n", 2, "tags"),
    "deep nesting": (f"---\nto: {NEST}\n---\n", 2, "nested too deeply"),
    "a mapping as a key": ("---\n? {a: b}\n: c\n---\n", 2, "a key takes a text"),
    "control characters": ("---\nto: \x07\n---\n", 2, "not valid YAML"),
    "endless front matter": (f"---\nto: {'x' * 70_000}\n---\n", 2, "longer than 64 KiB"),
    "a body that is no template": ("---\nto: a\n---\n\n{% if %}\n", 5, "unexpected end of block"),
    "a path that is no template": ("---\nforce: true\nto: a{{\n---\n", 3, "unexpected end of input"),
}


@pytest.mark.parametrize(("text", "line", "words"), MISTAKES.values(), ids=MISTAKES)
def test_a_mistake_in_a_template_file_is_named_with_its_line(
    generate: Any, tree: Any, text: str, line: int, words: str
) -> None:
    outcome = generate(text)
    assert outcome.code == 1
    assert outcome.error in ("FRONT_MATTER_INVALID", "RENDER_FAILED")
    assert outcome.err.startswith(f"unjucks: _templates/gen/one/a.t:{line}: ")
    assert words in outcome.err
    assert tree() == {}


MANIFEST_MISTAKES = {
    "an unknown key": ("descripton: x\n", 1, "no key 'descripton'; did you mean 'description'?"),
    "variables as a list": ("variables:\n  - name\n", 2, "variables takes a mapping"),
    "a variable that is no name": ("variables:\n  my-name: {}\n", 2, "'my-name' is not a name"),
    "an unknown property": (
        "variables:\n  name:\n    typ: string\n",
        3,
        "no key 'typ'; did you mean 'type'?",
    ),
    "an unknown type": ("variables:\n  name: {type: text}\n", 2, "'text' is none of string, name"),
    "a pattern that is none": ('variables:\n  name: {pattern: "("}\n', 2, "no regular expression"),
    "restricted by a word": ("restricted: very\n", 1, "takes true or false"),
    "two documents": ("description: a\n---\ndescription: b\n", 3, "more than one document"),
    "choices with choices inside": ("variables:\n  name:\n    choices: [[a]]\n", 3, "choices takes a text"),
}


@pytest.mark.parametrize(("text", "line", "words"), MANIFEST_MISTAKES.values(), ids=MANIFEST_MISTAKES)
def test_a_mistake_in_template_yaml_is_named_with_its_line(
    generate: Any, text: str, line: int, words: str
) -> None:
    outcome = generate({"template.yaml": text, "a.t": "---\nto: a\n---\n"})
    assert (outcome.code, outcome.error) == (1, "FRONT_MATTER_INVALID")
    assert outcome.err.startswith(f"unjucks: _templates/gen/one/template.yaml:{line}: ")
    assert words in outcome.err


def test_an_empty_template_yaml_is_fine(generate: Any) -> None:
    assert generate({"template.yaml": "# nothing yet\n", "a.t": "---\nto: a\n---\n"}).code == 0


def test_scalars_stay_as_they_were_written() -> None:
    node = metadata.read("mode: 0755\nyes_: yes\nday: 2025-09-09\nnone: ~\nquoted: '~'\n", "f")
    assert {key: value.value for key, value in node.mapping("top").items()} == {
        "mode": "0755",
        "yes_": "yes",
        "day": "2025-09-09",
        "none": "",
        "quoted": "~",
    }


def test_each_value_knows_its_line() -> None:
    node = metadata.read("a: 1\nb:\n  - x\n  - y\n", "f", first_line=10)
    items = node.mapping("top")["b"].value
    assert isinstance(items, list)
    assert [item.line for item in items] == [12, 13]


def test_a_folded_text_belongs_to_the_line_of_its_key() -> None:
    assert metadata.read("a: 1\nb: >\n  long\n  text\n", "f").mapping("top")["b"].line == 2


def test_the_line_of_a_mistake_counts_from_the_start_of_the_file() -> None:
    with pytest.raises(FrontMatterInvalid) as caught:
        metadata.read("a: [\n", "f", first_line=7)
    assert caught.value.place == "f:8"


def test_a_template_folder_without_files_is_unreadable(templates: Any, run: Any) -> None:
    templates({"gen/one/template.yaml": "description: x\n"})
    outcome = run("generate", "gen", "one")
    assert outcome.error == "TEMPLATE_UNREADABLE"
    assert "has no files" in outcome.err


@pytest.mark.parametrize(
    "to", ["{{ name }}", "'{{ name }}'", '"{{ name }}"', "{% if name %}{{ name }}{% endif %}"]
)
def test_a_path_may_be_a_template_with_or_without_quotes(generate: Any, tree: Any, to: str) -> None:
    generate(f"---\nto: {to}\n---\nx", "it")
    assert tree() == {"it": "x"}


def test_hidden_files_are_no_templates(generate: Any, tree: Any) -> None:
    generate({"a.t": "---\nto: a\n---\n", ".a.t.swp": "junk", ".git/x": "junk"})
    assert list(tree()) == ["a"]


ENDS = {
    "with the text": ("---\nto: a\n---\nx", "x"),
    "with the last line of front matter": ("---\nto: a\n---", ""),
    "with that line's end": ("---\nto: a\n---\n", ""),
    "after a second rule in the text": ("---\nto: a\n---\nx\n---\ny\n", "x\n---\ny\n"),
    "after a rule in a quoted value": ("---\nto: a\nskip_if: ' --- '\n---\nx", "x"),
}


@pytest.mark.parametrize(("text", "body"), ENDS.values(), ids=ENDS)
def test_front_matter_ends_at_the_first_line_of_dashes(
    generate: Any, tree: Any, text: str, body: str
) -> None:
    generate(text)
    assert tree() == {"a": body}


def test_a_template_file_that_has_gone_is_unreadable(project: Path) -> None:
    root = Root(str(project), "project", trusted=True)
    with pytest.raises(TemplateUnreadable, match="gen/one/gone"):
        parse.template(root, "gen", "one", ["gone.t"])
