"""`unjucks doctor`: checks what runs depend on, one line each; exit 1 if a check fails."""

import os
import sys

from unjucks import __version__, arguments, cache, find
from unjucks.console import shown
from unjucks.errors import UnjucksError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from unjucks.console import Console

OK, WARN, FAIL = "ok", "warn", "FAIL"


def run(argv: list[str], console: "Console") -> int:
    """Run every check; one that fails hides no other."""
    options = arguments.read("doctor", argv, ("--json",))
    if options.words:
        raise options.wrong("unexpected word", repr(options.words[0]))
    checks: dict[str, Callable[[], tuple[str, str]]] = {
        "unjucks": _version,
        "engine": _engine,
        "templates": _templates,
        "cache": _cache,
        "telemetry": _telemetry,
        "policy": _policy,
    }
    found = [(name, *check()) for name, check in checks.items()]
    if console.json:
        console.document([{"check": name, "state": state, "detail": detail} for name, state, detail in found])
    else:
        for name, state, detail in found:
            console.say(f"{state:<4}  {name:<9}  {detail}")
    return int(any(state == FAIL for _, state, _ in found))


def _version() -> tuple[str, str]:
    return OK, f"{__version__} on Python {sys.version.split()[0]}"


def _engine() -> tuple[str, str]:
    from unjucks import engine

    try:
        alone = engine.extension().__name__ != "minijinja"
        works = engine.Engine({}).render("{{ 'user profile' | pascal }}", {}, "doctor") == "UserProfile"
    except (ImportError, UnjucksError) as error:
        return FAIL, f"minijinja: {error}"
    if not works:
        return FAIL, "minijinja renders wrongly"
    if not alone:
        return WARN, "minijinja renders, but loads slowly: its extension module could not be loaded by itself"
    return OK, "minijinja renders"


def _templates() -> tuple[str, str]:
    try:
        roots = find.roots(find.here())
        templates, troubles = find.survey(roots)
    except UnjucksError as error:
        return FAIL, str(error)
    if troubles:
        return FAIL, "; ".join(str(trouble) for trouble in troubles)
    foreign = [root.path for root in roots if not root.trusted]
    if foreign:
        return WARN, f"{', '.join(foreign)} can be changed by another user, so its commands are refused"
    where = ", ".join(f"{root.kind} {shown(root.path)}" for root in roots)
    return OK, f"{len(templates)} in {where}"


def _cache() -> tuple[str, str]:
    path = cache.folder()
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        mode, owner = os.stat(path).st_mode & 0o777, os.stat(path).st_uid
    except OSError as error:
        return WARN, f"{shown(path)}: {error.strerror}; every run reads its templates anew"
    if owner != os.geteuid() or mode & 0o022 or not os.access(path, os.W_OK):
        return WARN, f"{shown(path)} is not yours alone to write"
    return OK, shown(path)


def _telemetry() -> tuple[str, str]:
    from unjucks.recording import SERVICE, UNUSABLE

    try:
        from opsdeck_emit import consent
    except UNUSABLE as error:
        return WARN, f"opsdeck-emit is missing or broken, so nothing is recorded: {error}"
    return OK, f"consent {consent.state(SERVICE)}; more: unjucks telemetry status"


def _policy() -> tuple[str, str]:
    """What the deck says of this user, as far as it has answered."""
    import time

    from unjucks import standing
    from unjucks.recording import UNUSABLE

    try:
        fine, detail = standing.told(time.time())
    except UNUSABLE as error:
        return WARN, f"opsdeck-emit is missing or broken, so no policy can be read: {error}"
    return OK if fine else WARN, detail
