"""Stacks of many languages → what was raised and where in the tool's own code, whatever else differs."""

import pytest

from opsdeck.fingerprint import place
from opsdeck.fingerprint.frames import CHAIN, read
from opsdeck.fingerprint.stack import Trace, trace

SITE = "/home/alice/.venv/lib/python3.11/site-packages"


def py(*frames: str, raised: str = "ValueError: bad") -> str:
    """`py("FILE:FUNCTION", …)`: a stack as opsdeck-emit writes it, with lines that mean nothing."""
    places = [frame.rpartition(":") for frame in frames]
    lines = [
        f'  File "{file}", line {7 * n + 3}, in {function}' for n, (file, _, function) in enumerate(places)
    ]
    return "\n".join([*lines, raised] if raised else lines)


NATIVE = f"""Traceback (most recent call last):
  File "/srv/x/tool.py", line 3, in load
    json.loads(x)
    ~~~~~~~~~~^^^
  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode
json.decoder.JSONDecodeError: Expecting value: line 1 column 1 (char 0)

The above exception was the direct cause of the following exception:

Traceback (most recent call last):
  File "/home/u/.local/bin/tool", line 8, in <module>
  File "{SITE}/click/core.py", line 1130, in __call__
  File "/srv/x/tool.py", line 9, in main
acme.errors.ConfigError: bad config
"""
NODE = """/srv/app/dist/cli.js:12
    throw new TypeError("x")
    ^

TypeError [ERR_X]: Cannot read properties of undefined (reading 'name')
    at node:internal/process/task_queues:95:5
    at Parser.parse (/usr/lib/node_modules/@acme/tool/dist/parser.3f2a9b1c.js:10:15)
    at Array.map (<anonymous>)
    at async Object.<anonymous> (file:///usr/lib/node_modules/@acme/tool/dist/cli.js:3:1)
    at Module._compile (node:internal/modules/cjs/loader:1105:14)"""
JAVA = """Exception in thread "main" java.lang.IllegalStateException: bad 5
\tat java.base/java.util.Objects.requireNonNull(Objects.java:233)
\tat com.acme.tool.Parser$$Lambda$14/0x0000000800066840.apply(Unknown Source)
\tat com.acme.tool.Parser.parse(Parser.java:12)
\tat com.acme.tool.Main.main(Main.java:3)
Caused by: java.io.IOException: no
\tat java.base/java.io.File.open(File.java:1)
\tat com.acme.tool.Reader.read(Reader.java:12)
\t... 2 more"""
GO = """panic: runtime error: index out of range [5] with length 3

goroutine 1 [running]:
runtime.gopanic({0x4a5b20, 0xc000012345})
\t/usr/local/go/src/runtime/panic.go:884 +0x212
github.com/acme/tool/cmd.(*Runner).run(0xc000012345, {0x1, 0x2})
\t/home/bob/go/src/github.com/acme/tool/cmd/run.go:42 +0x1d
main.main()
\t/home/bob/go/src/github.com/acme/tool/main.go:9 +0x25
"""
DOTNET = """System.InvalidOperationException: bad
   at System.Linq.ThrowHelper.ThrowNoElementsException()
   at Acme.Tool.Parser.Parse(String text) in /src/Acme/Parser.cs:line 12
   at Acme.Tool.Program.Main(String[] args) in /src/Acme/Program.cs:line 3"""
LANGUAGES = {
    "opsdeck-emit": (py("/s/t/cli.py:main", "/s/t/parse.py:read"), ("ValueError",), ("parse:read",)),
    "Python": (NATIVE, ("ConfigError", "JSONDecodeError"), ("tool:main", "tool:load")),
    "Node": (NODE, ("TypeError",), ("parser:parse",)),
    "Java": (JAVA, ("IllegalStateException", "IOException"), ("Parser:parse", "Reader:read")),
    "Go": (GO, ("panic",), ("run:cmd.Runner.run",)),
    ".NET": (DOTNET, ("InvalidOperationException",), ("Parser:Parse",)),
    "no stack": ("detailed stack trace", (), ()),
    "nothing": ("", (), ()),
}


@pytest.mark.parametrize(("stack", "types", "places"), LANGUAGES.values(), ids=LANGUAGES)
def test_a_stack_of(stack: str, types: tuple[str, ...], places: tuple[str, ...]) -> None:
    assert trace(stack) == Trace(types, places)


BASE = py("~/bin/unjucks:<module>", f"{SITE}/unjucks/cli.py:main", f"{SITE}/unjucks/parse.py:_text")
SAME = {
    "other lines": BASE.replace("line ", "line 9"),
    "another home": BASE.replace("/home/alice", "~"),
    "another Python": BASE.replace("python3.11", "python3.13"),
    "pipx": BASE.replace("/home/alice/.venv", "/root/.local/pipx/venvs/unjucks"),
    "Windows": BASE.replace("/home/alice/.venv/lib/python3.11", "C:\\v\\Lib").replace("/unjucks/", "\\unjucks\\"),
    "the tool's sources": BASE.replace(SITE, "/work/packages/unjucks/src"),
    "no launcher": BASE.partition("\n")[2],
    "run as a module": BASE.replace('"~/bin/unjucks"', '"<frozen runpy>"'),
    "called by a framework": py(f"{SITE}/click/core.py:invoke", raised="") + "\n" + BASE,
    "another command": BASE.replace("/cli.py", "/commands/new.py"),
    "failed within a library": BASE.replace("\nVal", f'\n  File "{SITE}/yaml/x.py", line 1, in y\nVal'),
    "failed within Python": BASE.replace("\nVal", '\n  File "/usr/lib/python3.11/re.py", line 1, in y\nVal'),
    "frames left out": BASE.replace("\n", "\n  … 12 frames\n", 1),
    "a cut line": BASE + '\ncaused by\n  File "/home/ali…',
    "carriage returns": BASE.replace("\n", "\r\n"),
    "colours": BASE.replace("  File", "\x1b[90m  File").replace("\n", "\x1b[39m\n"),
}  # fmt: skip
DIFFERENT = {
    "another function": BASE.replace("in _text", "in _check"),
    "another file": BASE.replace("/parse.py", "/find.py"),
    "another type": BASE.replace("ValueError", "KeyError"),
    "another cause": f"{BASE}\ncaused by\n{py(f'{SITE}/unjucks/io.py:read', raised='OSError: no')}",
}


@pytest.mark.parametrize("stack", SAME.values(), ids=SAME)
def test_it_does_not_matter(stack: str) -> None:
    assert trace(stack) == trace(BASE) == Trace(("ValueError",), ("parse:_text",))


@pytest.mark.parametrize("stack", DIFFERENT.values(), ids=DIFFERENT)
def test_it_matters(stack: str) -> None:
    assert trace(stack) != trace(BASE)


PLACES = {
    "an installed package": (BASE, "unjucks/parse.py in _text"),
    "a package of its sources": (py("/work/packages/unjucks/src/unjucks/ops/add.py:go"), "unjucks/ops/add.py in go"),
    "a script": (py("/home/u/tools/deploy.py:main"), "tools/deploy.py in main"),
    "a script without an ending": (py("/opt/bin/deploy:<module>", "/opt/bin/deploy:push"), "bin/deploy in push"),
    "only a library": (py(f"{SITE}/yaml/x.py:load"), "yaml/x.py in load"),
    "only Python": (py("/usr/lib/python3.11/runpy.py:run"), "python3.11/runpy.py in run"),
    "a frame without a function": ('  File "/a/b.py", line 3', "a/b.py"),
    "a package's own folder": (NODE, "@acme/tool/dist/parser.3f2a9b1c.js in parse"),
    "no stack": ("boom", ""),
    "a function full of escapes": (py("/a/b.py:\x1b[31mf\x07"), "a/b.py in f "),
}  # fmt: skip


@pytest.mark.parametrize(("stack", "expected"), PLACES.values(), ids=PLACES)
def test_the_place_in(stack: str, expected: str) -> None:
    assert place(stack) == expected


def recursion(depth: int, end: str) -> str:
    return py("/a/t.py:main", *["/a/t.py:walk", "/a/t.py:visit"] * depth, end, raised="RecursionError: deep")


@pytest.mark.parametrize("end", ["/a/t.py:walk", "/a/w.py:pascal", "/usr/lib/python3.11/re.py:match"])
def test_a_recursion_is_one_place_wherever_it_ends(end: str) -> None:
    assert (
        trace(recursion(20, end)).places
        == trace(recursion(9, end)).places
        == ("recursion of t:visit, t:walk",)
    )


@pytest.mark.parametrize(("a", "b"), [
    ("f_12", "f_340"), ("lambda$main$0", "lambda$main$7"), ("func1", "func2"), ("run_0x7f3a", "run_0x8812"),
    ("Proxy$$9f3e", "Proxy$$77aa"), ("step1757412345", "step1757499999"),
])  # fmt: skip
def test_generated_names_do_not_matter(a: str, b: str) -> None:
    assert trace(py(f"/a/b.py:{a}")) == trace(py(f"/a/b.py:{b}"))


def test_names_with_a_number_of_their_own_matter() -> None:
    assert trace(py("/a/b.py:parse_v1")) != trace(py("/a/b.py:parse_v2"))


def test_a_package_is_named_by_its_folder() -> None:
    assert trace(py(f"{SITE}/acme/__init__.py:run")).places == ("acme:run",)


def test_a_chain_without_end_is_read_to_its_limit() -> None:
    assert len(read("\ncaused by\n".join(["E: x"] * 100))) == CHAIN
