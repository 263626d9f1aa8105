"""Folders and names in, Templates out: which roots there are, and which template a name means.

Search order is project, user, built-in; the first root that has `GENERATOR/TEMPLATE` wins. Reads folders and the
compiled cache; parse.py, and with it YAML, is imported only for a template that the cache does not hold.
"""

import os
import time

from unjucks import cache
from unjucks.errors import (
    GeneratorNotFound,
    TargetUnreadable,
    TemplateNotFound,
    TemplateUnreadable,
    UnjucksError,
    did_you_mean,
)
from unjucks.model import Root, Template

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

FOLDER = "_templates"


def here() -> str:
    """Give the current folder; raises TargetUnreadable if it has been removed."""
    try:
        return os.getcwd()
    except FileNotFoundError:
        raise TargetUnreadable("the current folder no longer exists", hint="cd ~") from None


def user_folder() -> str:
    """Give the user's own root: `$XDG_CONFIG_HOME/unjucks/templates`, else below `~/.config`."""
    base = os.environ.get("XDG_CONFIG_HOME", "")
    return os.path.join(
        base if os.path.isabs(base) else os.path.expanduser("~/.config"), "unjucks", "templates"
    )


def builtin_folder() -> str:
    """Give the root that comes with unjucks."""
    return os.path.join(os.path.dirname(__file__), "builtin")


def project_folder(start: str) -> str:
    """Give the nearest `_templates` from `start` upwards, "" if there is none.

    Somebody else's that is no folder or may not be read is passed over, or anyone could stop every run below /tmp.
    The search ends at a repository's top (a folder with `.git`), at the home folder, or at the file system's top.
    """
    home = os.path.expanduser("~")
    folder = start
    while True:
        path = f"{folder.rstrip('/')}/{FOLDER}"
        if os.path.lexists(path) and (_placed_by_us(path) or not _unusable(path)):
            return path
        above = os.path.dirname(folder)
        if folder in (above, home) or os.path.lexists(f"{folder}/.git"):
            return ""
        folder = above


def roots(start: str, given: str = "") -> list[Root]:
    """Give the roots to search, nearest first; a `given` folder (--root) stands alone and is not trusted.

    A project or user root that somebody else placed there or may change is not trusted either.
    Raises TemplateUnreadable for a root that is there and cannot be read.
    """
    if given:
        return [_root(os.path.abspath(given), "given")]
    found = []
    if project := project_folder(start):
        found.append(_root(project, "project"))
    if os.path.lexists(user := user_folder()):
        found.append(_root(user, "user"))
    return [*found, Root(builtin_folder(), "built-in", trusted=True)]


def _root(path: str, kind: str) -> Root:
    if trouble := _unusable(path):
        raise TemplateUnreadable(f"templates folder: {trouble}", place=path)
    return Root(path, kind, trusted=kind != "given" and _placed_by_us(path) and _is_own(path))


def _unusable(path: str) -> str:
    """Say why a path cannot be a root, "" if it can."""
    try:
        os.stat(path)
    except OSError as error:
        return str(error.strerror)
    if not os.path.isdir(path):
        return "Not a directory"
    return "" if os.access(path, os.R_OK | os.X_OK) else "Permission denied"


def _placed_by_us(path: str) -> bool:
    """Whether the folder, file or link itself, not what a link leads to, belongs to this user or root."""
    try:
        return os.lstat(path).st_uid in (os.geteuid(), 0)
    except OSError:
        return False


def _is_own(path: str) -> bool:
    try:
        return cache.is_own(os.stat(path))
    except OSError:
        return False


def lookup(searched: list[Root], generator: str, name: str) -> Template:
    """Give the template of that name from the first root that has it.

    Raises GeneratorNotFound or TemplateNotFound with the nearest names, and what reading it raises.
    """
    if is_name(generator) and is_name(name):
        for root in searched:
            if os.path.isdir(f"{root.path}/{generator}/{name}"):
                return compiled(root, generator, name)
    raise _not_found(searched, generator, name)


def _not_found(searched: list[Root], generator: str, name: str) -> UnjucksError:
    generators = {one for one, _, _ in names(searched)}
    if generator not in generators:
        near = did_you_mean(generator, sorted(generators))
        return GeneratorNotFound(f"Generator {generator!r} not found{near}", hint="unjucks list")
    templates = templates_of(searched, generator)
    near = did_you_mean(name, templates) or f"; it has {', '.join(templates)}"
    hint = (
        f"unjucks generate {generator} {templates[0]}" if len(templates) == 1 else f"unjucks help {generator}"
    )
    return TemplateNotFound(f"Template '{generator}/{name}' not found{near}", hint=hint)


def templates_of(searched: list[Root], generator: str) -> list[str]:
    """Give the names of a generator's templates; none for a generator that no root has."""
    return sorted({name for one, name, _ in names(searched) if one == generator})


def is_name(text: str) -> bool:
    """Whether a folder of that name can be a generator or a template."""
    return text.isprintable() and text[:1] not in ("", ".", "_") and "/" not in text


def names(searched: list[Root]) -> list[tuple[str, str, Root]]:
    """Give generator, template and root of everything there is; a name's first root hides the others."""
    found: dict[tuple[str, str], Root] = {}
    for root in searched:
        for generator in _folders(root.path):
            for name in _folders(f"{root.path}/{generator}"):
                found.setdefault((generator, name), root)
    return [(generator, name, found[generator, name]) for generator, name in sorted(found)]


def _folders(path: str) -> list[str]:
    try:
        with os.scandir(path) as entries:
            return [entry.name for entry in entries if is_name(entry.name) and entry.is_dir()]
    except OSError as error:
        raise TemplateUnreadable(str(error.strerror), place=path) from None


def survey(
    searched: list[Root], read: "Callable[[Root, str, str], Template] | None" = None
) -> tuple[list[Template], list[UnjucksError]]:
    """Read everything there is: the templates, and the trouble with those that `read` (`compiled`) cannot read."""
    templates: list[Template] = []
    troubles: list[UnjucksError] = []
    for generator, name, root in names(searched):
        try:
            templates.append((read or compiled)(root, generator, name))
        except UnjucksError as error:
            troubles.append(error)
    return templates, troubles


def compiled(root: Root, generator: str, name: str) -> Template:
    """Give one template from the cache, or read it and keep it there.

    What others may change of a trusted root is not trusted; nor is the built-in root more than the program beside it.
    """
    folder = f"{root.path}/{generator}/{name}"
    builtin = root.kind == "built-in"
    trusted = builtin or (root.trusted and _is_own(f"{root.path}/{generator}"))
    signature = cache.signature(folder, follow=trusted)
    if trusted and not builtin and not all(own for *_, own in signature):
        trusted = False
        signature = cache.signature(folder, follow=False)
    if trusted != root.trusted:
        root = Root(root.path, root.kind, trusted=False)
    sealed = cache.manifest(root.path)
    template = cache.load(root, folder, signature + sealed)
    if template is None:
        files = [path for path, *_ in signature]
        if sealed:
            from unjucks import bundle

            bundle.vouch(root.path, f"{generator}/{name}", files)
        template = _parsed(root, generator, name, files)
        cache.store(template, signature + sealed, time.time_ns())
    return template


def _parsed(root: Root, generator: str, name: str, files: list[str]) -> Template:
    """Read a template anew, within limits when nobody vouched for it."""
    from unjucks import parse

    if root.trusted:
        return parse.template(root, generator, name, files)
    from unjucks import limits

    folder = f"{root.path}/{generator}/{name}"
    record = limits.in_child(lambda: cache.to_record(parse.template(root, generator, name, files)), folder)
    return cache.from_record(root, record)
