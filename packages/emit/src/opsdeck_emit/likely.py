"""Whether what stands where a secret would stand is one: a match of a form in, yes or no out; pure.

A checksum or a decoding decides where the form has one. Elsewhere a value is a secret when no prose, code or
placeholder looks like it. It must not know how matches were found.
"""

import re
from binascii import Error, a2b_base64, crc32

PREFIX = 4  # of `ghp_` and `odk_`
GITHUB_LENGTH, GITHUB_CHECK = 40, 6
OWN_LENGTH, OWN_CHECK = 53, 6
BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
BEFORE = 24
SHORTEST, SHORTEST_WORD, SHORTEST_LETTERS = 4, 6, 16
LONG = 20
WORDS_OF_A_PHRASE = 3

# `api_key` announces a secret, `sort_key` does not.
KEYS = (
    "access", "account", "api", "app", "auth", "client", "encryption", "license", "master", "private", "secret",
    "service", "shared", "signing",
)  # fmt: skip
OPTION = re.compile(r"(?:^|[\s\"'=(])--?(?:[a-z0-9]{1,12}-){0,2}$")
PLACEHOLDERS = re.compile(
    r"(?i)[<{:]|\*{2,}|%[sdr(]|\$[({]|\[redacted|\.{2,}|…|x{3,}|\$[A-Z_]+$|(?:your|my|the|some|new|old|change)[_-]?(?:me|pass|secret|token|key|api)"
    r"|(?:none|null|nil|true|false|undefined|unset|empty|required|optional|string|bytes|hidden|masked|removed)$"
)
WORDS = ("pass", "password", "passwd", "pwd", "secret", "token", "apikey", "api_key")
# Names of things that code and configuration put behind `token=`: sha256, utf8, 3.11, 0x1f.
NAMED = re.compile(
    r"(?i)(?:sha|md|utf|base|aes|rsa|iso|latin|ed|curve|http|ipv|u?int|float|win|py(?:thon)?|cp|rot|crc|ecdsa|arg|str|p|v|x)[_-]?\d[\d._-]*[a-z]?$"
    r"|\d[\d._:x-]*[a-z%]{0,4}$|0x[0-9a-f]{1,16}$|\d+[/:]\d+"
)
CODE = re.compile(
    r"[A-Za-z_][\w.]*[(\[{]|[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+[)\]}:]*$|[\"'(\[]|=|->|[rbfu]{1,2}$"
)
PATH = re.compile(r"(?:~|\.{1,2})?/[\w./-]{0,256}$|[a-z]+://")
INSIDE = re.compile(
    r"(?i)pass|pwd|secret|token|key|cred|none|self|arg|auth|user|str|null|default|prompt|type|name|file|value|env|missing|invalid|expired|wrong|error|field|input"
)
BEARER, PROSE = (
    10,
    re.compile(r"(?i)auth|token|credential|scheme|securit|challenge|instrument|header|required"),
)
DIGIT, LETTER, TURNS = re.compile("[0-9]"), re.compile("[A-Za-z]"), re.compile("[a-z][A-Z]")
LETTERS = re.compile(r"[A-Za-z_.-]+$")


def random(match: "re.Match[str]") -> bool:
    """Whether a token is made of more than words: letters and digits, or capitals where no word has them."""
    return _looks_random(_found(match))


def _found(match: "re.Match[str]") -> str:
    return match[match.lastgroup or 0]


def _looks_random(value: str) -> bool:
    if DIGIT.search(value) and LETTER.search(value):
        return True
    return len(TURNS.findall(value)) >= WORDS_OF_A_PHRASE


def bearer(match: "re.Match[str]") -> bool:
    """Whether what follows `Bearer` is no word that a sentence about it would go on with."""
    value = _found(match)
    return _looks_random(value) or (len(value) >= BEARER and not PROSE.search(value))


def checked(match: "re.Match[str]") -> bool:
    """Whether a token ends in the CRC-32 of the rest in base 62, as GitHub's and npm's do; else whether it looks random."""
    token = match[0]
    body = token.partition("_")[2]
    if len(token) == GITHUB_LENGTH:
        rest, check = body[:-GITHUB_CHECK], body[-GITHUB_CHECK:]
        if check == base62(crc32(rest.encode())).rjust(GITHUB_CHECK, "0"):
            return True
    return _looks_random(body)


def base62(number: int) -> str:
    digits = ""
    while number:
        number, digit = divmod(number, len(BASE62))
        digits = BASE62[digit] + digits
    return digits


def own(match: "re.Match[str]") -> bool:
    """Whether a key of a deck holds its CRC-32; one that was cut or changed counts if it looks random."""
    token = match[0]
    if len(token) == OWN_LENGTH:
        try:
            check = a2b_base64(token[-OWN_CHECK:].translate({45: "+", 95: "/"}) + "==")
        except Error:
            check = b""
        if check == crc32(token[:-OWN_CHECK].encode()).to_bytes(4, "big"):
            return True
    return _looks_random(token[PREFIX:])


def jwt(match: "re.Match[str]") -> bool:
    """Whether the header decodes to JSON that names an algorithm (RFC 7515)."""
    header = match[0].partition(".")[0].translate({45: "+", 95: "/"})
    try:
        return b'"alg"' in a2b_base64(header + "=" * (-len(header) % 4))
    except Error:
        return False


def basic(match: "re.Match[str]") -> bool:
    """Whether it decodes to `user:password` (RFC 7617)."""
    text = match["s"].translate({45: "+", 95: "/"}).rstrip("=")
    try:
        return b":" in a2b_base64(text + "=" * (-len(text) % 4))
    except Error:
        return False


def url_password(match: "re.Match[str]") -> bool:
    """Whether `user:password` in a URL holds more than a placeholder."""
    password = match["s"].partition(":")[2]
    return password.lower() not in WORDS and not PLACEHOLDERS.match(password)


def url_user(match: "re.Match[str]") -> bool:
    """Whether what stands for the user in a URL is a token."""
    user = match["s"]
    return not PLACEHOLDERS.match(user) and (
        len(user) >= LONG or (len(user) > SHORTEST and _looks_random(user))
    )


def announced(match: "re.Match[str]") -> bool:
    """Whether `name = value`, `name: value` or `--name value` gives away a secret."""
    before = match.string[max(0, match.start() - BEFORE) : match.start()].lower()
    word, sign, value = match["word"].lower(), match["sign"], _found(match)
    if sign is None and not OPTION.search(before):
        return False
    if (word == "pass" and not own_word(before, len(before))) or (sign == ":" and before.endswith(":")):
        return False
    quoted = match["q"] is not None
    tight = sign == "=" and not match["gap"]
    # A variable of the environment or a part of a connection string holds no code.
    strong = word.startswith(("pass", "pwd", "credential"))
    strong = strong or (tight and (match["word"].isupper() or before.endswith(("account", "access"))))
    if not quoted:
        value = value.rstrip(".,:)]}>")
    if (
        len(value) < SHORTEST
        or len(set(value)) < WORDS_OF_A_PHRASE
        or PLACEHOLDERS.match(value)
        or PATH.match(value)
    ):
        return False
    if " " in value:
        return (strong or word == "key") and (any(c.isdigit() for c in value) or word == "passphrase")
    loose = not quoted and sign is not None and (bool(match["gap"]) or sign == ":")
    return _is_value(value, strong=strong, quoted=quoted, loose=loose)


def of_a_secret(low: str, at: int) -> bool:
    """Whether `key` or `auth` at this place of a text in lower case is the end of a secret's name."""
    if low.startswith("auth", at):
        return low[max(0, at - 1) : at] == "_"
    return low[max(0, at - BEFORE) : at].rstrip("_-").endswith(KEYS)


def own_word(low: str, at: int) -> bool:
    """Whether `pass` or `pwd` begins a word there, or follows `db` or `user`."""
    return not low[max(0, at - 1) : at].isalpha() or low.endswith(("db", "user"), 0, at)


def _is_value(value: str, *, strong: bool, quoted: bool, loose: bool) -> bool:
    """`strong`: a password is announced, which people choose; `loose`: blanks or a colon, as in prose and code."""
    if CODE.match(value) and not quoted:
        return False
    if LETTERS.match(value):
        if not strong or loose:
            return len(value) >= SHORTEST_LETTERS and _looks_random(value)
        return len(value) >= SHORTEST_WORD and not INSIDE.search(value) and "." not in value
    if value.isdigit():
        return strong and not loose
    if not any(c.isdigit() for c in value):
        return (strong and not loose) or len(value) >= LONG
    return len(value) >= SHORTEST_WORD and not NAMED.match(value)
