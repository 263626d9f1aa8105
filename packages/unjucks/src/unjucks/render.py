"""A Template and values in, Rendered files out; touches nothing but memory."""

from unjucks.model import Rendered

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from unjucks.engine import Engine
    from unjucks.model import Source, Template


def render(template: "Template", values: "Mapping[str, Any]", engine: "Engine") -> list[Rendered]:
    """Render every source whose `to` does not come out empty, in the order of their paths.

    Raises VariableMissing and RenderFailed naming the line.
    """
    found = [_one(template, source, values, engine) for source in template.sources]
    return [rendered for rendered in found if rendered is not None]


def _one(
    template: "Template", source: "Source", values: "Mapping[str, Any]", engine: "Engine"
) -> Rendered | None:
    file = f"{template.folder}/{source.path}"
    head = source.head

    def text(key: str) -> str:
        value = head.get(key, "")
        return (
            engine.render(value, values, file, source.lines[key]) if isinstance(value, str) and value else ""
        )

    result = Rendered(source.path, file, source.lines)
    result.to = text("to").strip()
    if "to" in head and not result.to:
        return None
    if head.get("inject"):
        result.where = next(key for key in ("before", "after", "append", "prepend") if head.get(key))
        result.anchor = text(result.where)
    result.skip_if = text("skip_if")
    result.unless_exists = bool(head.get("unless_exists"))
    result.force = bool(head.get("force"))
    result.chmod = int(text("chmod"), 8) if head.get("chmod") else None
    commands = head.get("sh")
    if isinstance(commands, list):
        result.commands = [engine.render(command, values, file, source.lines["sh"]) for command in commands]
    result.body = engine.render(source.body, values, file, source.line)
    return result
