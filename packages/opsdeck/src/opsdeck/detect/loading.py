"""Rule files → rules: the shipped ones and those that the spec names, or every problem of all of them.

In: paths and the framework. Out: rules. Raises SpecError, so that a deck keeps the rules it has.
"""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from opsdeck.detect.binding import Binder
from opsdeck.detect.document import Draft, read
from opsdeck.detect.rule import Rule
from opsdeck.detect.selection import Reader
from opsdeck.errors import Problem, SpecError
from opsdeck.spec import source
from opsdeck.spec.framework import Framework

SHIPPED = Path(__file__).with_name("rules")
FIXTURES = ".fixtures.yml"
MOST_RULES = 200


def load(framework: Framework, where: Path | None = None) -> tuple[Rule, ...]:
    """The shipped rules and those of the spec's own files, which are named from `where` the spec is: file or folder.

    Raises SpecError with every problem of every file.
    """
    rules, found = read_files(_named(framework, where), framework)
    if found:
        raise SpecError(found)
    return rules


def digests(framework: Framework, where: Path | None = None) -> dict[str, str]:
    """SHA-256 of each rule file by the name that problems give it: equal for files that say the same."""
    return {
        name if file == path else f"{name.rstrip('/')}/{file.name}": hashlib.sha256(
            file.read_bytes()
        ).hexdigest()
        for path, name in _named(framework, where)
        for file in rule_files(path)
    }


def problems(framework: Framework, where: Path | None = None) -> tuple[Problem, ...]:
    """What `load` would refuse."""
    return read_files(_named(framework, where), framework)[1]


def _named(framework: Framework, where: Path | None) -> list[tuple[Path, str]]:
    base = Path() if where is None else where if where.is_dir() else where.parent
    return [*shipped(), *((base / name, name) for name in framework.rule_files)]


def shipped() -> list[tuple[Path, str]]:
    """The files that come with the deck, and what they are called in problems."""
    return [(path, f"(rules)/{path.name}") for path in rule_files(SHIPPED)]


def rule_files(path: Path) -> list[Path]:
    """The file itself, or the rule files of a folder by name."""
    if not path.is_dir():
        return [path]
    return [one for one in source.files(path) if not one.name.endswith(FIXTURES)]


def read_files(
    named: Iterable[tuple[Path, str]], framework: Framework
) -> tuple[tuple[Rule, ...], tuple[Problem, ...]]:
    """All rules of these files (a folder stands for its files); or all problems in the order of the files, and none."""
    reader, drafts, ordered = Reader(), dict[str, Draft](), list[Draft]()
    for path, name in named:
        for file in rule_files(path):
            shown = name if file == path else f"{name.rstrip('/')}/{file.name}"
            ordered += _drafts(file, shown, reader, drafts)
    if len(ordered) > MOST_RULES:
        reader.refuse(ordered[MOST_RULES].node, "(file)", f"more than {MOST_RULES} rules")
        return (), tuple(reader.problems)
    rules = Binder(drafts, framework, reader).rules(ordered)
    problems = tuple(sorted(set(reader.problems), key=_place))
    return () if problems else tuple(rules), problems


def _drafts(path: Path, name: str, reader: Reader, known: dict[str, Draft]) -> list[Draft]:
    trees, problems = source.read_all(path, name)
    reader.problems += problems
    found = []
    for number, tree in enumerate(trees):
        draft = read(tree, f"(document {number + 1})", reader)
        if draft is None:
            continue
        for called in draft.names & known.keys():
            first = known[called].node.place
            at = tree.children.get("name") or tree.children.get("id") or tree
            reader.refuse(at, "name", f"a rule is called {called!r} already, in {first.file}:{first.line}")
        known |= dict.fromkeys(draft.names, draft)
        found.append(draft)
    return found


def _place(problem: Problem) -> tuple[str, int, int, str]:
    return problem.file, problem.line, problem.column, problem.message
