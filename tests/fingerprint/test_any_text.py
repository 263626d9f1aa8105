"""Whatever the texts hold: a fingerprint is made, always the same, and what is shown of it is short and harmless."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from opsdeck.fingerprint import Step, explain, fingerprint, parameterize, place, title
from opsdeck.fingerprint.frames import CHAIN, HALF, read
from opsdeck.fingerprint.message import _VALUES, SHOWN, _placeholder

FORM = re.compile("1:[0-9a-f]{16}")
UNPRINTABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\u202a-\u202e]")
MEGABYTE = 1_000_000

pieces = st.sampled_from([
    "\x1b[31m", "\x1b]0;t\x07", "\x00", "\ud800", "\udfff", "\u202e", "\r\n", "\n", "\t", "'", '"', "…", "/", "::", "@",
    "Traceback (most recent call last):\n", "\ncaused by\n", '  File "/a/b.py", line 3, in f\n', "\n\tat a.B.c(B.java:1)\n",
    "    at f (/a.js:1:2)\n", "\t/a/b.go:3 +0x1\n", "ValueError: x\n", "12:30:05", "1.2.3.4", "user_1f", "<value>", "did you mean",
])  # fmt: skip
texts = st.lists(st.one_of(pieces, st.text(st.characters(), max_size=8)), max_size=30).map("".join)


@given(texts, texts)
def test_any_two_texts_have_one_fingerprint(message: str, stack: str) -> None:
    found = fingerprint(message, stack)
    assert FORM.fullmatch(found)
    assert found == fingerprint("".join(list(message)), "".join(list(stack)))


@given(texts, texts)
def test_what_is_shown_is_short_and_steers_no_screen(message: str, stack: str) -> None:
    shown = (parameterize(message), title(message), place(stack))
    assert len(shown[0]) <= SHOWN
    assert not [text for text in shown if UNPRINTABLE.search(text)]


@given(texts, texts, texts, texts)
def test_explain_always_agrees_with_the_fingerprints(a: str, b: str, c: str, d: str) -> None:
    *parts, last = explain((a, b), (c, d))
    same = fingerprint(a, b) == fingerprint(c, d)
    assert (last.verdict == "identical") is same is all(step.verdict != "different" for step in parts)


@given(texts, texts)
def test_a_failure_is_together_with_itself(message: str, stack: str) -> None:
    assert {step.verdict for step in explain((message, stack), (message, stack))} == {"identical"}


@given(texts)
def test_no_stack_has_more_than_its_limits(stack: str) -> None:
    chain = read(stack * 50)
    assert len(chain) <= CHAIN
    assert (
        sum(len(file) + len(function) for raised in chain for file, function in raised.frames) <= 2 * HALF + 8
    )


# `::` alone separates names in many a language.
addresses = st.ip_addresses().map(str).filter(lambda text: any(map(str.isdigit, text)))


@given(st.sampled_from(["31", "0", "1;32", "38;5;196"]), st.integers(0, 20))
def test_colours_do_not_count(colour: str, at: int) -> None:
    message = "cannot read the manifest"
    assert fingerprint(f"{message[:at]}\x1b[{colour}m{message[at:]}", "") == fingerprint(message, "")


@given(st.integers(0, 10**11), st.uuids(), addresses, st.datetimes())
def test_values_do_not_count(number: int, uuid: object, address: object, at: object) -> None:
    message = f"request {uuid} of {address}, {number} bytes, failed"
    assert parameterize(message) == "request <uuid> of <ip>, <size>, failed"
    assert parameterize(f"since {str(at)[:19]}") == "since <date>"


HUGE = ("a", "a.", "/a", "-1", "\x00", "\x1b[", "\ud800", "'a ", '"\\', "\n", "a(\n", '  File "/a/b.py", line 3, in x\n',
        "\tat a.b.C.d(C.java:1)\n", "\ncaused by\n", "Traceback (most recent call last):\n", " ")  # fmt: skip


@pytest.mark.parametrize("piece", HUGE)
def test_a_megabyte_is_cut_before_it_is_read(piece: str) -> None:
    text = (piece * MEGABYTE)[:MEGABYTE]
    assert FORM.fullmatch(fingerprint(text, text))
    assert len(title(text)) <= 120
    assert fingerprint(text, "") == fingerprint(text + "other", "")


def test_the_middle_of_a_huge_stack_does_not_count() -> None:
    frames = [f'  File "/a/b.py", line 3, in f{"x" * (n % 7)}\n' for n in range(20_000)]
    stack, other = "".join(frames), "".join([*frames[:10_000], "strange\n" * 9, *frames[10_000:]])
    assert fingerprint("", stack) == fingerprint("", other)


def test_a_step_is_what_it_says() -> None:
    assert Step("message", "identical", "a", "a") == explain(("a", ""), ("a", ""))[0]


@given(
    st.text(
        st.characters(exclude_characters="'\"`“«\u2018/\\@.", exclude_categories=("Nd", "Cs", "Cc", "Cf"))
    )
)
def test_the_fast_search_misses_no_value(text: str) -> None:
    assert _VALUES.sub(_placeholder, text) == text
