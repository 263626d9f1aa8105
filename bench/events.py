"""Synthetic stored entries for the benches: a seed comes in, NDJSON lines as collection journals them go out.

About 580 bytes each, in time order, spread evenly over a span: a mix of people's runs (one in 50 fails), CI runs and
probes of one service, with durations from a log-normal distribution around 300 ms.
"""

import json
import random
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice

from opsdeck.model import Batch, Position
from opsdeck.stores.api import EventStore

LOAD = 20_000

OPERATIONS = (
    ("template_discovery", "list"),
    ("template_generation", "generate"),
    ("template_injection", "new"),
)
TEMPLATES = tuple(
    f"{generator}/{template}"
    for generator in ("component", "page", "api", "service", "test", "model")
    for template in ("react", "vue", "plain")
)
VERSIONS = ("2025.8.1", "2025.8.9", "2025.9.2", "2025.9.8")
ERRORS = (
    ("TEMPLATE_NOT_FOUND", "user_errors", "Template 'component/angular' not found"),
    ("PERMISSION_DENIED", "system_errors", "cannot write to src/components"),
)


def lines(count: int, start: datetime, span: timedelta, seed: int = 1) -> Iterator[bytes]:
    """`count` entries as NDJSON lines without line ends, their times going evenly from `start` over `span`."""
    dice = random.Random(seed)
    first = int(start.timestamp() * 1000)
    every = span.total_seconds() * 1000 / count
    for number in range(count):
        yield _line(dice, first + int(number * every), number)


def fill(store: EventStore, count: int, end: datetime, span: timedelta) -> None:
    """Load so many entries, their times going evenly over the span before `end`."""
    made, done = lines(count, end - span, span), 0
    while batch := list(islice(made, LOAD)):
        done += len(batch)
        store.load(Batch(b"\n".join(batch), (Position("application/bench", done),)))


def ms(work: Callable[[], object]) -> float:
    """How long it takes, once."""
    started = time.perf_counter()
    work()
    return (time.perf_counter() - started) * 1000


def entry(line: bytes) -> dict[str, object]:
    """The entry in a line."""
    loaded: dict[str, object] = json.loads(line)
    return loaded


def _line(dice: random.Random, at: int, number: int) -> bytes:
    stamp = datetime.fromtimestamp(at / 1000, UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
    tail = dice.getrandbits(74)
    event = f"{at:012x}7{tail >> 62:03x}{8 + (tail & 3):x}{tail >> 2 & 0xFFFFFFFFFFFFFFF:015x}"
    event = f"{event[:8]}-{event[8:12]}-{event[12:16]}-{event[16:20]}-{event[20:]}"
    kind, command = OPERATIONS[min(number % 4, 2)]
    user_type = ("human", "human", "human", "ci", "service")[number % 5]
    user = min(int(dice.paretovariate(0.8)), 2000)
    files = (0, 1, 3)[number % 3] if kind == "template_generation" else 0
    failed = dice.random() < 0.02
    code, category, message = ERRORS[number % len(ERRORS)]
    error = f',"error":{{"code":"{code}","category":"{category}","message":"{message}"}}' if failed else ""
    return (
        f'{{"timestamp":"{stamp}","level":"{"ERROR" if failed else "INFO"}","service":"unjucks-cli",'
        f'"version":"{VERSIONS[min(int(dice.expovariate(1)), 3)]}","environment":"production",'
        f'"requestId":"req_{tail & 0xFFFFFF:06x}","userId":"user_{user:06x}","sessionId":"sess_{user * 7 + at // 3_600_000 % 5:08x}",'
        f'"operation":{{"type":"{kind}","template":"{dice.choice(TEMPLATES)}","generator":"Button{number % 977}",'
        f'"duration":{round(dice.lognormvariate(5.7, 0.6), 1)},"success":{"false" if failed else "true"}}},'
        f'"metadata":{{"fileCount":{files},"outputSize":{files * 683},"workingDirectory":"~/app{user % 50}"}},'
        f'"eventId":"{event}","category":"{"performance" if user_type == "service" else "application"}",'
        f'"command":"{command}","exitCode":{int(failed)},"userType":"{user_type}","receivedAt":"{stamp}",'
        f'"addressHash":"{user * 2654435761 & 0xFFFFFFFF:08x}"{error}}}'
    ).encode()
