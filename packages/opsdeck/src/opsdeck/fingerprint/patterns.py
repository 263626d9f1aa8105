"""The kinds of values that differ from run to run, and how each is written.

In: nothing. Out: FAMILIES, tried in this order at every place where no word runs on. Every repeat is bounded; spaces
are written `[ ]`. Times of day need seconds (`12:30` may be a line and a column), file names a known ending (`a.b` is
often code). It must not know what is done with them.
"""

_MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]{0,6}"
_DAY = "(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun)[a-z]{0,6},?[ ]"
_CLOCK = r"\d{1,2}:\d\d:\d\d(?:[.,]\d{1,9})?"
_ZONE = r"(?:[ ]?(?:Z|UTC|GMT|[+-]\d\d:?\d\d)(?!\w))?"
_NAMED_DATE = (
    rf"(?:\d{{1,2}}[ -]{_MONTH}[ -]\d{{4}}|{_MONTH}[ ]{{1,2}}\d{{1,2}}(?:,?[ ]\d{{4}}(?![\w:]))?)"
    rf"(?:[ ]{_CLOCK}{_ZONE}(?:[ ]\d{{4}})?)?(?!\w)"
)
_HEX = "[0-9A-Fa-f]"
_WORD = f"{_HEX}{{1,4}}"
_IPV6 = (
    rf"(?:{_WORD}:){{7}}{_WORD}"
    rf"|(?=[0-9A-Fa-f:]{{0,39}}\d)(?:(?:{_WORD}:){{1,7}}|:):(?:{_WORD}(?::{_WORD}){{0,6}})?"
)
_PART = r"\d{1,3}\."
_LINE = r"(?::\d{1,9}){0,2}"
_IN_PATH = r"[^\s'\"`<>|*?;,()\[\]{}:…\\]"
_IN_WINDOWS = r"[^\s'\"`<>|*?;,()\[\]{}:…]"
_SEGMENT = r"[\w.@+~%-]"
_ENDINGS = (
    "py|pyi|js|mjs|cjs|ts|tsx|jsx|vue|json|jsonl|ndjson|ya?ml|toml|ini|cfg|conf|env|txt|md|rst|t|j2|njk|tmpl|html?"
    "|css|csv|tsv|log|lock|go|mod|java|jar|kt|rs|rb|php|c|h|cc|cpp|cs|sh|bash|tf|tfvars|xml|sql|db|sqlite|so|dll"
    "|exe|zip|gz|tgz|tar|whl|png|jpe?g|svg|pdf|pem|key|crt|proto|tmp|bak"
)
_DOMAINS = "com|org|net|edu|gov|io|dev|app|cloud|local|internal|lan|corp|svc|example|invalid|test"
_STATUS = (
    r"HTTP(?:/\d(?:\.\d)?)?|[Ss]tatus(?:[ ]code)?|[Ee]xit(?:ed[ ]with)?(?:[ ](?:code|status))?|[Ee]rrno|[Ss]ignal"
    r"|SQLSTATE|[Ee]rror[ ]code"
)
_CODED = "ORA|TNS|PLS|CVE|RFC|PEP|ISO|UTF|utf|SHA|AES|TLS"
_IDIOMS = "and/or|I/O|i/o|N/A|n/a|TCP/IP|read/write|input/output|client/server|yes/no|true/false"
_IDENTIFIED = "user|req|request|sess|session|run|job|task|evt|event|trace|span|subject"
_PREFIXED = r"[A-Za-z]{2,16}[_-](?=[A-Za-z]{0,64}\d)(?=[0-9A-Za-z]{0,64}[A-Za-z]|\d{6})"
_PRE = r"(?:[-+][0-9A-Za-z][0-9A-Za-z.+-]{0,63}|(?:a|b|rc|\.dev|\.post)\d{1,9})?(?!\w)"
_AMOUNT = r"\d{1,12}(?:[.,]\d{1,9})?"
_TIME_UNITS = (
    "ns|µs|us|ms|msecs?|milliseconds?|microseconds?|s|secs?|seconds?|min|mins|minutes?|h|hrs?|hours?|days?|weeks?"
    "|months?|years?"
)

KEPT = "code"
"""Not a value: small numbers that name a cause (`HTTP 404`, `ORA-00942`), idioms that look like paths, and, for the
sake of speed, words that nothing below begins with."""

FAMILIES: tuple[tuple[str, str], ...] = (
    (KEPT, r"(?:(?!exit|status|errno|signal|error)[a-z]{1,64}[ ]){1,32}"),
    ("value", r"'\[[^\]\n]{0,1024}\]'"),
    ("value", r"'(?:[^'\\\n]|\\.|'(?=\w)){0,1024}?(?:'(?!\w)|…$)"),
    ("value", r'"(?:[^"\\\n]|\\.){0,1024}(?:"|…$)'),
    ("value", r"`[^`\n]{0,1024}(?:`|…$)"),
    ("value", r"“[^”\n]{0,1024}(?:”|…$)"),
    ("value", r"«[^»\n]{0,1024}(?:»|…$)"),
    ("value", r"\u2018[^\u2019\n]{0,1024}\u2019(?!\w)"),
    ("url", r"[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s'\"`<>,;()\[\]{}…]{1,1024}(?<![.:!?])"),
    ("url", r"(?:git|hg)@[\w.-]{1,253}:[\w./~-]{1,512}"),
    ("email", r"[\w.+-]{1,64}@[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,8}"),
    ("uuid", rf"{_HEX}{{8}}(?:-{_HEX}{{4}}){{3}}-{_HEX}{{12}}(?!\w)"),
    ("date", rf"\d{{4}}[-/]\d\d[-/]\d\d(?:[T ]{_CLOCK}{_ZONE}|T\d\d:\d\d{_ZONE})?(?!\w)"),
    ("date", r"\d{8}T\d{6}Z?(?!\w)"),
    ("date", rf"\d\d/{_MONTH}/\d{{4}}:{_CLOCK}{_ZONE}"),
    ("date", r"\d{1,2}[/.]\d{1,2}[/.]\d{4}(?!\w)"),
    ("date", rf"(?:{_DAY})?{_NAMED_DATE}"),
    ("time", rf"{_CLOCK}{_ZONE}(?:[ ]?[AaPp][Mm])?(?!\w)"),
    ("time", r"\d{1,2}:\d\d[ ]?[AaPp][Mm](?!\w)"),
    ("ip", rf"{_PART}{_PART}{_PART}\d{{1,3}}(?:/\d{{1,2}}|:\d{{1,5}})?(?![\w.]\w)"),
    ("mac", rf"{_HEX}{{2}}(?:[:-]{_HEX}{{2}}){{5}}(?!\w)"),
    ("ip", rf"\[(?:{_IPV6})\](?::\d{{1,5}})?"),
    ("ip", rf"(?:{_IPV6})(?:%\w{{1,16}})?(?![\w:])"),
    ("path", rf"(?:~|\.{{1,2}})?/{_IN_PATH}{{1,1024}}{_LINE}"),
    ("path", rf"[A-Za-z]:[\\/]{_IN_WINDOWS}{{1,1024}}{_LINE}"),
    ("path", rf"\\\\[\w.$-]{{1,64}}\\{_IN_WINDOWS}{{1,1024}}"),
    (KEPT, rf"(?:{_STATUS})(?:[ ]|[:=][ ]?)\d{{1,5}}(?![\w.:]\w|\w)"),
    (KEPT, rf"(?:{_CODED})-\d{{1,5}}(?:-\d{{1,7}})?(?!\w)"),
    (KEPT, rf"(?:{_IDIOMS})(?![\w/])"),
    ("path", rf"{_SEGMENT}{{1,128}}(?:/{_SEGMENT}{{1,255}}){{1,32}}/?{_LINE}"),
    ("path", rf"[\w-][\w.+-]{{0,63}}\.(?:{_ENDINGS}){_LINE}(?![\w(]|\.\w)"),
    ("host", rf"(?:[A-Za-z0-9-]{{1,63}}\.){{1,8}}(?:{_DOMAINS})(?::\d{{1,5}})?(?![\w(]|\.\w)"),
    ("host", r"localhost:\d{1,5}(?!\w)"),
    ("hex", rf"0[xX]{_HEX}{{1,64}}(?!\w)"),
    ("hash", r"(?=[a-f]{0,64}\d)(?=\d{0,64}[a-f])[0-9a-f]{7,128}(?!\w)"),
    ("hash", r"(?=[A-F]{0,64}\d)(?=\d{0,64}[A-F])[0-9A-F]{16,128}(?!\w)"),
    ("id", rf"{_PREFIXED}[0-9A-Za-z]{{6,64}}(?:-[0-9a-z]{{5}})?(?!\w)"),
    ("id", rf"(?:{_IDENTIFIED})_(?=[A-Za-z]{{0,64}}\d)\w{{3,64}}"),
    ("id", r"[0-7][0-9A-HJKMNP-TV-Z]{25}(?!\w)"),
    ("version", rf"v\d{{1,9}}(?:\.\d{{1,9}}){{1,3}}{_PRE}"),
    ("version", rf"\d{{1,9}}(?:\.\d{{1,9}}){{2,3}}{_PRE}"),
    ("duration", r"PT(?:\d{1,9}(?:\.\d{1,9})?[HMS]){1,3}(?!\w)"),
    ("duration", r"(?:\d{1,9}(?:\.\d{1,9})?(?:ns|µs|us|ms|s|m|h|d|w)){1,5}(?!\w)"),
    ("duration", rf"{_AMOUNT}[ ]?(?:{_TIME_UNITS})(?!\w)"),
    ("size", rf"{_AMOUNT}(?:[ ]?(?:[kKMGTP]i?B|[Bb]ytes?|B)|[KMG])(?!\w)"),
    ("number", r"[+-]?\d{1,3}(?:,\d{3}){1,6}(?:\.\d{1,18})?(?!\w)"),
    ("number", r"[+-]?\d{1,30}(?:_\d{1,30}){0,8}(?:\.\d{1,30})?(?:[eE][+-]?\d{1,4}|st|nd|rd|th)?(?!\w)"),
    ("id", r"\d[\dA-Za-z]{5,63}(?!\w)"),
)
"""Placeholder and pattern; the first that matches at a place wins."""
