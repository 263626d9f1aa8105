"""Rendered files and a target folder in, a Plan out; reads the folder, writes nothing.

Whole files are decided first, then injections in the order of their sources, so that a file may be created and
injected into by one template; each change starts from what the one before leaves.
"""

from unjucks import paths
from unjucks.errors import FrontMatterInvalid, InjectTargetMissing, TargetUnreadable
from unjucks.model import Change, Command, Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from unjucks.model import Rendered

    Changes = dict[str, Change]


def plan(files: "list[Rendered]", target: str, *, force: bool = False) -> Plan:
    """Decide every change and command; `target` is a real path, `force` overwrites what differs.

    A file that stands in the way becomes a change with the action `conflict`: the caller decides.
    Raises PathEscape, InjectTargetMissing, InjectAnchorMissing, TargetUnreadable, FrontMatterInvalid.
    """
    changes: Changes = {}
    for file in files:
        if file.to and not file.where:
            _add(file, target, changes, force=force)
    for file in files:
        if file.where:
            _inject(file, target, changes)
    commands = [
        Command(command, "" if file.to else file.body, file.at("sh"))
        for file in files
        for command in file.commands
    ]
    return Plan(list(changes.values()), commands)


def _add(file: "Rendered", target: str, changes: "Changes", *, force: bool) -> None:
    path = paths.resolve(target, file.to, file.at("to"))
    if path in changes:
        raise FrontMatterInvalid(
            "another file of this template also writes this path", given=path, place=file.at("to")
        )
    before, mode = paths.read(target, path)
    after = file.body.encode()
    wanted = mode if file.chmod is None else file.chmod
    if before is None:
        changes[path] = Change(path, None, after, "create", file.chmod)
    elif file.unless_exists or _skips(file, before, path):
        changes[path] = Change(path, before, before, "skip", mode)
    elif before == after:
        changes[path] = Change(path, before, after, "unchanged" if wanted == mode else "overwrite", wanted)
    else:
        changes[path] = Change(
            path, before, after, "overwrite" if force or file.force else "conflict", wanted
        )


def _inject(file: "Rendered", target: str, changes: "Changes") -> None:
    from unjucks.ops import inject

    path = paths.resolve(target, file.to, file.at("to"))
    change = changes.get(path)
    if change is None:
        before, mode = paths.read(target, path)
        if before is None:
            message = "the file to inject into does not exist"
            raise InjectTargetMissing(message, given=path, place=file.at("to"))
        change = Change(path, before, before, "skip", mode)
    if not _skips(file, change.after, path):
        text = inject.insert(
            _text(change.after, path), file.body, file.where, file.anchor, file.at(file.where)
        )
        change.after = text.encode()
        if change.action in ("skip", "unchanged") and change.after != change.before:
            change.action = "inject"
        change.mode = change.mode if file.chmod is None else file.chmod
    changes[path] = change


def _skips(file: "Rendered", content: bytes, path: str) -> bool:
    from unjucks.ops import inject

    if not file.skip_if:
        return False
    return inject.span(_text(content, path), file.skip_if, file.at("skip_if")) is not None


def _text(content: bytes, path: str) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise TargetUnreadable("not UTF-8 text", given=path) from None
