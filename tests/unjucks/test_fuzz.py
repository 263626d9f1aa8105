"""Whatever comes in, what comes out is a result or one of unjucks' own errors.

Small counts here; `make soak` runs the same with thousands of examples.
"""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from unjucks import arguments, ask, cache, engine, metadata, model, parse, plan, render
from unjucks.errors import FrontMatterInvalid, RenderFailed, UnjucksError, UsageError, VariableInvalid
from unjucks.model import Root, Template, Variable

FEW, MANY = 60, 5000
EVERYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)
YAML = st.lists(
    st.sampled_from(["to", ": ", "\n", "  ", "- ", "[", "]", "{", "}", "&a ", "*a", "!x ", "|", ">", "'", '"', "#", "---", "?", "\t", "x"]),
    max_size=25,
).map("".join)  # fmt: skip
JINJA = st.lists(
    st.sampled_from(["{{", "}}", "{%", "%}", "{#", "#}", " name ", "|", "(", ")", "[", "]", ".", " if ", " for ", " in ",
                     "endif", "endfor", " set ", "=", "'", "1", "kebab", "~", "-", "\n", "x", "range(9)", "macro", "\0"]),
    max_size=25,
).map("".join)  # fmt: skip
ROOT = Root("r", "project", trusted=True)


def both(
    *strategies: Any, examples: tuple[Any, ...] = (), **named: Any
) -> Callable[[Callable[..., None]], Any]:
    """Make two tests of one property: a quick one, and one at full count for the soak."""

    def build(prove: Callable[..., None], count: int) -> Any:
        test = given(*strategies, **named)(prove)
        for values in examples:
            test = example(*values)(test)
        loose = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
        return settings(max_examples=count, deadline=None, suppress_health_check=loose)(test)

    def make(prove: Callable[..., None]) -> Any:
        globals()[f"{prove.__name__}_at_full_count"] = pytest.mark.soak(build(prove, MANY))
        return build(prove, FEW)

    return make


def own(act: Callable[[], Any], *kinds: type[UnjucksError]) -> Any:
    """Do it; give None for an error of the given kinds, which has a message and a place in one line."""
    try:
        return act()
    except kinds as raised:
        error = raised
    assert error.message
    assert "\n" not in error.place
    return None


@both(
    st.one_of(YAML, EVERYTHING),
    examples=(
        ("a: &a [*a]",),
        ("? - ? -",),
        ("\ufeffa: b",),
    ),
)
def test_any_text_is_yaml_or_a_named_mistake(text: str) -> None:
    node = own(lambda: metadata.read(text, "f"), FrontMatterInvalid)
    assert node is None or node.line >= 1


@both(st.one_of(YAML, EVERYTHING), st.one_of(JINJA, EVERYTHING))
def test_any_template_file_is_read_or_a_named_mistake(front: str, body: str) -> None:
    text = f"---\n{front}\n---\n{body}"
    source = own(lambda: parse.source("a.t", "f", text), FrontMatterInvalid)
    if source is not None:
        assert text.endswith(source.body)
        assert text.split("\n")[source.line - 1 :] == source.body.split("\n")


@both(
    st.one_of(JINJA, EVERYTHING),
    EVERYTHING,
    examples=(
        (
            "{{ name }}",
            "{{ name }}",
        ),
    ),
)
def test_any_body_is_rendered_or_a_named_mistake(body: str, value: str) -> None:
    text = own(lambda: engine.Engine({}).render(body, {"name": value}, "f"), UnjucksError)
    assert text is None or isinstance(text, str)


@both(EVERYTHING)
def test_a_value_comes_out_as_it_went_in(value: str) -> None:
    assert engine.Engine({}).render("<{{ name }}>", {"name": value}, "f.html") == f"<{value}>"


@both(EVERYTHING.filter(lambda text: "{" not in text))
def test_a_text_without_braces_is_not_touched(text: str) -> None:
    assert engine.Engine({}).render(text, {}, "f") == text


def template(body: str, **head: Any) -> Template:
    made = Template(ROOT, "gen", "one")
    lines = dict.fromkeys(head, 2)
    made.sources.append(model.Source("a.t", head, lines, body, 5))
    return made


@both(to=EVERYTHING, name=EVERYTHING, body=EVERYTHING)
def test_any_path_and_name_is_planned_inside_or_refused(project: Path, to: str, name: str, body: str) -> None:
    machine = engine.Engine({})
    made = template(body.replace("{", ""), to="{{ name }}" + to.replace("{", ""))

    def decide() -> model.Plan:
        return plan.plan(render.render(made, {"name": name}, machine), str(project))

    decided = own(decide, UnjucksError)
    for change in decided.changes if decided else []:
        assert os.path.realpath(project / change.path).startswith(f"{project}/")
        assert change.after == body.replace("{", "").encode()


WORDS = st.lists(
    st.one_of(
        st.sampled_from(["--dry-run", "--force", "--to", "--to=x", "--vars", "--", "-y", "-", "--name", "--no-on", "--on",
                         "--list=a,b", "gen", "gen/one", "name=1,x=2", '{"name": 1}', "{", "=", "--=", "---", ""]),
        EVERYTHING,
    ),
    max_size=8,
)  # fmt: skip


def variable(name: str, kind: str) -> Variable:
    made = Variable(name)
    made.type = kind
    return made


def asking() -> Template:
    made = template("")
    made.variables = [variable("name", "name"), variable("on", "boolean"), variable("list", "list")]
    return made


@both(WORDS)
def test_any_command_line_is_read_or_a_usage_error(argv: list[str]) -> None:
    def read() -> Any:
        options = arguments.read(
            "generate", argv, ("--dry-run", "--force", "--yes"), ("--vars", "--to"), loose=True
        )
        arguments.generator_and_template(options)
        return arguments.given(options, asking())

    found = own(read, UsageError)
    assert found is None or all(isinstance(name, str) for name in found)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | EVERYTHING,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(EVERYTHING, inner, max_size=3),
    max_leaves=6,
)


@both(
    st.sampled_from(model.TYPES),
    JSON,
    examples=(
        (
            "integer",
            "1" * 5000,
        ),
        (
            "number",
            "1e999",
        ),
        (
            "integer",
            10**400,
        ),
    ),
)
def test_any_value_is_taken_in_its_type_or_refused(kind: str, value: Any) -> None:
    python = {
        "string": str,
        "name": str,
        "boolean": bool,
        "integer": int,
        "number": (int, float),
        "list": list,
    }[kind]
    taken = own(lambda: ask.check(variable("v", kind), value), VariableInvalid)
    assert taken is None or isinstance(taken, python)


@both(
    st.dictionaries(
        st.from_regex(r"[a-z]{1,5}", fullmatch=True),
        st.from_regex(r"[a-z ,]*[a-z]", fullmatch=True),
        min_size=1,
    )
)
def test_pairs_lead_back_to_their_values(values: dict[str, str]) -> None:
    options = arguments.read(
        "generate", ["--vars", ",".join(f"{k}={v}" for k, v in values.items())], (), ("--vars",)
    )
    made = template("")
    made.variables = [Variable(name) for name in values]
    assert arguments.given(options, made) == values


@pytest.fixture
def stored(project: Path) -> Path:
    """A cache entry of one template."""
    cache.store(asking(), [("a.t", 1, 1, 1)], 10**18)
    (entry,) = Path(cache.folder()).iterdir()
    return entry


@both(st.data())
def test_any_damage_to_a_cache_entry_is_noticed(stored: Path, data: st.DataObject) -> None:
    good = stored.read_bytes()
    at = data.draw(st.integers(0, len(good) - 1))
    flipped = data.draw(st.integers(1, 255))
    stored.write_bytes(good[:at] + bytes([good[at] ^ flipped]) + good[at + 1 :])
    assert cache.load(ROOT, "r/gen/one", [("a.t", 1, 1, 1)]) is None
    stored.write_bytes(good)
    assert cache.load(ROOT, "r/gen/one", [("a.t", 1, 1, 1)]) is not None


@both(st.binary(max_size=300))
def test_any_bytes_in_place_of_a_template_end_in_a_named_mistake(project: Path, content: bytes) -> None:
    folder = project / "gen" / "one"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "a.t").write_bytes(content)
    root = Root(str(project), "project", trusted=True)
    assert own(
        lambda: parse.template(root, "gen", "one", ["a.t"]), UnjucksError
    ) is None or content.startswith(b"---")


def test_a_hostile_body_does_not_exhaust_the_engine() -> None:
    for body in (
        "{{ " + "(" * 9000,
        "{% if x %}" * 9000,
        "{{ x" + ".y" * 9000 + " }}",
        "{{ " + "not " * 9000 + "x }}",
    ):
        with pytest.raises((RenderFailed, UnjucksError)):
            engine.Engine({}).render(body, {}, "f")
