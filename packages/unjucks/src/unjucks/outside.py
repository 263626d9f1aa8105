"""Rendered files whose paths a person's own values lead out of the target: the folder that holds them all out.

Only after the deck's policy allowed it (`--allow-outside`), and only for templates that somebody vouched for and that
by themselves stay inside.
"""

import os

from unjucks import paths
from unjucks.errors import PathEscape, PathOutside

TYPE_CHECKING = False
if TYPE_CHECKING:
    from unjucks.model import Rendered


def rebase(files: "list[Rendered]", target: str) -> str:
    """Make every path relative to the deepest folder that holds all of them, and give that folder.

    Raises PathOutside for what is no place for a file even so: git's own folder, a folder, odd characters.
    """
    written = [file for file in files if file.to]
    try:
        reals = [paths.anywhere(target, file.to, file.at("to")) for file in written]
    except PathEscape as error:
        raise PathOutside(error.message, given=error.given, place=error.place, hint=error.hint) from None
    base = os.path.commonpath([os.path.dirname(real) for real in reals])
    for file, real in zip(written, reals, strict=True):
        file.to = os.path.relpath(real, base)
    return base
