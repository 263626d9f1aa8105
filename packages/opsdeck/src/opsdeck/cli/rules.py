"""Detection rules on the command line: those in force, and tests of a file, which need no deck."""

from pathlib import Path
from typing import Annotated

import typer

from opsdeck.cli import client
from opsdeck.cli.output import AsJson, console, emit_json, table, word
from opsdeck.errors import OpsdeckError
from opsdeck.measure import figures

app = typer.Typer(help="Detection rules: those in force, and tests of a file.", invoke_without_command=True)


@app.callback()
def list_rules(context: typer.Context, as_json: AsJson = False) -> None:
    """The detection rules in force."""
    if context.invoked_subcommand:
        return
    found = client.get("/api/security/rules")
    if as_json:
        emit_json(found)
        return
    rows = (
        (r["name"], r["event"], r["subject_kind"], r["level"], r["file"], r["title"]) for r in found["rules"]
    )
    table(("rule", "event", "about", "level", "file", "title"), rows, "no rule is in force")


@app.command("test")
def try_rules(
    file: Annotated[Path, typer.Argument(help="A rule file or a folder of them; fixtures stand beside.")],
    spec: Annotated[
        Path | None, typer.Option(help="Spec file or folder; default: ./operations.yaml if there.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read a rule file and run the fixtures beside it, without a deck."""
    from opsdeck import detect
    from opsdeck import spec as specs

    beside = Path("operations.yaml")
    checked = detect.check(file, specs.load(spec or (beside if beside.exists() else None)).framework)
    if as_json:
        results = [
            {"file": r.file, "name": r.name, "passed": r.passed, "said": r.said} for r in checked.results
        ]
        emit_json(
            {"passed": checked.passed, "problems": [str(p) for p in checked.problems], "results": results}
        )
    else:
        for problem in checked.problems:
            console.print(word(str(problem)), soft_wrap=True)
        rows = (("ok" if r.passed else "failed", r.name, r.said) for r in checked.results)
        read = figures.counted(len(checked.rules), "rule")
        nothing = f"{read} read; no fixtures beside it: {file.stem}.fixtures.yml"
        if checked.rules:
            table(("", "fixture", "said"), ((word(a), b, c) for a, b, c in rows), nothing)
    if checked.problems:
        raise OpsdeckError("the rules cannot be read", hint="docs/rules.md says what they may hold")
    if not checked.passed:
        raise OpsdeckError(
            "the rules do not do what their fixtures say", hint="docs/rules.md says how fixtures read"
        )
