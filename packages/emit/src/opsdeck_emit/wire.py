"""The event as it travels: one JSON object on one line, in the framework's format ("Structured Logging Format").

In: plain values. Out: bytes. It must not know where they are kept or sent. Hand-made on purpose: importing
`json`, `uuid` and `datetime` would cost an operated tool 8 ms.
"""

import os
import time

EMIT_VERSION = "2026.11.0"
TEXT_LIMIT = 256
NAME_LIMIT = 64
EXACT = 2**53
# What `Run.metadata` lets through; everything else stays on the machine.
METADATA: dict[str, type] = {
    "fileCount": int,
    "outputSize": int,
    "workingDirectory": str,
    "dryRun": bool,
    "templateRoot": str,
    "templateCount": int,
    "cacheHit": bool,
}
# Literals of which one is in every text that holds a secret of a form in forms.py; cheap to look for.
TOKENS = (
    "akia", "asia", "ghp_", "gho_", "ghs_", "ghu_", "ghr_", "github_pat_", "glpat-", "gldt-", "glrt-", "glptt-", "glcbt-",
    "xox", "xapp-", "hooks.slack", "sk_live_", "sk_test_", "rk_live_", "rk_test_", "pk_live_", "pk_test_", "whsec_", "aiza", "gocspx-", "ya29.", "npm_", "pypi-", "dckr_",
    "hrku-", "sg.", "key-", "sk-", "hvs.", "hvb.", "hvr.", "eyj", "age-secret-", "odk_", "odl_", "ods_", "odt_",
    "-----begin", "://", "sig=", "key=", "bearer ", "basic ", "cookie:", "authorization",
)  # fmt: skip
ANNOUNCING = ("pass", "pwd", "secret", "token", "credential", "key", "_auth")
SIGNS = ("=", ": ", ":\\", "--")
LEVELS = {"user_errors": "WARN", "system_errors": "ERROR", "critical_errors": "FATAL"}


def dumps(value: object) -> str:
    """Compact JSON in ASCII; a key whose value is None is left out."""
    if isinstance(value, str):
        return quote(value)
    if value is True or value is False:
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    if isinstance(value, dict):
        return "{" + ",".join(f"{quote(k)}:{dumps(v)}" for k, v in value.items() if v is not None) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(dumps, value)) + "]"
    raise TypeError(type(value).__name__)


def quote(text: str) -> str:
    if text.isascii() and text.isprintable() and '"' not in text and "\\" not in text:
        return f'"{text}"'
    try:
        from _json import encode_basestring_ascii as escape
    except ImportError:
        from json.encoder import py_encode_basestring_ascii as escape
    return str(escape(text))


def suspect(record: str) -> bool:
    """Whether a record may hold a secret, and is worth the import of what finds it."""
    low = record.lower()
    if any(token in low and _begins(low, token) for token in TOKENS) or _begins(record, "SK"):
        return True
    return any(word in low for word in ANNOUNCING) and any(sign in low for sign in SIGNS)


def _begins(text: str, token: str) -> bool:
    """Whether it stands where a word begins: `sk-` does not in `task-list`."""
    at = text.find(token)
    while at > 0 and text[at - 1].isalnum() and token[0].isalnum():
        at = text.find(token, at + 1)
    return at >= 0


def is_service(name: str) -> bool:
    """Whether collection takes this name of a service: [A-Za-z0-9][A-Za-z0-9_.-]{0,63}."""
    plain = name.translate({ord(mark): "x" for mark in "_.-"})
    return name.isascii() and plain.isalnum() and name[0].isalnum() and len(name) <= NAME_LIMIT


def clean(value: object, limit: int = TEXT_LIMIT) -> str:
    """Text without control characters and terminal escapes, at most `limit` bytes of UTF-8."""
    text = str(value)
    if len(text) > limit:
        text = text[:limit]
    if text.isascii() and text.isprintable():
        return text
    text = "".join(c if c.isprintable() else " " for c in text)
    return text.encode("utf-8", "replace")[:limit].decode("utf-8", "ignore")


def tilde(path: str) -> str:
    """The path with the home folder replaced by `~`."""
    home = os.path.expanduser("~").rstrip("/")
    if home and (path == home or path.startswith(home + "/")):
        return "~" + path[len(home) :]
    return path


def allowed(values: dict[str, object]) -> dict[str, object]:
    """The metadata that may travel: known names with values of the known kind."""
    kept: dict[str, object] = {}
    for name, value in values.items():
        kind = METADATA.get(name)
        if kind is str and isinstance(value, str):
            kept[name] = clean(tilde(value))
        elif kind is not None and type(value) is kind and (kind is bool or abs(int(str(value))) < EXACT):
            kept[name] = value
    return kept


def event_id(now: float) -> str:
    """A UUID of version 7 (RFC 9562, section 5.7)."""
    bits = int(now * 1000) << 80 | int.from_bytes(os.urandom(10), "big")
    bits = bits & ~(0xF << 76) | 7 << 76
    bits = bits & ~(3 << 62) | 2 << 62
    h = f"{bits:032x}"
    return f"{h[:8]}-{h[8:12]}-{h[12:16]}-{h[16:20]}-{h[20:]}"


def timestamp(now: float) -> str:
    t = time.gmtime(now)
    return f"{t[0]:04}-{t[1]:02}-{t[2]:02}T{t[3]:02}:{t[4]:02}:{t[5]:02}.{int(now % 1 * 1000):03}Z"


def level(error: dict[str, object] | None) -> str:
    return "INFO" if error is None else LEVELS.get(str(error.get("category")), "ERROR")
