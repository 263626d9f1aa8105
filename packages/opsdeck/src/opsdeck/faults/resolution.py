"""Whether a resolved fault is back. In: in which version it was resolved, a version it is seen on. Out: a named reason. Pure.

`2025.9.9` means: fixed in it, so seen on it or later it is back. `>2025.9.8` means: fixed in whatever comes after it.
"" means that no version can tell, so it never comes back by itself. An older version never had the fix, and another
line of versions has its own: neither says anything about the fix.
"""

from opsdeck import versions
from opsdeck.versions import Regression

AFTER = ">"


def after(version: str) -> str:
    """Resolved in whatever comes after `version`; "" where versions after it cannot be told."""
    return f"{AFTER}{version}" if versions.parse(version) else ""


def came_back(resolved_in: str, seen: str) -> Regression:
    """Only BACK is a regression."""
    found = versions.regresses(resolved_in.removeprefix(AFTER), seen)
    if found is Regression.BACK and resolved_in.startswith(AFTER):
        later = versions.newer(seen, resolved_in.removeprefix(AFTER))
        return Regression.BACK if later else Regression.OLDER
    return found


def said(resolved_in: str) -> str:
    """The resolution in words."""
    if not resolved_in:
        return "resolved for good: no version says when it would be back"
    if resolved_in.startswith(AFTER):
        return f"resolved after {resolved_in.removeprefix(AFTER)}"
    return f"resolved in {resolved_in}"


def latest(a: str, b: str, *, b_is_later: bool) -> str:
    """The newer of two versions; where they cannot be compared, the one that was seen later."""
    order = versions.newer(b, a)
    return b if (b_is_later if order is None else order) else a
