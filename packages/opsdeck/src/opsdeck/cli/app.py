"""The command tree: one typer app, a file per group, one place where errors become words and exit codes."""

import importlib.metadata
import sys
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from opsdeck.cli import alerts, audit, logs, measures, scan, security, services, spec
from opsdeck.cli import errors as error_groups
from opsdeck.cli.output import errors
from opsdeck.errors import OpsdeckError, SpecError


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"opsdeck {importlib.metadata.version('opsdeck')}")
        raise typer.Exit


app = typer.Typer(
    help="Operate command-line tools like production services.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)


@app.callback()
def root(
    _version: Annotated[
        bool, typer.Option("--version", help="Print the version.", callback=_say_version, is_eager=True)
    ] = False,
) -> None:
    """Operate command-line tools like production services."""


app.command()(spec.init)
for command in (measures.status, measures.sli, measures.doctor, measures.link, logs.logs):
    app.command()(command)
app.add_typer(measures.slo, name="slo")
app.add_typer(alerts.app, name="alerts")
app.add_typer(audit.app, name="audit")
app.add_typer(error_groups.app, name="errors")
app.add_typer(security.app, name="security")
app.add_typer(scan.app, name="scan")
app.add_typer(spec.app, name="spec")
app.add_typer(services.app, name="services")
app.add_typer(services.keys, name="keys")


@app.command()
def up(
    port: Annotated[int, typer.Option(help="Port on 127.0.0.1; 0 takes a free one.")] = 8600,
    spec: Annotated[
        Path | None, typer.Option(help="Spec file or folder; default: ./operations.yaml if there.")
    ] = None,
) -> None:
    """Start the deck: server, probes and loops in one process."""
    from opsdeck.cli import daemon

    daemon.run(port, spec)


@app.command(name="exec", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def execute(context: typer.Context) -> None:
    """Run any command and record the run: opsdeck exec --service NAME -- CMD …"""
    from opsdeck_emit.exec import main as run

    sys.exit(run(context.args))


@app.command(context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def telemetry(context: typer.Context) -> None:
    """What this machine recorded of a service: opsdeck telemetry status|show|on|off|purge [SERVICE]"""
    from opsdeck_emit.__main__ import main as run

    sys.exit(run(context.args))


def run_app() -> None:
    """Run the command line. An expected failure is a sentence and an exit code, never a traceback."""
    try:
        app()
    except OpsdeckError as error:
        # Problems of a spec stand alone on their lines, so that an editor finds file:line:col.
        prefix = "" if isinstance(error, SpecError) else "error: "
        errors.print(Text(prefix, style="red") + Text(error.message), soft_wrap=True)
        if error.hint:
            errors.print(Text(f"try: {error.hint}"), soft_wrap=True)
        sys.exit(error.exit_code)
