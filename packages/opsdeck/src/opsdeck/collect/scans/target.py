"""What was scanned, by a name that stays the same from scan to scan. In: an image or a path. Out: its name."""

import re

from opsdeck.collect.scans.text import plain

LONGEST = 200
_TAG = re.compile(r":[^/:]*$")


def image(name: str) -> str:
    """`registry/app:1.2@sha256:…` → `registry/app`: the next build has another tag and replaces this one."""
    return plain(_TAG.sub("", name.partition("@")[0]), LONGEST)


def place_of(path: str) -> str:
    """`/builds/7f3a/app` → `app`, `.` → "": the next run has another work folder."""
    last = path.rstrip("/\\").replace("\\", "/").rpartition("/")[2]
    return "" if last in (".", "..") else plain(last, LONGEST)
