"""YAML as text with places: what is read, what is refused, and hostile files that must neither hang nor crash."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from opsdeck import spec
from opsdeck.spec import source

Problems = Callable[[str], list[str]]


def parse(text: str) -> tuple[object, list[str]]:
    node, problems = source.parse(text, "x")
    return node.plain(), [str(one) for one in problems]


def test_scalars_stay_the_text_that_was_written() -> None:
    text = "a: 1.0\nb: 0755\nc: yes\nd: 2025-09-09\ne: '5'\nf: 12:30\n"
    assert parse(text)[0] == {"a": "1.0", "b": "0755", "c": "yes", "d": "2025-09-09", "e": "5", "f": "12:30"}


def test_nothing_written_is_none_and_a_quoted_nothing_is_a_text() -> None:
    assert parse("a:\nb: ~\nc: null\nd: ''\n")[0] == {"a": None, "b": None, "c": None, "d": ""}


def test_an_empty_file_is_an_empty_map() -> None:
    assert parse("") == ({}, [])


def test_every_node_knows_where_it_and_its_key_begin() -> None:
    node, _ = source.parse("a:\n  b: text\n", "x")
    found = node.at(("a", "b"))
    assert (found.key.line, found.key.column, found.place.line, found.place.column) == (2, 3, 2, 6)


def test_a_path_that_is_not_there_leads_to_the_nearest_node_above() -> None:
    node, _ = source.parse("a:\n  b: [x]\n", "x")
    assert node.at(("a", "b", 5)).plain() == ["x"]
    assert node.at(("a", "c", "d")).plain() == {"b": ["x"]}


REFUSED = {
    "an unclosed bracket": (
        "a: [1, 2\nb: 3",
        "x:2:2: (syntax): did not find expected ',' or ']'",
    ),
    "a tab as indentation": (
        "a:\n\tb: 1",
        "x:2:1: (syntax): found character that cannot start any token",
    ),
    "a broken indentation": ("a:\n    b: 1\n  c: 2", "x:3:3: (syntax): did not find expected key"),
    "an unprintable character": ("a: \x07", "x:1:4: (syntax): unprintable character"),
    "an alias": (
        "a: &x {b: 1}\nc: *x",
        "x:1:4: a: anchors and aliases (& and *) are not supported: services inherit",
    ),
    "an unknown alias": ("a: *x", "x:1:4: a: anchors and aliases"),
    "a tag": ("a: !!python/object:os.system {}", "x:1:4: a: tags are not supported: "),
    "an include": ("a: !include other.yaml", "x:1:4: a: tags are not supported: !include"),
    "a second document": (
        "a: 1\n---\nb: 2",
        "x:2:1: (root): a spec is one document: remove what begins here",
    ),
    "many documents": (
        "a: 1\n---\nb: {c: {d: 1}}\n---\ne: [[1]]",
        "x:2:1: (root): a spec is one document: remove what begins here",
    ),
    "a key twice": ("a: 1\nb: 2\na: 3", "x:3:1: a: stands here twice; first in line 1"),
    "a key twice, deep down": (
        "a:\n  b:\n    c: 1\n    c: 2",
        "x:4:5: a.b.c: stands here twice; first in line 3",
    ),
    "a map as a key": ("? {a: 1}\n: 2", "x:1:3: (root): a key is a plain word"),
    "nothing as a key": ("~: 1", "x:1:1: (root): a key is a plain word"),
}


@pytest.mark.parametrize("sentence", REFUSED)
def test_yaml_is_refused_at_its_place(sentence: str) -> None:
    text, expected = REFUSED[sentence]
    assert parse(text)[1][0].startswith(expected)


def test_both_halves_of_a_key_that_stands_twice_are_checked(problems: Problems) -> None:
    text = "alerts:\n  service_down: {tier: 7}\n  service_down: {severity: grave}\n"
    assert [one.partition(": ")[0] for one in problems(text)] == ["2:24", "3:3", "3:28"]


@pytest.mark.parametrize("text", ["- a\n- b", "just a text", "42"], ids=["a list", "a text", "a number"])
def test_a_spec_that_is_no_map_says_so(problems: Problems, text: str) -> None:
    assert problems(text) == ["1:1: (root): a spec is a map of sections"]


BOMB = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
    f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(20)
)
HOSTILE: dict[str, tuple[bytes, str]] = {
    "ten megabytes": (b"a: " + b"x" * 5_000_000, "larger than 1024 KiB"),
    "a hundred thousand brackets": (b"a: " + b"[" * 100_000, "(syntax)"),
    "thirty maps in each other": (b"a: " + b"{b: " * 30 + b"1" + b"}" * 30, "nested deeper than 24 levels"),
    "a billion laughs": (BOMB.encode(), "anchors and aliases"),
    "bytes that are no text": (b"a: \xff\xfe\x00", "not UTF-8 text"),
    "a program": (b"\x7fELF\x02\x01\x01" + bytes(64), "unprintable character"),
    "a hundred thousand values": (b"a: [" + b"1," * 100_000 + b"]", "more than 20000 values"),
    "UTF-16": ("spec: 1".encode("utf-16"), "not UTF-8 text"),
    "a lone surrogate": (b"a: \xed\xa0\x80", "not UTF-8 text"),
    "a NUL": (b"a: \x00", "unprintable character"),
}


@pytest.mark.parametrize("sentence", HOSTILE)
def test_a_hostile_file_is_a_problem_and_nothing_worse(tmp_path: Path, sentence: str) -> None:
    data, expected = HOSTILE[sentence]
    path = tmp_path / "operations.yaml"
    path.write_bytes(data)
    found = spec.problems(path)
    assert expected in "\n".join(map(str, found))
    assert all(one.line >= 1 and one.column >= 1 for one in found)


def test_five_thousand_unknown_keys_are_all_listed(problems: Problems) -> None:
    assert len(problems("".join(f"key{n}: 1\n" for n in range(5_000)))) == 5_000


def test_a_very_long_key_does_not_fill_the_screen(problems: Problems) -> None:
    assert len(problems(f"? {'x' * 100_000}\n: 1\n")[0]) < 2000


def test_a_byte_order_mark_is_no_problem(tmp_path: Path) -> None:
    path = tmp_path / "operations.yaml"
    path.write_bytes(b"\xef\xbb\xbfspec: 1\n")
    assert spec.problems(path) == ()


def test_windows_line_ends_keep_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "operations.yaml"
    path.write_bytes(b"spec: 1\r\nbogus: 1\r\n")
    assert [(one.line, one.column) for one in spec.problems(path)] == [(2, 1)]


def test_columns_count_characters_and_not_bytes(problems: Problems) -> None:
    assert problems('calendar: {"zone": Zürich, hours: soon}')[1].startswith("1:35: calendar.hours")


def test_a_file_that_is_not_there_is_a_problem(tmp_path: Path) -> None:
    assert "cannot be read: No such file" in str(spec.problems(tmp_path / "nothing.yaml")[0])


def test_a_folder_without_yaml_is_a_problem(tmp_path: Path) -> None:
    assert "no .yaml file in it" in str(spec.problems(tmp_path)[0])


def test_a_pipe_in_place_of_a_file_is_a_problem_and_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.yml")
    _, problems = source.read(tmp_path / "pipe.yml", "pipe.yml")
    assert [one.message for one in problems] == ["is no regular file"]


def test_a_folder_in_place_of_a_file_is_a_problem(tmp_path: Path) -> None:
    (tmp_path / "folder.yaml").mkdir()
    assert "cannot be read: Is a directory" in str(spec.problems(tmp_path)[0])


def test_a_name_that_no_file_can_have_is_a_problem() -> None:
    assert "cannot be read" in str(spec.problems(Path("a\x00b"))[0])


def test_too_many_files_are_a_problem(tmp_path: Path) -> None:
    for number in range(101):
        (tmp_path / f"{number}.yaml").touch()
    assert "more than 100 files" in str(spec.problems(tmp_path)[0])


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read anything")
def test_a_file_without_permission_is_a_problem(tmp_path: Path) -> None:
    path = tmp_path / "operations.yaml"
    path.touch(mode=0o000)
    assert "cannot be read: Permission denied" in str(spec.problems(path)[0])
