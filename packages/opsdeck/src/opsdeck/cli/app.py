"""The command tree: one typer app, a file per group, one place where errors become words and exit codes."""

import sys

import typer
from rich.text import Text

import opsdeck_emit.exec
from opsdeck.cli import alerts, logs, measures, services, spec, up
from opsdeck.cli.output import errors
from opsdeck.errors import OpsdeckError

app = typer.Typer(
    help="Operate command-line tools like production services.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
)
app.command()(up.up)
app.command()(spec.init)
for command in (measures.status, measures.sli, measures.doctor, measures.link, logs.logs):
    app.command()(command)
app.add_typer(measures.slo, name="slo")
app.add_typer(alerts.app, name="alerts")
app.add_typer(spec.app, name="spec")
app.add_typer(services.app, name="services")
app.add_typer(services.keys, name="keys")


@app.command(name="exec", context_settings={"ignore_unknown_options": True, "allow_extra_args": True})
def execute(context: typer.Context) -> None:
    """Run any command and record the run: opsdeck exec --service NAME -- CMD …"""
    sys.exit(opsdeck_emit.exec.main(context.args))


def run_app() -> None:
    """Run the command line. An expected failure is a sentence and an exit code, never a traceback."""
    try:
        app()
    except OpsdeckError as error:
        errors.print(Text("error: ", style="red") + Text(error.message), soft_wrap=True)
        if error.hint:
            errors.print(Text(f"try: {error.hint}"), soft_wrap=True)
        sys.exit(error.exit_code)
