"""`opsdeck init` and `opsdeck spec …`: local commands over a spec file, no deck needed (but for `apply`)."""

import json
from pathlib import Path
from typing import Annotated

import typer

from opsdeck.cli import client
from opsdeck.cli.output import AsJson, console, emit_json, errors, table
from opsdeck.errors import SpecError, UsageError

DEFAULT = Path("operations.yaml")


app = typer.Typer(help="Check, show and compare the spec.", no_args_is_help=True)

SpecPath = Annotated[
    Path | None, typer.Argument(help="Spec file or folder; default: ./operations.yaml if there.")
]


def resolve(path: Path | None) -> Path | None:
    """The path asked for, else ./operations.yaml, else None: the spec as shipped."""
    if path is not None and not path.exists():
        raise UsageError(f"{path} does not exist", hint="opsdeck init writes a spec to edit")
    return path or (DEFAULT if DEFAULT.exists() else None)


def init(
    path: Annotated[Path, typer.Argument(help="Where to write it.")] = DEFAULT,
    force: Annotated[bool, typer.Option(help="Replace a spec that is there.")] = False,
) -> None:
    """Write a spec to edit, with comments and a JSON Schema for editors beside it."""
    from opsdeck import spec as specs

    if path.exists() and not force:
        raise UsageError(
            f"{path} is there already", hint=f"opsdeck spec check {path}, or opsdeck init --force"
        )
    path.write_text(specs.text())
    path.with_name(specs.SCHEMA_FILE).write_text(json.dumps(specs.schema(), indent=2) + "\n")
    console.print(f"wrote {path} and {path.with_name(specs.SCHEMA_FILE)}")
    console.print("next: opsdeck spec check, then opsdeck up")


@app.command()
def check(path: SpecPath = None, as_json: AsJson = False) -> None:
    """Read a spec and its detection rules and say everything that is wrong: file:line:col: path: message."""
    from opsdeck import detect
    from opsdeck import spec as specs

    where = resolve(path)
    problems = specs.problems(where) or detect.problems(specs.load(where).framework, where)
    if as_json:
        emit_json(
            [
                {"file": p.file, "line": p.line, "column": p.column, "path": p.path, "message": p.message}
                for p in problems
            ]
        )
        raise typer.Exit(1 if problems else 0)
    if problems:
        raise SpecError(problems)
    loaded = specs.load(where)
    for warning in specs.warnings(where):
        errors.print(f"warning: {warning}", markup=False)
    console.print(f"{where or 'the spec as shipped'}: good; services: {', '.join(loaded.services)}")


@app.command()
def show(
    section: Annotated[str, typer.Argument(help="Only this section.")] = "",
    path: Annotated[Path | None, typer.Option("--spec", help="Spec file or folder.")] = None,
    as_json: AsJson = False,
) -> None:
    """Print every value of the spec in force here: section, id, value."""
    from opsdeck import spec as specs

    facts = specs.rows(specs.load(resolve(path)), section)
    if as_json:
        emit_json([{"section": f.section, "id": f.id, "value": f.value, "text": f.text} for f in facts])
        return
    table(("section", "id", "value"), ((f.section, f.id, f.text) for f in facts), f"no section {section!r}")


@app.command()
def diff(
    new: SpecPath = None,
    old: Annotated[
        Path | None, typer.Option("--against", help="Compare with this one; default: as shipped.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """What a spec changes against the shipped one (or another): path, old, new."""
    from opsdeck import spec as specs

    found = specs.diff(specs.load(old), specs.load(resolve(new)))
    if as_json:
        emit_json([{"path": d.path, "old": d.old, "new": d.new} for d in found])
        return
    table(("path", "old", "new"), ((d.path, str(d.old), str(d.new)) for d in found), "no difference", prose=2)


@app.command()
def schema() -> None:
    """Print the JSON Schema of the spec, for editors and CI."""
    from opsdeck import spec as specs

    emit_json(specs.schema())


@app.command()
def apply(as_json: AsJson = False) -> None:
    """Make the running deck read its spec again; the change is logged, a broken spec changes nothing."""
    found = client.request("POST", "/api/spec/apply")["differences"]
    if as_json:
        emit_json(found)
        return
    table(
        ("path", "old", "new"), ((d["path"], str(d["old"]), str(d["new"])) for d in found), "nothing changed"
    )
