"""The forms of secrets: a text in, the text without them and their number out. Both nets are made of this table: what
the emitting side takes out, and what collection takes out again, because an older or another client may have sent it.

No pattern searches. Literals are found by `str.find`, which is linear; at each place one anchored pattern with bounded
repeats is tried, then a test of what it found (likely.py). Of a literal that fills a text only the first MOST places
are looked at, and what follows is taken out unseen. It must not know where texts come from.
"""

import re

from opsdeck_emit.likely import (
    announced,
    basic,
    bearer,
    checked,
    jwt,
    of_a_secret,
    own,
    own_word,
    random,
    url_password,
    url_user,
)

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    Test = Callable[[re.Match[str]], bool]
    Span = tuple[int, int]

MARK = "[redacted]"
MOST = 500  # places per literal and text
MOST_OF_MANY = 20_000  # and in many texts together, before each is looked at by itself


class Form:
    """A kind of secret: the pattern that holds at its literal, and a test of what the pattern found.

    The last group of the pattern with a name is the secret, without one all of it. Patterns are compiled when they are needed.
    """

    __slots__ = ("_compiled", "_source", "_test")

    def __init__(self, pattern: str, test: "Test | None" = None) -> None:
        """Only remember."""
        self._source, self._test = pattern, test
        self._compiled: re.Pattern[str] | None = None

    def look(self, text: str, at: int) -> "tuple[Span | None, int]":
        """Where the secret is that begins, or is announced, at this place; and up to where nothing else can begin."""
        pattern = self._compiled = self._compiled or re.compile(self._source)
        match = pattern.match(text, at)
        if match is None:
            return None, at
        if self._test and not self._test(match):
            # No part of a token looks random where the whole does not.
            return None, match.end() if self._test is random else at
        return match.span(match.lastgroup or 0), match.end()


class Block(Form):
    """A private key: to its end line, or to the end of the text where it was cut off."""

    __slots__ = ()

    def look(self, text: str, at: int) -> "tuple[Span | None, int]":
        """From the head on, as far as the block goes."""
        head, known = super().look(text, at)
        if head is None:
            return None, known
        end = text.find(_END, head[1])
        last = text.find("-----", end + len(_END), end + _LONGEST_END) if end >= 0 else -1
        stop = last + 5 if last >= 0 else end + len(_END) if end >= 0 else len(text)
        return (at, stop), stop


def _token(literal: str, rest: str, test: "Test | None" = random) -> tuple[str, Form]:
    """A token that says what it is by its first letters."""
    return literal, Form(rf"(?<![A-Za-z0-9]){re.escape(literal)}{rest}", test)


_W = "[0-9A-Za-z_-]"
_ASSIGNED = Form(
    r"(?i)(?P<word>pass(?:word|wd|phrase|code)?|pwd|secret|token|credential|key|auth)"
    r"(?:[_-]?(?:access|api|auth|key|value|token|word|base(?:64)?|[0-9]{1,2}))?(?:[_-]?key)?s?"
    r"\\{0,3}[\"']?(?:(?P<gap>[ \t]{0,4})(?P<sign>=>|:=|=|:)[ \t]{0,4}|[ \t]{1,4})"
    r"(?:(?P<q>\\{0,3}[\"'])(?P<quoted>[^\"'\n\\]{1,512})|(?P<bare>(?:[^\s,;&\"'\\]|&(?![A-Za-z_]{1,24}=)){1,512}))",
    announced,
)
_PRIVATE_KEY = r"-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----(?![\"')\]])"
_END, _LONGEST_END = "-----END ", 64
_AUTHORIZATION = (
    r"(?i)authorization[\"']?[ ]{0,4}[:=][ ]{0,4}[\"']?(?:(?:token|bearer|basic|apikey|key)[ ]{1,4})?"
    r"(?P<s>[^\s\"',;]{6,8192})"
)
_COOKIE = r"(?i)cookie[\"']?[ ]{0,4}:[ ]{0,4}[\"']?(?P<s>[!#$%&'*+.^_`|~0-9A-Z-]{1,64}=[^\r\n\"]{1,4096})"
_HOOK = r"hooks\.slack\.com/[a-z]{1,16}/(?P<s>[0-9A-Za-z_/-]{8,255})"

# A literal in lower case is found in any case.
FORMS: tuple[tuple[str, Form], ...] = (
    ("-----BEGIN ", Block(_PRIVATE_KEY)),
    ("://", Form(r"://(?P<s>[^\s:/?#@\"'<>]{0,256}:[^\s/?#\"'<>]{1,512})@(?=[\w.\[-])", url_password)),
    ("://", Form(r"(?<=http|ttps)://(?P<s>[^\s:/?#@\"'<>]{1,512})@(?=[\w.\[-])", url_user)),
    ("bearer", Form(r"(?i)bearer[ \t]{1,8}(?P<s>[0-9A-Z._~+/=-]{8,8192})", bearer)),
    ("basic", Form(r"(?i)basic[ \t]{1,8}(?P<s>[0-9A-Z+/=_-]{6,8192})", basic)),
    ("authorization", Form(_AUTHORIZATION, random)),
    ("cookie", Form(_COOKIE)),
    _token("AKIA", r"[A-Z0-9]{16}(?![A-Za-z0-9])", None),
    _token("ASIA", r"[A-Z0-9]{16}(?![A-Za-z0-9])", None),
    *(_token(f"gh{kind}_", r"[0-9A-Za-z]{20,255}", checked) for kind in "opsur"),
    _token("github_pat_", r"[0-9A-Za-z_]{20,255}"),
    *(_token(kind, _W + "{20,255}") for kind in ("glpat-", "gldt-", "glrt-", "glptt-", "glcbt-")),
    _token("xox", r"[abeoprs]-[0-9A-Za-z-]{10,255}"),
    _token("xapp-", r"[0-9A-Za-z-]{10,255}"),
    ("hooks.slack.com/", Form(_HOOK)),
    *(_token(kind, r"(?:live|test)_[0-9A-Za-z]{10,255}") for kind in ("sk_", "rk_", "pk_")),
    _token("whsec_", r"[0-9A-Za-z+/=]{16,255}"),
    _token("AIza", _W + "{30,64}"),
    _token("GOCSPX-", _W + "{20,64}"),
    _token("ya29.", _W + "{20,512}"),
    ("sig=", Form(r"(?i)(?<=[?&;])sig=(?P<s>[0-9A-Z%/+_=-]{20,255})", random)),
    ("key=", Form(r"(?i)(?<=[?&])key=(?P<s>[^\s&#\"']{6,512})", random)),
    _token("npm_", r"[0-9A-Za-z]{36}(?![0-9A-Za-z])", checked),
    _token("pypi-", f"AgE{_W}{{30,512}}"),
    *(_token(kind, _W + "{20,255}") for kind in ("dckr_pat_", "dckr_oat_", "HRKU-")),
    _token("SK", r"[0-9a-f]{32}(?![0-9A-Za-z])"),
    _token("SG.", rf"{_W}{{16,64}}\.{_W}{{16,64}}"),
    _token("key-", r"[0-9a-f]{32}(?![0-9A-Za-z])"),
    _token("sk-", _W + "{20,255}"),
    *(_token(kind, _W + "{20,255}") for kind in ("hvs.", "hvb.", "hvr.")),
    _token("eyJ", rf"{_W}{{8,1024}}\.{_W}{{4,8192}}(?:\.{_W}{{0,2048}})?", jwt),
    _token("AGE-SECRET-KEY-1", r"[0-9A-Za-z]{20,80}", None),
    *(_token(f"od{kind}_", _W + "{20,64}", own) for kind in "klst"),
    *((word, _ASSIGNED) for word in ("pass", "pwd", "secret", "token", "credential", "key", "auth")),
)

# What must stand in front of a word for it to announce a secret: looked at first, because it is cheap.
MAY: "dict[str, Callable[[str, int], bool]]" = {"key": of_a_secret, "auth": of_a_secret, "pwd": own_word}


LOWER = tuple((literal, form) for literal, form in FORMS if literal == literal.lower())
CASED = tuple((literal, form) for literal, form in FORMS if literal != literal.lower())


def take_out(text: str) -> tuple[str, int]:
    """The text with a mark in each secret's place, and how many there were."""
    spans = _spans(text, MOST)
    if not spans:
        return text, 0
    spans.sort()
    parts: list[str] = []
    last = 0
    for start, end in spans:
        if start >= last:
            parts += (text[last:start], MARK)
        last = max(last, end)
    return "".join(parts) + text[last:], len(parts) // 2


def may_hold(texts: str) -> bool:
    """Whether one of many texts, put together line by line, may hold a secret: one search where none does."""
    return bool(_spans(texts, MOST_OF_MANY))


def _spans(text: str, most: int) -> "list[Span]":
    """Where secrets are; spans may overlap."""
    # U+0130 is the only letter that lower() makes two of, and places must stay what they are.
    low = (text.replace("\u0130", "i") if "\u0130" in text else text).lower()
    spans: list[Span] = []
    for literal, form in [found for found in LOWER if found[0] in low]:
        _places(low, text, literal, form, spans, most)
    for literal, form in [found for found in CASED if found[0] in text]:
        _places(text, text, literal, form, spans, most)
    return spans


def _places(where: str, text: str, literal: str, form: Form, spans: "list[Span]", most: int) -> None:
    at, seen = where.find(literal), 0
    may = MAY.get(literal)
    while at >= 0:
        seen += 1
        if seen > most:
            spans.append((at, len(text)))
            return
        known = at
        if may is None or may(where, at):
            span, known = form.look(text, at)
            if span:
                spans.append(span)
        at = where.find(literal, max(known, at + len(literal)))
