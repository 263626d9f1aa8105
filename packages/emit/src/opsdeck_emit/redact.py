"""Take out of a text what must not leave the machine; imported only on failure.

In: any text. Out: the same without terminal escapes, control characters, the home folder's name and obvious
secrets, within a size. Linear time: the input is cut first, and no pattern can be tried over the same run twice
(no unbounded repeat stands before something that may fail).
"""

import os
import re

MESSAGE_LIMIT = 1024
STACK_LIMIT = 8192
CONTEXT_LIMIT = 1024
MARK = "[redacted]"
CUT = "…"
READ_AHEAD = 4

ESCAPES = re.compile(r"\x1b(?:\[[0-?]{0,32}[ -/]{0,8}[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\^_])")
CONTROLS = re.compile(
    r"[^\S\n\t ]|[\x00-\x08\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]"
)
SECRETS = (
    # a private key, closed or cut off
    (
        re.compile(
            r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY-----(?:[^-]|-(?!----END ))*(?:-----END [A-Z0-9 ]{0,40}-----)?"
        ),
        MARK,
    ),
    # scheme://user:password@host
    (re.compile(r"(?i)\b([a-z][a-z0-9+.-]{1,30}://)[^\s/@]{1,512}@"), rf"\1{MARK}@"),
    # Authorization: Bearer …
    (re.compile(r"(?i)\b(bearer|basic)(\s{1,8})[a-z0-9._~+/=-]{6,}"), rf"\1\2{MARK}"),
    # tokens that say what they are: AWS, GitHub, GitLab, Slack, Google, Stripe and the like, a deck, JWT
    (
        re.compile(
            r"(?<![A-Za-z0-9_-])(?:(?:AKIA|ASIA)[A-Z0-9]{12,}|gh[pousr]_[A-Za-z0-9]{16,}|github_pat_\w{16,}|glpat-[\w-]{16,}"
            r"|xox[a-z]-[\w-]{8,}|odk_[\w-]{16,}|AIza[\w-]{30,}|[sprk]{2}[-_][\w-]{16,}|eyJ[\w-]{8,}(?:\.[\w-]*)*)"
        ),
        MARK,
    ),
    # password=…, "api_key": "…", --token …
    (
        re.compile(
            r"(?i)((?:(?<![a-z])key|[_-]key|apikey|token|secret|password|passwd|passphrase|pwd|credentials?)s?"
            r"[\"']?\s{0,4}=\s{0,4}|(?:[_-]key|apikey|token|secret|password|passwd|passphrase|pwd|credentials?)s?[\"']?\s{0,4}:\s{0,4}"
            r"|--?(?:[a-z]{1,20}-)?(?:key|token|secret|password|passwd|passphrase)\s{1,4})"
            r"(?:\"[^\"\n]*\"?|'[^'\n]*'?|[^\s,;&\"']+)"
        ),
        rf"\1{MARK}",
    ),
)


def redact(value: object, limit: int, *, lines: bool = False) -> str:
    """The text fit to leave, at most `limit` bytes of UTF-8; `lines` keeps line breaks."""
    text = str(value)[: limit * READ_AHEAD]
    text = ESCAPES.sub("", text)
    text = CONTROLS.sub(" ", text)
    for home in _homes():
        text = re.sub(re.escape(home) + r"(?![\w.-])", "~", text)
    for pattern, replacement in SECRETS:
        text = pattern.sub(replacement, text)
    return _cut(text if lines else " ".join(text.split()), limit)


def _homes() -> list[str]:
    home = os.path.expanduser("~").rstrip("/")
    return sorted({path for path in (home, os.path.realpath(home)) if len(path) > 1}, key=len, reverse=True)


def _cut(text: str, limit: int) -> str:
    whole = text.encode("utf-8", "replace")
    if len(whole) <= limit:
        return whole.decode()
    return whole[: limit - len(CUT.encode())].decode("utf-8", "ignore") + CUT
