"""Free text of an entry → the same text without secrets.

In: entries. Out: how many texts were changed; the entries are changed in place. Every pattern starts at a literal and
has bounded repeats, so the time is linear in the text whatever it holds. The texts of a batch are
searched together first, so that a clean batch costs one search. It is the second net: the emitting side redacts first.
It must not know keys, specs or stores.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from operator import attrgetter

from opsdeck.collect.wire import Entry

HIDDEN = "[redacted]"

# Not the service, which names a policy, and nothing that stamp.py holds against a list or writes anew.
ENTRY_TEXTS = [
    "version",
    "request_id",
    "user_id",
    "session_id",
    "command",
    "signal",
    "os",
    "arch",
    "python_version",
    "emit_version",
]
OPERATION_TEXTS = ("type", "template", "generator")
METADATA_TEXTS = ("working_directory", "template_root")
FAILURE_TEXTS = ("code", "message", "stack", "context")

_entry_texts = attrgetter(*ENTRY_TEXTS)
_operation_texts = attrgetter(*OPERATION_TEXTS)
_metadata_texts = attrgetter(*METADATA_TEXTS)
_failure_texts = attrgetter(*FAILURE_TEXTS)


@dataclass(frozen=True, slots=True)
class _Family:
    """A kind of secret: texts without any of the lower-case `needles` (a fast search) are not matched against `pattern` (a slow one)."""

    needles: tuple[str, ...]
    pattern: re.Pattern[str]
    replacement: str = HIDDEN


def _family(needles: str, pattern: str, replacement: str = HIDDEN) -> _Family:
    return _Family(tuple(needles.split()), re.compile(pattern), replacement)


_VALUE = r"[ ]{0,4}[\"']?)[^\s\"',;&]{3,512}"
_ASSIGNED = rf"[A-Za-z_-]{{0,24}}[\"']?[ ]{{0,4}}[=:]{_VALUE}"
_END = r"-----END [A-Z0-9 ]{0,40}PRIVATE KEY-----"
_FAMILIES = (
    _family("private", rf"(?s)-----BEGIN [A-Z0-9 ]{{0,40}}PRIVATE KEY-----.*?(?:{_END}|\Z)"),
    _family("@", r"(://[^\s:/?#@]{0,256}:)[^\s/?#]{1,512}@", rf"\1{HIDDEN}@"),
    _family("@", r"(https?://)[^\s:/?#@]{1,512}@", rf"\1{HIDDEN}@"),
    _family(
        "bearer basic",
        r"((?:[Bb]earer|BEARER|[Bb]asic|BASIC)[ \t]{1,8})[0-9A-Za-z._~+/=-]{8,8192}",
        rf"\1{HIDDEN}",
    ),
    _family("akia asia", r"\bA[KS]IA[0-9A-Z]{16}\b"),  # AWS access key id
    _family("ghp_ gho_ ghs_ ghu_ ghr_", r"gh[opsur]_[0-9A-Za-z]{20,255}"),  # GitHub
    _family("github_pat_", r"github_pat_[0-9A-Za-z_]{20,255}"),
    _family("glpat-", r"glpat-[0-9A-Za-z_-]{20,64}"),  # GitLab
    _family("xox", r"xox[abeoprs]-[0-9A-Za-z-]{10,255}"),  # Slack
    _family("npm_", r"npm_[0-9A-Za-z]{36}"),
    _family("odk_ odt_ ods_ odl_", r"od[klst]_[0-9A-Za-z_-]{20,64}"),  # our own
    _family(
        "eyj", r"(?<![\w-])eyJ[0-9A-Za-z_-]{8,1024}\.[0-9A-Za-z_-]{4,8192}\.[0-9A-Za-z_-]{0,2048}"
    ),  # JWT
    _family("k_live_ k_test_", r"(?<![0-9A-Za-z])[prs]k_(?:live|test)_[0-9A-Za-z]{10,255}"),  # Stripe
    _family("sk-", r"(?<![\w-])sk-[0-9A-Za-z_-]{20,255}"),  # OpenAI, Anthropic
    _family("aiza", r"(?<![\w-])AIza[0-9A-Za-z_-]{30,64}"),  # Google
    _family("hooks.slack.com/", r"(hooks\.slack\.com/[a-z]{1,16}/)[0-9A-Za-z_/-]{8,255}", rf"\1{HIDDEN}"),
    _family("cookie", r"(?i)(cookie[\"']?[ ]{0,4}:[ ]{0,4})[^\r\n]{3,4096}", rf"\1{HIDDEN}"),
    _family(
        "password passwd passphrase pwd secret apikey api_key api-key accountkey account_key",
        rf"(?i)((?:password|passwd|passphrase|pwd|secret|(?:api|account)[_-]?key){_ASSIGNED}",
        rf"\1{HIDDEN}",
    ),
    # Alone these are words of prose, so a colon makes a secret of them only behind a longer name or a quote.
    _family("token pass", r"(?i)((?:token|(?<![a-z])pass)[\"']?[ ]{0,4}=" + _VALUE, rf"\1{HIDDEN}"),
    _family("token pass", r"(?i)([_-](?:token|pass)[\"']?[ ]{0,4}:" + _VALUE, rf"\1{HIDDEN}"),
    _family("token", r"(?i)(token[\"'][ ]{0,4}:" + _VALUE, rf"\1{HIDDEN}"),
    _family(
        "password passwd passphrase secret token api-key apikey",
        r"(?i)(--(?:[a-z]{1,20}-){0,2}(?:password|passwd|passphrase|secret|token|api-?key)[ \t]{1,4}[\"']?)[^\s\"',;&]{3,512}",
        rf"\1{HIDDEN}",
    ),
)


_NEEDLES = tuple(dict.fromkeys(needle for family in _FAMILIES for needle in family.needles))


def redact(text: str) -> str:
    """The text with bearer tokens, access keys, passwords in URLs and assignments, and private keys replaced."""
    lower = text.lower()
    for family in _FAMILIES:
        for needle in family.needles:
            if needle in lower:
                text = family.pattern.sub(family.replacement, text)
                break
    return text


class Scrubber:
    """Redacts entries: the texts of a batch are looked through once, each only once, before any is matched."""

    def scrub(self, entries: Iterable[Entry]) -> int:
        """Redact the free texts of the entries; returns how many were changed."""
        entries = list(entries)
        texts: set[str] = set()
        for entry in entries:
            texts.update(_entry_texts(entry), _operation_texts(entry.operation))
            metadata = entry.metadata
            if metadata:
                texts.update(_metadata_texts(metadata))
                if metadata.phases_ms:
                    texts.update(metadata.phases_ms)
            if entry.error:
                texts.update(_failure_texts(entry.error))
        whole = "\n".join(texts).lower()
        if not any(needle in whole for needle in _NEEDLES):
            return 0
        safe = {text: found for text in texts if (found := redact(text)) != text}
        return sum(_replaced(entry, safe) for entry in entries) if safe else 0


def _replaced(entry: Entry, safe: Mapping[str, str]) -> int:
    changed = 0
    for part, names in (
        (entry, ENTRY_TEXTS),
        (entry.operation, OPERATION_TEXTS),
        (entry.metadata, METADATA_TEXTS),
        (entry.error, FAILURE_TEXTS),
    ):
        for name in names if part else ():
            text = getattr(part, name)
            if text in safe:
                setattr(part, name, safe[text])
                changed += 1
    phases = entry.metadata.phases_ms if entry.metadata else None
    if entry.metadata and phases and not safe.keys().isdisjoint(phases):
        entry.metadata.phases_ms = {safe.get(name, name): spent for name, spent in phases.items()}
        changed += 1
    return changed
