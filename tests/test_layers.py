"""Imports go downwards only (ARCHITECTURE.md): no upward import, no sideways one, no cycle, no hidden one."""

import ast
from pathlib import Path

PACKAGES = Path(__file__).parents[1] / "packages"
LAYERS = {
    "errors": 0, "model": 0, "timing": 0, "versions": 0, "spec": 1, "merkle": 1, "fingerprint": 1, "stores": 2, "identity": 3, "collect": 4,
    "probe": 5, "measure": 5, "alerts": 6, "detect": 6, "faults": 6, "releases": 7, "respond": 8, "govern": 8, "reports": 9, "deck": 10,
    "server": 11, "cli": 12, "testing": 12,
}  # fmt: skip
# Packages whose start-up time is a promise: they import where they use.
LAZY = {"opsdeck_emit", "unjucks", "opsdeck.cli"}
# Functions that import, each with its reason beside the import.
DECLARED = {
    "opsdeck.stores.events.open_events",
    "opsdeck.stores.state.open_state",
    "opsdeck.stores.state.migrate._run",
}


def modules() -> dict[str, ast.Module]:
    return {
        ".".join(path.relative_to(src).with_suffix("").parts).removesuffix(".__init__"): ast.parse(
            path.read_text()
        )
        for src in PACKAGES.glob("*/src")
        for path in src.rglob("*.py")
    }


def imported(tree: ast.AST) -> list[str]:
    names = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def part(name: str) -> str:
    return ".".join(name.split(".")[:2])


def test_imports_go_downwards() -> None:
    upward = [
        f"{module} imports {name}"
        for module, tree in modules().items()
        for name in imported(tree)
        if name.startswith("opsdeck.") and module.startswith("opsdeck.") and part(name) != part(module)
        if LAYERS[name.split(".")[1]] >= LAYERS[module.split(".")[1]] and LAYERS[module.split(".")[1]] > 0
    ]
    assert upward == []


def test_the_small_packages_do_not_know_the_deck() -> None:
    known = {"opsdeck_emit": {"unjucks", "opsdeck"}, "unjucks": {"opsdeck"}}
    wrong = [
        f"{module} imports {name}"
        for module, tree in modules().items()
        for name in imported(tree)
        if name.split(".")[0] in known.get(module.split(".")[0], set())
    ]
    assert wrong == []


def test_no_cycle() -> None:
    trees = modules()
    graph = {
        module: {name if name in trees else name.rpartition(".")[0] for name in imported(tree)}
        & trees.keys() - {module}
        for module, tree in trees.items()
        if not any(module == lazy or module.startswith(lazy + ".") for lazy in LAZY)
    }
    while leaves := {module for module, uses in graph.items() if not uses & graph.keys()}:
        graph = {module: uses for module, uses in graph.items() if module not in leaves}
    assert graph == {}


def test_imports_inside_functions_are_declared() -> None:
    hidden = [
        f"{module}.{function.name}"
        for module, tree in modules().items()
        if not any(module == lazy or module.startswith(lazy + ".") for lazy in LAZY)
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        if any(isinstance(node, ast.Import | ast.ImportFrom) for node in ast.walk(function))
    ]
    assert set(hidden) == DECLARED


def test_every_folder_is_in_the_architecture() -> None:
    text = (PACKAGES.parent / "ARCHITECTURE.md").read_text()
    folders = {path.parent.name for path in (PACKAGES / "opsdeck/src/opsdeck").glob("*/__init__.py")}
    assert {folder for folder in folders if f"`{folder}/`" not in text} == set()
