"""`unjucks templates verify [ROOT]`: every file of a bundle against its MANIFEST.sha256; exit 1 if one differs."""

import os

from unjucks import arguments, bundle, find
from unjucks.cache import MANIFEST

TYPE_CHECKING = False
if TYPE_CHECKING:
    from unjucks.console import Console

MAKE = "find . -type f ! -name MANIFEST.sha256 -exec sha256sum {} + > MANIFEST.sha256"


def run(argv: list[str], console: "Console") -> int:
    """Verify; raises BundleTampered for a manifest that is none."""
    options = arguments.read("templates", argv, ("--json",))
    action, *given = options.words or [""]
    if action != "verify" or len(given) > 1:
        raise options.wrong("what to do? unjucks templates verify ROOT")
    root = os.path.abspath(given[0]) if given else find.roots(find.here())[0].path
    if not os.path.lexists(f"{root}/{MANIFEST}"):
        raise options.wrong(f"there is no {MANIFEST} in the folder; make it there: {MAKE}", root)
    found = bundle.verify(root)
    wrong = sum(state != bundle.OK for _, state in found)
    if console.json:
        files = [{"path": path, "state": state} for path, state in found]
        console.document({"root": root, "ok": not wrong, "files": files})
        return int(wrong > 0)
    for path, state in found:
        console.say(f"{state:<8}  {path}")
    console.say(
        f"{len(found)} files, {wrong} not as {MANIFEST} says" if wrong else f"{len(found)} files, all ok"
    )
    return int(wrong > 0)
