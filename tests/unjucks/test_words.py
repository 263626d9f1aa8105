"""Case and number of names."""

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from unjucks import engine, words

CASES = {
    "pascal": {"user profile": "UserProfile", "user-profile": "UserProfile", "XMLHttpRequest": "XmlHttpRequest"},
    "camel": {"User profile": "userProfile", "HTTP": "http", "a": "a", "": "", "!?": "", "x1 y2": "x1Y2"},
    "kebab": {"UserProfile": "user-profile", "user_profile": "user-profile", "  a  b ": "a-b", "v2Beta": "v2-beta"},
    "snake": {"UserProfile": "user_profile", "user-profile": "user_profile", "HTTPServer": "http_server"},
    "constant": {"userProfile": "USER_PROFILE", "Größe": "GRÖSSE"},
    "dot": {"UserProfile": "user.profile"},
    "title": {"user_profile": "User Profile", "userProfile": "User Profile"},
    "sentence": {"userProfile": "User profile", "": ""},
    "plural": {
        "cat": "cats", "category": "categories", "day": "days", "box": "boxes", "class": "classes", "bus": "buses",
        "church": "churches", "wish": "wishes", "person": "people", "child": "children", "wife": "wives",
        "leaf": "leaves", "hero": "heroes", "photo": "photos", "sheep": "sheep", "people": "people",
        "UserProfile": "UserProfiles", "user_category": "user_categories", "Person": "People", "API": "APIS",
        "index": "indices", "quiz": "quizzes", "": "", "alias": "aliases", "lens": "lenses", "status": "statuses", "address": "addresses",
        "orders": "orders", "users": "users", "items": "items", "Categories": "Categories", "boxes": "boxes",
        "classes": "classes", "buses": "buses", "houses": "houses", "leaves": "leaves", "heroes": "heroes",
        "statuses": "statuses", "UserProfiles": "UserProfiles", "menus": "menus", "aliases": "aliases", "ORDERS": "ORDERS",
    },
    "singular": {
        "cats": "cat", "categories": "category", "days": "day", "boxes": "box", "classes": "class", "buses": "bus",
        "churches": "church", "wishes": "wish", "people": "person", "children": "child", "wives": "wife",
        "leaves": "leaf", "heroes": "hero", "statuses": "status", "status": "status", "houses": "house",
        "uses": "use", "caches": "cache", "news": "news", "address": "address", "analysis": "analysis", "ties": "tie",
        "UserProfiles": "UserProfile", "Movies": "Movie", "responses": "response", "child": "child",
        "order": "order", "user": "user", "bus": "bus", "class": "class", "alias": "alias", "lens": "lens",
        "aliases": "alias", "menus": "menu", "apis": "api", "canvas": "canvas", "category": "category", "box": "box",
    },
}  # fmt: skip
TABLE = [(change, text, wanted) for change, table in CASES.items() for text, wanted in table.items()]


@pytest.mark.parametrize(("change", "text", "wanted"), TABLE, ids=lambda value: str(value) or "nothing")
def test_words_change(change: str, text: str, wanted: str) -> None:
    assert getattr(words, change)(text) == wanted


@given(st.text(st.characters(codec="ascii")))
def test_changing_twice_is_changing_once(text: str) -> None:
    for change in (words.kebab, words.snake, words.constant, words.dot):
        assert change(change(text)) == change(text)


@given(st.from_regex(r"[a-z]{3,8}( [a-z]{3,8}){0,3}", fullmatch=True))
def test_cases_of_plain_words_lead_back(text: str) -> None:
    for change in (words.pascal, words.camel, words.kebab, words.snake, words.constant, words.title):
        assert words.kebab(change(text)) == text.replace(" ", "-")


PLAIN = st.from_regex(r"[a-z]{3,8}", fullmatch=True).filter(
    lambda word: not word.endswith(("i", "s", "u")) and f"{word}s" not in words.IRREGULAR
)


@given(PLAIN)
def test_the_plural_of_a_plural_is_itself(word: str) -> None:
    assert words.plural(words.plural(word)) == words.plural(word)


@given(st.from_regex(r"[a-z]{3,8}", fullmatch=True).filter(lambda word: not word.endswith("s")))
def test_a_plural_ends_otherwise_or_is_the_same(word: str) -> None:
    assert words.plural(word) != "" and words.singular(words.plural(word)) != ""  # noqa: PT018  # one claim: never nothing


def test_every_case_is_a_filter() -> None:
    rendered = engine.Engine({})
    for change, table in CASES.items():
        text, wanted = next(iter(table.items()))
        assert rendered.render(f"{{{{ text | {change} }}}}", {"text": text}, "f") == wanted


FILTERS = {
    "pad": ("{{ 7 | pad(4) }}", "0007"),
    "pad with a huge width": ("{{ 7 | pad(999999999) | length }}", "64"),
    "quote": ('{{ "it\'s; rm" | quote }}', "'it'\"'\"'s; rm'"),
    "a number in a case filter": ("{{ 12 | kebab }}", "12"),
    "a method as Python has it": ("{{ 'a b'.split() | join('+') }}", "a+b"),
}


@pytest.mark.parametrize(("text", "wanted"), FILTERS.values(), ids=FILTERS)
def test_filters(text: str, wanted: str) -> None:
    assert engine.Engine({}).render(text, {}, "f") == wanted


WITHOUT_SPEC = """
from _frozen_importlib_external import PathFinder
PathFinder.find_spec = classmethod(lambda cls, name, *rest, find=PathFinder.find_spec: None if name == "minijinja" and not rest else find(name, *rest))
from unjucks.engine import Engine
assert Engine({}).render("{{ 'a b' | pascal }}", {}, "f") == "AB"
"""


def test_the_engine_falls_back_to_the_whole_package() -> None:
    done = subprocess.run([sys.executable, "-c", WITHOUT_SPEC], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_every_filter_says_what_it_does() -> None:
    assert all(
        "→" in meaning or "name" in meaning or "shell" in meaning for meaning in engine.filters().values()
    )
