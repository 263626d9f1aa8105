"""`unjucks list`: every template that `generate` would find, and the trouble with those that cannot be read."""

from unjucks import arguments, find, recording

TYPE_CHECKING = False
if TYPE_CHECKING:
    from opsdeck_emit import Run
    from unjucks.console import Console
    from unjucks.errors import UnjucksError
    from unjucks.model import Root, Template
    from unjucks.recording import Unrecorded

UNREADABLE = "TEMPLATE_UNREADABLE"


def run(argv: list[str], console: "Console", event: "Run | Unrecorded") -> int:
    """List; a template that cannot be read is shown and raised after the others are listed."""
    event.operation("template_discovery")
    options = arguments.read("list", argv, ("--json",), ("--root",))
    if options.words:
        raise options.wrong("unexpected word", repr(options.words[0]))

    def read(root: "Root", generator: str, name: str) -> "Template":
        return recording.retry(lambda: find.compiled(root, generator, name), event, UNREADABLE)

    def found() -> "tuple[list[Template], list[UnjucksError]]":
        with event.phase("find"):
            return find.survey(find.roots(find.here(), options.value("--root")), read)

    templates, troubles = recording.retry(found, event, UNREADABLE)
    event.metadata(templateCount=len(templates))
    if console.json and not troubles:
        console.document([_record(template) for template in templates])
    elif not console.json:
        _print(templates, console)
        for trouble in troubles[1:]:
            console.report(trouble)
    if troubles:
        raise next((one for one in troubles if one.category == "critical_errors"), troubles[0])
    return 0


def _record(template: "Template") -> dict[str, object]:
    return {
        "generator": template.generator,
        "template": template.name,
        "description": template.description,
        "root": template.root.kind,
        "folder": template.folder,
        "restricted": template.restricted,
        "variables": [variable.name for variable in template.variables],
    }


def _print(templates: "list[Template]", console: "Console") -> None:
    width = max((len(template.title) for template in templates), default=0)
    for template in templates:
        notes = [] if template.root.kind == "built-in" else [template.root.kind]
        notes += ["restricted"] if template.restricted else []
        note = f"  ({', '.join(notes)})" if notes else ""
        console.say(f"{template.title:<{width}}  {template.description}{note}".rstrip())
