"""Lines without a secret: the sources and licence of the Python that runs, this project's own pages, and what runs say:
stack traces, ids, hashes, versions, paths. Deterministic for one Python and one state of the project.

Left out are lines that show a credential as an example.
"""

import base64
import random
import sys
import sysconfig
import uuid
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path

ROOT = Path(__file__).parents[2]
STANDARD = Path(sysconfig.get_path("stdlib"))
MODULES = (
    "getpass", "netrc", "smtplib", "ftplib", "imaplib", "poplib", "tokenize", "token", "secrets", "hmac", "ssl", "nntplib",
    "argparse", "configparser", "dataclasses", "shutil", "tarfile", "zipfile", "threading", "typing", "uuid", "pathlib",
    "logging/__init__", "logging/config", "email/message", "email/_header_value_parser", "http/client", "http/server",
    "json/decoder", "urllib/parse", "urllib/request", "xml/dom/minidom", "asyncio/base_events", "multiprocessing/connection",
)  # fmt: skip
EXAMPLES = ("AKIA", "hunter", "odk_", "-----BEGIN", "klem:kadidd", "redacted", "user:pass", "joe:")
GENERATED = 6000
VERBS = ("TypeError", "KeyError", "ValueError", "FileNotFoundError", "TemplateNotFound", "JSONDecodeError")


def lines(count: int) -> list[str]:
    """So many different lines."""
    real = chain(_of_python(), _of_project())
    kept = dict.fromkeys(line for line in chain(_said(), real) if line.strip())
    return list(islice(kept, count))


def _of_python() -> Iterator[str]:
    licence = STANDARD / "LICENSE.txt"
    files = [STANDARD / f"{name}.py" for name in MODULES] + [licence]
    for path in files:
        if path.exists():
            yield from _shown(path)


def _of_project() -> Iterator[str]:
    for folder, pattern in (("docs", "*.md"), ("packages", "*.py"), ("packages", "*.yaml")):
        for path in sorted((ROOT / folder).rglob(pattern)):
            yield from _shown(path)


def _shown(path: Path) -> Iterator[str]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if not any(example in line for example in EXAMPLES):
            yield line


def _said() -> Iterator[str]:
    """What tools say, with every kind of harmless random text that they say it with."""
    rng = random.Random(7)
    for number in range(GENERATED // 12):
        name = rng.choice(
            ["token_parser", "keyboard", "passenger", "secretary", "Button", "tokenizer", "monkey"]
        )
        image = base64.b64encode(f"{name}-{number}.png".encode()).decode()
        digest = f"{rng.getrandbits(160):040x}"
        yield f'  File "/srv/app/{name}/{number}.py", line {rng.randrange(999)}, in {name}_{number}'
        yield f"{rng.choice(VERBS)}: {name} {number} at key {number} of {name}s"
        yield f"request {uuid.UUID(int=rng.getrandbits(128), version=4)} failed after {number} ms"
        yield f"commit {digest} (HEAD -> feature/{name}-{number})"
        yield f"sha256:{rng.getrandbits(256):064x} {name}.tar.gz"
        yield f"integrity sha512-{base64.b64encode(rng.randbytes(64)).decode()}"
        yield f"img src=data:{image} alt={name}"
        yield f"{name}@{rng.randrange(9)}.{rng.randrange(99)}.{number} is not compatible with python {sys.version_info[0]}.{number}"
        yield f"~/.cache/{name}/{digest[:12]}/{number}.tmp: no such file or directory"
        yield f"https://example.org/{name}/{number}?page={number}&sort=key#{digest[:7]}"
        yield f"the token {name!r} is not expected at line {number}, column {rng.randrange(80)}"
        yield f"Template 'component/{name}-{number}' not found; did you mean 'component/{name}'?"
