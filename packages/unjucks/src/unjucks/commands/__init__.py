"""The commands, a file each. `generate` and `listing` are operations; `plain` leads to the others."""

TYPE_CHECKING = False
if TYPE_CHECKING:
    from unjucks.console import Console


def plain(command: str, argv: list[str], console: "Console") -> int:
    """Run a command that is no operation; raises UnjucksError."""
    if command == "help":
        from unjucks.commands import describe

        return describe.run(argv, console)
    if command == "telemetry":
        from unjucks.commands import telemetry

        return telemetry.run(argv, console)
    if command == "doctor":
        from unjucks.commands import doctor

        return doctor.run(argv, console)
    if command == "templates":
        from unjucks.commands import templates

        return templates.run(argv, console)
    from unjucks.commands import scaffold

    return scaffold.new(argv, console) if command == "new" else scaffold.init(argv, console)
